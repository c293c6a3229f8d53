#!/usr/bin/env python3
"""An hour of mixed company for `ponder serve`: every kind of request, wrong ones, clients that leave at every stage.

    bench/serve/soak.py --ponder build/release/apps/ponder/ponder [-m MODEL.gguf] [--seconds 3600]

--clients threads draw what they do next by a seed, with pauses of --pause seconds on average. One more client asks the same
question again and again, whose answer must keep its bits. Prints a line a minute: requests by status, memory, open files,
threads. Fails on a status that is not the expected one, on other bits, and if jobs or open files are left at the end."""

import argparse
import collections
import contextlib
import http.client
import json
import os
import random
import socket
import sys
import threading
import time
import urllib.parse

from load import QUESTIONS, memory_mb, start

CHAT, TEXT, THINK = "/v1/chat/completions", "/v1/completions", "/v1/think"


def ask(r):
    return [{"role": "user", "content": f"{r.choice(QUESTIONS)} ({r.randrange(1000)})"}]


def sampled(r):
    return {"temperature": r.choice([0, 0.7, 1.5]), "seed": r.randrange(1000), "max_tokens": r.randrange(1, 64)}


# What a client may do: (path, body, the status that it must get).
WHOLE = [
    lambda r: (CHAT, {"messages": ask(r), **sampled(r), "n": r.randrange(1, 5), "logprobs": True, "top_logprobs": 3}, 200),
    lambda r: (CHAT, {"messages": ask(r), **sampled(r), "stream": True}, 200),
    lambda r: (CHAT, {"model": "think-x", "messages": ask(r), "max_tokens": 24, "ponder": {"budget_s": 1}, "stream": r.random() < 0.5}, 200),
    lambda r: (TEXT, {"prompt": [r.choice(QUESTIONS)] * 2, **sampled(r), "echo": True, "logprobs": 2, "stream": r.random() < 0.5}, 200),
    lambda r: (THINK, {"messages": ask(r), "budget_s": 1, "max_tokens": 24, "stream": r.random() < 0.5}, 200),
    lambda r: ("/v1/answers", {"messages": ask(r), "answer": "number", "draws": 4, "max_tokens": 40, "budget_s": 2}, 200),
    lambda r: ("/v1/decisions", {"input": r.choice(QUESTIONS), "questions": [{"type": "predicate", "instructions": "Is it a question?"}]}, 200),
    lambda r: ("/v1/systemone", {"state": r.choice(QUESTIONS), "questions": {"q": {"type": "noul", "instructions": "Is it a question?"}}}, 200),
    lambda r: ("/tokenize", {"prompt": r.choice(QUESTIONS)}, 200),
    lambda r: (CHAT, {"messages": [], **sampled(r)}, 400),
    lambda r: (CHAT, {"messages": ask(r), "n": "many"}, 400),
    lambda r: (TEXT, "[" * 1000000, 400),
    lambda r: ("/v1/nothing", {}, 404),
]


class Company:
    def __init__(self, address, pause, until):
        self.address, self.pause, self.until = address, pause, until
        self.lock, self.statuses, self.wrong = threading.Lock(), collections.Counter(), []

    def count(self, what, wrong=None):
        with self.lock:
            self.statuses[what] += 1
            if wrong:
                self.wrong.append(wrong)

    @contextlib.contextmanager
    def connection(self):
        c = http.client.HTTPConnection(*self.address, timeout=120)
        try:
            yield c
        finally:
            c.close()

    def whole(self, c, r):
        path, body, expected = r.choice(WHOLE)(r)
        c.request("POST", path, body if isinstance(body, str) else json.dumps(body))
        reply = c.getresponse()
        text = reply.read()
        self.count(reply.status, None if reply.status == expected else f"{path} {body}: {reply.status} {text[:200]}")

    def leave(self, r):
        """Half a head, half a body, before the answer, or in it."""
        path, body, _ = r.choice(WHOLE[:6])(r)
        body = json.dumps({**body, "max_tokens": 200}).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        stage = r.randrange(4)
        with socket.create_connection(self.address, timeout=120) as s:
            s.sendall([head[:30], head + body[: len(body) // 2], head + body, head + body][stage])
            if stage == 3:
                s.recv(100)
            else:
                time.sleep(r.random())
        self.count("left")

    def hurry(self, r):
        """A search whose end is asked for by another connection, or which is dropped."""
        with self.connection() as c, self.connection() as other:
            c.request("POST", THINK, json.dumps({"messages": ask(r), "budget_s": 600, "max_tokens": 64, "methods": ["anneal"], "stream": True}))
            reply = c.getresponse()
            name = reply.headers["X-Think-Id"]
            time.sleep(r.random())
            if r.random() < 0.5:
                other.request("POST", f"{THINK}/{name}/control", '{"action":"finish"}')
            else:
                other.request("DELETE", f"{THINK}/{name}")
            other.getresponse().read()
            reply.read()
            self.count("hurried")

    def client(self, number):
        r = random.Random(number)
        with self.connection() as c:
            while time.monotonic() < self.until:
                try:
                    r.choices([lambda: self.whole(c, r), lambda: self.leave(r), lambda: self.hurry(r)], [8, 2, 1])[0]()
                except Exception as e:  # whatever it is, it is to be told
                    self.count("error", repr(e))
                    c.close()
                time.sleep(r.expovariate(1 / self.pause))

    def same(self):
        """One question, whose answer must not change."""
        body = json.dumps({"messages": [{"role": "user", "content": QUESTIONS[2]}], "temperature": 1, "seed": 5, "max_tokens": 24, "n": 2, "logprobs": True, "top_logprobs": 3})
        first = None
        while time.monotonic() < self.until:
            try:
                with self.connection() as c:
                    c.request("POST", CHAT, body)
                    got = json.loads(c.getresponse().read())["choices"]
                first = first or got
                self.count("same", None if got == first else "other bits")
            except Exception as e:
                self.count("error", repr(e))
            time.sleep(5)


def state(pid):
    return memory_mb(pid), len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ponder", required=True)
    p.add_argument("-m", "--model")
    p.add_argument("--clients", type=int, default=6)
    p.add_argument("--pause", type=float, default=1)
    p.add_argument("--seconds", type=float, default=3600)
    args = p.parse_args()
    server, url = start(args)
    at, begin = urllib.parse.urlparse(url), time.monotonic()
    company = Company((at.hostname, at.port), args.pause, begin + args.seconds)
    before = state(server.pid)
    threads = [threading.Thread(target=company.client, args=(i,)) for i in range(args.clients)] + [threading.Thread(target=company.same)]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        threads[-1].join(60)
        memory, files, tasks = state(server.pid)
        print(f"{time.monotonic() - begin:6.0f} s: {dict(company.statuses)}, {memory:.0f} MB, {files} files, {tasks} threads, {len(company.wrong)} wrong", flush=True)
        if not threads[-1].is_alive():
            for t in threads:
                t.join()
    time.sleep(20)  # searches that nobody watches end
    after = state(server.pid)
    with company.connection() as c:
        c.request("GET", "/metrics")
        left = "ponder_jobs_running 0\n" not in c.getresponse().read().decode()
    print(f"before: {before[0]:.0f} MB, {before[1]} files; after: {after[0]:.0f} MB, {after[1]} files; jobs left: {left}")
    print("\n".join(company.wrong[:20]))
    server.terminate()
    server.wait(60)
    sys.exit(1 if company.wrong or left or after[1] > before[1] + 2 else 0)


if __name__ == "__main__":
    main()
