"""What Model.decide returns: labels with exact probabilities (docs/answers.md#decide)."""

from __future__ import annotations

from dataclasses import dataclass

from . import _display
from ._records import Record


@dataclass(frozen=True, kw_only=True)
class LabelProbability:
    value: str | bool | float
    probability: float
    label: str | None = None  # of a level


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A label, chosen by exact probabilities (docs/answers.md#decide)."""

    type: str  # "predicate", "choice", "score"
    name: str | None
    mass: float  # of all labels together before they were normalised
    probability: float | None = None  # of a predicate
    choice: str | bool | None = None
    score: float | None = None  # the mean of the levels' values
    confidence: float | None = None
    probabilities: tuple[LabelProbability, ...] = ()
    deviation: float | None = None
    interval: tuple[float, float] | None = None
    prior: tuple[float, ...] = ()
    letter_bias: tuple[float, ...] = ()

    def __str__(self) -> str:
        return _display.decision_text(self)


@dataclass(frozen=True, kw_only=True)
class Usage:
    input_tokens: int
    output_tokens: int
    total_tokens: int


@dataclass(frozen=True, kw_only=True, repr=False)
class Decisions(Record):
    """Of Model.decide: one decision a question."""

    model: str
    answers: tuple[Decision, ...]
    usage: Usage
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Decisions({', '.join(map(repr, self.answers))})"

    def __str__(self) -> str:
        return "\n".join(map(str, self.answers))
