"""ponder design beside Ledidi and Fast SeqProp: the fitness of designs at equal wall-clock,
derivatives and speed of the oracle beside PyTorch, and kernels with and without a gradient.

  compare.py [--only speed,peers,gradient] [--tasks 20] [--seconds 5] [--threads 2] [--markdown FILE]

A task is a start of 200 random letters; a design is the fittest sequence found from it, under
data/dna/first. Each is then judged by data/dna/second, which no program uses, and by the law from
which the data of both were drawn. Settings are the best of a few on two other tasks (tune). PyTorch
runs on the number of threads that is fastest for it.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import oracle_torch
import peers
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import train_oracle  # noqa: E402

PONDER, SPEED = ROOT / "build/release/apps/ponder/ponder", ROOT / "build/release/bench/oracle_speed"
FIRST, SECOND = ROOT / "data/dna/first.json", ROOT / "data/dna/second.json"
FITNESS = json.dumps({"terms": [{"kind": "oracle", "file": str(FIRST)}]})
LENGTH = 200


def ours(starts):
    return ["--method", "straight-through", "--n", str(starts)]


TABLE = [
    ("`straight-through` (gradient)", ours(4)),
    ("`ascent` (gradient)", ["--method", "ascent", "--n", "4"]),
    *((f"`anneal`, `{k}` ({'no ' * (not g)}gradient)",
       ["--method", "anneal", "--tau", "0.02", "--n", "4", "--kernel", k if g else f"{k}:gradient=0"])
      for k in ("gwg", "pafs", "dmala") for g in (True, False)),
    ("`anneal`, `gibbs` (no gradient)", ["--method", "anneal", "--tau", "0.02", "--n", "4", "--kernel", "gibbs"]),
    ("`neighbours` (no gradient)", ["--method", "neighbours", "--n", "4"]),
]


def start_of(seed):
    return "".join("ACGT"[v] for v in np.random.default_rng(seed).integers(0, 4, LENGTH))


def ponder(method, start, seconds, seed, threads):
    """The best design, and the number of sequences evaluated."""
    with tempfile.NamedTemporaryFile("w", suffix=".fa") as f:
        f.write(f">start\n{start}\n")
        f.flush()
        words = [PONDER, "design", "--fitness", FITNESS, "--start", f.name, "--seed", seed, "--threads", threads,
                 "--budget", f"{seconds}s", "--json", *method]
        j = json.loads(subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True).stdout)
    return max(j["designs"], key=lambda d: d["fitness"])["sequence"]


class Judge:
    """Fitness under the first oracle, the second, and the law. All are computed by PyTorch and
    numpy, not by the program that made the designs."""

    def __init__(self):
        self.models = [oracle_torch.read(path)[0] for path in (FIRST, SECOND)]
        self.motifs = train_oracle.log_odds()

    def __call__(self, sequences):
        x = peers.one_hot(sequences)
        letters = np.array([["ACGT".index(c) for c in s] for s in sequences])
        with torch.no_grad():
            return [*(m(x)[:, 0].double().numpy() for m in self.models), train_oracle.response(letters, self.motifs)]


def interval(x):
    """Mean, and its 95 % interval by 10,000 resamples."""
    means = np.random.default_rng(0).choice(x, (10000, len(x))).mean(1)
    return f"{np.mean(x):.2f} [{np.quantile(means, 0.025):.2f}, {np.quantile(means, 0.975):.2f}]"


def row(name, designs, judge, more=()):
    return "| " + " | ".join([name, *(interval(v) for v in judge(designs)), *more]) + " |"


def best_threads(model, most):
    """The number of threads with which PyTorch is fastest on the batches of the peers."""
    def rate(n):
        torch.set_num_threads(n)
        return peers.speed(model, peers.one_hot([start_of(k) for k in range(16)]), 0.7)
    n = max(range(1, most + 1), key=rate)
    torch.set_num_threads(n)
    return n


def speed(a):
    out = ["| oracle | threads | ponder, sequences/s | PyTorch, sequences/s | ratio of medians | gradient, largest relative difference |",
           "|---|---|---|---|---|---|"]
    rng = np.random.default_rng(1)
    w = np.exp(2 * rng.normal(size=(256, LENGTH, 4))).astype(np.float32)
    w /= w.sum(2, keepdims=True)
    x = torch.from_numpy(w).transpose(1, 2).contiguous()
    for path in (FIRST, SECOND):
        model, _ = oracle_torch.read(path)

        def mine_at(threads, seconds, path=path):
            r = subprocess.run([SPEED, path, str(threads), str(seconds)], input=w.tobytes(), check=True, capture_output=True)
            return r.stderr.decode(), np.frombuffer(r.stdout, np.float32)

        got = mine_at(1, 0)[1][256:].reshape(256, -1)
        expected = peers.value_and_gradient(model, x)[1].transpose(1, 2).reshape(256, -1).numpy()
        off = (np.linalg.norm(got - expected, axis=1) / np.linalg.norm(expected, axis=1)).max()
        for threads in range(1, a.threads + 1):
            torch.set_num_threads(threads)
            rates = np.array([(float(mine_at(threads, 1.5)[0]), peers.speed(model, x, 1.5)) for _ in range(a.rounds)])
            mine, other = np.median(rates, axis=0)
            out.append(f"| {path.stem} | {threads} | {mine:.0f} ({rates[:, 0].min():.0f} to {rates[:, 0].max():.0f}) | {other:.0f} "
                       f"({rates[:, 1].min():.0f} to {rates[:, 1].max():.0f}) | {mine / other:.2f} | {off:.1e} |")
            print(out[-1], file=sys.stderr)
    return out


def tune(a, model, judge):
    """The best settings on two tasks that `peers` does not use."""
    seeds = (100001, 100002)

    def best(name, run, grid):
        means = {s: np.mean([run(start_of(seed), seed, s) for seed in seeds]) for s in grid}
        for s, m in means.items():
            print(f"tune {name} {s}: {m:.3f}", file=sys.stderr)
        return max(means, key=means.get)

    seqprop = best("Fast SeqProp, (rate, batch)", lambda x, k, s: peers.run_seqprop(model, x, a.seconds, k, *s).best,
                   [(0.03, 1), (0.1, 1), (0.3, 1), (1.0, 1), (0.1, 8), (0.3, 8)])
    led = best("Ledidi, (rate, batch)", lambda x, k, s: peers.run_ledidi(model, x, a.seconds, k, *s).best,
               [(0.3, 16), (1.0, 16), (3.0, 16), (1.0, 4)])
    starts = best("ponder, starts", lambda x, k, s: judge([ponder(ours(s), x, a.seconds, k, a.threads)])[0][0], [2, 4, 8])
    return led, seqprop, starts


def compare(a, model, judge, settings):
    found = {"ponder": [], "Ledidi": [], "Fast SeqProp": []}
    for seed in range(a.tasks):
        x = start_of(seed)
        found["ponder"].append(ponder(ours(settings[2]), x, a.seconds, seed, a.threads))
        found["Ledidi"].append(peers.run_ledidi(model, x, a.seconds, seed, *settings[0]).sequence)
        found["Fast SeqProp"].append(peers.run_seqprop(model, x, a.seconds, seed, *settings[1]).sequence)
        print(f"task {seed}: " + ", ".join(f"{k} {judge([v[-1]])[0][0]:.3f}" for k, v in found.items()), file=sys.stderr)
    out = ["| program | fitness | held-out oracle | the law itself |", "|---|---|---|---|"]
    notes = {"ponder": " ".join(ours(settings[2])), "Ledidi": "rate {}, batch {}".format(*settings[0]),
             "Fast SeqProp": "rate {}, batch {}".format(*settings[1])}
    out += [row(f"{name} ({notes[name]})", designs, judge) for name, designs in found.items()]
    mine = judge(found["ponder"])
    for name in ("Ledidi", "Fast SeqProp"):
        out.append(f"| ponder less {name}, task by task | "
                   + " | ".join(interval(u - v) for u, v in zip(mine, judge(found[name]), strict=True)) + " |")
    return out


def gradient(a, judge):
    out = ["| method | fitness | held-out oracle | the law itself |", "|---|---|---|---|"]
    tasks = range(a.table_tasks)
    for name, method in TABLE:
        designs = [ponder(method, start_of(seed), a.seconds, seed, a.threads) for seed in tasks]
        out.append(row(name, designs, judge))
        print(out[-1], file=sys.stderr)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", default="speed,peers,gradient")
    p.add_argument("--tasks", type=int, default=20)
    p.add_argument("--table-tasks", type=int, default=5)
    p.add_argument("--seconds", type=float, default=5)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--markdown", type=pathlib.Path, help="write the tables to this file")
    a = p.parse_args()
    wanted = a.only.split(",")
    parts = []
    if "speed" in wanted:
        parts += ["## Value and gradient of 256 sequences of 200 letters", *speed(a)]
    model, _ = oracle_torch.read(FIRST)
    judge = Judge()
    if "peers" in wanted:
        threads = best_threads(model, a.threads)
        settings = tune(a, model, judge)
        parts += [f"## {a.tasks} tasks, {a.seconds:g} s each; ponder on {a.threads} threads, PyTorch on {threads}",
                  *compare(a, model, judge, settings)]
    if "gradient" in wanted:
        parts += [f"## With a gradient and without: {a.table_tasks} tasks, {a.seconds:g} s each", *gradient(a, judge)]
    text = "\n".join(part + ("\n" if part.startswith("##") else "") for part in parts) + "\n"
    print(text)
    if a.markdown:
        a.markdown.write_text(text.replace("|\n##", "|\n\n##"))


if __name__ == "__main__":
    main()
