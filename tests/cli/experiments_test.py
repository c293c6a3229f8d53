"""The scripts in tools/experiments on the toy model: they run, go on where they were stopped, and
their tables are consistent."""

import json
import os
import random
import re
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
        text = self.call("answers", "--budget", "400t", "--steps", "3", "--length", "12")
        accuracy = rows_of(text, "reply")
        main = ["greedy", "one sample", "best of 16", "vote of 16", "beam 16", "mode", "p^4, a draw", "p^4, vote of 16"]
        self.assertLessEqual(set(main), set(accuracy))
        rows = self.runs("answers")
        self.assertEqual({r["id"] for r in rows}, {"arith-0", "arith-1", "arith-3"})  # the prompts that have an answer
        patterns = {f"arith-{n}": a for n, (_, a) in enumerate(QUESTIONS)}
        right = [bool(re.search(patterns[r["id"]], r["first"]["reply"], re.I)) for r in rows if r["program"] == "mode"]
        self.assertTrue(accuracy["greedy"][1].startswith(f"{100 * sum(right) / 3:.0f} "), (accuracy["greedy"], right))
        failures = rows_of(text[text.index("## What is wrong") :], "reply")
        for cells in failures.values():
            self.assertEqual(int(cells[1]), sum(map(int, cells[2:])), cells)
        self.assertEqual(int(failures["greedy"][1]), 3 - sum(right))
        # With modes from another run, the tables are the same, and `think` is not run.
        modes = [r for r in rows if r["program"] == "mode"]
        with open(self.path("modes.jsonl"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in modes)
        with open(self.path("answers.jsonl"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(r) + "\n" for r in rows if r["program"] != "mode")
        again = self.call("answers", "--mode-runs", self.path("modes.jsonl"), "--steps", "3", "--length", "12")
        called = "answers.py prompts.jsonl"
        self.assertEqual(again, text.replace(f"{called}`", f"{called} --mode-runs RUNS.jsonl`, where the runs are those of `proofs.py`"))
        self.assertEqual(len(self.runs("answers")), len(rows) - 3)
        with open(self.path("modes.jsonl"), "w", encoding="utf-8"):
            pass
        self.assertIn("run proofs.py", self.call("answers", "--mode-runs", self.path("modes.jsonl"), code=1))

    def test_kinds_of_failure(self):
        prompt = {"kind": "fact", "messages": [{"content": "What is the capital of France?"}], "answer": "paris"}
        for text, ended, kind in (("The capital of France is the capital of France.", True, "question copied"), ("The answer is:", True, "empty phrase"),
                                  ("", True, "empty phrase"), ("Lyon", True, "wrong fact"), ("France.", True, "wrong fact"), ("The capital", False, "cut short")):  # fmt: skip
            self.assertEqual(answers.failure(answers.Out(text, ended, -1), prompt), kind, text)
        self.assertEqual(answers.failure(None, prompt), "no reply")
        self.assertEqual(answers.failure(answers.Out("A", True, -1), {**prompt, "kind": "choice"}), "wrong fact")
        outs = [answers.Out("Paris.", True, -3), answers.Out("Lyon", True, -1), answers.Out("paris", True, -2), answers.Out("Nice", True, -9)]
        self.assertEqual(answers.vote(outs).logprob, -2)  # two of four agree; their likelier reply is the vote
        self.assertTrue(answers.right(outs[0], prompt))

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
