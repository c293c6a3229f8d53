"""Model: a language model on this machine, and all that is asked of it."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Unpack, overload

import numpy as np

from . import _catalog, _core
from ._decisions import Decision, Decisions
from ._density import Density
from ._errors import InvalidError
from ._numbers import Draws, Gradient, Landscape, Peak, Pseudo, Score, Spots, Trace, Walk
from ._options import (AnswerOptions, GenerateOptions, LandscapeOptions, PromptOptions, ProveOptions, SampleOptions,
                       Sequenced, ThinkOptions, takes)  # fmt: skip
from ._reading import read
from ._records import Answer, Bench, Checked, Generated, Proof, Rate, Thought, TokenProb
from ._requests import Prompt, RawText, Reply, given_reply, ids_of, prompt_fields, to_text
from ._terms import TermCall, apart
from ._thinking import Thinking

def landscape_of(record: str, arrays: dict[str, Any], stopped: bool) -> Landscape:
    """The square's cells as rows, and the paths of each method."""
    fields = json.loads(record)
    size = fields["size"]
    cells = {k: v.reshape(-1, size, *v.shape[1:]) for k, v in arrays["cells"].items()}
    walks = {n: Walk(**fields[n], paths=tuple(Spots(**p) for p in paths)) for n, paths in arrays["walks"].items()}
    peaks = tuple(Peak(reply=r, logprob=p, share=s) for r, p, s in arrays["peaks"])
    return read(Landscape, fields, json=record, stopped=stopped, cells=Spots(**cells), walks=walks, peaks=peaks,
                start_at=arrays["start_at"], goal_at=arrays["goal_at"])  # fmt: skip


class Model:
    """A GGUF model, opened. A context manager; calls release the GIL, and threads may share one model.

    path_or_name: a file, a name of ponder.models(), or None for the model that ./quickstart fetched.
    precision: of matrix products. weights: how they are held in memory. n_ctx: context in tokens, 0 for
    the model's, at most 8192. threads: 0 for the CPUs that this process may use. chat_template: replaces
    the model's. density: a model of one's own gives the numbers, and the file its vocabulary and chat
    template alone.

    Ctrl-C in a search makes it return the best so far, with `stopped` set; a second one raises
    KeyboardInterrupt. Errors are ponder.Error and its kinds.
    """

    _density: Density | None

    def __init__(
        self,
        path_or_name: str | os.PathLike[str] | None = None,
        *,
        precision: Literal["auto", "f32", "bf16"] = "auto",
        weights: Literal["auto", "packed", "lean", "quantised"] = "auto",
        n_ctx: int = 0,
        threads: int = 0,
        chat_template: str = "",
        density: Density | None = None,
    ) -> None:
        path = _catalog.path_of(path_or_name)
        if density is None:
            self._core = _core.open_model(path, chat_template, precision, weights, n_ctx, threads)
        elif not isinstance(density, Density):
            raise TypeError(f"expected a density that is a subclass of ponder.Density, got {type(density).__name__}")
        elif (precision, weights, threads) != ("auto", "auto", 0):
            raise TypeError("precision, weights and threads are not settings of a density of one's own")
        elif any(m._density is density and not m.closed for m in opened):
            raise InvalidError("a density of one open model", "one of two", "density", "close the other model, or make another density")
        else:
            self._core = _core.open_density(path, chat_template, density, n_ctx)
        self._path, self._density = path, density
        opened.add(self)

    def close(self) -> None:
        """Gives the memory back; calls that still run in other threads end with CancelledError."""
        self._core.close()

    @property
    def closed(self) -> bool:
        return self._core.closed

    def __enter__(self) -> Model:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Model({self._path!r}{', closed' if self.closed else ''})"

    def __reduce__(self) -> str:
        raise TypeError(f"a Model cannot be pickled; open it in the other process: ponder.Model({self._path!r})")

    # What the model is.

    @property
    def path(self) -> str:
        return self._path

    @property
    def n_ctx(self) -> int:
        """Tokens from the start of a prompt to the end of a reply."""
        return self._core.n_ctx

    @property
    def n_vocab(self) -> int:
        return self._core.n_vocab

    def info(self) -> dict[str, Any]:
        """What `ponder info --json` prints, with this model's precision, weights and threads."""
        described: dict[str, Any] = json.loads(self._core.info())
        return described

    def tokenize(self, text: str, *, parse_special: bool = True) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Token ids, without a BOS; control tokens that are spelled in the text are read as such."""
        return self._core.tokenize(text, parse_special)

    def detokenize(self, ids: Sequenced, *, with_special: bool = True) -> str:
        """The text of ids; bytes that are no UTF-8 are replaced."""
        return self._core.detokenize(ids_of(ids, "ids"), with_special).decode(errors="replace")

    @takes(PromptOptions)
    def prompt(self, prompt: Prompt, **options: Unpack[PromptOptions]) -> tuple[str, np.ndarray[Any, np.dtype[np.int32]]]:
        """What the chat template makes of a prompt (empty where none was used), and its ids."""
        record = json.loads(self._core.prompt(to_text(prompt_fields(prompt, options))))
        return record["rendered"], np.array(record["prompt_ids"], np.int32)

    # What is asked of it.

    @takes(GenerateOptions)
    def generate(self, prompt: Prompt, **options: Unpack[GenerateOptions]) -> Generated:
        """The ordinary reply: greedy, unless there is a temperature, a beam, or n > 1 with a temperature,
        of which the likeliest is the reply and `replies` are all."""
        record, spelled, stopped = self._core.generate(to_text(prompt_fields(prompt, options)))
        tokens = tuple(TokenProb(text=t, logprob=p) for t, p in spelled)
        return read(Generated, json.loads(record), json=record, tokens=tokens, stopped=stopped)

    @takes(PromptOptions)
    def score(
        self,
        prompt: Prompt,
        replies: Sequence[Reply],
        *,
        end: bool = False,
        alpha: float = 0,
        pseudo: int = 0,
        logits: bool = False,
        allow_ids: Sequenced = (),
        **options: Unpack[PromptOptions],
    ) -> list[Score]:
        """Log p of given replies to one prompt, all in few batches.

        end: append the end-of-turn token to each. alpha: also lz of every row. pseudo: also the
        pseudo-likelihood, over so many candidates a position. logits: also the row after the prompt.
        """
        if isinstance(replies, str) or (len(replies) > 0 and isinstance(replies[0], int | np.integer)):
            raise TypeError("expected a list of replies, got one; write [reply] (replies)")
        given = [given_reply(r, f"replies, {i}") for i, r in enumerate(replies)]
        context = to_text(prompt_fields(prompt, options))
        found = self._core.score(context, given, end, alpha, pseudo, logits, ids_of(allow_ids, "allow_ids"))
        for s in found:
            s["texts"] = tuple(s["texts"])
            if "pseudo" in s:
                s["pseudo"] = Pseudo(**s["pseudo"])
        return [Score(**s) for s in found]

    @takes(PromptOptions)
    def grad(
        self,
        prompt: Prompt,
        reply: Reply | None = None,
        *,
        end: bool = False,
        candidates: Any = None,
        weights: Any = None,
        tape_limit: float = 0,
        **options: Unpack[PromptOptions],
    ) -> Gradient:
        """The gradient of a reply's log p (docs/gradient.md); or, of `candidates` and `weights` (n, m)
        instead of a reply, that of the relaxed objective.

        tape_limit: most MB of activations to keep, 0 for 1 GB; beyond it layers are run twice.
        """
        context = to_text(prompt_fields(prompt, options))
        if candidates is None:
            if reply is None:
                raise TypeError("grad() needs a reply, or candidates and weights")
            value, gradient = self._core.gradient(context, given_reply(reply, "reply"), end, tape_limit)
            return Gradient(value=value, gradient=gradient)
        ids, w = np.asarray(candidates), np.asarray(weights, np.float32)
        fits = ids.ndim == 2 and ids.shape == w.shape and ids.size > 0 and np.issubdtype(ids.dtype, np.integer)
        if reply is not None or not fits:
            raise InvalidError("candidates, whole numbers, and weights of one shape (n, m), and no reply", f"{ids.shape} and {w.shape}", "candidates")
        value, gradient = self._core.relaxed_gradient(context, ids.ravel().tolist(), w.ravel().tolist(), ids.shape[1], tape_limit)
        return Gradient(value=value, gradient=gradient)

    @overload
    def think(self, prompt: Prompt, *, stream: Literal[False] = False, **options: Unpack[ThinkOptions]) -> Thought: ...
    @overload
    def think(self, prompt: Prompt, *, stream: Literal[True], **options: Unpack[ThinkOptions]) -> Thinking: ...
    @takes(ThinkOptions)
    def think(self, prompt: Prompt, *, stream: bool = False, **options: Unpack[ThinkOptions]) -> Thought | Thinking:
        """The first reply, then a likelier one under a budget of 10 s unless it is set, with a proof or
        a gap. stream: its events while it runs (ponder.events)."""
        request = to_text(prompt_fields(prompt, options))
        if stream:
            return Thinking(self._core.think_stream(request))
        record, stopped = self._core.think(request)
        return read(Thought, json.loads(record), json=record, stopped=stopped)

    @takes(ProveOptions)
    def prove(self, prompt: Prompt, **options: Unpack[ProveOptions]) -> Proof:
        """Best-first search alone: the most likely replies, proved, or a certified gap."""
        given, terms = self._terms_apart(options)
        for name, _, _, span in terms:
            if span is None:
                raise InvalidError("a term with a range, which bounds what can follow", "one without", name, "give it a function range, or sample with it")
        record, proof, stopped = self._core.prove(to_text(prompt_fields(prompt, given)), terms)
        return read(Proof, json.loads(record), json=record, proof=proof, stopped=stopped)

    @takes(AnswerOptions)
    def answer(self, prompt: Prompt, **options: Unpack[AnswerOptions]) -> Answer:
        """The likeliest answer: the mass of all replies that give it (docs/answers.md)."""
        given: dict[str, Any] = dict(options)
        file = given.pop("calibration", None)
        demanded = file is not None
        if "calibration" not in options and (folder := _catalog.calibrations()):
            kept = folder / f"{self._core.sha256}.json"
            file = kept if kept.exists() else None
        if "kind" in given:
            given["answer"] = given.pop("kind")
        text = None if file is None else _catalog.read_text(file)
        record, proof, stopped = self._core.answer(to_text(prompt_fields(prompt, given)), text, str(file), demanded)
        return read(Answer, json.loads(record), json=record, proof=proof, stopped=stopped)

    def decide(
        self,
        text: Prompt,
        *,
        choices: Sequence[str | bool] | None = None,
        predicate: str | None = None,
        levels: Sequence[str] | None = None,
        question: str | None = None,
        prior: bool | str = False,
        orders: bool = False,
        listed: bool = True,
    ) -> Decision:
        """One typed question on a text: choices, a predicate (yes or no), or levels, the lowest first.

        question: what is asked, with choices or levels. prior: divide by what the labels have for "N/A",
        or for the text given. orders: letter the labels, and average over all cyclic orders. listed:
        name the labels in the question.
        """
        if sum(x is not None for x in (choices, predicate, levels)) != 1:
            raise TypeError("decide() needs exactly one of choices, predicate and levels")
        asked: dict[str, Any] = {"type": "predicate", "instructions": predicate}
        if choices is not None:
            asked = {"type": "choice", "instructions": question or _core.ASK_CHOICE}
            asked["choices"] = [{"value": c} for c in choices]
        if levels is not None:
            asked = {"type": "score", "instructions": question or _core.ASK_SCORE}
            asked["levels"] = [{"label": x} for x in levels]
        return self.decisions(text, [asked], prior=prior, orders=orders, listed=listed).answers[0]

    def decisions(
        self, text: Prompt, questions: Sequence[Mapping[str, Any]], *, prior: bool | str = False, orders: bool = False, listed: bool = True
    ) -> Decisions:
        """Several typed questions on one text, in the form of /v1/decisions (docs/requests.md#decide)."""
        request: dict[str, Any] = {"input": str(text) if isinstance(text, str) else text, "questions": questions}
        request |= {"prior": prior, "orders": orders, "listed": listed}
        record = self._core.decide(to_text(request), isinstance(text, RawText))
        return read(Decisions, json.loads(record), json=record)

    @takes(SampleOptions)
    def sample(self, prompt: Prompt, **options: Unpack[SampleOptions]) -> Draws:
        """Draws from p^alpha over whole replies by Markov chains, with diagnostics and a verdict."""
        given, terms = self._terms_apart(options)
        record, arrays, stopped = self._core.sample(to_text(prompt_fields(prompt, given)), terms)
        return read(Draws, json.loads(record), json=record, trace=Trace(**arrays), stopped=stopped)

    def _terms_apart(self, options: Mapping[str, Any]) -> tuple[dict[str, Any], list[TermCall]]:
        """The settings as JSON has them, and the terms that it cannot have."""
        given = dict(options)
        texts, terms = apart(given.pop("terms", None) or [], self._core.end_tokens, self._spell)
        return {**given, **({"terms": texts} if texts else {})}, terms

    def _spell(self, ids: np.ndarray[Any, np.dtype[np.int32]]) -> str:
        return self.detokenize(ids, with_special=False)

    @takes(LandscapeOptions)
    def landscape(self, prompt: Prompt, **options: Unpack[LandscapeOptions]) -> Landscape:
        """A slice of the decoder's noise between two replies, and the paths of two methods over it."""
        return landscape_of(*self._core.landscape(to_text(prompt_fields(prompt, options))))

    def check(self, proof: str, *, budget: str = "") -> Checked:
        """Whether what was written down of a proof (Proof.proof, Answer.proof) holds, by another way."""
        answers = '"format":"ponder answer' in proof[:80]
        record = self._core.check_answer(proof, "proof") if answers else self._core.check_proof(proof, "proof", budget)
        return read(Checked, json.loads(record), json=record)

    def bench(self, *, repeats: int = 5, only: Sequence[str] = ()) -> Bench:
        """The speed of this machine on this model."""
        record = self._core.bench(repeats, list(only))
        fields = json.loads(record)
        rates = {n: read(Rate, r) for n, r in fields.items() if isinstance(r, dict) and "median" in r}
        return read(Bench, fields, json=record, rates=rates)


opened: weakref.WeakSet[Model] = weakref.WeakSet()
