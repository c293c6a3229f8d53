"""The scripts in tools/experiments on the toy model: they run, go on where they were stopped, and
their tables are consistent."""

import json
import os
import random
import subprocess
import sys
import tempfile
import types
import unittest

from ponder_cli import PONDER, TOY

TOOLS = os.path.join(os.environ["PONDER_SOURCE_DIR"], "tools", "experiments")
sys.path.insert(0, TOOLS)
import answers  # noqa: E402
import common  # noqa: E402
import search  # noqa: E402

QUESTIONS = [("What is 2 + 3?", r"\b5\b"), ("What is 4 + 4?", r"\b8\b"), ("What is 1 + 6?", None), ("What is 3 + 3?", r"\b6\b")]


def rows_of(text, first):
    """Cells of the first table whose head begins with `first`, by their first cell."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    cells = [[c.strip() for c in line.strip("|").split(" | ")] for line in lines[at:]]
    end = next((i for i, line in enumerate(lines[at:]) if not line.startswith("|")), len(cells))
    return {c[0].strip(): c for c in cells[2:end]}


class Experiments(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        with open(self.path("prompts.jsonl"), "w", encoding="utf-8") as f:
            for n, (question, answer) in enumerate(QUESTIONS):
                f.write(json.dumps({"id": f"arith-{n}", "kind": "arith", "messages": [{"role": "user", "content": question}], "answer": answer}) + "\n")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def call(self, script, *args, code=0):
        words = ["--ponder", PONDER, "--model", TOY, "--runs", self.path(script + ".jsonl"), "--out", self.path(script + ".md")]
        r = subprocess.run([sys.executable, os.path.join(TOOLS, script + ".py"), self.path("prompts.jsonl"), *words, *args],
                           capture_output=True, text=True, timeout=600, check=False)  # fmt: skip
        self.assertEqual(r.returncode, code, r.stderr)
        if code:
            return r.stderr
        with open(self.path(script + ".md"), encoding="utf-8") as f:
            return f.read()

    def runs(self, script):
        return common.read_jsonl(self.path(script + ".jsonl"))

    def test_search(self):
        words = ["--small", "--threads", "1"]
        text = self.call("search", *words)
        self.assertIn("`tools/experiments/search.py prompts.jsonl --threads 1 --small`", text)
        rows = self.runs("search")
        self.assertEqual(len(rows), 2 * 2 * len(search.ARMS))  # 2 prompts, 2 laws
        self.assertEqual(text.count("| at the end |"), 2)
        ended = text[text.index("replies ended within") :]
        for part in (text, ended):
            for first in ("gain by TFE", "gain by s", "at the end"):
                self.assertEqual(list(rows_of(part, first)), list(search.ARMS))
            wins = rows_of(part, "against suffix annealing")
            self.assertEqual(list(wins), [a for a in search.ARMS if a != "suffix annealing"])
            for cells in wins.values():
                self.assertEqual(sum(map(int, cells[2].split(" / "))), 2, cells)
        # A second run keeps the results of a run that was stopped, and drops its last line, which
        # was cut short.
        kept = rows[: len(rows) // 2]
        with open(self.path("search.jsonl"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in kept)
            f.write(json.dumps(rows[-1])[:40])
        self.call("search", *words)
        again = self.runs("search")
        self.assertEqual(again[: len(kept)], kept)
        self.assertEqual(sorted((r["words"], r["id"]) for r in again), sorted((r["words"], r["id"]) for r in rows))
        before = os.stat(self.path("search.jsonl")).st_size
        self.call("search", *words, "--report")
        self.assertEqual(os.stat(self.path("search.jsonl")).st_size, before)

    def test_when_the_report_looks(self):
        plan = types.SimpleNamespace(small=False)
        for seconds, looks in ((3.0, (1, 2, 3)), (5.0, (1, 2, 5)), (10.0, (1, 2, 5, 10)), (0.5, (0.5,))):
            self.assertEqual(search.Plan.seconds(plan, search.Model("", 1, seconds, common.chat)), looks)

    def test_what_was_known_when(self):
        row = {"trace": [{"seconds": 0.5, "tfe": 10, "logprob": -9.0}, {"seconds": 2, "tfe": 30, "logprob": -4.0}, {"seconds": 3, "tfe": 90, "logprob": -4.0}]}
        self.assertEqual([search.at(row, "tfe", x) for x in (9, 10, 29, 30, 500)], [None, -9.0, -9.0, -4.0, -4.0])
        self.assertEqual([search.at(row, "seconds", x) for x in (0.4, 1, 2)], [None, -9.0, -4.0])
        none, worse = {"trace": []}, {"trace": row["trace"][:1]}
        cells = [{"a": row, "b": worse}, {"a": row, "b": none}, {"a": none, "b": row}, {"a": none, "b": none}, {"a": row, "b": row}]
        mean, counts = search.paired("a", "b", cells, "tfe", 500, random.Random(1))
        self.assertEqual((mean.split()[0], counts), ("2.50", "2 / 2 / 1"))

    def test_answers(self):
        with open(self.path("prompts.jsonl"), "w", encoding="utf-8") as f:
            for n, (a, b) in enumerate([(2, 3), (4, 4), (1, 6), (3, 3)]):
                question = {"question": f"What is the sum of {a} and {b}?", "answers": [str(a + b)]}
                f.write(json.dumps({"id": f"sum-{n}", "kind": "sum", "answer_kind": "number", **question}) + "\n")
        words = ["--draws", "3", "--length", "14", "--budget", "4000t"]
        text = self.call("answers", *words)
        rows = self.runs("answers")
        methods = ["greedy", "vote of 3", "ponder answer"]
        self.assertEqual(sorted((r["method"], r["id"]) for r in rows), sorted((m, f"sum-{n}") for m in methods for n in range(4)))
        table = rows_of(text, "method")
        self.assertEqual(list(table), [methods[0], "one draw, on average", *methods[1:], "the same draws by log p", "the same draws by log p a token"])
        self.assertEqual(answers.vote([["a", -1, 1], ["b", -2, 1], ["b", -3, 1], [None, 0, 1]], lambda lp, n: lp), "a")
        self.assertEqual(answers.vote([["a", -1, 1], ["b", -2, 4], ["b", -3, 6]], lambda lp, n: lp / n), "b")
        self.assertIsNone(answers.vote([[None, -1, 1]], lambda lp, n: lp))
        sums = {f"sum-{n}": str(s) for n, s in enumerate([5, 8, 7, 6])}
        for m in methods:
            right = [r["answer"] == sums[r["id"]] for r in rows if r["method"] == m]
            self.assertTrue(table[m][1].startswith(f"{25 * sum(right)} "), (table[m], right))
        # A second run keeps the rows of one that was stopped.
        with open(self.path("answers.jsonl"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in rows[:5])
        self.call("answers", *words)
        self.assertEqual(self.runs("answers")[:5], rows[:5])
        self.assertEqual(len(self.runs("answers")), len(rows))
        self.assertEqual(self.call("answers", *words, "--report"), self.call("answers", *words))

    def test_right_answers(self):
        choice = {"question": "Where?\nA) Asia\nB) North America\nAnswer with one letter.", "answers": ["B"], "answer_kind": "choice"}
        text = {"question": "?", "answers": ["S\u00e3o Paulo", "The Hague"], "answer_kind": "text"}
        count = {"question": "?", "answers": ["1234"], "answer_kind": "number"}
        for answer, question, right in (("North America", choice, True), ("b", choice, True), ("Asia", choice, False), ("A", choice, False),
                                        ("sao paulo.", text, True), ("hague", text, True), ("paulo", text, False), (None, text, False),
                                        ("1,234", count, True), ("1234.0", count, True), ("-1234", count, False), ("123", count, False)):  # fmt: skip
            self.assertEqual(answers.is_right(answer, question), right, (answer, question))
        self.assertEqual(answers.auroc([3, 2, 2, 1], [1, 1, 0, 0]), 3.5 / 4)
        self.assertIsNone(answers.auroc([1, 2], [1, 1]))
        self.assertEqual(answers.mcnemar([1, 1, 1, 1, 0], [0, 0, 0, 0, 0]), 2 / 16)

    def test_proofs(self):
        text = self.call("proofs", "--budget", "300t")
        self.assertEqual(rows_of(text, "kind")["all"][1], "4")
        rows = {(r["program"], r["id"]): r for r in self.runs("proofs")}
        self.assertEqual([p for p, _ in rows], ["think"] * 4 + ["beam"] * 4)
        self.assertTrue(all(("certificate" in r) == (program == "think") for (program, _), r in rows.items()))
        without = sum("error" in r for (program, _), r in rows.items() if program == "beam")
        self.assertEqual(rows_of(text, "kind")["all"][-1], str(without))


if __name__ == "__main__":
    unittest.main()
