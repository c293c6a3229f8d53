"""What happens in a search, as Model.think(…, stream=True) tells it, in this order: tokens of the first
reply, First, then Likelier and Progress as they come, perhaps Answered, Proved, Done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._reading import read
from ._records import Answer, Certificate, Thought


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token of the first reply, as it is decoded."""

    text: str
    logprob: float | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A reply: First or Likelier."""

    method: str
    text: str
    logprob: float | None
    n_tokens: int
    ended: bool
    seconds: float  # since the prompt was read


@dataclass(frozen=True, kw_only=True)
class First(Found):
    """The first reply is there."""


@dataclass(frozen=True, kw_only=True)
class Likelier(Found):
    """A likelier reply was found."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """At most four a second."""

    method: str
    logprob: float | None  # of the best reply
    seconds: float
    tokens: int  # pushed through the network


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The likeliest answer, where the question asks for a short one."""

    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Proved:
    certificate: Certificate


@dataclass(frozen=True, kw_only=True)
class Done:
    """The end, with what Model.think returns."""

    thought: Thought


Event = Token | First | Likelier | Progress | Answered | Proved | Done


def read_event(name: str, data: str, record: dict[str, Any], stopped: bool) -> Event:
    """The event of a name and its JSON."""
    makers: dict[str, Callable[[], Event]] = {
        "token": lambda: read(Token, record),
        "first": lambda: read(First, record),
        "likelier": lambda: read(Likelier, record),
        "progress": lambda: read(Progress, record),
        "posterior": lambda: Answered(answer=read(Answer, record, json=data)),
        "proof": lambda: Proved(certificate=read(Certificate, record)),
        "done": lambda: Done(thought=read(Thought, record, json=data, stopped=stopped)),
    }
    return makers[name]()
