"""Command lines and the exact numbers they gave: log-probabilities, ids, draws, certificates,
gradients.

A change of code that is not meant to change a number must leave every answer as it was recorded. A
change that is meant to change numbers is announced in CHANGELOG.md, and `python3 recorded_test.py
--record` writes the answers anew. This is not a test of correctness: other tests compare with
references. Times, versions and paths are not compared. The instruction sets are named on each line,
so that every processor from AVX2 up gives the same bits.
"""

import hashlib
import json
import os
import sys
import tempfile
import unittest

from ponder_cli import DATA, TINY, TOY, run

HERE = os.path.dirname(os.path.abspath(__file__))
COMMANDS = os.path.join(HERE, "recorded", "commands.json")
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
DEFAULT = os.path.join(CACHE, "ponder", "SmolLM2-135M-Instruct.Q4_1.gguf")
# Fields that differ from run to run, or that name the build.
LEFT_OUT = {"seconds", "version", "ess_per_second", "trace", "file", "path"}


def without_times(value):
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in LEFT_OUT}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def files_under(folder):
    return [os.path.relpath(os.path.join(d, f), folder) for d, _, names in os.walk(folder) for f in names]


def answer(entry, folder):
    """The answers of one command line: its JSON lines, and a digest of each file that it wrote."""
    places = {"TINY": TINY, "TOY": TOY, "DEFAULT": DEFAULT, "DATA": DATA, "OUT": folder}
    args = [a.format(**places) for a in entry["command"]]
    stdin = "".join(json.dumps(x) + "\n" for x in entry.get("input", [])).encode()
    for name, text in entry.get("files", {}).items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    before = set(files_under(folder))
    r = run(*args, stdin=stdin)
    result = {"exit": r.returncode, "answers": [without_times(json.loads(x)) for x in r.stdout.decode().splitlines()]}
    if r.returncode:
        result["error"] = r.stderr.decode()
    files = {}
    for name in sorted(set(files_under(folder)) - before):
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        if name.endswith(".json"):
            files[name] = without_times(json.loads(data))
        else:
            files[name] = hashlib.sha256(data).hexdigest()[:16]
    return {**result, "files": files} if files else result


def load():
    with open(COMMANDS, encoding="utf-8") as f:
        return json.load(f)


def wants_default(entry):
    return "{DEFAULT}" in entry["command"]


class Recorded(unittest.TestCase):
    def compare(self, entries):
        for entry in entries:
            with self.subTest(command=" ".join(entry["command"])), tempfile.TemporaryDirectory() as folder:
                self.assertEqual(answer(entry, folder), entry["recorded"])

    def test_small_models(self):
        self.compare([e for e in load() if not wants_default(e)])

    @unittest.skipUnless(os.path.exists(DEFAULT), "the default model has not been fetched")
    def test_default_model(self):
        self.compare([e for e in load() if wants_default(e)])


def record():
    entries = load()
    for entry in entries:
        with tempfile.TemporaryDirectory() as folder:
            entry["recorded"] = answer(entry, folder)
            if entry["recorded"]["exit"]:
                print(" ".join(entry["command"]), entry["recorded"]["error"])
    with open(COMMANDS, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(e, ensure_ascii=False) for e in entries) + "\n]\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--record"]:
        record()
    else:
        unittest.main()
