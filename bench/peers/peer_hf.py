"""Hugging Face transformers on torch as a peer. peer_hf.py FOLDER bf16|f32 THREADS, with the folder
that convert.py made.

Chosen for speed: the prompt's keys and values are kept and shared by all rows as a view, only
necessary tokens are fed, and the vocabulary is projected only where asked, in blocks of rows
(log-softmax of a block is done while it is in the cache). Attention is torch's fused kernel for a
prompt and plain products elsewhere, whichever is faster."""

import copy
import sys
from collections.abc import Callable

import torch
import transformers
from torch.nn.functional import cross_entropy

import work
from serve import serve

BLOCK = 256  # rows of logits at a time


class HuggingFace:
    def __init__(self, folder: str, dtype: torch.dtype, threads: int) -> None:
        torch.set_num_threads(threads)
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        self.model = model.eval().requires_grad_(False)
        self.n_vocab = model.config.vocab_size

    def job(self, work_name: str) -> Callable[[], object]:
        self.model.set_attn_implementation("sdpa" if work_name == "prefill512" else "eager")
        if work_name == "prefill512":
            ids = torch.tensor([work.prompt(work.N_PREFILL, self.n_vocab)])
            return lambda: self._feed(ids)
        prompt = self._feed(torch.tensor([work.prompt(work.N_PROMPT, self.n_vocab)]))
        if work_name == "decode128":
            return lambda: self._decode(prompt, 1, work.N_DECODE, self._argmax)
        if work_name == "streams16x32":
            return lambda: self._decode(prompt, work.N_STREAMS, work.N_STREAM, self._draw)
        n = work.N_CHAINS.get(work_name, work.N_ROWS)
        rows = torch.tensor(work.replies(n, self.n_vocab))
        run = self._value_and_grad if work_name in work.N_CHAINS else self._score
        return lambda: run(prompt, rows)

    def score(self, prompt: list[int], reply: list[int]) -> list[float]:
        fed = self._feed(torch.tensor([prompt]))
        return self._score(fed, torch.tensor([reply]))[0].tolist()

    # Not inference_mode: a gradient goes through these keys and values, as constants.
    @torch.no_grad()
    def _feed(self, ids: torch.Tensor) -> transformers.modeling_outputs.ModelOutput:
        """A prompt (1, n): its keys and values, and the logits of its last row."""
        return self.model(input_ids=ids, use_cache=True, logits_to_keep=1)

    @staticmethod
    def _shared(cache: transformers.Cache, n: int) -> transformers.Cache:
        """The keys and values of one prompt for n rows, as a view, which is safe since layers
        concatenate and never write in place."""
        shared = copy.copy(cache)
        shared.layers = [copy.copy(layer) for layer in cache.layers]
        for layer in shared.layers:
            layer.keys = layer.keys.expand(n, -1, -1, -1)
            layer.values = layer.values.expand(n, -1, -1, -1)
        return shared

    @staticmethod
    def _argmax(logits: torch.Tensor) -> torch.Tensor:
        return logits.argmax(-1, keepdim=True)

    @staticmethod
    def _draw(logits: torch.Tensor) -> torch.Tensor:
        return torch.multinomial(logits.float().softmax(-1), 1)

    @torch.inference_mode()
    def _decode(self, prompt, n_streams: int, n: int, pick) -> torch.Tensor:
        cache = self._shared(prompt.cache, n_streams)
        ids = torch.tensor([[work.token(s, self.n_vocab)] for s in range(n_streams)])
        for _ in range(n):
            out = self.model(input_ids=ids, cache=cache, use_cache=True)
            ids = pick(out.logits[:, -1])
        return ids

    @torch.inference_mode()
    def _score(self, prompt, rows: torch.Tensor) -> torch.Tensor:
        """log p (n, N_REPLY) of the tokens of rows. The last token need not be fed."""
        cache = self._shared(prompt.cache, len(rows))
        body = self.model.model(input_ids=rows[:, :-1], cache=cache)
        hidden = body.last_hidden_state.flatten(0, 1)
        targets = rows[:, 1:].flatten()
        nll = [
            cross_entropy(self.model.lm_head(h).float(), t, reduction="none")
            for h, t in zip(hidden.split(BLOCK), targets.split(BLOCK), strict=True)
        ]
        first = prompt.logits[0, -1].float().log_softmax(-1)[rows[:, :1]]
        return torch.cat([first, -torch.cat(nll).view(len(rows), -1)], dim=1)

    def _value_and_grad(self, prompt, rows: torch.Tensor) -> tuple:
        """log p (n) and its gradient (n, N_REPLY - 1, d) with respect to the input of the first
        block; that of the last position is zero."""
        embed = self.model.get_input_embeddings()(rows[:, :-1]).requires_grad_()
        cache = self._shared(prompt.cache, len(rows))
        body = self.model.model(inputs_embeds=embed, cache=cache)
        logits = self.model.lm_head(body.last_hidden_state.flatten(0, 1)).float()
        nll = cross_entropy(logits, rows[:, 1:].flatten(), reduction="none")
        first = prompt.logits[0, -1].float().log_softmax(-1)[rows[:, 0]]
        value = first - nll.view(len(rows), -1).sum(1)
        return value.detach(), torch.autograd.grad(value.sum(), embed)[0]


def main(folder: str, dtype: str, threads: str) -> None:
    transformers.logging.set_verbosity_error()
    kind = {"bf16": torch.bfloat16, "f32": torch.float32}[dtype]
    about = {
        "version": f"transformers {transformers.__version__}, torch {torch.__version__}",
        "setting": f"{dtype}, {threads} threads, "
        f"{torch.backends.cpu.get_cpu_capability()}, eager mode",
    }
    serve(lambda: HuggingFace(f"{folder}/{dtype}", kind, int(threads)), about)


if __name__ == "__main__":
    main(*sys.argv[1:])
