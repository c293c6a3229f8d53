"""Runs the examples at the end of every subcommand's help, unchanged, on the default model."""

import json
import os
import shlex
import signal
import subprocess
import tempfile
import unittest

PONDER = os.environ["PONDER"]
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
MODEL = os.path.join(CACHE, "ponder", "SmolLM2-135M-Instruct.Q4_1.gguf")


COUNTRIES = {"France": "Paris Lyon", "Italy": "Rome Milan", "Spain": "Madrid Seville", "Germany": "Berlin Munich", "Austria": "Vienna Graz", "Portugal": "Lisbon Porto",
             "Greece": "Athens Patras", "Norway": "Oslo Bergen", "Egypt": "Cairo Alexandria", "Kenya": "Nairobi Mombasa", "Nigeria": "Lagos Kano", "Japan": "Tokyo Osaka",
             "India": "Delhi Mumbai", "Peru": "Lima Cusco"}  # fmt: skip


def write_known_questions(path):
    """What the examples of `ponder calibrate` ask: whether a city is in its country, then whether it is in the next one."""
    countries = list(COUNTRIES)
    with open(path, "w", encoding="utf-8") as f:
        for right, asked in (("Yes", countries), ("No", countries[1:] + countries[:1])):
            for home, country in zip(countries, asked):
                for city in COUNTRIES[home].split():
                    f.write(json.dumps({"question": f"Is the city of {city} in {country}?", "answers": [right]}) + "\n")


def help_of(*command):
    return subprocess.run([PONDER, *command, "--help"], capture_output=True, text=True, check=True).stdout


def commands():
    text = help_of()
    return [x.split()[0] for x in text[text.index("Subcommands:"):].splitlines()[1:] if x.strip()]


def examples(command):
    text = help_of(command)
    return [x.strip() for x in text[text.rindex("Examples:"):].splitlines()[1:] if x.strip()]


@unittest.skipUnless(os.path.exists(MODEL), "the default model has not been fetched")
class Examples(unittest.TestCase):
    def test_each_of_them(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PONDER_")}
        self.assertIn("think", commands())
        for command in commands():
            found = examples(command)
            self.assertGreaterEqual(len(found), 2, command)
            with tempfile.TemporaryDirectory() as d:  # a later example may use the files of an earlier one
                write_known_questions(os.path.join(d, "known.jsonl"))
                clean["XDG_DATA_HOME"] = d
                with open(os.path.join(d, "keys.txt"), "w", encoding="utf-8") as f:
                    f.write("a key\n")
                for line in found:
                    self.assertIn("ponder " + command, line)
                    if command == "serve":
                        self.check_server(line, d, clean)
                        continue
                    r = subprocess.run(["bash", "-c", f"ponder() {{ {shlex.quote(PONDER)} \"$@\"; }}; {line}"], capture_output=True, cwd=d, env=clean, timeout=500)
                    self.assertEqual((r.returncode, r.stderr), (0, b""), line)
                    self.assertNotEqual(r.stdout.strip(), b"", line)

    def check_server(self, line, folder, env):
        """A server runs until it is told to stop."""
        with subprocess.Popen([PONDER, *shlex.split(line)[1:]], stderr=subprocess.PIPE, text=True, cwd=folder, env=env) as server:
            self.assertIn(": serving ", server.stderr.readline(), line)
            server.send_signal(signal.SIGINT)
            self.assertEqual(server.wait(60), 130, line)


if __name__ == "__main__":
    unittest.main()
