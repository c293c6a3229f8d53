"""A peer as a child process: it loads its model once, then answers requests, one JSON object a
line, on stdin and stdout, and waits in between. Seconds are measured here, around the work alone.
The peers themselves are peer_llama.py and peer_hf.py."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol


class Engine(Protocol):
    """The interface of a peer."""

    def job(self, work: str) -> Callable[[], object]:
        """Feeds the prompt of this work and returns the function to be timed, which may be called
        repeatedly."""

    def score(self, prompt: list[int], reply: list[int]) -> list[float]:
        """log p of each token of the reply, nats."""


def _memory_mb(field: str) -> float:
    """A field of /proc/self/status: VmRSS is the present value, VmHWM the largest so far."""
    with open("/proc/self/status", encoding="ascii") as f:
        return next(int(x.split()[1]) / 1024 for x in f if x.startswith(field))


def _answer(engine: Engine, request: dict) -> dict:
    if "work" in request:
        job = engine.job(request["work"])
        job()
        start = time.perf_counter()
        job()
        return {"seconds": time.perf_counter() - start, "peak_mb": _memory_mb("VmHWM")}
    return {"logprobs": engine.score(request["prompt_ids"], request["reply_ids"])}


def serve(load: Callable[[], Engine], about: dict) -> None:
    """Loads, says so with `about`, and answers until stdin ends. Output of libraries on stdout goes
    to stderr."""
    with os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8") as out:
        os.dup2(2, 1)
        before_mb, start = _memory_mb("VmRSS"), time.perf_counter()
        engine = load()
        load_s = time.perf_counter() - start
        print(json.dumps({"load_s": load_s, "import_mb": before_mb, **about}), file=out)
        for line in sys.stdin:
            print(json.dumps(_answer(engine, json.loads(line))), file=out)
