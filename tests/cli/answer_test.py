"""`ponder answer`: masses, proofs and their check, forgeries, draws by seed, options, and what bad input is told."""

import copy
import json
import os
import tempfile
import unittest

from ponder_cli import ANSWER, TINY, TOY, lines, run

QUESTION = "What is the sum of 14 and 8?"
MAP = r"regex:is (\d+)\."
TOY_SUM = ["answer", "-m", TOY, "--precision", "f32", "-p", QUESTION]
KEYS = ["answer", "mass", "lower", "upper", "proved", "settled", "confidence", "calibrated", "held_back", "answers", "none", "open", "map", "way", "draws", "drawn", "asked", "distinct", "found", "temperature", "expanded", "text"]


def answer(*args):
    return run(*TOY_SUM, "--json", *args)


class Answer(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "answer.json")

    def test_a_proof_and_its_check(self):
        (j,) = lines(answer("--answer", MAP, "-n", "14", "--certificate", self.path))
        self.assertEqual(list(j), KEYS + ANSWER)
        self.assertEqual((j["answer"], j["proved"], j["way"], j["text"]), ("22", True, "enumeration", "The sum of 14 and 8 is 22."))
        self.assertAlmostEqual(sum(a["mass"] for a in j["answers"]) + j["none"] + j["open"], 1, 6)
        with open(self.path, encoding="utf-8") as f:
            good = json.load(f)

        def checked(c):
            with open(self.path, "w", encoding="utf-8") as f:
                json.dump(c, f)
            r = run("answer", "-m", TOY, "--check", self.path, "--json")
            return r.returncode, (lines(r) or [{}])[0], r.stderr.decode()

        code, j, _ = checked(good)
        self.assertEqual((code, j["valid"]), (0, True))
        self.assertGreater(j["lower"], j["others"])

        def forged(change):
            c = copy.deepcopy(good)
            change(c)
            code, j, err = checked(c)
            self.assertEqual((code, j.get("valid")), (1, False), err)

        forged(lambda c: c.update(answer="23"))
        forged(lambda c: c["closed"].append(c["closed"][0]))
        forged(lambda c: c["closed"].pop())
        forged(lambda c: c["closed"][0].update(answer="23"))
        forged(lambda c: c["closed"][0]["ids"].pop())
        forged(lambda c: c.update(map="word"))
        forged(lambda c: c["model"].update(sha256="0" * 64))
        for damage in ("{", "[]", '{"format":"ponder certificate 1"}', json.dumps({**good, "closed": 3}), json.dumps({**good, "target": "x"})):
            with open(self.path, "w", encoding="utf-8") as f:
                f.write(damage)
            r = run("answer", "-m", TOY, "--check", self.path)
            self.assertEqual(r.returncode, 2, damage)
            self.assertIn(b"answer.json", r.stderr)
        self.assertEqual(run(*TOY_SUM, "--answer", MAP, "--certificate", self.path).returncode, 2)  # the file exists already

    def test_draws_are_those_of_the_seed(self):
        one, same, other = (lines(answer("--answer", "number", "--draws", "12", "--enough", "1", "-s", s))[0] for s in ("5", "5", "6"))
        for j in (one, same, other):
            del j["cost"]
            self.assertEqual((j["way"], j["draws"], j["proved"]), ("draws", 12, False))
            for a in j["answers"]:
                self.assertTrue(0 <= a["lower"] <= a["mass"] <= a["upper"] <= 1)
        self.assertEqual(one, same)
        self.assertNotEqual([a["mass"] for a in one["answers"]] + [one["reply_ids"]], [a["mass"] for a in other["answers"]] + [other["reply_ids"]])
        (early,) = lines(answer("--answer", "number", "--draws", "200", "-s", "5"))
        self.assertTrue(early["settled"])
        self.assertLess(early["draws"], 200)

    def test_distinct_draws(self):
        how = ("--answer", "number", "--draws", "12", "--distinct", "--way", "draws", "-n", "14")
        one, same, plain = (lines(answer(*args))[0] for args in (how, (*how, "-t", "1"), (a for a in how if a != "--distinct")))
        del one["cost"], same["cost"]
        self.assertEqual(one, same)
        self.assertEqual((one["distinct"], plain["distinct"], plain["found"]), (True, False, 0))
        self.assertTrue(0 < one["found"] <= 1)
        self.assertAlmostEqual(sum(a["mass"] for a in one["answers"]) + one["none"] + one["open"], 1, 9)
        self.assertIn("12 distinct draws at temperature 0.7, with", run(*TOY_SUM, *how).stdout.decode())

    def test_options_are_recognised(self):
        question = "What is the sum of 14 and 8?\nA) 22\nB) 9\nAnswer with one letter."
        (j,) = lines(run("answer", "-m", TOY, "-p", question, "--json"))
        self.assertEqual((j["way"], j["map"]), ("options", "choice:A=22|B=9"))
        self.assertIn(j["answer"], ("22", "9"))
        self.assertAlmostEqual(sum(a["mass"] for a in j["answers"]), 1, 9)

    def test_lines(self):
        questions = [{"question": QUESTION}, {"question": ""}, {"messages": [{"role": "user", "content": "Is 4 even?"}]}]
        r = run("answer", "-m", TOY, "--input", "-", "--jsonl", "--draws", "2", "--budget", "2s", stdin="\n".join(map(json.dumps, questions)).encode() + b"\nno json\n")
        self.assertEqual(r.returncode, 2)
        out = lines(r)
        self.assertEqual(len(out), 4)
        self.assertEqual(out[2]["map"], "yesno")
        self.assertEqual(out[3]["error"]["line"], 3)

    def test_people_read_it(self):
        text = run(*TOY_SUM, "--answer", MAP, "-n", "14").stdout.decode()
        self.assertIn("answer    22", text)
        self.assertIn("proved: no other answer has as much probability", text)
        text = run(*TOY_SUM, "--answer", "number", "--draws", "3").stdout.decode()
        self.assertIn("draws at temperature 0.7", text)

    def test_bad_input(self):
        for args, part in ((("--answer", "nubmer"), "did you mean number?"), (("--answer", "regex:a"), "group"), (("--answer", "regex:(a"), "regular expression"),
                           (("--answer", "choice:D-A"), "choice:A-D"), (("--answer", "json:a"), "JSON pointer"), (("--way", "magic"), "enumeration"),
                           (("--way", "enumeration", "--answer", "number"), "number:first"), (("--way", "options"), "lists its options")):  # fmt: skip
            r = run(*TOY_SUM, *args)
            self.assertEqual(r.returncode, 2, args)
            self.assertIn(part, r.stderr.decode(), args)
        self.assertEqual(run("answer", "-m", TINY, "-no-cnv", "-p", "the", "--answer", "word", "-n", "3", "--json").returncode, 0)


if __name__ == "__main__":
    unittest.main()
