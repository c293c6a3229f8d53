"""What calls return: frozen values that pickle, compare and print. Their fields are the keys of the
JSON that `ponder --json` prints, and to_dict() is all of it. Log-probabilities are in nats; None stands
where JSON has null, for what is not known or not finite."""

from __future__ import annotations

import json as _json
from dataclasses import dataclass, field
from typing import Any

from . import _display


@dataclass(frozen=True, kw_only=True)
class Cost:
    tokens_decoded: int
    tokens_scored: int
    tokens_backward: int
    seconds: float

    @property
    def tokens(self) -> int:
        """Tokens pushed through the network (TFE)."""
        return self.tokens_decoded + self.tokens_scored + self.tokens_backward


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    file: str
    sha256: str  # its first 16 digits


@dataclass(frozen=True, kw_only=True)
class TokenProb:
    """A token of a reply: the characters that it completes, and its log p."""

    text: str
    logprob: float | None


@dataclass(frozen=True, kw_only=True)
class Reply:
    reply: str
    reply_ids: tuple[int, ...]
    logprob: float | None
    n_tokens: int = 0
    ended: bool = True
    repetition: float = 0
    canonical: bool = True


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record of the wire, `json`, beside what is read from it."""

    json: str = field(repr=False)
    stopped: bool = False  # by Ctrl-C, or where a term has raised: this is the best so far

    def to_dict(self) -> dict[str, Any]:
        """All of the record, as plain values."""
        record: dict[str, Any] = _json.loads(self.json)
        return record


@dataclass(frozen=True, kw_only=True)
class Run(Record):
    """What all answers of a model say of how they were made."""

    target: str
    cost: Cost
    seed: int
    precision: str
    model: ModelFile
    version: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class Generated(Run, Reply):
    """Of Model.generate."""

    replies: tuple[Reply, ...] = ()  # all n, as drawn; the reply is one of them
    tokens: tuple[TokenProb, ...] = ()  # of a single decoded reply

    def __repr__(self) -> str:
        return _display.short("Generated", self.reply, self.logprob)

    def __str__(self) -> str:
        return self.reply

    def _repr_html_(self) -> str:
        return _display.reply_html(self.tokens, self)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What was proved about the best reply: "optimal", a "gap" in nats, or "none"."""

    status: str
    claim: str
    gap: float | None
    margin: float | None
    horizon: int
    shortest: int
    expanded: int

    def __str__(self) -> str:
        return _display.proof_sentence(self)


@dataclass(frozen=True, kw_only=True)
class AnswerMass:
    answer: str
    mass: float
    lower: float
    upper: float
    text: str = ""  # a reply that gives it


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One draw that counts: its answer, if it gives one."""

    answer: str | None
    logprob: float
    n_tokens: int


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """The likeliest answer and the mass of each (docs/answers.md)."""

    answer: str | None
    mass: float
    lower: float
    upper: float
    proved: bool
    settled: bool
    confidence: float
    calibrated: bool
    held_back: str | None
    answers: tuple[AnswerMass, ...]
    none: float
    open: float
    map: str
    way: str
    draws: int
    drawn: tuple[Drawn, ...]
    asked: int
    distinct: bool
    found: float
    temperature: float
    expanded: int
    text: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Answer(Run, Posterior, Reply):
    """Of Model.answer. Its reply is one that gives the answer."""

    proof: str | None = None  # what was proved, for Model.check, where it was asked for

    def __repr__(self) -> str:
        return f"Answer({self.answer!r}, mass={self.mass:.4f}, confidence={self.confidence:.4f})"

    def __str__(self) -> str:
        return _display.answer_text(self)

    def _repr_html_(self) -> str:
        return _display.answer_html(self)


@dataclass(frozen=True, kw_only=True)
class Also(Reply):
    """A shorter reply that is likelier still."""

    proved: bool


@dataclass(frozen=True, kw_only=True)
class Method:
    name: str
    best: float | None
    cost: Cost
    gap: float | None = None


@dataclass(frozen=True, kw_only=True)
class Point:
    """The best log p known at some moment."""

    seconds: float
    tfe: int
    logprob: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Thought(Run, Reply):
    """Of Model.think. Its reply is the likelier one."""

    first: Reply
    gain: float | None
    also: Also | None
    methods: tuple[Method, ...]
    certificate: Certificate
    trace: tuple[Point, ...]
    answer: Posterior | None
    tokens: tuple[TokenProb, ...] = ()

    def __repr__(self) -> str:
        gain = "" if self.gain is None else f", gain={self.gain:.2f}"
        return _display.short("Thought", self.reply, self.logprob, gain)

    def __str__(self) -> str:
        return _display.thought_text(self)

    def _repr_html_(self) -> str:
        return _display.thought_html(self)


@dataclass(frozen=True, kw_only=True)
class Best(Reply):
    worth: float | None = None  # what it is ranked by, where that is more than log p


@dataclass(frozen=True, kw_only=True)
class OfLength(Reply):
    gap: float | None  # nats: no reply of this length is likelier by more; 0: proved


@dataclass(frozen=True, kw_only=True, repr=False)
class Proof(Run, Reply):
    """Of Model.prove."""

    certificate: Certificate
    n_best: tuple[Best, ...]
    mass: float  # probability of these replies together
    tie: float
    per_length: tuple[OfLength, ...] | None = None
    proof: str | None = None  # the certificate's file, for Model.check, where it was asked for

    def __repr__(self) -> str:
        return _display.short("Proof", self.reply, self.logprob, f", {self.certificate.status}")

    def __str__(self) -> str:
        return _display.proof_text(self)

    def _repr_html_(self) -> str:
        return _display.pre(str(self))


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Units a second over some runs, or nats over some tokens."""

    median: float
    min: float
    max: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Bench(Record):
    """Of Model.bench."""

    rates: dict[str, Rate]
    isa: str
    precision: str
    weights: str
    threads: int
    rss_mb: float

    def __repr__(self) -> str:
        return f"Bench({', '.join(f'{n}={r.median:.1f}' for n, r in self.rates.items())})"


@dataclass(frozen=True, kw_only=True)
class Checked(Record):
    """Of Model.check: whether what was written down holds, checked in f32 by another way."""

    valid: bool
    completed: bool = True
    why: str = ""
    prefixes: int = 0
