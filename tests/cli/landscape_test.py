"""`ponder landscape`: the files that it writes and their contents, the same files for a seed, and
its errors."""

import csv
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from ponder_cli import PONDER, TOY, lines, run

PROMPT = ("-m", TOY, "-p", "What is the sum of 14 and 8?")
GNUPLOT = shutil.which("gnuplot")


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


class Landscape(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.name = os.path.join(self.folder.name, "it's a \"picture\"")

    def refuses(self, says, *args, code=2, env=None):
        r = run("landscape", *args, env=env)
        self.assertEqual((r.returncode, r.stdout), (code, b""), r.stderr)
        self.assertIn(says, r.stderr.decode())

    def draw(self, *args):
        r = run("landscape", "--out", self.name, "--json", *args)
        self.assertEqual((r.returncode, r.stderr), (0, b""))
        return lines(r)[0]

    def check(self, j, size, seeds, points):
        cells, paths, replies = (read(self.name + x) for x in (".csv", "-paths.csv", "-replies.csv"))
        self.assertEqual(j["files"], [self.name + x for x in (".csv", "-paths.csv", "-replies.csv", ".svg", ".png", ".gp")])
        self.assertEqual(len(cells), size * size)
        self.assertEqual(len({(c["u"], c["v"]) for c in cells}), size * size)
        self.assertEqual(len(replies), j["replies"])
        for c in cells:
            if c["reply"] != "-1":
                self.assertLessEqual(float(c["logprob"]), float(replies[int(c["reply"])]["logprob"]) + 1e-3)
        self.assertEqual(sum(int(r["cells"]) for r in replies), sum(c["reply"] != "-1" for c in cells))
        for method, steps in (("ascent", points), ("hmc", points // 3)):
            mine = [p for p in paths if p["method"] == method]
            self.assertEqual(len(mine), seeds * (steps + 1))
            self.assertEqual({p["reply"] for p in mine if p["step"] == "0"}, {"0"})
            height = [float(r["logprob"]) for r in replies]  # an escape reaches the goal, which is reply 1, or a reply above it
            escaped = {p["seed"] for p in mine if p["reply"] != "-1" and height[int(p["reply"])] >= height[1]}
            self.assertEqual(len(escaped), j[method]["escaped"])
            improved = {p["seed"] for p in mine if p["reply"] != "-1" and height[int(p["reply"])] > height[0]}
            self.assertEqual(len(improved), j[method]["improved"])
            self.assertEqual(j[method]["points"], points)
        with open(self.name + ".png", "rb") as f:
            self.assertEqual(f.read(8), b"\x89PNG\r\n\x1a\n")
        with open(self.name + ".svg", encoding="utf-8") as f:
            picture = f.read()
        self.assertIn("Gradient ascent: ", picture)
        self.assertIn("log p (nats)", picture)

    @unittest.skipUnless(GNUPLOT, "gnuplot is not installed")
    def test_two_hills(self):
        j = self.draw("--toy", "--size", "20", "--seeds", "40")
        self.check(j, 20, 40, 300)
        self.assertEqual(j["ascent"]["escaped"], 0)
        self.assertGreater(j["hmc"]["escaped"], 30)

    @unittest.skipUnless(GNUPLOT, "gnuplot is not installed")
    def test_a_prompt(self):
        args = (*PROMPT, "--size", "20", "--seeds", "5", "--points", "31")
        j = self.draw(*args)
        self.check(j, 20, 5, 30)
        self.assertGreater(j["goal"]["logprob"], j["start"]["logprob"])
        replies = read(self.name + "-replies.csv")
        self.assertEqual([r["text"] for r in replies[:2]], [j["start"]["reply"], j["goal"]["reply"]])
        r = run("score", *PROMPT, "--reply", j["goal"]["reply"], "--end", "--json")
        self.assertAlmostEqual(lines(r)[0]["sum"], j["goal"]["logprob"], places=5)
        before = [read(self.name + x) for x in (".csv", "-paths.csv")]
        self.refuses("which exists already", *args, "--out", self.name)
        self.draw(*args, "--force")
        self.assertEqual(before, [read(self.name + x) for x in (".csv", "-paths.csv")])

    @unittest.skipUnless(GNUPLOT, "gnuplot is not installed")
    def test_texts_reach_no_shell(self):
        self.draw("-m", TOY, "-p", "it's `touch owned` {/Bold x} 'y' \"$(touch owned)\"", "--size", "4", "--seeds", "1", "--points", "3", "--target", "truncated")
        self.assertEqual([f for f in os.listdir(self.folder.name) + os.listdir(".") if f == "owned"], [])

    def test_without_gnuplot_the_numbers_stay(self):
        self.refuses("gnuplot-nox", "--toy", "--size", "5", "--seeds", "2", "--out", self.name, code=1, env={"PATH": self.folder.name})
        self.assertEqual(len(read(self.name + ".csv")), 25)
        self.assertTrue(os.path.exists(self.name + ".gp"))
        fake = os.path.join(self.folder.name, "gnuplot")
        with open(fake, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexit 3\n")
        os.chmod(fake, 0o755)
        self.refuses("exit code 3", "--toy", "--size", "5", "--seeds", "2", "--out", self.name, "--force", code=1, env={"PATH": self.folder.name})

    def test_stopped_it_keeps_what_it_has(self):
        p = subprocess.Popen([PONDER, "landscape", "--toy", "--size", "400", "--points", "200000", "--out", self.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=30)
        self.assertEqual((p.returncode, out), (130, b""), err)
        self.assertIn(b"stopped", err)
        self.assertEqual(len(read(self.name + ".csv")), 160000)

    def test_bad_input_is_told(self):
        out = ("--out", self.name)
        self.refuses("--out", "--toy")
        self.refuses("a text", *out)
        self.refuses("leave one of them out", "--toy", "-p", "x", *out)
        self.refuses("--size", "--toy", "--size", "1", *out)
        self.refuses("--points", "--toy", "--points", "2", *out)
        self.refuses("--alpha", "--toy", "--alpha", "-1", *out)
        self.refuses("did you mean --seeds?", "--toy", "--seds", "3", *out)
        self.refuses("--max-length", *PROMPT, "--max-length", "2", *out)
        self.refuses("no/such", "--toy", "--out", os.path.join(self.folder.name, "no/such/place"), code=1)
        self.refuses("no/such", "-m", "none.gguf", "-p", "x", "--out", os.path.join(self.folder.name, "no/such/place"), code=1)  # refused before any work
        self.refuses("No such file", "-m", "none.gguf", "-p", "x", *out)
        self.assertEqual(os.listdir(self.folder.name), [])


if __name__ == "__main__":
    unittest.main()
