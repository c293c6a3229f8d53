"""ponder decide: one question from the command line, lines of them, and what is refused."""

import json
import math
import unittest

from ponder_cli import TINY, TOY, jsonl, lines, run

CHOICE = {"type": "choice", "name": "sum", "instructions": "What is it?", "choices": [{"value": "22"}, {"value": "The sum"}, {"value": "no"}]}
PREDICATE = {"type": "predicate", "instructions": "Is it even?"}
SCORE = {"type": "score", "name": "size", "instructions": "How large is it?", "levels": [{"label": "low"}, {"label": "middle"}, {"label": "high"}]}
TEXT = "The sum of 14 and 8."


class Decide(unittest.TestCase):
    def decide(self, *rows, more=(), code=0):
        r = run("decide", "-m", TOY, "--input", "-", "--jsonl", *more, stdin=jsonl(*rows))
        self.assertEqual(r.returncode, code, r.stderr)
        return lines(r)

    def test_lines(self):
        a = self.decide({"model": "any", "input": TEXT, "questions": [CHOICE, PREDICATE, SCORE]})[0]
        self.assertEqual([x["type"] for x in a["answers"]], ["choice", "predicate", "score"])
        choice, predicate, score = a["answers"]
        self.assertEqual((choice["name"], predicate["name"]), ("sum", None))
        p = [x["probability"] for x in choice["probabilities"]]
        self.assertAlmostEqual(sum(p), 1)
        self.assertEqual(choice["choice"], choice["probabilities"][p.index(max(p))]["value"])
        self.assertEqual(choice["confidence"], max(p))
        self.assertTrue(0 < predicate["probability"] < 1)
        self.assertAlmostEqual(score["score"], sum(x["value"] * x["probability"] for x in score["probabilities"]))
        self.assertLessEqual(score["interval"][0], score["interval"][1])
        for x in a["answers"]:
            self.assertTrue(0 < x["mass"] <= 1)
        self.assertEqual(a["usage"]["output_tokens"], 0)

    def test_the_mass_is_the_sum_over_spellings(self):
        """Each spelling scored as a reply, by another command."""
        a = self.decide({"input": TEXT, "questions": [CHOICE]})[0]["answers"][0]
        question = TEXT + "\n\nWhat is it?\nOptions:\n- 22\n- The sum\n- no\nAnswer with one of these options."
        spellings = [["22"], ["The sum", "the sum"], ["no", "No"]]
        scored = lines(run("score", "-m", TOY, "--input", "-", stdin=jsonl(*({"question": question, "reply": s} for x in spellings for s in x))))
        sums = iter(math.exp(x["sum"]) for x in scored)
        masses = [sum(next(sums) for _ in x) for x in spellings]
        self.assertAlmostEqual(a["mass"], sum(masses), delta=1e-9)
        for x, m in zip(a["probabilities"], masses):
            self.assertAlmostEqual(x["probability"], m / sum(masses), delta=1e-6)

    def test_the_same_alone_and_among_64(self):
        rows = [{"input": f"{i} and 8.", "questions": [CHOICE, PREDICATE]} for i in range(64)]
        together = self.decide(*rows)
        for i in (0, 31, 63):
            self.assertEqual(self.decide(rows[i])[0], together[i])

    def test_prior_and_orders(self):
        row = {"input": TEXT, "questions": [CHOICE]}
        plain = self.decide(row)[0]["answers"][0]
        self.assertNotIn("prior", plain)
        self.assertNotIn("letter_bias", plain)
        prior = self.decide({**row, "prior": True})[0]["answers"][0]
        self.assertEqual(self.decide(row, more=["--prior"])[0]["answers"][0], prior)
        self.assertEqual(self.decide(row, more=["--neutral", "N/A"])[0]["answers"][0], prior)
        self.assertAlmostEqual(sum(prior["prior"]), 1)
        orders = self.decide({**row, "orders": True})[0]["answers"][0]
        self.assertEqual(self.decide(row, more=["--orders"])[0]["answers"][0], orders)
        self.assertAlmostEqual(sum(orders["letter_bias"]), 1)
        self.assertEqual(self.decide({**row, "listed": False})[0], self.decide(row, more=["--unlisted"])[0])

    def test_broken_lines_answer_in_place(self):
        good = {"input": TEXT, "questions": [PREDICATE]}
        equal = {**CHOICE, "choices": [{"value": "a"}, {"value": "a"}]}
        rows = [good, "{", {"input": TEXT}, {**good, "question": 1}, {"input": TEXT, "questions": [equal]},
                {"input": "x " * 20000, "questions": [PREDICATE]}, good]
        out = self.decide(*rows, code=2)
        self.assertEqual(len(out), len(rows))
        self.assertEqual(out[0], out[-1])
        for i, part in enumerate(("JSON", '"questions"', "did you mean", "twice", "at most"), 1):
            self.assertEqual(out[i]["error"]["line"], i)
            self.assertIn(part, out[i]["error"]["message"])

    def test_one_question(self):
        one = lambda *a: run("decide", "-m", TOY, "-p", TEXT, *a)
        shown = one("--choice", "22|The sum|no", "--question", "What is it?")
        self.assertEqual((shown.returncode, shown.stderr), (0, b""))
        rows = shown.stdout.decode().splitlines()
        self.assertEqual(len([x for x in rows[:3] if float(x.split()[0]) <= 1]), 3)
        self.assertIn("mass", rows[3])
        j = json.loads(one("--choice", "22|The sum|no", "--question", "What is it?", "--json").stdout)
        line = self.decide({"input": TEXT, "questions": [{**CHOICE, "name": None}]})[0]
        self.assertEqual(j, line)
        self.assertIn(b"Yes", one("--predicate", "Is it even?").stdout)
        self.assertIn(b"deviation", one("--score", "low|middle|high", "--orders").stdout)
        self.assertEqual(run("decide", "-m", TINY, "-no-cnv", "-p", "the river", "--predicate", "Is it wide?").returncode, 0)

    def test_usage(self):
        for part, args in (("--choice", ["-p", "x"]), ("several", ["-p", "x", "--choice", "a|b", "--predicate", "c"]),
                           ("at least two", ["-p", "x", "--choice", "a"]), ("an empty one", ["-p", "x", "--choice", "a||b"]),
                           ("a text", ["--choice", "a|b"]), ("both", ["--input", "-", "--choice", "a|b"])):
            r = run("decide", "-m", TOY, *args, stdin=b"")
            self.assertEqual((r.returncode, r.stdout), (2, b""), args)
            self.assertIn(part, r.stderr.decode(), args)


if __name__ == "__main__":
    unittest.main()
