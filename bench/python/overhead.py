"""What Python costs beside the library: log p of 1,000 replies by Model.score, and by the program, whose
time for one reply (loading, for the most part) is taken off. Each is run in turn, and the smallest counts.

    PYTHONPATH=… python bench/python/overhead.py PROGRAM MODEL [RUNS]
"""

import json
import subprocess
import sys
import time

import ponder

QUESTION, N = "What is the sum of 14 and 8?", 1000


def seconds(f):
    begin = time.monotonic()
    f()
    return time.monotonic() - begin


def main():
    program, model = sys.argv[1:3]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    replies = [f"The sum of {i} and {i // 7} is {i + i // 7}." for i in range(N)]
    lines = [json.dumps({"question": QUESTION, "reply": r}) + "\n" for r in replies]

    def library(n):
        text = "".join(lines[:n])
        subprocess.run([program, "score", "-m", model, "--input", "-"], input=text, text=True, stdout=subprocess.DEVNULL, check=True)

    with ponder.Model(model) as m:
        m.score(QUESTION, replies[:1])
        times = [(seconds(lambda: m.score(QUESTION, replies)), seconds(lambda: library(N)), seconds(lambda: library(1))) for _ in range(runs)]
    python, whole, loading = (min(t) for t in zip(*times, strict=True))
    cpp = whole - loading
    print(f"Model.score {python:.2f} s, ponder score {cpp:.2f} s: {python / cpp:.3f}")


if __name__ == "__main__":
    main()
