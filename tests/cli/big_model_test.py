"""A model of a billion parameters (tools/make_big_gguf.py), packed, lean and left in the file: the same numbers, and no
more memory than weights, keys and values, and 200 MB."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

PONDER = os.environ["PONDER"]
SOURCE = os.environ["PONDER_SOURCE_DIR"]
N_CTX = 512


def python_with_numpy():
    for p in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([p, "-c", "import numpy"], capture_output=True).returncode == 0:
            return p
    raise unittest.SkipTest("no Python with numpy")


def free_mb():
    with open("/proc/meminfo") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("MemAvailable")) // 1024


def run(*args, stdin=b""):
    """stdout, and the peak of resident memory in MB."""
    with tempfile.TemporaryFile() as inp, tempfile.TemporaryFile() as out:
        inp.write(stdin)
        inp.seek(0)
        p = subprocess.Popen([PONDER, *args], stdin=inp, stdout=out)
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        assert p.returncode == 0, (args, p.returncode)
        return out.read().decode(), usage.ru_maxrss / 1024


class BigModel(unittest.TestCase):
    def packed_mb(self, model):
        return json.loads(run("info", "-m", model, "--weights", "packed", "--json")[0])["weight_bytes"] >> 20

    def served_mb(self, model):
        """The MB of weights that `ponder serve` holds when nobody says in which form."""
        p = subprocess.Popen([PONDER, "serve", "-m", model, "-c", str(N_CTX), "--port", "0", "--verbose"], stderr=subprocess.PIPE, text=True)
        try:
            return next(int(m[1]) for m in (re.search(r"(\d+) MB of weights", line) for line in p.stderr) if m)
        finally:
            p.terminate()
            p.communicate()

    def test_all_forms_of_the_weights(self):
        if free_mb() < 6000:
            self.skipTest("needs 6 GB of memory")
        with tempfile.TemporaryDirectory() as d:
            model = os.path.join(d, "big.gguf")
            subprocess.run([python_with_numpy(), os.path.join(SOURCE, "tools", "make_big_gguf.py"), model], check=True, stdout=subprocess.DEVNULL)
            rows = [{"prompt_ids": [(7 * i + 13 * k) % 256 for k in range(20)], "reply_ids": [(i + 3 * k) % 256 for k in range(12)]} for i in range(4)]
            stdin = "".join(json.dumps(r) + "\n" for r in rows).encode()
            answers = []
            for form in ("packed", "lean", "quantised"):
                info = json.loads(run("info", "-m", model, "--weights", form, "--json")[0])
                self.assertGreater(info["parameters"], 10**9)
                self.assertEqual(info["weights"], form)
                out, peak = run("score", "-m", model, "--weights", form, "-c", str(N_CTX), "--input", "-", "--jsonl", stdin=stdin)
                answers.append(out)
                allowed = (info["weight_bytes"] + N_CTX * info["kv_bytes_per_token"]) / 2**20 + 200
                print(f"{form}: peak {peak:.0f} MB, allowed {allowed:.0f} MB", file=sys.stderr)
                self.assertLessEqual(peak, allowed, form)
                if form == "lean":
                    self.assertLessEqual(info["weight_bytes"], 1.25 * os.path.getsize(model))
                if form == "quantised":
                    self.assertLess(info["weight_bytes"], 0.6 * 2**30)
            self.assertEqual(answers[0], answers[1])  # equal to the last bit
            self.assertEqual(answers[0], answers[2])
            self.assertEqual(self.served_mb(model), self.packed_mb(model))
            self.assertEqual([len(json.loads(x)["logprobs"]) for x in answers[0].splitlines()], [12] * 4)


if __name__ == "__main__":
    unittest.main()
