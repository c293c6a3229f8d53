"""What Python costs beside the library. Each pair is run in turn.

1. Log p of 1,000 replies by Model.score, and by the program, whose time for one reply (loading, for the
   most part) is taken off; the smallest times count.
2. Draws of 16 chains with a term written in Python, and with the library's own term that says the same;
   the medians count. The draws are the same to the bit.

    PYTHONPATH=… python bench/python/overhead.py PROGRAM MODEL [RUNS]
"""

import json
import statistics
import subprocess
import sys
import time

import numpy as np

import ponder

QUESTION, N = "What is the sum of 14 and 8?", 1000


def seconds(f):
    begin = time.monotonic()
    f()
    return time.monotonic() - begin


def scores(m, program, model, runs):
    replies = [f"The sum of {i} and {i // 7} is {i + i // 7}." for i in range(N)]
    lines = [json.dumps({"question": QUESTION, "reply": r}) + "\n" for r in replies]

    def library(n):
        text = "".join(lines[:n])
        subprocess.run([program, "score", "-m", model, "--input", "-"], input=text, text=True, stdout=subprocess.DEVNULL, check=True)

    m.score(QUESTION, replies[:1])
    times = [(seconds(lambda: m.score(QUESTION, replies)), seconds(lambda: library(N)), seconds(lambda: library(1))) for _ in range(runs)]
    python, whole, loading = (min(t) for t in zip(*times, strict=True))
    cpp = whole - loading
    print(f"Model.score {python:.2f} s, ponder score {cpp:.2f} s: {python / cpp:.3f}")


class PerToken:
    """`length_prior="0.1"`, written again."""

    name, calls = "per-token", 0

    def value(self, replies):
        self.calls += 1
        return 0.1 * replies.length


def draws(m, runs):
    chains = {"alpha": 2, "chains": 16, "draws": 5, "warmup": 0, "max_length": 12, "seed": 1}
    own, times, tokens = PerToken(), [], []

    def sample(**terms):
        tokens.append(m.sample(QUESTION, **chains, **terms).trace.tokens)

    sample(length_prior="0.1")
    for _ in range(runs):
        times.append((seconds(lambda: sample(terms=own)), seconds(lambda: sample(length_prior="0.1"))))
    assert all(np.array_equal(t, tokens[0]) for t in tokens)
    python, cpp = (statistics.median(t) for t in zip(*times, strict=True))
    ratios = sorted(p / c for p, c in times)
    print(f"Model.sample with a term in Python {python:.3f} s ({own.calls // runs} calls), with the library's {cpp:.3f} s: {python / cpp:.3f}"
          f" (each pair: {ratios[0]:.3f} to {ratios[-1]:.3f})")  # fmt: skip


def main():
    program, model = sys.argv[1:3]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    with ponder.Model(model) as m:
        scores(m, program, model, runs)
        draws(m, runs)


if __name__ == "__main__":
    main()
