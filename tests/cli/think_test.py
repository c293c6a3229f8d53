"""`think` and `generate` for people and scripts: like lengths, no gain between a prefix and a
reply, notes, budgets, text in columns."""

import fcntl
import math
import os
import pty
import re
import struct
import subprocess
import termios
import unittest

from ponder_cli import PONDER, TINY, TOY, lines, run

ASK = ["-m", TOY, "-p", "What is 2 + 3?"]
RAW = ["-m", TINY, "-no-cnv", "-p", "the river"]


def think(*args):
    (answer,) = lines(run("think", *args, "--json"))
    return answer


class Lengths(unittest.TestCase):
    def test_generate_and_think_agree_on_the_first_reply(self):
        for ask in (ASK, RAW):
            (reply,) = lines(run("generate", *ask, "--json"))
            first = think(*ask, "--budget", "0t")["first"]
            self.assertEqual(reply["reply_ids"], first["reply_ids"])
            self.assertEqual(reply["logprob"], first["logprob"])

    def test_like_lengths_unless_told_otherwise(self):
        some = [*RAW, "-n", "24", "--temp", "1", "--budget", "3000t"]
        shorter = 0
        for seed in range(6):
            answer = think(*some, "--seed", str(seed))
            least = math.ceil(2 * answer["first"]["n_tokens"] / 3)
            self.assertIn(answer["certificate"]["shortest"], (0, least))
            self.assertEqual(answer["certificate"]["claim"].startswith("like-length"), answer["certificate"]["shortest"] > 1)
            self.assertIn(answer["gain"] is None, (not answer["first"]["ended"],))
            if answer["trace"]:  # a reply that is long enough was found
                self.assertGreaterEqual(answer["n_tokens"], least)
            if answer["also"]:
                self.assertLess(answer["also"]["n_tokens"], least)
                shorter += 1
            for off in (["--any-length"], ["--min-length", "1"]):
                other = think(*some, "--seed", str(seed), *off)
                self.assertEqual((other["also"], other["certificate"]["shortest"]), (None, 0))
                self.assertEqual(other["first"], answer["first"])
        self.assertGreater(shorter, 0)
        fixed = think(*RAW, "--target", "fixed", "--length", "6", "--budget", "200t")
        self.assertEqual((fixed["n_tokens"], fixed["certificate"]["shortest"]), (6, 0))

    def test_the_condition_renormalises_nothing(self):
        """The log-probability of the likelier reply is that of the plain law."""
        answer = think(*RAW, "-n", "24", "--temp", "1", "--seed", "1", "--budget", "3000t")
        ids = ",".join(map(str, answer["reply_ids"]))
        request = '{"prompt": "the river", "reply_ids": [%s]}\n' % ids
        (score,) = lines(run("score", "-m", TINY, "--input", "-", "--jsonl", stdin=request.encode()))
        self.assertAlmostEqual(score["sum"], answer["logprob"], places=4)


class Gains(unittest.TestCase):
    def test_none_where_the_first_reply_was_cut(self):
        answer = think(*RAW, "-n", "12", "--budget", "4000t", "--any-length")
        self.assertFalse(answer["first"]["ended"])
        self.assertTrue(answer["ended"], "a reply was found")
        self.assertIsNone(answer["gain"])
        self.assertIn("the first reply was cut at 12 tokens (-n): it is a prefix, so no gain is given", answer["notes"])
        text = run("think", *RAW, "-n", "12", "--budget", "4000t", "--any-length").stdout.decode()
        self.assertNotIn("times as probable", text.split("gap  ")[0])
        self.assertIn("the first reply was cut at 12 tokens", " ".join(text.split()))
        self.assertEqual(any("because it is short" in n for n in answer["notes"]), 2 * answer["n_tokens"] < 12)

    def test_one_scale_for_how_many_times(self):
        text = run("think", *ASK, "--temp", "2", "--seed", "4", "--budget", "500t").stdout.decode()
        nats, power = map(float, re.search(r"\+([0-9.]+) nats, 10\^([0-9.]+) times as probable", text).groups())
        self.assertAlmostEqual(nats / math.log(10), power, delta=0.06)


class Budgets(unittest.TestCase):
    def test_units(self):
        for budget in ("0", "0s", "0m", "0t", "0,0t", "0t,0m"):
            self.assertEqual(len(think(*ASK, "--budget", budget)["methods"]), 1, budget)
        for wrong in ("soon", "10h", "-1", "1s,2s", "1,2m", "5t,6t", "10s,", ",", "1 s", "nan", "inf"):
            for flag in ("--budget", "--patience"):
                r = run("think", *ASK, flag, wrong)
                self.assertEqual(r.returncode, 2, (flag, wrong))
                self.assertIn("a budget as 10 or 10s (seconds), 1m (minutes), 5000t (tokens)", r.stderr.decode(), wrong)

    def test_the_prompt_counts(self):
        """A prompt that takes all of the budget leaves nothing to search with, and a first reply is
        printed all the same."""
        long = ["-m", TINY, "-no-cnv", "-p", "the river " * 20, "-n", "6"]
        short = [*RAW, "-n", "6"]
        self.assertGreater(len(think(*short, "--budget", "30t")["methods"]), 1)
        answer = think(*long, "--budget", "30t")
        self.assertEqual([m["name"] for m in answer["methods"]], ["first"])
        self.assertEqual(answer["first"]["n_tokens"], 6)
        self.assertGreater(answer["cost"]["tokens_scored"] + answer["cost"]["tokens_decoded"], 30)
        (proof,) = lines(run("prove", *long, "--budget", "30t", "--json"))
        self.assertEqual((proof["certificate"]["status"], proof["certificate"]["expanded"]), ("none", 0))


class Paper(unittest.TestCase):
    def test_columns_of_80(self):
        for more in ([], ["--any-length"], ["--verbose"], ["--color"]):
            out = run("think", *RAW, "-n", "100", "--budget", "2000t", "--temp", "1", *more).stdout.decode()
            for line in re.sub("\x1b\\[[0-9;]*m", "", out).splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertRegex(line, r"^(\S+ +\S| {10}\S|$)")  # a label, or the hanging indent
            self.assertEqual("\nspent     first" in out, more == ["--verbose"])
            self.assertTrue(out.startswith("first     "), out)

    def test_labels(self):
        out = run("think", *ASK, "--temp", "2", "--seed", "4", "--budget", "500t").stdout.decode()
        labels = [x.split()[0] for x in out.splitlines() if x and not x.startswith(" ")]
        self.assertEqual(labels[:2], ["first", "likelier"])
        self.assertLessEqual(set(labels), {"first", "likelier", "also", "diff", "note", "proof", "gap", "tie"})

    def test_notes_are_a_list(self):
        answer = think(*ASK)
        self.assertEqual(type(answer["notes"]), list)


class Terminal(unittest.TestCase):
    def show(self, columns, *args):
        """The output for a terminal of so many columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        p = subprocess.Popen([PONDER, *args], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL)
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the program has closed its end of the terminal
                break
            if not part:
                break
            seen += part
        self.assertEqual(p.wait(60), 0)
        os.close(ours)
        return seen.decode()

    def test_text_fits_and_the_live_line_is_gone(self):
        for columns in (40, 64, 120):
            seen = self.show(columns, "think", *RAW, "-n", "100", "--temp", "1", "--budget", "2000t")
            self.assertIn("\x1b[K", seen)  # the progress line was redrawn
            self.assertIn("tokens left", seen)
            self.assertLess(seen.index("log p"), seen.index("tokens left"))  # the first reply comes before the search
            bare = re.sub("\x1b\\[[0-9;]*m", "", seen)
            for line in bare.replace("\r\n", "\n").split("\n"):
                for drawn in line.split("\r\x1b[K"):
                    self.assertLessEqual(len(drawn), columns, drawn)
            self.assertEqual([x for x in bare.split("\n") if x.startswith("first")][0][:10], "first     ")


if __name__ == "__main__":
    unittest.main()
