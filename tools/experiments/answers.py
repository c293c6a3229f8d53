#!/usr/bin/env python3
"""Which way of asking gives right answers, and do confidences tell right from wrong?

    tools/experiments/answers.py QUESTIONS.jsonl --ponder build/release/apps/ponder/ponder -m MODEL.gguf [-m MODEL.gguf …]

A line: {"id", "kind", "answer_kind": number|choice|yesno|text, "question", "answers"}; an answer is right when it equals
one of `answers` without case, accents, punctuation and articles, numbers as numbers, an option's letter as its text. Every
method is a call of `ponder answer`, so that all of them read replies by the same maps. Answers go to --runs as they come:
when stopped and started again, the script goes on with those that are missing. The report goes to --out, from all of
--runs; --report only writes it."""

import argparse
import itertools
import math
import os
import random
import re
import statistics
import sys
import time
import unicodedata

from common import Runs, ask, interval, read_jsonl, spread, table, write_report

BASE = "greedy"
SHORT = ["-n", "60"]  # most tokens of replies to questions that need no reasoning
PART = 24  # questions that all methods answer before the next ones
REASONING = {"number"}  # answer kinds that may need long replies


def methods(args):
    """Words of `ponder answer` by method, without model and length."""
    return {
        BASE: ["--way", "draws", "--draws", "1", "--temp", "0.01"],
        f"vote of {args.draws}": ["--way", "draws", "--draws", str(args.draws), "--enough", "1"],
        "ponder answer": ["--draws", str(args.draws)],
    }


def words(args, name, kind):
    length = ["-n", str(args.length)] if kind in REASONING else SHORT
    own = [] if name == "ponder answer" and kind not in REASONING else length
    return [*methods(args)[name], *own, "--budget", args.budget, "--uncalibrated", "--seed", str(args.seed)]


def plain(text):
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(w for w in re.findall(r"[^\W_]+(?:[.,]\d+)*|-\d+", text) if w not in ("a", "an", "the"))


def number(text):
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def is_right(answer, question):
    """Does an answer equal one of the question's?"""
    if answer is None:
        return False
    options = dict(re.findall(r"(?m)^([A-Z])\) (.+)$", question["question"]))
    for known in question["answers"]:
        if plain(answer) == plain(options.get(known, known)) or plain(answer) == plain(known):
            return True
        if question["answer_kind"] == "number" and number(answer) is not None and number(answer) == number(known):
            return True
    return False


def kept(answer):
    """The fields of an answer that the report needs."""
    if "error" in answer:
        return {"error": answer["error"]["message"]}
    fields = ("answer", "mass", "none", "open", "proved", "way", "draws", "asked", "logprob", "n_tokens", "ended")
    row = {k: answer[k] for k in fields if k in answer}
    row["answers"] = [[a["answer"], a["mass"]] for a in answer["answers"]]
    row["drawn"] = [[d["answer"], d["logprob"], d["n_tokens"]] for d in answer["drawn"]]
    row["seconds"] = answer["cost"]["seconds"]
    row["tokens"] = answer["cost"]["tokens_decoded"] + answer["cost"]["tokens_scored"]
    return row


def run_part(args, questions, runs):
    """The missing answers to some questions, by all models and methods."""
    for model in args.model:
        for name in methods(args):
            for kind in dict.fromkeys(q["answer_kind"] for q in questions):
                w = words(args, name, kind)
                key = (os.path.basename(model), name, " ".join(w))
                left = [q for q in questions if q["answer_kind"] == kind and (*key, q["id"]) not in runs]
                for q, answer in ask(args.ponder, ["answer", "-m", model, *w], left, True, lambda q: {"question": q["question"]}):
                    runs.add({"model": key[0], "method": name, "words": key[2], "id": q["id"], **kept(answer)})


def run_all(args, questions, runs):
    """In parts with questions of all kinds, so that what a stopped run has is complete but for its last part."""
    for begin in range(0, len(questions), PART):
        start = time.monotonic()
        run_part(args, questions[begin : begin + PART], runs)
        print(f"{min(begin + PART, len(questions))} of {len(questions)} questions, {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


WEIGHTS = {"log p": lambda logprob, n: logprob, "log p a token": lambda logprob, n: logprob / max(1, n)}


def vote(drawn, weight):
    """The answer with the largest sum of weights over its draws; none if no draw gives one."""
    votes = [(a, weight(logprob, n)) for a, logprob, n in drawn if a is not None]
    if not votes:
        return None
    top, sums = max(w for _, w in votes), {}
    for a, w in votes:
        sums[a] = sums.get(a, 0) + math.exp(w - top)
    return max(sums, key=sums.get)


def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    return statistics.fmean((g > b) + 0.5 * (g == b) for g in good for b in bad)


def entropy(row):
    return -sum(m * math.log(m) for _, m in row["answers"] if m > 0)


def mcnemar(a, b):
    """Two-sided exact p of the questions that only one of two methods gets right."""
    n, k = sum(x != y for x, y in zip(a, b)), sum(x > y for x, y in zip(a, b))
    tail = sum(math.comb(n, i) for i in range(min(k, n - k) + 1)) / 2**n
    return min(1, 2 * tail)


def share(flags):
    return f"{100 * statistics.fmean(flags):.0f} %" if flags else "-"


def model_report(args, model, questions, cells):
    """cells: {method: [row of each question]}."""
    rng = random.Random(1)
    right = {name: [int(is_right(r.get("answer"), q)) for r, q in zip(rows, questions)] for name, rows in cells.items()}
    rows = []
    for name, answers in cells.items():
        difference = [100 * (x - y) for x, y in zip(right[name], right[BASE])]
        other = name != BASE
        rows.append([name, interval([100 * r for r in right[name]], rng, 0), interval(difference, rng, 0) if other else "-",
                     f"{mcnemar(right[name], right[BASE]):.2g}" if other else "-",
                     f"{statistics.fmean(a.get('seconds', 0) for a in answers):.1f}", f"{statistics.fmean(a.get('tokens', 0) for a in answers):.0f}",
                     f"{60 * sum(right[name]) / max(1e-9, sum(a.get('seconds', 0) for a in answers)):.1f}"])
    vote_of = next(n for n in cells if n.startswith("vote"))
    one = [sum(m for a, m in r.get("answers", []) if is_right(a, q)) for r, q in zip(cells[vote_of], questions)]
    rows.insert(1, ["one draw, on average", interval([100 * p for p in one], rng, 0), interval([100 * (p - g) for p, g in zip(one, right[BASE])], rng, 0), "-", "-", "-", "-"])
    for name, weight in WEIGHTS.items():
        hits = [int(is_right(vote(r["drawn"], weight), q)) for r, q in zip(cells[vote_of], questions)]
        rows.append([f"the same draws by {name}", interval([100 * h for h in hits], rng, 0), interval([100 * (h - g) for h, g in zip(hits, right[BASE])], rng, 0),
                     f"{mcnemar(hits, right[BASE]):.2g}", "-", "-", "-"])
    lines = [f"## {model}", "", *table(["method", "right, %", f"against {BASE}, points", "McNemar p", "seconds", "tokens", "right a minute"], rows)]
    kinds = list(dict.fromkeys(q["kind"] for q in questions))
    head = ["method", *(f"{k} ({sum(q['kind'] == k for q in questions)})" for k in kinds)]
    lines += table(head, [[name, *(share([r for r, q in zip(hits, questions) if q["kind"] == k]) for k in kinds)] for name, hits in right.items()])
    some = [any(is_right(a, q) for a, _ in r.get("answers", [])) for r, q in zip(cells[vote_of], questions)]
    cut = statistics.fmean(r.get("none", 0) for r in cells[vote_of])
    lines += [f"A right answer is among the draws of {share(some)} of the questions; {100 * cut:.0f} % of the draws give no answer.", ""]
    measures = {"log p a token": lambda r: r["logprob"] / max(1, r["n_tokens"]), "mass": lambda r: r["mass"], "entropy": lambda r: -entropy(r)}
    rows = []
    for kind in dict.fromkeys(q["answer_kind"] for q in questions):
        for name, answers in cells.items():
            there = [(r, h) for r, h, q in zip(answers, right[name], questions) if q["answer_kind"] == kind and r.get("answer") is not None]
            figures = [auroc([f(r) for r, _ in there], [h for _, h in there]) for f in measures.values()]
            rows.append([kind, name, len(there), *("-" if x is None else f"{x:.2f}" for x in figures)])
    lines += ["Area under the ROC curve of right against wrong answers, by what may tell them apart:", "",
              *table(["questions", "method", "answered", *measures], rows)]
    return lines


def report(args, questions, runs):
    lines = ["# Which way of asking gives right answers?", "",
             f"Of {len(questions)} questions, those that all methods have answered; replies of up to {args.length} tokens where a number is asked for, {SHORT[1]} else; {args.draws} draws at "
             f"temperature 0.7; at most {args.budget} a question. *{BASE}* is one draw at temperature 0.01. Intervals are 95 % bootstrap intervals over "
             "questions, differences are paired. *Right a minute* counts right answers by the minute of computing.", "",
             f"`tools/experiments/answers.py {os.path.basename(args.questions)}{f' --sample {args.sample}' if args.sample else ''}`", ""]
    for model in args.model:
        model = os.path.basename(model)
        there = [q for q in questions if all((model, n, " ".join(words(args, n, q["answer_kind"])), q["id"]) in runs for n in methods(args))]
        if not there:
            continue
        cells = {n: [runs[model, n, " ".join(words(args, n, q["answer_kind"])), q["id"]] for q in there] for n in methods(args)}
        lines += model_report(args, f"{model}, {len(there)} questions", there, cells)
    return "\n".join(lines[:-1]) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("questions")
    p.add_argument("--ponder", default="build/release/apps/ponder/ponder")
    p.add_argument("-m", "--model", action="append", required=True)
    p.add_argument("--draws", type=int, default=16)
    p.add_argument("--length", type=int, default=512, help="most tokens of a reply with a number")
    p.add_argument("--budget", default="10000t", help="of one question: work, so that a busy machine gives the same answers")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--sample", type=int, default=0, help="so many of the questions of each kind, spread over all; 0: all")
    p.add_argument("--kinds", default="", help="only these kinds, with commas between them")
    p.add_argument("--report", action="store_true", help="only write the report")
    p.add_argument("--runs", default="docs/experiments/answers.jsonl")
    p.add_argument("--out", default="docs/experiments/answers.md")
    args = p.parse_args()
    questions = [q for q in read_jsonl(args.questions) if not args.kinds or q["kind"] in args.kinds.split(",")]
    kinds = dict.fromkeys(q["kind"] for q in questions)
    by_kind = [spread([q for q in questions if q["kind"] == k], args.sample) for k in kinds]
    questions = [q for row in itertools.zip_longest(*by_kind) for q in row if q]  # kinds take turns
    if not questions:
        sys.exit(f"expected questions, got none in {args.questions}")
    runs = Runs(args.runs, lambda r: (r["model"], r["method"], r["words"], r["id"]))
    if not args.report:
        run_all(args, questions, runs)
    write_report(args.out, report(args, questions, runs))
    print(args.out)


if __name__ == "__main__":
    main()
