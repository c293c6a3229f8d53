"""The settings of every call: their names and types. Defaults and ranges are the library's, which are
those of the command line (docs/python.md#settings), so that none stands here a second time."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict, TypeVar

import numpy as np

from . import _core
from ._oracles import Oracle
from ._terms import Terms

Budget = float | str | None
"""Seconds, or a text as the command line has it: "10s", "1m", "5000t" (tokens pushed through the
network), "10s,5000t". None: no limit."""
Target = Literal["ended", "truncated", "fixed"]
Sequenced = Sequence[int] | np.ndarray[Any, Any]
"""Token ids."""


class PromptOptions(TypedDict, total=False):
    system: str  # a system message before a question
    tools: Sequence[Mapping[str, Any]]  # for the chat template
    chat_template_kwargs: Mapping[str, Any]  # variables of the chat template


class LawOptions(PromptOptions, total=False):
    """Which replies count."""

    max_length: int  # most tokens of a reply, its end token counted
    target: Target
    length: int  # exactly so many tokens, with target "fixed"
    min_length: int  # fewest tokens; end tokens before are masked, and the law is renormalised
    allow_ids: Sequenced  # the law is restricted to these ids


class DecodeOptions(LawOptions, total=False):
    temperature: float  # 0: greedy
    top_k: int  # 0: off
    top_p: float  # 1: off
    min_p: float  # 0: off
    repetition_penalty: float  # 1: off
    seed: int


class GenerateOptions(DecodeOptions, total=False):
    n: int  # replies drawn, of which the likeliest is the answer (--best-of)
    beam: int  # width of a beam search instead of decoding
    budget: Budget


class ThinkOptions(DecodeOptions, total=False):
    budget: Budget
    patience: Budget  # the search ends after so much without a likelier reply
    methods: str | Sequence[str]  # instead of the portfolio, each as "name:key=value,…"
    beam: int  # the widest beam
    drafts: int  # replies drawn besides the first one, as starts of chains
    any_length: bool  # replies of every length count
    batch: int  # prefixes expanded in one pass of the proof
    answer: bool  # also the likeliest answer, where the question asks for a short one


class ProveOptions(LawOptions, total=False):
    budget: Budget
    n_best: int  # the K most likely replies
    per_length: bool  # the most likely reply of each length
    batch: int
    terms: Terms  # "name:weight[:argument]", and ponder.BoundedTerm
    length_prior: str  # nats a token, or "MEAN,DEVIATION" in tokens
    record: bool  # also the certificate, for Model.check and `ponder prove --check`


class AnswerOptions(LawOptions, total=False):
    kind: str  # what counts as the answer (--answer): "auto", "number", "yesno", "choice:A-D", …
    way: Literal["auto", "options", "frame", "enumeration", "draws"]
    draws: int  # most replies that are drawn
    temperature: float  # of the draws
    distinct: bool  # draws without replacement
    enough: float  # draws end when the leader stays ahead with this probability; 1: never
    seed: int
    budget: Budget
    risk: float  # answers that are not sure enough for this share of wrong ones are held back
    record: bool  # also what was proved, for Model.check and `ponder answer --check`
    calibration: str | os.PathLike[str] | None  # a file; None: none; missing: the one that is kept


class SampleOptions(LawOptions, total=False):
    alpha: float  # the power of the probability: 1 is the model itself
    kernel: str  # "name:key=value,…", a cycle as "suffix+gibbs*3"
    terms: Terms  # "name:weight[:argument]", and ponder.Term
    length_prior: str
    chains: int
    draws: int  # kept, of each chain
    warmup: int  # steps before the first draw
    thin: int  # steps a draw
    rungs: int  # replicas of a chain, where the kernel exchanges them
    seed: int
    budget: Budget


class LandscapeOptions(LawOptions, total=False):
    alpha: float
    size: int  # cells along each side
    seeds: int  # starts, of which each method makes one path
    points: int  # of each path
    seed: int
    budget: Budget


class DesignOptions(TypedDict, total=False):
    length: int  # letters of a design
    start: str  # the sequence that edits are counted from
    given: Sequence[str]  # only score these
    held_out: str | os.PathLike[str] | Oracle  # only judges
    n: int  # designs
    max_edits: int
    method: Literal["sample", "anneal", "ascent", "straight-through", "neighbours", "exact"]
    kernel: str
    tau: float
    chains: int
    warmup: int
    thin: int
    steps: int
    seed: int
    threads: int
    budget: Budget


F = TypeVar("F", bound=Callable[..., Any])


def takes(options: type) -> Callable[[F], F]:
    """The function's **options are those of a TypedDict: others are a TypeError with the closest name,
    and help() lists them."""
    names = list(options.__annotations__)

    def decorate(f: F) -> F:
        signature = inspect.signature(f)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        known = [p.name for p in own] + names

        @functools.wraps(f)
        def checked(*args: Any, **kw: Any) -> Any:
            for name in kw:
                if name not in known:
                    near = _core.nearest(name, known, 4)
                    hint = f"; did you mean {near!r}?" if near else f"; known: {', '.join(names)}"
                    raise TypeError(f"{f.__name__}() got an unexpected keyword argument {name!r}{hint}")
            return f(*args, **kw)

        more = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=..., annotation=options.__annotations__[n]) for n in names]
        setattr(checked, "__signature__", signature.replace(parameters=[*own, *more]))
        return checked  # type: ignore[return-value]

    return decorate
