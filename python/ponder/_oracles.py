"""Oracles of DNA written in Python: functions of whole sequences, as terms of a fitness or as judges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import InvalidError
from ._terms import Floats, TermCall, named, numbers

Sequences = NDArray[np.uint8]
"""(n, length): A, C, G, T are 0 to 3."""


class Oracle(Protocol):
    """A function of whole sequences. It may have a `weight`, nats a unit of its value; without one it is 1,
    and (oracle, weight) gives another."""

    @property
    def name(self) -> str:
        """Of its column in the trace."""

    def value(self, sequences: Sequences, /) -> ArrayLike:
        """(n) one value a sequence; -inf forbids one. A function of the letters alone."""


class SmoothOracle(Oracle, Protocol):
    """An oracle with a derivative, by which kernels and ascents go."""

    def value_and_grad(self, weights: NDArray[np.float32], /) -> tuple[ArrayLike, ArrayLike]:
        """Of mixtures of letters, (n, length, 4), whose rows sum to 1: values (n), and their derivative by
        the weights (n, length, 4). Where each row is one letter, the values are those of value()."""


def letters(sequences: Sequences) -> list[str]:
    """The sequences as texts of A, C, G, T."""
    text = np.frombuffer(b"ACGT", np.uint8)[sequences]
    return [row.tobytes().decode() for row in text]


def is_own(x: Any) -> bool:
    """Is it meant as an oracle written in Python, perhaps with a weight?"""
    return isinstance(x, tuple) or hasattr(x, "value")


def oracles_apart(fitness: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[TermCall]]:
    """The fitness as JSON has it, and what the library needs of the oracles among its terms."""
    terms = fitness.get("terms")
    if not isinstance(terms, list | tuple):
        return fitness, []
    own = {i: t for i, t in enumerate(terms) if is_own(t)}
    rest = [t for i, t in enumerate(terms) if i not in own]
    return {**fitness, "terms": rest}, [oracle_call(t, f"fitness, term {i}") for i, t in own.items()]


def oracle_call(given: Any, where: str) -> TermCall:
    """What the library needs of an oracle."""
    oracle, name, weight = named(given, where)

    def value(sequences: Sequences) -> Floats:
        return numbers(oracle.value(sequences), sequences.shape[:1], f"{name}.value", "a sequence")

    def value_and_grad(weights: NDArray[np.float32]) -> tuple[Floats, Floats]:
        here = f"{name}.value_and_grad"
        both = oracle.value_and_grad(weights)
        if not isinstance(both, tuple) or len(both) != 2:
            raise InvalidError("values and their derivatives, a tuple of two", type(both).__name__, here)
        slopes = numbers(both[1], weights.shape, f"{here}, the derivative", "a letter of each position")
        if not np.isfinite(slopes).all():
            raise InvalidError("derivatives that are finite", "-inf", here, "only a value may be -inf")
        return numbers(both[0], weights.shape[:1], here, "a sequence"), slopes

    return name, weight, value, value_and_grad if callable(getattr(oracle, "value_and_grad", None)) else None
