#!/usr/bin/env python3
"""Which search finds the likelier reply: beams, draws, SMC, annealed chains, HMC, ascent and
best-first under one budget.

    tools/experiments/search.py PROMPTS.jsonl --ponder build/release/apps/ponder/ponder [--gemma FILE.gguf] [--small]

Each method runs once a prompt by `think --method`, from the same greedy reply; its `trace` has the
best log p by tokens forwarded (TFE) and by seconds, so that one set of runs compares methods at
equal TFE and at equal time. Two laws: replies of exactly 20 tokens, and replies that end within 40.
Answers go to --runs as they come, ten prompts by all methods at a time: when stopped and started
again, the script goes on with those that are missing. The tables go to --out, from all of --runs,
for the prompts that every method has; --report writes them and runs nothing. Run it on a quiet
machine: without --small it takes at most four hours of two cores, and prints the time beforehand.
--small: two prompts, short replies, few tokens."""

import argparse
import os
import random
import statistics
import sys
from collections import namedtuple

from common import Runs, ask, chat, interval, plain, read_jsonl, spread, table, write_report

ARMS = {  # name: --method of think; "": the default portfolio
    **{f"beam {w}": f"beam:width={w}" for w in (4, 16, 64, 256)},
    "best of N draws": "draft:replies=1000000",
    "SMC": "smc",
    "suffix annealing": "anneal:slice=0",
    "HMC on noise, no gradient": "hmc:force=0",
    "HMC on noise, gradient": "hmc:force=0.5",
    "ascent on noise": "ascent-noise",
    "HMC on tokens": "hmc-token",
    "ascent on tokens": "ascent",
    "best-first": "prove",
    "portfolio": "",
}
RIVALS = ("suffix annealing", "beam 16")  # the other methods are compared with these in pairs
BASE = "beam 4"
TIE = 0.01  # nats; a smaller difference is a tie
BLOCK = 10  # prompts in one block, which all methods run in turn
PROMPTS, SECONDS, GEMMA_PROMPTS, GEMMA_SECONDS = 60, 5.0, 20, 10.0  # defaults of the command line

Model = namedtuple("Model", "file prompts seconds request")  # file: "" is the default model; request: makes the request of a prompt
Law = namedtuple("Law", "name title words")


class Plan:
    """The plan of the runs: laws, models, budgets and the checkpoints of the report."""

    def __init__(self, args):
        fixed, ended = (5, 8) if args.small else (20, 40)
        self.laws = [Law("fixed", f"exactly {fixed} tokens", ["--target", "fixed", "--length", str(fixed)]),
                     Law("ended", f"ended within {ended} tokens", ["--target", "ended", "--max-length", str(ended)])]  # fmt: skip
        self.models = [Model(args.model, 2 if args.small else args.prompts_of, args.seconds, chat)]
        if args.gemma:
            self.models.append(Model(args.gemma, 2 if args.small else args.gemma_prompts, args.gemma_seconds, plain))
        self.tfe = (50, 100, 200, 400) if args.small else (500, 1000, 2000, 4000)
        self.small = args.small
        self.threads = ["-t", str(args.threads)] if args.threads else []

    def words(self, model, law, arm):
        budget = f"{self.tfe[-1]}t" if self.small else f"{model.seconds:g}s"
        method = ["--method", ARMS[arm]] if ARMS[arm] else []
        return ["think", "--any-length", "--budget", budget, *law.words, *method, *self.threads, *(["-m", model.file] if model.file else [])]

    def seconds(self, model):
        """The seconds of the report's checkpoints; the last one is the budget."""
        return (0.1, 0.2, 0.5) if self.small else (*(x for x in (1, 2, 5) if x < model.seconds), model.seconds)

    def hours(self, all_prompts):
        return sum(len(spread(all_prompts, m.prompts)) * m.seconds for m in self.models) * len(self.laws) * len(ARMS) / 3600


def key_of(words, prompt):
    return " ".join(words), prompt["id"]


def kept(answer):
    fields = ("logprob", "ended", "n_tokens", "trace", "certificate", "cost", "model", "precision")
    return {**{k: answer[k] for k in fields}, "first": {k: answer["first"][k] for k in ("logprob", "ended")}}


def run_all(args, plan, all_prompts, runs):
    for model in plan.models:
        prompts = spread(all_prompts, model.prompts)
        for at in range(0, len(prompts), BLOCK):
            block = prompts[at : at + BLOCK]
            for law in plan.laws:
                for arm in ARMS:
                    words = plan.words(model, law, arm)
                    left = [p for p in block if key_of(words, p) not in runs]
                    for prompt, answer in ask(args.ponder, words, left, request=model.request):
                        runs.add({"words": " ".join(words), "id": prompt["id"], **kept(answer)})
            print(f"{model.file or 'default model'}: {at + len(block)} of {len(prompts)} prompts", file=sys.stderr, flush=True)


def at(row, unit, limit):
    """The best log p known after so many TFE or seconds; None before there was a reply."""
    known = [p["logprob"] for p in row["trace"] if p[unit] <= limit]
    return known[-1] if known else None


def last(row):
    return row["trace"][-1]["logprob"] if row["trace"] else None


def baseline(cell, law):
    """The baseline of one prompt {arm: row}: log p of greedy, or of beam 4 at its end where that is
    likelier or greedy has not ended."""
    first = cell[BASE]["first"]
    if law.name == "fixed":
        return first["logprob"]
    known = [x for x in (first["logprob"] if first["ended"] else None, last(cell[BASE])) if x is not None]
    return max(known) if known else None


def gains(arm, cells, law, unit, limit, rng):
    """Mean gain over the baseline, and the number of prompts with a baseline for which the method
    has no reply."""
    bases = [(at(c[arm], unit, limit), baseline(c, law)) for c in cells]
    values = [x - b for x, b in bases if x is not None and b is not None]
    without = sum(x is None and b is not None for x, b in bases)
    return interval(values, rng) + (f" ({without} without)" if without else "")


def gain_tables(plan, model, law, cells, rng):
    lines = []
    for unit, limits, name in (("tfe", plan.tfe, "TFE"), ("seconds", plan.seconds(model), "s")):
        rows = [[arm, *(gains(arm, cells, law, unit, x, rng) for x in limits)] for arm in ARMS]
        if unit == "tfe":
            for r, arm in zip(rows, ARMS):
                r.append(f"{statistics.median(c[arm]['trace'][-1]['tfe'] if c[arm]['trace'] else 0 for c in cells):.0f}")
        lines += table([f"gain by {name}", *(f"{x:g} {name}" for x in limits), *(["TFE at the end, median"] if unit == "tfe" else [])], rows)
    return lines


def paired(arm, rival, cells, unit, limit, rng):
    """Cells: mean difference where both have a reply; wins, ties and losses over all prompts, where
    no reply counts as the worst."""
    pairs = [(at(c[arm], unit, limit), at(c[rival], unit, limit)) for c in cells]
    diffs = [x - y for x, y in pairs if x is not None and y is not None]
    low = float("-inf")
    order = [(low if x is None else x, low if y is None else y) for x, y in pairs]
    win, loss = sum(x > y + TIE for x, y in order), sum(y > x + TIE for x, y in order)
    return [interval(diffs, rng), f"{win} / {len(pairs) - win - loss} / {loss}"]


def paired_table(plan, model, rival, cells, rng):
    points = (("tfe", plan.tfe[-2]), ("seconds", plan.seconds(model)[-1]))
    head = [f"against {rival}"]
    for unit, x in points:
        what = f"{x:g} {'TFE' if unit == 'tfe' else 's'}"
        head += [f"difference at {what}", "win / tie / loss"]
    return table(head, [[arm, *(c for unit, x in points for c in paired(arm, rival, cells, unit, x, rng))] for arm in ARMS if arm != rival])


def bound_of(cell):
    """The smallest upper bound of log p by any proof on this prompt; None without a proof."""
    known = [row["logprob"] + row["certificate"]["gap"] for row in cell.values()
             if row["certificate"]["status"] != "none" and row["certificate"]["gap"] is not None]  # fmt: skip
    return min(known) if known else None


def proof_table(cells):
    proved = [any(row["certificate"]["status"] == "optimal" for row in c.values()) for c in cells]
    rows = []
    for arm in ARMS:
        gaps = [max(0.0, bound_of(c) - last(c[arm])) for c in cells if bound_of(c) is not None and last(c[arm]) is not None]
        own = sum(c[arm]["certificate"]["status"] == "optimal" for c in cells)
        found = sum(p and last(c[arm]) is not None and bound_of(c) - last(c[arm]) <= TIE for p, c in zip(proved, cells))
        rows.append([arm, f"{own} of {len(cells)}" if arm in ("best-first", "portfolio") else "-", f"{found} of {sum(proved)}",
                     f"{statistics.median(gaps):.2f}" if gaps else "-", f"{max(gaps):.2f}" if gaps else "-",
                     sum(last(c[arm]) is None for c in cells)])  # fmt: skip
    return table(["at the end", "proved", "has the proved mode", "certified gap, median", "largest", "no reply"], rows)


def section(plan, model, law, cells, rng):
    row = next(iter(cells[0].values()))
    bases = [baseline(c, law) for c in cells]
    budget = f"{plan.tfe[-1]} TFE" if plan.small else f"{model.seconds:g} s"
    against = "greedy" if law.name == "fixed" else "greedy, or over the reply of beam 4 at its end where greedy has not ended or is less likely"
    lines = [f"## {row['model']['file']}: replies of {law.title}" if law.name == "fixed" else f"## {row['model']['file']}: replies {law.title}", "",
             f"{len(cells)} prompts{'' if model.request is chat else ' as Question: …, Answer:'}, {row['precision']}, {budget} a run. Mean gain in nats over {against}."]  # fmt: skip
    if None in bases:
        lines[-1] += f" On {bases.count(None)} prompts neither has one: they are not in the means."
    lines += ["", *gain_tables(plan, model, law, cells, rng)]
    for rival in RIVALS:
        lines += paired_table(plan, model, rival, cells, rng)
    return lines + proof_table(cells)


def command(args):
    """The command line without paths."""
    words = ["tools/experiments/search.py", os.path.basename(args.prompts)]
    for name, value, default in (("prompts-of", args.prompts_of, PROMPTS), ("seconds", args.seconds, SECONDS), ("gemma", os.path.basename(args.gemma), ""),
                                 ("gemma-prompts", args.gemma_prompts, GEMMA_PROMPTS), ("gemma-seconds", args.gemma_seconds, GEMMA_SECONDS),
                                 ("threads", args.threads, 0)):  # fmt: skip
        if value != default:
            words.append(f"--{name} {value:g}" if isinstance(value, float) else f"--{name} {value}")
    return " ".join(words + ["--small"] * args.small)


def report(args, plan, all_prompts, runs):
    rng = random.Random(1)
    lines = ["# Searches for the likeliest reply", "", f"`{command(args)}`", "",
             "Every method starts from the greedy reply, which it may keep; chains and ascents also start from three draws, whose cost is charged to them. There is "
             "one run a prompt and method; its best reply after a number of tokens forwarded (TFE) or seconds is read off its trace, which begins after the "
             "prompt. A method that finishes earlier keeps its reply, and so does a method that the clock stopped before it reached that number of TFE. "
             "Intervals are 95 % bootstrap intervals over prompts; "
             f"differences are paired; up to {TIE} nats are a tie. *n without*: prompts on which the method had no reply of the law yet; they are not in the mean, but "
             "count as lost in win / tie / loss. *Certified gap*: the distance between the method's reply and the best bound that any proof on the prompt gives.", ""]  # fmt: skip
    for model in plan.models:
        for law in plan.laws:
            words = {arm: plan.words(model, law, arm) for arm in ARMS}
            prompts = [p for p in spread(all_prompts, model.prompts) if all(key_of(w, p) in runs for w in words.values())]
            cells = [{arm: runs[key_of(w, p)] for arm, w in words.items()} for p in prompts]
            if cells:
                lines += section(plan, model, law, cells, rng)
    return "\n".join(lines[:-1]) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("prompts")
    p.add_argument("--ponder", default="build/release/apps/ponder/ponder")
    p.add_argument("--model", default="", help="default: ponder's own")
    p.add_argument("--prompts-of", type=int, default=PROMPTS, metavar="N", help="so many of the prompts, spread over all")
    p.add_argument("--seconds", type=float, default=SECONDS, help="of a run")
    p.add_argument("--gemma", default="", help="a second model, asked in plain text, since it has no chat template")
    p.add_argument("--gemma-prompts", type=int, default=GEMMA_PROMPTS)
    p.add_argument("--gemma-seconds", type=float, default=GEMMA_SECONDS)
    p.add_argument("--threads", type=int, default=0, help="of ponder; default: its own")
    p.add_argument("--small", action="store_true")
    p.add_argument("--report", action="store_true", help="only write the report")
    p.add_argument("--runs", default="docs/experiments/search.jsonl")
    p.add_argument("--out", default="docs/experiments/search.md")
    args = p.parse_args()
    plan, prompts = Plan(args), read_jsonl(args.prompts)
    if not prompts:
        sys.exit(f"expected prompts, one JSON object a line, got none in {args.prompts}")
    runs = Runs(args.runs, lambda r: (r["words"], r["id"]))
    if not args.report:
        if not args.small:
            print(f"at most {plan.hours(prompts):.1f} hours without what is in {args.runs}", file=sys.stderr, flush=True)
        run_all(args, plan, prompts, runs)
    write_report(args.out, report(args, plan, prompts, runs))
    print(args.out)


if __name__ == "__main__":
    main()
