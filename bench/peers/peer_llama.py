"""llama.cpp as a peer, through the C interface that llama-cpp-python exposes. peer_llama.py
MODEL.gguf THREADS.

Chosen for speed: one unified KV cache whose prompt all sequences share without a copy, flash
attention where llama.cpp chooses it, batches of 512. llama.cpp hands out logits only, so
log-softmax and draws are numpy's, on as many threads, and are part of the time."""

import ctypes
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import llama_cpp as api
import numpy as np

import work
from serve import serve

BATCH = 512
BLOCK = 16  # rows of logits at a time

# One token of a batch: id, position, sequence, whether its logits are wanted.
Entry = tuple[int, int, int, bool]


@api.llama_log_callback
def _log_errors(level: int, text: bytes, _: object) -> None:
    if level == 4:
        print(text.decode(), end="", file=sys.stderr)


class LlamaCpp:
    def __init__(self, path: str, threads: int) -> None:
        api.llama_log_set(_log_errors, None)
        api.llama_backend_init()
        self.model = api.llama_model_load_from_file(
            path.encode(), api.llama_model_default_params()
        )
        params = api.llama_context_default_params()
        params.n_ctx = work.N_PROMPT + work.N_ROWS * work.N_REPLY
        params.n_batch = params.n_ubatch = BATCH
        params.n_seq_max = work.N_ROWS + 1  # sequence 0 is the prompt
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = True
        self.context = api.llama_init_from_model(self.model, params)
        if not self.context:
            raise RuntimeError(f"llama.cpp could not load {path}")
        self.memory = api.llama_get_memory(self.context)
        vocab = api.llama_model_get_vocab(self.model)
        self.n_vocab = api.llama_vocab_n_tokens(vocab)
        self.batch = api.llama_batch_init(BATCH, 0, 1)
        self.pool = ThreadPoolExecutor(threads)
        self.random = np.random.default_rng(1)

    def job(self, work_name: str) -> Callable[[], object]:
        if work_name == "prefill512":
            ids = work.prompt(work.N_PREFILL, self.n_vocab)
            return lambda: self._feed(ids)
        logits = self._feed(work.prompt(work.N_PROMPT, self.n_vocab))
        if work_name == "decode128":
            return lambda: self._decode(1, work.N_DECODE, self._argmax)
        if work_name == "streams16x32":
            return lambda: self._decode(work.N_STREAMS, work.N_STREAM, self._draw)
        rows = work.replies(work.N_ROWS, self.n_vocab)
        return lambda: self._score(logits, work.N_PROMPT, rows)

    def score(self, prompt: list[int], reply: list[int]) -> list[float]:
        return self._score(self._feed(prompt), len(prompt), [reply])[0].tolist()

    def _run(self, entries: Iterable[Entry]) -> np.ndarray:
        """Feeds at most BATCH tokens; the logits (n wanted, n_vocab) that were asked for,
        valid until the next call."""
        batch, n, n_wanted = self.batch, 0, 0
        for n, (token, position, sequence, wanted) in enumerate(entries, 1):
            batch.token[n - 1], batch.pos[n - 1] = token, position
            batch.n_seq_id[n - 1], batch.seq_id[n - 1][0] = 1, sequence
            batch.logits[n - 1] = wanted
            n_wanted += wanted
        batch.n_tokens = n
        if (code := api.llama_decode(self.context, batch)) != 0:
            raise RuntimeError(f"llama_decode returned {code}")
        size = n_wanted * self.n_vocab
        logits = ctypes.cast(
            api.llama_get_logits(self.context), ctypes.POINTER(ctypes.c_float * size)
        )
        return np.frombuffer(logits.contents, np.float32).reshape(n_wanted, -1)

    def _feed(self, ids: list[int]) -> np.ndarray:
        """A prompt as sequence 0, alone in the cache; a copy of its last logits (1, V)."""
        api.llama_memory_clear(self.memory, False)
        last = len(ids) - 1
        return self._run((v, i, 0, i == last) for i, v in enumerate(ids)).copy()

    def _fork(self, n: int) -> None:
        """Makes sequences 1 … n start where sequence 0 ends, without any other tokens."""
        for s in range(1, n + 1):
            api.llama_memory_seq_rm(self.memory, s, -1, -1)
            api.llama_memory_seq_cp(self.memory, 0, s, -1, -1)

    def _decode(self, n_streams: int, n: int, pick) -> None:
        self._fork(n_streams)
        ids = [work.token(s, self.n_vocab) for s in range(n_streams)]
        for t in range(n):
            position = work.N_PROMPT + t
            ids = pick(self._run((v, position, s, True) for s, v in enumerate(ids, 1)))

    @staticmethod
    def _argmax(logits: np.ndarray) -> list[int]:
        return logits.argmax(axis=1).tolist()

    def _draw(self, logits: np.ndarray) -> list[int]:
        """One token a row from softmax(logits), by the inverse of its cdf."""

        def one(row: np.ndarray, u: float) -> int:
            cdf = np.exp(row - row.max()).cumsum()
            return int(cdf.searchsorted(u * cdf[-1], side="right"))

        uniforms = self.random.random(len(logits)).tolist()
        return list(self.pool.map(one, logits, uniforms))

    def _logprobs(self, logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """log softmax (n, V) at one target a row (n), nats."""

        def block(first: int) -> np.ndarray:
            x, t = logits[first : first + BLOCK], targets[first : first + BLOCK]
            top = x.max(axis=1, keepdims=True)
            log_sum = np.log(np.exp(x - top).sum(axis=1))
            return x[np.arange(len(t)), t] - top[:, 0] - log_sum

        return np.concatenate(list(self.pool.map(block, range(0, len(targets), BLOCK))))

    def _score(self, first: np.ndarray, n_prompt: int, rows: list[list[int]]) -> np.ndarray:
        """log p (n, length) of the tokens of rows, after a prompt whose last logits are
        `first` (1, V). The last token of a row need not be fed."""
        self._fork(len(rows))
        inputs = [
            (token, n_prompt + t, s, True)
            for s, row in enumerate(rows, 1)
            for t, token in enumerate(row[:-1])
        ]
        table = np.array(rows)
        targets = table[:, 1:].ravel()
        parts = [
            self._logprobs(self._run(inputs[i : i + BATCH]), targets[i : i + BATCH])
            for i in range(0, len(inputs), BATCH)
        ]
        heads = self._logprobs(np.repeat(first, len(rows), axis=0), table[:, 0])
        tails = np.concatenate(parts).reshape(len(rows), -1)
        return np.concatenate([heads[:, None], tails], axis=1)


def main(path: str, threads: str) -> None:
    about = {
        "version": f"llama-cpp-python {version('llama-cpp-python')}",
        "setting": api.llama_print_system_info().decode().strip(),
    }
    serve(lambda: LlamaCpp(path, int(threads)), about)


if __name__ == "__main__":
    main(*sys.argv[1:])
