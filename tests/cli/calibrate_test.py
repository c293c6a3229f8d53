"""`ponder calibrate`: known questions to a file, `ponder answer` with it and with a limit on the risk, and bad input."""

import json
import os
import tempfile
import unittest

from ponder_cli import TINY, TOY, lines, run

HOW = ["--way", "draws", "--draws", "4", "-n", "14", "--answer", "number"]


class Calibrate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.environ["XDG_DATA_HOME"] = self.folder.name
        self.addCleanup(os.environ.pop, "XDG_DATA_HOME")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def questions(self, n=60):
        """Sums; every third known answer is wrong."""
        with open(self.path("known.jsonl"), "w", encoding="utf-8") as f:
            for i in range(n):
                a, b = 1 + i % 9, 1 + i // 9
                f.write(json.dumps({"id": i, "question": f"What is the sum of {a} and {b}?", "answers": [str(a + b + (i % 3 == 0))]}) + "\n")
        return ["calibrate", "-m", TOY, "--precision", "f32", "--questions", self.path("known.jsonl")]

    def ask(self, *args):
        return run("answer", "-m", TOY, "--precision", "f32", "-p", "What is the sum of 5 and 2?", *HOW, *args)

    def test_a_calibration_is_found_and_used(self):
        r = run(*self.questions(), *HOW, "--json", "--risk", "0.9")
        (j,) = lines(r)
        self.assertEqual((r.returncode, j["asked"]), (0, 60))
        (group,) = j["groups"]
        self.assertEqual((group["name"], group["n"], group["held"]["n"]), ("draws number", 60, 30))
        self.assertLessEqual(group["risk"]["bound"], 0.9)
        (j,) = lines(self.ask("--json"))
        self.assertTrue(j["calibrated"])
        self.assertGreater(j["confidence"], 0)
        self.assertLess(j["confidence"], 1)
        self.assertEqual(j["answer"], "7")
        (j,) = lines(self.ask("--json", "--uncalibrated"))
        self.assertEqual((j["calibrated"], j["confidence"]), (False, j["mass"]))
        (j,) = lines(self.ask("--json", "--risk", "0.01"))
        self.assertEqual((j["answer"], j["held_back"]), (None, "7"))
        text = self.ask("--risk", "0.01").stdout.decode()
        self.assertIn("I don't know", text)
        self.assertIn("held back: 7", text)
        self.assertIn("by the model's calibration", self.ask().stdout.decode())
        # Other settings than those of the questions: it is not taken, and a limit on the risk is refused.
        (j,) = lines(run("answer", "-m", TOY, "-p", "What is the sum of 5 and 2?", "--draws", "5", "--json"))
        self.assertFalse(j["calibrated"])
        r = run("answer", "-m", TOY, "-p", "What is the sum of 5 and 2?", "--draws", "5", "--risk", "0.2")
        self.assertEqual(r.returncode, 2)
        self.assertIn("ponder calibrate", r.stderr.decode())

    def test_a_report_for_people_and_a_file(self):
        out = self.path("toy.json")
        r = run(*self.questions(), *HOW, "-o", out)
        text = r.stdout.decode()
        for words in ("60 questions", "draws number: 60 answers", "AUROC", "risk 0.2", "kept"):
            self.assertIn(words, text)
        self.assertEqual(run(*self.questions(), *HOW, "-o", out).returncode, 2)  # it is there already
        self.assertEqual(run(*self.questions(), *HOW, "-o", out, "--force").returncode, 0)
        (j,) = lines(self.ask("--json", "--calibration", out))
        self.assertTrue(j["calibrated"])
        r = run("answer", "-m", TINY, "-no-cnv", "-p", "a", *HOW, "--calibration", out)
        self.assertEqual(r.returncode, 2)
        self.assertIn("ponder-toy.gguf", r.stderr.decode())
        with open(out, "a", encoding="utf-8") as f:
            f.write("x")
        r = self.ask("--calibration", out)
        self.assertEqual(r.returncode, 2)
        self.assertIn("toy.json", r.stderr.decode())
        self.assertEqual(self.ask("--calibration", self.path("none.json")).returncode, 2)

    def test_bad_questions_are_told_before_any_is_asked(self):
        for line, word in (('{"question":"x"}', '"answers"'), ("{", "JSON"), ('{"question":"x","answers":[1]}', '"answers"'), ('{"answers":["1"]}', "none")):
            with open(self.path("bad.jsonl"), "w", encoding="utf-8") as f:
                f.write('{"question":"x","answers":["1"]}\n' + line + "\n")
            r = run("calibrate", "-m", TOY, "--questions", self.path("bad.jsonl"))
            self.assertEqual(r.returncode, 2)
            self.assertIn("line 2", r.stderr.decode())
            self.assertIn(word, r.stderr.decode())
        r = run(*self.questions(10), *HOW)
        self.assertEqual(r.returncode, 1)  # too few to calibrate anything
        self.assertIn("at least 40", r.stdout.decode())
        self.assertEqual(run("calibrate", "-m", TOY).returncode, 2)


if __name__ == "__main__":
    unittest.main()
