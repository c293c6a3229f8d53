#!/usr/bin/env python3
"""Load on a server that speaks OpenAI's API: many clients, some of which read streams.

    bench/serve/load.py --ponder build/release/apps/ponder/ponder -m MODEL.gguf     # starts `ponder serve`, tells its memory
    bench/serve/load.py --url http://127.0.0.1:8080 --clients 16                    # any other server

Each client asks for a chat reply of --tokens tokens at temperature 1 as soon as it has the one before, for --seconds. Prints
tokens a second by the minute, memory, errors. With --ponder the server's rate is compared with `ponder bench --only
streams16x32` of the same model, the same replies made by one call, and before that the time to the first token of a chat,
nobody else there, with the time of `ponder generate -n 1` on the same prompts."""

import argparse
import collections
import http.client
import json
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

QUESTIONS = ["Name three rivers.", "What is the sum of 14 and 8?", "Tell me a story about a lighthouse.", "Why is the sky blue?", "Write a poem about rain."]


class Count:
    def __init__(self):
        self.lock, self.tokens, self.replies, self.errors, self.first = threading.Lock(), 0, 0, collections.Counter(), []

    def add(self, tokens, first=None):
        with self.lock:
            self.tokens += tokens
            self.replies += 1
            if first is not None:
                self.first.append(first)

    def error(self, what):
        with self.lock:
            self.errors[what] += 1


def one(connection, body, count):
    """Asks once; counts tokens from the usage that the server tells."""
    begin = time.monotonic()
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    r = connection.getresponse()
    if r.status != 200:
        count.error(f"{r.status} {r.read()[:200]}")
        return
    if not body["stream"]:
        count.add(json.loads(r.read())["usage"]["completion_tokens"])
        return
    first, last = None, b""
    for line in r:
        if not line.startswith(b"data: "):
            continue
        first = first or time.monotonic() - begin
        if line.strip() == b"data: [DONE]":
            break
        last = line
    r.read()
    count.add(json.loads(last[6:])["usage"]["completion_tokens"], first)


def client(number, args, address, until, count):
    connection = http.client.HTTPConnection(*address, timeout=300)
    asked = 0
    while time.monotonic() < until:
        question = QUESTIONS[(number + asked) % len(QUESTIONS)]
        body = {"model": "any", "messages": [{"role": "user", "content": question}], "temperature": 1, "seed": number * 100003 + asked,
                "max_tokens": args.tokens, "stream": number < args.streams}
        if body["stream"]:
            body["stream_options"] = {"include_usage": True}
        try:
            try:
                one(connection, body, count)
            except http.client.RemoteDisconnected:  # a server may end an idle connection; clients then open another
                connection.close()
                one(connection, body, count)
        except (OSError, http.client.HTTPException, ValueError) as e:
            count.error(repr(e))
            connection.close()
            time.sleep(0.1)
        asked += 1
    connection.close()


def memory_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024


def watch(until, count, pid):
    """Prints a line a minute. Returns the memory after the first minute and at the end."""
    tokens, begin, memories = 0, time.monotonic(), []
    while time.monotonic() < until:
        time.sleep(max(0, min(60, until - time.monotonic())))
        spent, begin = time.monotonic() - begin, time.monotonic()
        line = f"{(count.tokens - tokens) / spent:8.1f} tokens/s, {count.replies} replies, {sum(count.errors.values())} errors"
        tokens = count.tokens
        if pid:
            memories.append(memory_mb(pid))
            line += f", {memories[-1]:.0f} MB"
        print(line, flush=True)
    return memories


def start(args):
    command = [args.ponder, "serve", "--port", "0", "--jobs", str(max(args.clients, 16)), *(["-m", args.model] if args.model else [])]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        at = re.search(r"(http://\S+)/v1", line)
        if at:
            return server, at[1]
    sys.exit("the server did not start")


def first_tokens(args, address):
    """Medians of the seconds to the first token: of a chat over HTTP, and of `ponder generate` with its model in memory."""
    asks = [{"messages": [{"role": "user", "content": f"{q} Say it {i} times."}]} for i in range(2, 8) for q in QUESTIONS]
    connection, served = http.client.HTTPConnection(*address, timeout=300), []
    for ask in asks:
        begin = time.monotonic()
        connection.request("POST", "/v1/chat/completions", json.dumps({**ask, "max_tokens": 1, "temperature": 0, "stream": True}))
        r = connection.getresponse()
        while b'"content":"' not in (line := r.readline()) or b'"content":""' in line:
            if not line:
                sys.exit("expected a stream with a text")
        served.append(time.monotonic() - begin)
        r.read()
    connection.close()
    words = [args.ponder, "generate", "--input", "-", "--jsonl", "-n", "1", *(["-m", args.model] if args.model else [])]
    lines = subprocess.run(words, input="".join(json.dumps(a) + "\n" for a in asks), capture_output=True, text=True, check=True).stdout
    return statistics.median(served), statistics.median(json.loads(x)["cost"]["seconds"] for x in lines.splitlines())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ponder")
    p.add_argument("-m", "--model")
    p.add_argument("--url")
    p.add_argument("--clients", type=int, default=64)
    p.add_argument("--streams", type=int, default=16, help="clients that read streams")
    p.add_argument("--tokens", type=int, default=32)
    p.add_argument("--seconds", type=float, default=600)
    args = p.parse_args()
    if bool(args.ponder) == bool(args.url):
        sys.exit("expected --ponder or --url")
    server, url = start(args) if args.ponder else (None, args.url)
    at = urllib.parse.urlparse(url)
    if server:
        served, alone = first_tokens(args, (at.hostname, at.port))
        print(f"first token: {1000 * served:.0f} ms over HTTP, {1000 * alone:.0f} ms by generate: {served / alone:.2f}")
    count, begin = Count(), time.monotonic()
    threads = [threading.Thread(target=client, args=(i, args, (at.hostname, at.port), begin + args.seconds, count)) for i in range(args.clients)]
    for t in threads:
        t.start()
    memories = watch(begin + args.seconds, count, server and server.pid)
    for t in threads:
        t.join()
    rate = count.tokens / (time.monotonic() - begin)
    print(f"{rate:.1f} tokens/s in all, {count.replies} replies, errors: {dict(count.errors) or 'none'}")
    if count.first:
        first = sorted(count.first)
        print(f"first token of a stream: median {first[len(first) // 2]:.2f} s, 95 % {first[int(0.95 * len(first))]:.2f} s")
    if server:
        server.terminate()
        server.wait(60)
        if len(memories) > 1:
            print(f"memory: {memories[0]:.0f} MB after the first minute, {memories[-1]:.0f} MB at the end")
        bench = [args.ponder, "bench", "--only", "streams16x32", "--json", *(["-m", args.model] if args.model else [])]
        alone = json.loads(subprocess.run(bench, capture_output=True, text=True, check=True).stdout)["streams16x32"]["median"]
        print(f"streams16x32 in one call: {alone:.1f} tokens/s, the server has {rate / alone:.2f} of it")
    sys.exit(1 if count.errors else 0)


if __name__ == "__main__":
    main()
