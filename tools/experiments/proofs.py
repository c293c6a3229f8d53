#!/usr/bin/env python3
"""How many replies `ponder think` proves to be the most likely ones, and how much it gains over
greedy and beam search.

    tools/experiments/proofs.py PROMPTS.jsonl --ponder build/release/apps/ponder/ponder [--budget 10s] [--sample N]

Answers go to --runs (one JSON object a line) as they come: when stopped and started again, the
script goes on with the prompts that have no answer there. The tables go to --out, from all of
--runs. Run it on a quiet machine."""

import argparse
import os
import random
import statistics

from common import Runs, ask, interval, read_jsonl, spread, table, write_report

NEAR = 0.2  # nats; gaps below this are counted separately
BEAM = ["generate", "--beam", "16", "--max-length", "40"]  # ends long before the budget does


def rivals(a):
    """{name: log p of its reply that ended, or None}"""
    first, beam = a["first"], a["beam"]
    return {"greedy": first["logprob"] if first["ended"] else None, "beam": None if "error" in beam else beam["logprob"]}


def row(name, rows, rng):
    proved = [a for a in rows if a["certificate"]["status"] == "optimal"]
    near = [a for a in rows if a["certificate"]["status"] == "gap" and a["certificate"]["gap"] is not None and a["certificate"]["gap"] < NEAR]
    any_length = sum(a["certificate"]["claim"] == "any-length" for a in proved)
    cells = [name, str(len(rows)), f"{len(proved)} ({100 * len(proved) / len(rows):.0f} %)", str(any_length), str(len(near))]
    cells.append(f"{statistics.median(a['certificate']['expanded'] for a in proved):.0f}" if proved else "-")
    for other in ("greedy", "beam"):
        pairs = [(a["logprob"], rivals(a)[other]) for a in rows if a["ended"]]
        cells += [interval([x - y for x, y in pairs if y is not None], rng), str(sum(rivals(a)[other] is None for a in rows))]
    return cells


def report(args, rows):
    rng = random.Random(1)
    kinds = list(dict.fromkeys(a["kind"] for a in rows))
    worse = sum(a["first"]["ended"] and a["gain"] < 0 for a in rows)
    options = f" --sample {args.sample}" if args.sample else ""
    head = ["kind", "prompts", "proved", "of any length", f"gap < {NEAR}", "expansions, median of the proved", "gain over greedy", "greedy did not end",
            "gain over beam 16", "beam found none"]
    lines = [f"# Proofs within {args.budget}", "",
             f"`ponder think --budget {args.budget}`, {rows[0]['model']['file']} in {rows[0]['precision']}, replies of up to 40 tokens that end in an end token. Gains are in nats, with 95 % "
             f"bootstrap intervals over prompts on which the other method has a reply that ends; the beam is `ponder {' '.join(BEAM)}`.", "",
             f"`tools/experiments/proofs.py {os.path.basename(args.prompts)} --budget {args.budget}{options}`", "",
             *table(head, [row(k, [a for a in rows if a["kind"] == k], rng) for k in kinds] + [row("all", rows, rng)]),
             f"Replies less likely than an ended first reply: {worse} of {len(rows)}.", "", "The prompts without a proof, with what is known:", ""]
    open_ones = []
    for a in rows:
        c = a["certificate"]
        if c["status"] != "optimal":
            gap = "-" if c["gap"] is None else f"{c['gap']:.2f}"
            open_ones.append([a["id"], c["expanded"], f"{a['logprob']:.2f}{'' if a['ended'] else ', not ended'}", gap])
    return "\n".join(lines + table(["prompt", "expanded", "log p", "gap"], open_ones)[:-1]) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("prompts")
    p.add_argument("--ponder", default="build/release/apps/ponder/ponder")
    p.add_argument("--model", default="")
    p.add_argument("--budget", default="10s")
    p.add_argument("--sample", type=int, default=0, help="every so-many-th prompt, N in all; 0: all")
    p.add_argument("--runs", default="", help="default: proofs-BUDGET.jsonl beside --out")
    p.add_argument("--out", default="", help="default: docs/experiments/proofs-<budget>.md")
    args = p.parse_args()
    args.out = args.out or f"docs/experiments/proofs-{args.budget}.md"
    runs = args.runs or os.path.join(os.path.dirname(args.out), f"proofs-{args.budget}.jsonl")
    prompts = spread(read_jsonl(args.prompts), args.sample)
    words = ["think", "--any-length", "--max-length", "40", "--budget", args.budget]
    rows = Runs(runs, lambda a: (a.get("program", "think"), a["id"]))
    for program, command in ((words[0], words), ("beam", BEAM)):
        command = [*command, *(["-m", args.model] if args.model else [])]
        left = [x for x in prompts if (program, x["id"]) not in rows]
        for prompt, answer in ask(args.ponder, command, left, may_fail=program == "beam"):  # a beam may find no reply that ends
            rows.add({"program": program, "id": prompt["id"], "kind": prompt["kind"], **answer})
    chosen = [{**rows["think", x["id"]], "beam": rows["beam", x["id"]]} for x in prompts]
    write_report(args.out, report(args, chosen))
    proved = sum(a["certificate"]["status"] == "optimal" for a in chosen)
    print(f"{proved} of {len(chosen)} proved; {args.out}")


if __name__ == "__main__":
    main()
