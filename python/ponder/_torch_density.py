"""A causal language model of Hugging Face's transformers as a Density: any architecture, on any device.

Keys and values of prefixes are kept by slot where the model's cache allows it; else whole prefixes are run.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np

from ._density import Density, FedTokens, Floats, Prefixes
from ._errors import InvalidError

torch: Any = importlib.import_module("torch")
transformers: Any = importlib.import_module("transformers")
Tensor = Any  # torch.Tensor; ponder is typed without torch


def chains_of(parents: list[int], slots: list[int]) -> list[list[int]]:
    """Runs of indices in which each token follows the one before it."""
    chains: list[list[int]] = []
    for i, parent in enumerate(parents):
        if chains and slots[chains[-1][-1]] == parent:
            chains[-1].append(i)
        else:
            chains.append([i])
    return chains


def waves_of(chains: list[list[int]], parents: list[int], slots: list[int], most: int) -> Iterator[list[list[int]]]:
    """Chains in groups that can run side by side: none begins where another of its group ends."""
    wave: list[list[int]] = []
    new: set[int] = set()
    for chain in chains:
        if wave and (len(wave) == most or parents[chain[0]] in new):
            yield wave
            wave, new = [], set()
        wave.append(chain)
        new.update(slots[i] for i in chain)
    if wave:
        yield wave


def fed(slots: list[int], parents: list[int], positions: list[int], tokens: list[int]) -> FedTokens:
    return FedTokens(*(np.array(x, np.int32) for x in (slots, parents, positions, tokens)))


def floats_of(t: Tensor) -> Floats:
    array: Floats = t.detach().float().cpu().numpy()
    return array


def log_p(rows: Floats, ids: list[int]) -> Any:
    """Log p of each of ids[1:], by the rows after the ids before them, in nats."""
    logits = torch.from_numpy(rows[: len(ids) - 1]).double().log_softmax(-1)
    return logits[torch.arange(len(ids) - 1), torch.tensor(ids[1:])].numpy()


class Pool:
    """Rows of tensors by slot, which grow as slots are used."""

    def __init__(self) -> None:
        self.rows: Tensor | None = None

    def put(self, slots: Tensor, values: Tensor) -> None:
        needed = int(slots.max()) + 1
        values = values.detach()
        if self.rows is None or len(self.rows) < needed:
            size = max(needed, 2 * (0 if self.rows is None else len(self.rows)), 64)
            grown = values.new_zeros((size, *values.shape[1:]))
            if self.rows is not None:
                grown[: len(self.rows)] = self.rows
            self.rows = grown
        self.rows[slots] = values

    def get(self, slots: Tensor) -> Tensor:
        if self.rows is None:
            raise InvalidError("a slot that was fed", "none so far", "TorchDensity")
        return self.rows[slots]

    @property
    def row_bytes(self) -> int:
        return 0 if self.rows is None else self.rows[0].nbytes


class TorchDensity(Density):
    """The logits of a model of transformers, for `ponder.Model(vocabulary, density=TorchDensity(model))`.

    model: as AutoModelForCausalLM gives it, on the device and in the precision that it is to run in; nobody
    else may run it while it is asked. Torch gives a row other bits in another batch: at the start a text is
    scored by the model itself, token by token, and beside a longer one. `drift` is the largest difference
    of a token's log p, for 512 tokens, in nats. More than max_drift is an error, since neither chains nor
    proofs have a footing then. keep: keys and values of prefixes are kept; None: if the model can, by the
    same test. batch: most sequences in one pass.
    """

    def __init__(self, model: Any, *, n_ctx: int = 0, name: str = "", keep: bool | None = None, batch: int = 64, max_drift: float = 0.05) -> None:
        self._model = model.eval()
        weight = model.get_input_embeddings().weight
        self._device = weight.device
        longest = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 2048
        self.n_vocab, self.n_embd = int(model.get_output_embeddings().weight.shape[0]), int(weight.shape[1])
        self.n_ctx = n_ctx or min(int(longest), 8192)
        self.name = name or f"{type(model).__name__} in {str(model.dtype).removeprefix('torch.')}"
        self._batch = batch
        takes = inspect.signature(model.base_model.forward).parameters
        self._cache_name = "cache" if "cache" in takes else "past_key_values"  # by the version of transformers
        self._forget()
        self._choose(keep, max_drift)

    def _forget(self) -> None:
        self._fed: dict[int, tuple[int, int]] = {}  # slot: its parent's slot, its token
        self._kept: list[tuple[Pool, Pool]] = []  # keys and values of each layer, (heads, width)
        self._hidden = Pool()  # the last hidden vectors
        self._graph: tuple[Tensor, Tensor] | None = None  # vectors that came in, and the logits after each

    # Density.

    def start(self, n_slots: int) -> None:
        self._forget()  # of the model that was open before

    def feed(self, tokens: FedTokens) -> None:
        with torch.no_grad():
            self._run(tokens, None)

    def logits(self, prefixes: Prefixes) -> Floats:
        return self._logits(prefixes.slots)

    def embeddings(self) -> Floats:
        with torch.no_grad():
            return floats_of(self._model.get_input_embeddings()(torch.arange(self.n_vocab, device=self._device)))

    def feed_vectors(self, tokens: FedTokens, vectors: Floats) -> None:
        x = torch.tensor(vectors, device=self._device, dtype=self._model.dtype, requires_grad=True)
        self._graph = x, self._head(self._run(tokens, x))

    def backward(self, dlogits: Floats) -> Floats:
        if self._graph is None:
            raise InvalidError("vectors that were fed before", "none", "TorchDensity.backward")
        (x, logits), self._graph = self._graph, None
        (dx,) = torch.autograd.grad(logits, x, torch.tensor(dlogits, device=self._device, dtype=logits.dtype))
        return floats_of(dx)

    # How it is computed.

    def _path(self, slot: int) -> list[int]:
        """The slots of a prefix, its first token's first."""
        path = []
        while slot >= 0:
            path.append(slot)
            slot = self._fed[slot][0]
        return path[::-1]

    def _logits(self, slots: Any) -> Floats:
        with torch.no_grad():
            rows = self._hidden.get(torch.tensor(np.array(slots), dtype=torch.long, device=self._device))
            return floats_of(torch.cat([self._head(part) for part in rows.split(self._batch)]))

    def _head(self, hidden: Tensor) -> Tensor:
        """The logits (n, n_vocab) after last hidden vectors (n, width): the model's own forward, in which
        the layers give these, so that scales and soft caps are the model's."""
        given = transformers.modeling_outputs.BaseModelOutputWithPast(last_hidden_state=hidden[None])
        ids = torch.zeros((1, len(hidden)), dtype=torch.long, device=self._device)
        with mock.patch.object(self._model.base_model, "forward", lambda *_, **__: given):
            logits: Tensor = self._model(input_ids=ids, use_cache=False).logits[0]
        return logits

    def _run(self, tokens: FedTokens, vectors: Tensor | None) -> Tensor:
        """Runs tokens, or vectors instead of them, keeps what came out under their slots, and returns the
        last hidden vectors (n, width) in the order of the tokens."""
        slots, parents = tokens.slots.tolist(), tokens.parents.tolist()
        for slot, parent, token in zip(slots, parents, tokens.tokens.tolist(), strict=True):
            self._fed[slot] = parent, token
        parts: list[Tensor] = []
        for wave in waves_of(chains_of(parents, slots), parents, slots, self._batch):
            order = torch.tensor([i for chain in wave for i in chain], device=self._device)
            hidden = self._run_wave(wave, parents, slots, vectors)
            self._hidden.put(torch.tensor(slots, device=self._device)[order], hidden.detach())
            parts.append(hidden)
        return torch.cat(parts)

    def _run_wave(self, wave: list[list[int]], parents: list[int], slots: list[int], vectors: Tensor | None) -> Tensor:
        """Chains that do not depend on one another, side by side: what lies before them is padded on the
        left, they themselves on the right."""
        before = [self._path(parents[chain[0]]) for chain in wave]
        heads = [[] if self.keep else path for path in before]  # what is run again
        kept = [len(path) - len(head) for path, head in zip(before, heads, strict=True)]  # what the cache has
        past, n = max(kept), max(len(h) + len(c) for h, c in zip(heads, wave, strict=True))
        mask = torch.zeros((len(wave), past + n), dtype=torch.long, device=self._device)
        positions = torch.tensor(kept, device=self._device)[:, None] + torch.arange(n, device=self._device)
        rows: list[Tensor] = []
        for k, (head, chain) in enumerate(zip(heads, wave, strict=True)):
            rows.append(self._row(head, [slots[i] for i in chain], None if vectors is None else vectors[chain]))
            mask[k, past - kept[k] : past + len(rows[-1])] = 1
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        given: dict[str, Any] = {"input_ids": padded} if vectors is None else {"inputs_embeds": padded}
        cache = self._cache_of(before, past) if self.keep else None
        given[self._cache_name] = cache
        out = self._model.base_model(**given, attention_mask=mask, position_ids=positions, use_cache=self.keep)
        if cache is not None:
            self._keep_new(cache, wave, slots, past)
        return torch.cat([x[len(h) : len(h) + len(c)] for x, h, c in zip(out.last_hidden_state, heads, wave, strict=True)])

    def _row(self, head: list[int], chain: list[int], vectors: Tensor | None) -> Tensor:
        """The ids of slots, or vectors for those of the chain."""
        ids = torch.tensor([self._fed[s][1] for s in (head if vectors is not None else head + chain)], dtype=torch.long, device=self._device)
        if vectors is None:
            return ids
        return torch.cat([self._model.get_input_embeddings()(ids).detach(), vectors])

    def _cache_of(self, before: list[list[int]], past: int) -> Any:
        cache = transformers.DynamicCache()
        if past == 0:
            return cache
        index = torch.tensor([[0] * (past - len(path)) + path for path in before], device=self._device)
        for layer, (keys, values) in enumerate(self._kept):
            cache.update(keys.get(index).transpose(1, 2), values.get(index).transpose(1, 2), layer)
        return cache

    def _keep_new(self, cache: Any, wave: list[list[int]], slots: list[int], past: int) -> None:
        own = torch.tensor([slots[i] for chain in wave for i in chain], device=self._device)
        for layer, made in enumerate(cache.layers):
            if layer == len(self._kept):
                self._kept.append((Pool(), Pool()))
            for pool, rows in zip(self._kept[layer], (made.keys, made.values), strict=True):
                new = rows[:, :, past:].transpose(1, 2).detach()
                pool.put(own, torch.cat([new[k, : len(chain)] for k, chain in enumerate(wave)]))

    # The self-test.

    def _choose(self, keep: bool | None, max_drift: float) -> None:
        """Whether keys and values are kept, and the drift."""
        ids = [(1009 + 7 * i) % self.n_vocab for i in range(24)]
        with torch.no_grad():
            direct = self._model(input_ids=torch.tensor([ids], device=self._device), use_cache=False).logits[0]
        want, raised = log_p(floats_of(direct), ids), None
        self.name += f", {want.sum():.4f}"  # other weights have another name
        for self.keep in [True, False] if keep is None else [keep]:
            self._forget()
            try:
                self.drift = 512 * max(float(abs(log_p(rows, ids) - want).max()) for rows in self._ways(ids))
            except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as e:
                raised, self.drift = e, float("inf")
            if self.drift <= max_drift:
                break
        else:
            raise InvalidError(f"log p of 512 tokens that changes by at most {max_drift:g} nats with the batch", f"{self.drift:.3g}", self.name,
                               "run the model in a higher precision, or raise max_drift") from raised  # fmt: skip
        pools = [self._hidden, *(pool for pair in self._kept for pool in pair)]
        self.slot_bytes = sum(pool.row_bytes for pool in pools)
        if self._device.type == "cuda":
            self.free_bytes = torch.cuda.mem_get_info(self._device)[0] // 2  # the other half: a pool that grows
        self._forget()

    def _ways(self, ids: list[int]) -> list[Floats]:
        """The rows after ids[:-1]: token by token, and at once beside a longer sequence."""
        n = len(ids) - 1
        for i in range(n):
            self.feed(fed([i], [i - 1], [i], [ids[i]]))
        one, other = [*range(n, 2 * n)], [*range(2 * n, 3 * n + 9)]
        parents = [-1, *one[:-1], -1, *other[:-1]]
        self.feed(fed(one + other, parents, [*range(n), *range(n + 9)], [*ids[:-1], *(ids[i % 3] for i in range(n + 9))]))
        return [self._logits(range(n)), self._logits(one)]
