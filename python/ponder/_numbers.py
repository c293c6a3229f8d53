"""Answers that are mostly arrays. The arrays are the library's own memory, and cannot be written to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _display
from ._records import Record, Reply, Run, TokenProb

if TYPE_CHECKING:
    import xarray

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pseudo:
    """The pseudo-likelihood: each token given all others, over k candidates and itself."""

    k: int
    logprobs: Floats  # (n) nats
    sum: float
    candidates: list[list[int]]  # ids that each position chose among


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Score:
    """Log p of a given reply, of Model.score."""

    prompt_ids: Ids  # (n_prompt)
    reply_ids: Ids  # (n)
    logprobs: Floats  # (n) nats
    sum: float  # nats
    lz: Floats | None = None  # (n) logsumexp_v alpha log p(v) of the same rows
    pseudo: Pseudo | None = None
    logits: NDArray[np.float32] | None = None  # (n_vocab) after the prompt
    texts: tuple[str, ...] = ()  # (n) the characters that each token completes

    @property
    def tokens(self) -> tuple[TokenProb, ...]:
        return tuple(TokenProb(text=t, logprob=p) for t, p in zip(self.texts, self.logprobs.tolist(), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """What `ponder score --json` prints."""
        d = {k: getattr(self, k).tolist() for k in ("prompt_ids", "reply_ids", "logprobs")}
        d["sum"] = self.sum
        if self.lz is not None:
            d["lz"] = self.lz.tolist()
        if self.pseudo is not None:
            p = self.pseudo
            d["pseudo"] = {"k": p.k, "logprobs": p.logprobs.tolist(), "sum": p.sum, "candidates": p.candidates}
        return d

    def __repr__(self) -> str:
        return _display.short("Score", "".join(self.texts), self.sum)

    def __str__(self) -> str:
        rows = [f"{t.logprob:9.4f}  {t.text!r}" for t in self.tokens]
        return "\n".join([*rows, f"{self.sum:9.4f}  log p, {len(self.reply_ids)} tokens"])

    def _repr_html_(self) -> str:
        return _display.tokens_html(self.tokens) + _display.figures_html(self.sum, len(self.reply_ids))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Gradient:
    """Of Model.grad: value is log p of the reply (or the relaxed objective), nats; gradient is (n, d):
    d value / d what enters the first block at each position, or (n, m): d value / d weights."""

    value: float
    gradient: NDArray[np.float32]

    def __repr__(self) -> str:
        return f"Gradient(value={self.value:.4f}, gradient={self.gradient.shape})"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Trace:
    """Every draw of all chains, the warm-up left out."""

    tokens: Ids  # (chains, draws, longest), -1 after the end
    length: NDArray[np.int64]  # (chains, draws), the end token counted
    posterior: dict[str, NDArray[Any]]  # (chains, draws): logprob, distance, terms
    sample_stats: dict[str, NDArray[Any]]  # (chains, draws): lp, acceptance_rate, energy
    descriptions: dict[str, str]
    attributes: dict[str, str | float | int]

    def __repr__(self) -> str:
        chains, draws = self.length.shape
        return f"Trace({chains} chains of {draws} draws)"

    def to_xarray(self) -> xarray.DataTree:
        """The groups posterior and sample_stats, as ArviZ 1 reads them and `ponder sample --out`
        writes them. Needs xarray."""
        from ._arviz import data_tree

        return data_tree(self)

    def to_inferencedata(self) -> Any:
        """The same as arviz.InferenceData, for ArviZ before 1.0, which it needs."""
        from ._arviz import inference_data

        return inference_data(self)


@dataclass(frozen=True, kw_only=True)
class Count:
    n: int
    accepted: int


@dataclass(frozen=True, kw_only=True)
class Move(Count):
    name: str
    numeric: int
    by_position: tuple[Count, ...]


@dataclass(frozen=True, kw_only=True)
class Swap(Count):
    alphas: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class StepSize:
    move: str
    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """By the names of scalars: logprob, length, distance, terms."""

    rhat: dict[str, float | None]
    rhat_nested: dict[str, float | None]
    mcse: dict[str, float | None]
    ess_bulk: dict[str, float | None]
    ess_tail: dict[str, float | None]
    acceptance_rate: dict[str, float]
    ess_per_second: dict[str, float | None]
    moves: tuple[Move, ...]
    swaps: tuple[Swap, ...]
    step_sizes: tuple[StepSize, ...]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    converged: bool
    reason: str
    advice: str
    stuck: tuple[int, ...] = ()
    judged: bool = True  # False: of a design with too few draws to tell


@dataclass(frozen=True, kw_only=True)
class CountedReply(Reply):
    count: int


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Draws(Run, Reply):
    """Of Model.sample. The reply is the last draw of the first chain."""

    alpha: float
    kernel: str
    chains: int
    draws: int  # kept, of each chain
    replies: tuple[CountedReply, ...]  # most frequent first
    diagnostics: Diagnostics
    verdict: Verdict
    trace: Trace

    @property
    def logprobs(self) -> Floats:
        """(chains, draws) log p of each draw, nats."""
        return self.trace.posterior["logprob"]

    def to_xarray(self) -> xarray.DataTree:
        return self.trace.to_xarray()

    def to_inferencedata(self) -> Any:
        return self.trace.to_inferencedata()

    def __repr__(self) -> str:
        verdict = "converged" if self.verdict.converged else self.verdict.reason
        return f"Draws({self.chains} chains of {self.draws} draws, {len(self.replies)} replies, {verdict})"

    def __str__(self) -> str:
        return _display.draws_text(self)

    def _repr_html_(self) -> str:
        return _display.pre(str(self))


@dataclass(frozen=True, kw_only=True)
class Peak:
    reply: str
    logprob: float  # nats
    share: float  # of the target's mass on the square


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Spots:
    """Points of the plane and the replies there."""

    at: Floats  # (…, 2) standard deviations of the base
    peak: Ids  # (…) index of the reply; -1: none
    logprob: Floats  # (…) nats
    log_weight: Floats  # (…) nats


@dataclass(frozen=True, kw_only=True, eq=False)
class Walk:
    """One method's paths from the same starts."""

    escaped: int
    improved: int
    points: int
    paths: tuple[Spots, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Landscape(Record):
    """Of Model.landscape: numbers only (docs/landscape.md)."""

    start: Peak
    goal: Peak
    size: int
    alpha: float
    seeds: int
    seed: int
    peaks: tuple[Peak, ...]
    start_at: tuple[float, float]
    goal_at: tuple[float, float]
    cells: Spots  # (rows, size), the lowest v first
    walks: dict[str, Walk]

    def __repr__(self) -> str:
        walks = ", ".join(f"{n}: {w.escaped} of {len(w.paths)} escape" for n, w in self.walks.items())
        return f"Landscape({self.size} x {self.size} cells, {len(self.peaks)} replies, {walks})"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a motif fits a design best; positions from 0, the end exclusive."""

    motif: str
    begin: int
    end: int
    strand: str
    log_odds: float


@dataclass(frozen=True, kw_only=True)
class Design:
    sequence: str
    fitness: float | None  # None: against the constraints
    name: str | None = None
    held_out: float | None = None
    edits: int | None = None
    chain: int | None = None
    draw: int | None = None
    places: tuple[Place, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Designs(Record):
    """Of design()."""

    designs: tuple[Design, ...]
    method: str
    kernel: str
    tau: float
    seed: int
    different: int
    diversity: float
    scored: int
    gradients: int
    seconds: float
    version: str
    verdict: Verdict | None = None
    trace: Trace | None = None  # of method "sample"

    def __repr__(self) -> str:
        return f"Designs({len(self.designs)} by {self.method}, {self.different} different)"

    def __str__(self) -> str:
        return "\n".join(f"{d.sequence}  {'-inf' if d.fitness is None else f'{d.fitness:.4f}'}" for d in self.designs)

    def _repr_html_(self) -> str:
        return _display.designs_html(self)
