#!/usr/bin/env python3
"""Does the more likely reply answer better? Accuracy of greedy, samples, beam, the mode and draws
from p^4.

    tools/experiments/answers.py PROMPTS.jsonl --ponder build/release/apps/ponder/ponder [--mode-runs FILE] [--sample N]

Uses the prompts with an `answer`, a regular expression that is searched in the reply without regard
to case. --mode-runs takes the mode and the greedy reply from the --runs of proofs.py on the same
prompts; without it `think` runs here. Answers go to --runs as they come: when stopped and started
again, the script goes on with those that are missing. The tables go to --out, from all of --runs.
The expected time is printed first, from a few prompts of each kind."""

import argparse
import os
import random
import re
import statistics
import sys
import time
from collections import Counter, namedtuple

from common import Runs, ask, interval, one_line, read_jsonl, spread, table, write_report

N = 16  # samples, beams, chains
PROBES = 3  # prompts from which the time is estimated
LONG = 160  # tokens: greedy, left to speak on
ALPHA = 4
TERMS = {  # a weight of ALPHA is one nat of log p for each nat of the term
    "no copying": ["--term", f"copy:{ALPHA}:3"],
    "length prior": ["--length-prior", "12,4"],
    "reply-to-prompt": ["--term", f"reply-to-prompt:{ALPHA}"],
}
POWER = f"p^{ALPHA}"
Out = namedtuple("Out", "text ended logprob")  # of a reply; where there is none, None stands instead


def programs(args):
    """The programs by name, as words of the command line."""
    length = ["--max-length", str(args.length)]
    power = ["sample", "--alpha", str(ALPHA), "--kernel", "suffix", "--chains", str(N), "--warmup", str(args.steps - 1), "--draws", "1", *length]
    all_of_them = {
        "greedy": ["generate", "--max-length", str(LONG)],
        "samples": ["generate", "--temp", "1", "--best-of", str(N), *length],
        "beam": ["generate", "--beam", str(N), *length],
        POWER: power,
        **{f"{POWER}, {name}": power + words for name, words in TERMS.items()},
    }
    if not args.mode_runs:
        all_of_them["mode"] = ["think", "--any-length", "--budget", args.budget, *length]
    return {k: words + (["-m", args.model] if args.model else []) for k, words in all_of_them.items()}


def kept(answer):
    """The fields of an answer that the report needs."""
    if "error" in answer:
        return {"error": answer["error"]["message"]}
    fields = ("reply", "ended", "logprob", "replies", "first", "certificate", "cost", "model", "precision")
    return {k: answer[k] for k in fields if k in answer}


def run_all(args, prompts, runs):
    """Runs the missing answers; first a few prompts of each program, to predict the time of the
    rest."""
    work = {name: [p for p in prompts if (name, " ".join(words), p["id"]) not in runs] for name, words in programs(args).items()}
    expected = 0.0
    for probing in (True, False):
        for name, words in programs(args).items():
            left = spread(work[name], PROBES) if probing else [p for p in work[name] if (name, " ".join(words), p["id"]) not in runs]
            start = time.monotonic()
            for prompt, answer in ask(args.ponder, words, left, may_fail=True):
                runs.add({"program": name, "words": " ".join(words), "id": prompt["id"], **kept(answer)})
            spent = time.monotonic() - start
            if left:
                print(f"{name}: {len(left)} prompts, {spent:.0f} s", file=sys.stderr)
            if probing and left:
                expected += spent / len(left) * (len(work[name]) - len(left))
        if probing and expected:
            print(f"about {expected / 60:.0f} min from here, if the rest is like the first", file=sys.stderr, flush=True)


def words_of(text):
    """Lower case, letters and digits only."""
    return re.findall(r"[^\W_]+", text.lower())


def vote(outs):
    """The most frequent text, normalised by words_of; of equally frequent ones the one with the likeliest reply."""
    keys = [" ".join(words_of(o.text)) for o in outs]
    count = Counter(keys)
    return max(zip(keys, outs), key=lambda x: (count[x[0]], x[1].ended, x[1].logprob))[1]


def out_of(row):
    return None if row is None or "error" in row else Out(row["reply"], row["ended"], row["logprob"])


def outcomes(get, mode):
    """The outcomes of one prompt: {decoder: Out or None}. `get(program)`: the program's row;
    `mode`: a row of think."""
    outs = {"greedy": out_of(mode["first"])}
    outs[f"greedy, up to {LONG} tokens"] = out_of(get("greedy"))
    samples = [out_of(r) for r in get("samples")["replies"]]
    outs["one sample"] = samples[0]
    outs[f"best of {N}"] = out_of(get("samples"))
    outs[f"vote of {N}"] = vote(samples)
    outs[f"beam {N}"] = out_of(get("beam"))
    outs["mode"] = Out(mode["reply"], True, mode["logprob"]) if mode["ended"] else None
    for name in [POWER, *(f"{POWER}, {term}" for term in TERMS)]:
        row = get(name)
        outs[name + ", a draw"] = out_of(row)
        last = [Out(r["reply"], True, r["logprob"]) for r in row.get("replies", []) for _ in range(r["count"])]
        outs[f"{name}, vote of {N}"] = vote(last) if last else None
    return outs


def right(out, prompt):
    return out is not None and re.search(prompt["answer"], out.text, re.I) is not None


FILLER = set(
    "the an is are was were it its this that these those there here i you we my your our of to in on for with as be been have has had do does "
    "did can could will would may not no yes sure certainly course sorry please help let us what which how answer question correct right option "
    "letter following based given text provided sentence word m s re ll t".split()
)
KINDS = ["no reply", "cut short", "empty phrase", "question copied", "wrong fact"]


def failure(out, prompt):
    """The first of KINDS that fits a reply without the answer."""
    if out is None:
        return "no reply"
    asked, said = set(words_of(prompt["messages"][-1]["content"])), words_of(out.text)
    if not out.ended:
        return "cut short"
    filler = FILLER if prompt["kind"] == "choice" else FILLER | {"a"}
    if all(w in filler for w in said):
        return "empty phrase"
    if len(said) >= 4 and sum(w in asked for w in said) >= 0.8 * len(said):
        return "question copied"
    return "wrong fact"


def share(flags):
    return f"{100 * statistics.fmean(flags):.0f} %" if flags else "-"


def against(name, base, hits, rng):
    """Cells: difference in points, prompts that only the one or only the other gets right."""
    diff = [100 * (x - y) for x, y in zip(hits[name], hits[base])]
    return [interval(diff, rng, 0) if name != base else "-", f"{sum(d > 0 for d in diff)} : {sum(d < 0 for d in diff)}" if name != base else "-"]


def accuracy(names, base, prompts, outs, hits, proved, rng):
    rows = []
    for name in names:
        there = [o[name] for o in outs if o[name]]
        ended = [o.logprob for o in there if o.ended]
        rows.append([name, interval([100 * h for h in hits[name]], rng, 0), *against(name, base, hits, rng),
                     share([h for h, p in zip(hits[name], proved) if p]), share([h for h, p in zip(hits[name], proved) if not p]),
                     f"{statistics.median(ended):.1f}" if ended else "-",
                     f"{statistics.median(len(words_of(o.text)) for o in there):.0f}" if there else "-"])
    head = ["reply", "right, %", f"against {base}, points", "only it : only the other", f"mode proved ({sum(proved)})",
            f"not proved ({len(prompts) - sum(proved)})", "log p of the ended, median", "words, median"]
    return table(head, rows)


def by_kind(names, prompts, hits):
    kinds = list(dict.fromkeys(p["kind"] for p in prompts))
    rows = [[name, *(share([h for h, p in zip(hits[name], prompts) if p["kind"] == k]) for k in kinds)] for name in names]
    return table(["reply", *(f"{k} ({sum(p['kind'] == k for p in prompts)})" for k in kinds)], rows)


def failures(names, prompts, outs, hits):
    rows = []
    for name in names:
        count = Counter(failure(o[name], p) for o, p, h in zip(outs, prompts, hits[name]) if not h)
        rows.append([name, sum(count.values()), *(count[k] for k in KINDS)])
    return table(["reply", "wrong", *KINDS], rows)


def likelier(prompts, samples, rng):
    """The share of pairs of a right and a wrong sample of one prompt in which the right one is the
    likelier."""
    shares = {"log p": [], "log p a token": []}
    for prompt, rows in zip(prompts, samples):
        ended = [(right(out_of(r), prompt), r["logprob"], r["logprob"] / len(r["reply_ids"])) for r in rows if r["ended"]]
        for k, name in enumerate(shares, 1):
            pairs = [(a[k] > b[k]) + 0.5 * (a[k] == b[k]) for a in ended if a[0] for b in ended if not b[0]]
            if pairs:
                shares[name].append(100 * statistics.fmean(pairs))
    return [f"- by {name}: {interval(values, rng, 0)} % ({len(values)} prompts)" for name, values in shares.items()]


def examples(a, b, prompts, outs, hits):
    rows = [[p["id"], *(one_line(o[x].text) if o[x] else "-" for x in (a, b))] for p, o, x, y in zip(prompts, outs, hits[a], hits[b]) if x > y]
    return table(["prompt", a, b], rows) if rows else ["None.", ""]


def report(args, prompts, get, modes):
    rng = random.Random(1)
    outs = [outcomes(lambda name, p=p: get(name, p), m) for p, m in zip(prompts, modes)]
    hits = {name: [int(right(o[name], p)) for o, p in zip(outs, prompts)] for name in outs[0]}
    proved = [m["certificate"]["status"] == "optimal" for m in modes]
    names, draw = list(outs[0]), f"{POWER}, a draw"
    terms = [n for n in names if n.startswith(f"{POWER}, ") and any(f", {t}, " in n for t in TERMS)]
    main = [n for n in names if n not in terms]
    gain = [100 * (x - y) for x, y in zip(hits["mode"], hits["greedy"])]
    model = modes[0]["model"]["file"]
    lines = [
        "# Does the more likely reply answer better?", "",
        f"The experiment has {len(prompts)} prompts with a known answer, {model} in {modes[0]['precision']}, and replies of up to {args.length} tokens. A reply "
        "is right where the prompt's regular expression is found in it. Intervals are 95 % bootstrap intervals over prompts; differences are paired.", "",
        f"`tools/experiments/answers.py {os.path.basename(args.prompts)}{' --mode-runs RUNS.jsonl' if args.mode_runs else ''}"
        f"{f' --sample {args.sample}' if args.sample else ''}`" + (", where the runs are those of `proofs.py`" if args.mode_runs else ""), "",
        f"**The mode against greedy: {interval(gain, rng, 0)} points.** {sum(proved)} of the {len(prompts)} modes are proved; the others are the best reply "
        "that was found.", "",
        f"*one sample*, *best of {N}* (the likeliest reply that ended) and *vote of {N}* use the same {N} draws at temperature 1. A vote is over whole texts, in "
        "lower case and without punctuation, since an answer cannot be told from its sentence in general; among equally frequent texts the likeliest wins. "
        f"*{POWER}* has {N} chains of the suffix kernel, {args.steps} steps each; a draw is the last state of the first chain, the vote is over the last "
        f"states of all chains. Greedy and samples may be cut before they end (greedy was also given {LONG} tokens); beam, mode and chains consider only "
        "replies that end.", "",
        *accuracy(main, "greedy", prompts, outs, hits, proved, rng),
        "## By kind of prompt", "", *by_kind(main, prompts, hits),
        "## What is wrong with the others", "",
        "The first kind that fits is counted. *No reply*: no reply was found that ends. *Cut short*: the reply has not ended at the horizon. *Empty phrase*: "
        "the reply has only words such as \"the answer is\". *Question copied*: the reply has four words or more, and four in five of them are the "
        "question's own. *Wrong fact*: all other wrong replies.", "",
        *failures(names, prompts, outs, hits),
        "## Is the right sample the likelier one?", "",
        f"Of all pairs of a right and a wrong reply among a prompt's {N} samples that ended, the right one is the likelier in:", "",
        *likelier(prompts, [get("samples", p)["replies"] for p in prompts], rng), "",
        "## With a term", "",
        *(f"- *{name}*: `{' '.join(words)}`" for name, words in TERMS.items()), "",
        f"All chains are at alpha {ALPHA}, as without a term. Compared with the same draw without a term:", "",
        *accuracy([draw, *(n for n in terms if n.endswith("a draw"))], draw, prompts, outs, hits, proved, rng),
        "Compared with the same vote without a term:", "",
        *accuracy([f"{POWER}, vote of {N}", *(n for n in terms if "vote" in n)], f"{POWER}, vote of {N}", prompts, outs, hits, proved, rng),
        "## Where only the mode is right", "", *examples("mode", "greedy", prompts, outs, hits),
        "## Where only greedy is right", "", *examples("greedy", "mode", prompts, outs, hits)]  # fmt: skip
    return "\n".join(lines[:-1] if lines[-1] == "" else lines) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("prompts")
    p.add_argument("--ponder", default="build/release/apps/ponder/ponder")
    p.add_argument("--model", default="")
    p.add_argument("--mode-runs", default="", help="answers of `think` as proofs.py keeps them")
    p.add_argument("--budget", default="10s", help="of `think`, where there are no --mode-runs")
    p.add_argument("--steps", type=int, default=12, help="of each chain")
    p.add_argument("--length", type=int, default=40, help="tokens; that of --mode-runs")
    p.add_argument("--sample", type=int, default=0, help="so many of the prompts, spread over all; 0: all")
    p.add_argument("--runs", default="docs/experiments/answers.jsonl")
    p.add_argument("--out", default="docs/experiments/answers.md")
    args = p.parse_args()
    modes = {a["id"]: a for a in read_jsonl(args.mode_runs) if "certificate" in a} if args.mode_runs else None
    prompts = [x for x in read_jsonl(args.prompts) if x["answer"] is not None]
    if not prompts:
        sys.exit(f"expected prompts with an answer, got none in {args.prompts}")
    if modes is not None:
        missing = sum(x["id"] not in modes for x in prompts)
        if missing:
            print(f"{args.mode_runs} has no mode for {missing} of {len(prompts)} prompts: left out", file=sys.stderr)
        prompts = [x for x in prompts if x["id"] in modes]
        if not prompts:
            sys.exit(f"expected answers to the prompts of {args.prompts}, got none in {args.mode_runs}: run proofs.py on them")
    prompts = spread(prompts, args.sample)
    words = {name: " ".join(w) for name, w in programs(args).items()}
    runs = Runs(args.runs, lambda r: (r["program"], r["words"], r["id"]))
    run_all(args, prompts, runs)

    def get(name, prompt):
        return runs[name, words[name], prompt["id"]]

    chosen = [modes[x["id"]] if modes else get("mode", x) for x in prompts]
    write_report(args.out, report(args, prompts, get, chosen))
    print(args.out)


if __name__ == "__main__":
    main()
