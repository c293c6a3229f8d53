"""Terms written in Python: preferences over whole replies besides their probability. The library calls
them in batches, with the GIL, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import InvalidError

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
TermCall = tuple[str, float, object, object]
"""What ponder._core takes of a term or an oracle: its name, its weight, and two functions."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A reply that a term values."""

    reply_ids: Ids  # (n_tokens) the end token included
    ended: bool  # False: cut at the horizon
    _spell: Callable[[Ids], str] = field(repr=False)

    @property
    def reply(self) -> str:
        """Its text, without the end token."""
        return self._spell(self.reply_ids)

    @property
    def n_tokens(self) -> int:
        return len(self.reply_ids)


class Candidates(Sequence[Candidate]):
    """The replies that a step values at once: one after the other, or as arrays."""

    def __init__(self, tokens: Ids, length: NDArray[np.int64], end_tokens: Sequence[int], spell: Callable[[Ids], str]) -> None:
        self.tokens = tokens  # (n, longest), -1 after the end
        self.length = length  # (n) tokens, the end token counted
        self.ended: NDArray[np.bool_] = np.isin(tokens[np.arange(len(length)), length - 1], end_tokens)  # (n)
        self._spell = spell

    @property
    def texts(self) -> list[str]:
        """(n) each without its end token."""
        return [x.reply for x in self]

    def __len__(self) -> int:
        return len(self.length)

    @overload
    def __getitem__(self, i: int) -> Candidate: ...
    @overload
    def __getitem__(self, i: slice) -> list[Candidate]: ...
    def __getitem__(self, i: int | slice) -> Candidate | list[Candidate]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        return Candidate(self.tokens[i, : self.length[i]], bool(self.ended[i]), self._spell)


class Term(Protocol):
    """A preference R over whole replies: the target of sampling is p(x)^alpha exp(weight R(x)).

    A term may have a `weight`, nats a unit of R; without one it is 1, and (term, weight) gives another.
    """

    @property
    def name(self) -> str:
        """Of its column in the draws and their diagnostics."""

    def value(self, replies: Candidates, /) -> ArrayLike:
        """R of each reply, (n), in nats at weight 1; -inf forbids one. A function of the tokens alone."""


class BoundedTerm(Term, Protocol):
    """A term that Model.prove can take."""

    def range(self, begin: Ids, n_most: int, /) -> tuple[float, float]:
        """The least and the largest R of all replies of at most n_most tokens that begin so: never
        narrower than the truth. n_most is more than len(begin); 2**31 - 1 is any length."""


Weighted = tuple[Term, float]
Terms = str | Term | Weighted | Sequence[str | Term | Weighted]
"""Terms of the library, "name:weight[:argument]", and terms of one's own, each perhaps with a weight."""


def numbers(values: Any, shape: tuple[int, ...], where: str, one: str) -> Floats:
    """The values as float64 of that shape. Errors: InvalidError for anything else, and for NaN and +inf."""
    hint = f"return one number {one}, as an array of shape {shape}"
    try:
        array = np.asarray(values)
    except ValueError as e:
        raise InvalidError(f"numbers of shape {shape}", str(e), where, hint) from e
    if array.dtype.kind not in "fiub":
        raise InvalidError("numbers", f"{array.dtype} of shape {array.shape}", where, hint)
    if array.shape != shape:
        raise InvalidError(f"numbers of shape {shape}", f"shape {array.shape}", where, hint)
    array = np.ascontiguousarray(array, np.float64)
    if not (array < np.inf).all():
        raise InvalidError("numbers below infinity", "NaN or +inf", where, "-inf forbids; give no other value that is not finite")
    return array


def named(given: Any, where: str) -> tuple[Any, str, float]:
    """The term, or the oracle, of `given`, its name and its weight. Errors: TypeError."""
    weight = None
    if isinstance(given, tuple) and len(given) == 2:
        given, weight = given
    if not callable(getattr(given, "value", None)):
        raise TypeError(f"expected an object with a function value, got {type(given).__name__} ({where})")
    name = getattr(given, "name", None)
    if not isinstance(name, str):
        raise TypeError(f"expected an object with a name, a text, got {type(name).__name__} ({where})")
    weight = getattr(given, "weight", 1) if weight is None else weight
    if not isinstance(weight, Real):
        raise TypeError(f"expected a weight in nats, got {type(weight).__name__} ({name})")
    return given, name, float(weight)


def _call(given: Any, end_tokens: Sequence[int], spell: Callable[[Ids], str]) -> TermCall:
    term, name, weight = named(given, "terms")

    def value(tokens: Ids, length: NDArray[np.int64]) -> Floats:
        replies = Candidates(tokens, length, end_tokens, spell)
        return numbers(term.value(replies), length.shape, f"{name}.value", "a reply")

    def span(begin: Ids, n_most: int) -> tuple[float, float]:
        least, most = (float(x) for x in term.range(begin, n_most))
        if not least <= most:
            raise InvalidError("a range, the least value first", f"{least}, {most}", f"{name}.range")
        return least, most

    return name, weight, value, span if callable(getattr(term, "range", None)) else None


def apart(terms: Any, end_tokens: Sequence[int], spell: Callable[[Ids], str]) -> tuple[list[str], list[TermCall]]:
    """The library's own terms, and what it needs of the others."""
    whole = isinstance(terms, str) or hasattr(terms, "value") or _is_weighted(terms)
    every = [terms] if whole else list(terms)
    return [t for t in every if isinstance(t, str)], [_call(t, end_tokens, spell) for t in every if not isinstance(t, str)]


def _is_weighted(x: Any) -> bool:
    return isinstance(x, tuple) and len(x) == 2 and isinstance(x[1], Real)
