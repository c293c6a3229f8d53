"""The pieces of work that are timed, their sizes, and their tokens, the same as in
src/session/bench.cc. It uses the standard library only, since the driver and every peer read it.
peer_llama.py and peer_hf.py do the work."""

from dataclasses import dataclass

N_PREFILL = 512  # tokens of a prompt that is fed alone
N_PROMPT = 128  # tokens of the prompt that everything else follows; fed before the clock
N_DECODE = 128
N_ROWS, N_REPLY = 64, 24
N_STREAMS, N_STREAM = 16, 32
N_CHAINS = {"valgrad1x24": 1, "valgrad16x24": 16}


@dataclass(frozen=True)
class Work:
    """One piece of work: its name in `ponder bench`, and the tokens of one run of it."""

    name: str
    n_tokens: int
    gradient: bool = False


WORKS = (
    Work("prefill512", N_PREFILL),
    Work("decode128", N_DECODE),
    Work("rows64x24", N_ROWS * N_REPLY),
    Work("streams16x32", N_STREAMS * N_STREAM),
    *(Work(name, n * N_REPLY, gradient=True) for name, n in N_CHAINS.items()),
)


def token(i: int, n_vocab: int) -> int:
    """The i-th id of a fixed sequence that is spread over the vocabulary."""
    return ((i * 2654435761) % 2**64 >> 7) % n_vocab


def prompt(n: int, n_vocab: int) -> list[int]:
    return [token(10007 + i, n_vocab) for i in range(n)]


def replies(n: int, n_vocab: int) -> list[list[int]]:
    """n replies of N_REPLY tokens."""
    return [[token(131 * s + t, n_vocab) for t in range(N_REPLY)] for s in range(n)]
