"""The program under test, the models it runs on, and how lines go in and out."""

import json
import os
import subprocess

PONDER = os.environ["PONDER"]
DATA = os.path.join(os.environ["PONDER_SOURCE_DIR"], "tests", "data")
TINY = os.path.join(DATA, "tiny", "llama-tied", "model.gguf")
TOY = os.path.join(DATA, "toy", "ponder-toy.gguf")


def run(*args, stdin=None, env=None, **kw):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PONDER_")}
    return subprocess.run([PONDER, *args], input=stdin, capture_output=True, timeout=120, env={**clean, **(env or {})}, **kw)


ANSWER = "reply reply_ids logprob n_tokens ended repetition canonical target cost seed precision model version".split()


def lines(r):
    return [json.loads(x) for x in r.stdout.decode().splitlines()]


def jsonl(*rows):
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows).encode()
