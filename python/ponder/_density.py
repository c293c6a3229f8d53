"""Models of one's own: Density, which is subclassed, and what it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from ._errors import InvalidError

Ints = np.ndarray[Any, np.dtype[np.int32]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class FedTokens:
    """Tokens after prefixes, parents before children; arrays of one length.

    A prefix is known by the slot of its last token. A slot that is fed again holds another prefix.
    """

    slots: Ints
    parents: Ints  # the slot of the prefix before the token; -1: the token is the first
    positions: Ints
    tokens: Ints

    def __len__(self) -> int:
        return len(self.slots)


class Prefixes(Sequence[Ints]):
    """Prefixes that were fed, as arrays of token ids, and their slots."""

    def __init__(self, slots: Ints, tokens: Sequence[Ints]) -> None:
        self.slots = slots
        self._tokens = tokens

    def __len__(self) -> int:
        return len(self._tokens)

    @overload
    def __getitem__(self, i: int) -> Ints: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Ints]: ...
    def __getitem__(self, i: int | slice) -> Ints | Sequence[Ints]:
        return self._tokens[i]


class Density:
    """A causal model of one's own, for `ponder.Model(vocabulary, density=…)`: every search, proof and
    kernel then asks it. Subclass it, set `n_vocab` and `n_ctx`, and define `logits`.

    The same prefix must get the same logits in every batch; by how much log p of a reply changes
    nevertheless (torch, say), `drift` says. Calls come from a thread of the library, one at a time.
    """

    n_vocab: int  # as many as the vocabulary has
    n_ctx: int  # most tokens of a prefix
    name: str = ""  # what records and proofs call it, another one for other weights; the class's if empty
    drift: float = 0.0  # nats; proofs leave so much open
    # Memory in bytes that a slot takes, and that is free for them (-1: of this machine): how many there are.
    slot_bytes: int = 64
    free_bytes: int = -1

    def logits(self, prefixes: Prefixes) -> Any:
        """(n, n_vocab) logits, or log-probabilities, of the next token after each prefix; -inf for what
        cannot follow."""
        raise NotImplementedError

    # What one that keeps something of prefixes (keys and values) defines, too.
    def start(self, n_slots: int) -> None:
        """Called once, before the first token: slots are 0 … n_slots - 1."""

    def feed(self, tokens: FedTokens) -> None:
        """Takes in tokens, before the logits after them are asked for."""

    # What one with a gradient defines, too: for grad, think's ascents, and kernels such as gwg and hmc.
    n_embd: int = 0  # width of the vectors that tokens enter as; 0: no gradient

    def embeddings(self) -> Any:
        """(n_vocab, n_embd): the vector of each token."""
        raise NotImplementedError

    def feed_vectors(self, tokens: FedTokens, vectors: Floats) -> None:
        """Takes in vectors (n, n_embd) instead of the tokens, and keeps what `backward` needs until it is
        called again. The parent of a vector is the one before it, or a slot that was fed earlier. `logits`
        is asked for these slots before `backward`; their last tokens are then -1."""
        raise NotImplementedError

    def backward(self, dlogits: Floats) -> Any:
        """(n, n_embd): the derivative with respect to the vectors of the last `feed_vectors`, given that
        with respect to the logits after each, (n, n_vocab). What came before the vectors is constant."""
        raise NotImplementedError


def floats(density: Density, what: str, value: Any, shape: tuple[int, int]) -> Floats:
    """What a density has returned, as the library reads it."""
    array = np.ascontiguousarray(value, np.float32)
    if array.shape != shape:
        raise InvalidError(f"an array of shape {shape}", f"one of {array.shape}", f"{type(density).__name__}.{what}", "")
    return array
