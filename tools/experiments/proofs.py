#!/usr/bin/env python3
"""How many replies `ponder think` proves to be the most likely ones, and what it gains over greedy and beam search.

    tools/experiments/proofs.py PROMPTS.jsonl --ponder build/release/apps/ponder/ponder [--budget 10s] [--sample N]

Answers go to --runs (one JSON object a line) as they come: stopped and started again, it goes on with the prompts that
have none there. The tables go to --out, again from all of --runs. Run it on a quiet machine."""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys

NEAR = 0.2  # nats: gaps below it are counted apart


def read_jsonl(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]  # a last line cut short is made again


def answers(args, prompts, done):
    """Calls `done(answer)` for each prompt that --runs does not answer, as it comes."""
    command = [args.ponder, "think", "--input", "-", "--jsonl", "--budget", args.budget] + (["-m", args.model] if args.model else [])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as p:
        for prompt in prompts:
            p.stdin.write(json.dumps({"messages": prompt["messages"]}) + "\n")
            p.stdin.flush()
            answer = json.loads(p.stdout.readline())
            if "error" in answer:
                sys.exit(f"{prompt['id']}: {answer['error']['message']}")
            done({"id": prompt["id"], "kind": prompt["kind"], **answer})
        p.stdin.close()
    if p.returncode:
        sys.exit(f"{' '.join(command)}: exit code {p.returncode}")


def method(answer, name):
    """The log-probability of the best reply of the law that a method found, or None."""
    return next((m["best"] for m in answer["methods"] if m["name"] == name), None)


def interval(values, rng, n=4000):
    """Mean with its 95 % bootstrap interval."""
    if len(values) < 2:
        return "-"
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(n))
    return f"{statistics.fmean(values):.2f} [{means[int(0.025 * n)]:.2f}, {means[int(0.975 * n)]:.2f}]"


def row(name, rows, rng):
    proved = [a for a in rows if a["certificate"]["status"] == "optimal"]
    near = [a for a in rows if a["certificate"]["status"] == "gap" and a["certificate"]["gap"] is not None and a["certificate"]["gap"] < NEAR]
    any_length = sum(a["certificate"]["claim"] == "any-length" for a in proved)
    cells = [name, str(len(rows)), f"{len(proved)} ({100 * len(proved) / len(rows):.0f} %)", str(any_length), str(len(near))]
    cells.append(f"{statistics.median(a['certificate']['expanded'] for a in proved):.0f}" if proved else "-")
    for other in ("first", "beam"):
        with_reply = [a["logprob"] - method(a, other) for a in rows if a["ended"] and method(a, other) is not None]
        cells += [interval(with_reply, rng), str(sum(method(a, other) is None for a in rows))]
    return "| " + " | ".join(cells) + " |"


def report(args, rows):
    rng = random.Random(1)
    kinds = list(dict.fromkeys(a["kind"] for a in rows))
    worse = sum(a["gain"] < 0 and a["first"]["ended"] for a in rows)
    options = f" --sample {args.sample}" if args.sample else ""
    head = ["kind", "prompts", "proved", "of any length", f"gap < {NEAR}", "expansions, median of the proved", "gain over greedy", "greedy did not end",
            "gain over its beams", "beams had no turn or found none"]
    lines = [f"# Proofs within {args.budget}", "",
             f"`ponder think --budget {args.budget}`, {rows[0]['model']['file']} in {rows[0]['precision']}, end-terminated replies of up to 40 tokens. Gains in nats, with 95 % "
             "bootstrap intervals over prompts on which the other method has a reply.", "",
             f"`tools/experiments/proofs.py {os.path.basename(args.prompts)} --budget {args.budget}{options}`", "",
             "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [row(k, [a for a in rows if a["kind"] == k], rng) for k in kinds] + [row("all", rows, rng)]
    lines += ["", f"Less likely than an ended first reply: {worse} of {len(rows)}.", "", "Not proved, with what is known:", "",
              "| prompt | expanded | log p | gap |", "|---|---|---|---|"]
    for a in rows:
        c = a["certificate"]
        if c["status"] != "optimal":
            gap = "-" if c["gap"] is None else f"{c['gap']:.2f}"
            lines.append(f"| {a['id']} | {c['expanded']} | {a['logprob']:.2f}{'' if a['ended'] else ', not ended'} | {gap} |")
    return "\n".join(lines) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("prompts")
    p.add_argument("--ponder", default="build/release/apps/ponder/ponder")
    p.add_argument("--model", default="")
    p.add_argument("--budget", default="10s")
    p.add_argument("--sample", type=int, default=0, help="every so-many-th prompt, N in all; 0: all")
    p.add_argument("--runs", default="", help="default: proofs-BUDGET.jsonl beside --out")
    p.add_argument("--out", default="", help="default: docs/experiments/proofs-BUDGET.md")
    args = p.parse_args()
    args.out = args.out or f"docs/experiments/proofs-{args.budget}.md"
    os.makedirs(os.path.dirname(args.out) or ".", exist_ok=True)
    runs = args.runs or os.path.join(os.path.dirname(args.out), f"proofs-{args.budget}.jsonl")
    prompts = read_jsonl(args.prompts)
    if args.sample:
        prompts = [prompts[i * len(prompts) // args.sample] for i in range(args.sample)]
    rows = {a["id"]: a for a in read_jsonl(runs)}
    with open(runs, "w", encoding="utf-8") as f:  # without a line cut short

        def done(answer):
            rows[answer["id"]] = answer
            f.write(json.dumps(answer) + "\n")
            f.flush()

        for a in list(rows.values()):
            done(a)
        left = [x for x in prompts if x["id"] not in rows]
        if left:
            answers(args, left, done)
    chosen = [rows[x["id"]] for x in prompts]
    with open(args.out, "w", encoding="utf-8") as f:
        f.write(report(args, chosen))
    proved = sum(a["certificate"]["status"] == "optimal" for a in chosen)
    print(f"{proved} of {len(chosen)} proved; {args.out}")


if __name__ == "__main__":
    main()
