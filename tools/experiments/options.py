#!/usr/bin/env python3
"""What a model knows of questions that list their options, by the way it is asked: the letter decoded, the option named in
an open reply, the options' own texts scored in several sentences and with more or less of a prior divided out, and what
`ponder answer` does.

    tools/experiments/options.py QUESTIONS.jsonl --ponder build/release/apps/ponder/ponder [-m MODEL.gguf]

Lines with "answer_kind":"choice": a question of one line, options "A) text" and a request for a letter, and the letters of
the right ones in "answers". Prints a table; a minute on two cores with a model of 135 million parameters."""

import argparse
import json
import re
import subprocess

FRAMES = ["{}", "The answer is {}", "The answer is: {}", "Answer: {}"]
NEUTRAL = "Give an answer."


def ask(args, command, rows, *more):
    model = ["-m", args.model] if args.model else []
    lines = "\n".join(json.dumps(r) for r in rows)
    done = subprocess.run([args.ponder, command, *model, "--input", "-", "--jsonl", *more], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def named(reply, options):
    """The letter of the first option that a reply names, the longest where several begin there."""
    found = [(reply.lower().find(text.lower()), -len(text), letter) for letter, text in options if text.lower() in reply.lower()]
    return min(found)[2] if found else None


def best(scores, options):
    return options[scores.index(max(scores))][0]


def scores_of(args, questions, frame, asked):
    """log p of each option's text in a sentence, (question, option)."""
    rows = [{"question": asked or stem, "reply": frame.format(text)} for stem, options, _ in questions for _, text in options]
    sums = iter([a["sum"] for a in ask(args, "score", rows)])
    return [[next(sums) for _ in options] for _, options, _ in questions]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("questions")
    p.add_argument("--ponder", required=True)
    p.add_argument("-m", "--model")
    args = p.parse_args()
    with open(args.questions, encoding="utf-8") as f:
        rows = [r for r in map(json.loads, f) if r["answer_kind"] == "choice"]
    questions = [(r["question"].split("\n")[0], re.findall(r"(?m)^([A-Z])\) (.+)$", r["question"]), set(r["answers"])) for r in rows]

    def report(name, given):
        right = sum(g in q[2] for g, q in zip(given, questions))
        print(f"| {name} | {100 * right / len(questions):.0f} % |", flush=True)

    print(f"| asked | right of {len(questions)} |\n|---|---|")
    letters = [re.search(r"\b([A-Z])\b", a["reply"]) for a in ask(args, "generate", [{"question": r["question"]} for r in rows], "-n", "16")]
    report("greedy, asked for a letter", [m and m[1] for m in letters])
    replies = ask(args, "generate", [{"question": stem} for stem, _, _ in questions], "-n", "60")
    report("greedy, asked openly", [named(a["reply"], q[1]) for a, q in zip(replies, questions)])
    asked = [scores_of(args, questions, frame, None) for frame in FRAMES]
    neutral = [scores_of(args, questions, frame, NEUTRAL) for frame in FRAMES]
    for frame, scores in zip(FRAMES, asked):
        report(f'"{frame.format("…")}"', [best(s, q[1]) for s, q in zip(scores, questions)])
    for share in (0, 0.5, 1):
        mean = [[sum(asked[f][i][o] - share * neutral[f][i][o] for f in (1, 2, 3)) for o in range(len(q[1]))] for i, q in enumerate(questions)]
        report(f"three sentences, {share:g} of the prior divided out", [best(s, q[1]) for s, q in zip(mean, questions)])
    answers = ask(args, "answer", [{"question": r["question"]} for r in rows])
    report("ponder answer", [next((letter for letter, text in q[1] if text == a["answer"]), None) for a, q in zip(answers, questions)])


if __name__ == "__main__":
    main()
