#!/usr/bin/env python3
"""Right answers a minute: `ponder answer` beside self-consistency by another server, with the same questions,
draws, temperature and processors. The other server (llama.cpp's, say) gets all draws of a question at once, and
the last number of each reply is its vote.

    vote_beside.py QUESTIONS --ponder PONDER -m MODEL --url http://127.0.0.1:8080 --ids a,b,c [--draws 16]

Each question is asked of the one and then of the other; the other must be idle while ponder works.
"""

import argparse
import collections
import concurrent.futures
import json
import re
import subprocess
import sys
import time
import urllib.request

from answers import is_right

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def drawn(url, question, seed, length, temperature):
    """One reply, and its tokens."""
    body = {"messages": [{"role": "user", "content": question}], "temperature": temperature, "top_k": 0, "top_p": 1, "min_p": 0, "seed": seed, "max_tokens": length}
    ask = urllib.request.Request(url + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(ask, timeout=900) as r:
        answer = json.load(r)
    return answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]


def by_vote(a, question):
    """Seconds, tokens, and the number that most of the draws end with."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(a.draws) as pool:
        replies = list(pool.map(lambda seed: drawn(a.url, question, seed, a.length, a.temperature), range(a.draws)))
    seconds = time.monotonic() - begin
    votes = collections.Counter(found[-1].replace(",", "") for text, _ in replies if (found := NUMBER.findall(text)))
    return seconds, sum(n for _, n in replies), votes.most_common(1)[0][0] if votes else None


def by_ponder(a, question):
    command = [a.ponder, "answer", "-m", a.model, "--input", "-", "--json", "-n", str(a.length), "--draws", str(a.draws), "--temp", str(a.temperature), "--uncalibrated", "--budget", ""]
    line = json.dumps({"question": question}) + "\n"
    r = json.loads(subprocess.run(command, input=line, capture_output=True, text=True, check=True).stdout)
    return r["cost"]["seconds"], r["cost"]["tokens_decoded"], r["answer"]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("questions")
    for flag in ("--ponder", "--url", "--ids"):
        p.add_argument(flag, required=True)
    p.add_argument("-m", "--model", required=True)
    p.add_argument("--draws", type=int, default=16)
    p.add_argument("--length", type=int, default=512)
    p.add_argument("--temperature", type=float, default=0.7)
    a = p.parse_args()
    with open(a.questions, encoding="utf-8") as f:
        known = {q["id"]: q for q in map(json.loads, f)}
    totals = collections.defaultdict(lambda: [0.0, 0, 0])
    for i in a.ids.split(","):
        if i not in known:
            sys.exit(f"expected an id of {a.questions}, got {i}")
        for name, ask in (("vote", by_vote), ("ponder", by_ponder)):
            seconds, tokens, answer = ask(a, known[i]["question"])
            right = is_right(answer, known[i])
            totals[name] = [x + y for x, y in zip(totals[name], (seconds, tokens, right), strict=True)]
            print(f"{name:7}{i:20}{seconds:7.1f} s {tokens:6} tokens  {answer} {'right' if right else ''}", flush=True)
    for name, (seconds, tokens, right) in totals.items():
        print(f"{name:7}{seconds:7.0f} s, {tokens / seconds:.1f} tokens/s, {right} right, {60 * right / seconds:.2f} right a minute")


if __name__ == "__main__":
    main()
