"""Trains the tiny model of the repository, tests/data/toy/ponder-toy.gguf, and writes it as GGUF.

A llama with about 0.2 million float32 weights and 256 tokens, trained on the chat of
tools/toy_world.py, so that the main job runs offline and every reply can be enumerated. Beside it:
ponder-toy.jsonl, log-probabilities of replies by this script's own forward pass, the greedy reply
and the most likely one (found by best-first search, proved). The script is seeded and uses one
thread: it writes the same bytes again on the same kind of CPU.

    python3 -m venv V && V/bin/pip install torch==2.4.1 numpy==2.4.6 gguf==0.19.0
    V/bin/python tools/train_tiny.py [--out tests/data/toy] [--steps N]

Not a trainer for anything else.
"""
import argparse
import collections
import heapq
import json
import math
import os
import random
import re

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from gguf import GGUFWriter

import toy_world

N_VOCAB, N_EMBD, N_LAYERS, N_HEADS, N_KV, N_FF, N_CTX = 256, 64, 4, 4, 2, 128, 512
EPS, ROPE_BASE, HORIZON = 1e-5, 10000.0, 24
END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + "
            "'<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
# The gpt-2 pre-tokenizer on ASCII text.
SPLIT = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n.,?!'+-=:()"
VISIBLE = {" ": "Ġ", "\n": "Ċ"}  # how byte-level BPE spells these bytes


# ---------------------------------------------------------------- tokenizer
class Bpe:
    """Byte-pair encoding with merges learnt from `texts`: most frequent pair first, ties by spelling."""

    def __init__(self, texts):
        words = collections.Counter(w for t in texts for w in SPLIT.findall(t))
        split = {w: list(w) for w in words}
        self.tokens, self.merges = list(ALPHABET), []
        while len(self.tokens) < N_VOCAB - 3:
            pairs = collections.Counter()
            for w, parts in split.items():
                for p in zip(parts, parts[1:]):
                    pairs[p] += words[w]
            best = min(pairs, key=lambda p: (-pairs[p], p))
            self.merges.append(best)
            self.tokens.append("".join(best))
            split = {w: merge(parts, best) for w, parts in split.items()}
        self.tokens += [END, START, STOP]
        self.ids = {t: i for i, t in enumerate(self.tokens)}
        self.cache = {}

    def encode(self, text):
        out = []
        for w in SPLIT.findall(text):
            if w not in self.cache:
                parts = list(w)
                for m in self.merges:
                    parts = merge(parts, m)
                self.cache[w] = [self.ids[p] for p in parts]
            out += self.cache[w]
        return out

    def prompt(self, question):
        return ([self.ids[START]] + self.encode("user\n" + question) + [self.ids[STOP]] + self.encode("\n") +
                [self.ids[START]] + self.encode("assistant\n"))

    def decode(self, ids):
        return "".join(self.tokens[i] for i in ids if i < N_VOCAB - 3)


def merge(parts, pair):
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and (parts[i], parts[i + 1]) == pair:
            out.append(parts[i] + parts[i + 1])
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


# ---------------------------------------------------------------- model
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        head = N_EMBD // N_HEADS
        self.attn_norm, self.ffn_norm = nn.Parameter(torch.ones(N_EMBD)), nn.Parameter(torch.ones(N_EMBD))
        self.attn_q = nn.Linear(N_EMBD, N_EMBD, bias=False)
        self.attn_k = nn.Linear(N_EMBD, N_KV * head, bias=False)
        self.attn_v = nn.Linear(N_EMBD, N_KV * head, bias=False)
        self.attn_output = nn.Linear(N_EMBD, N_EMBD, bias=False)
        self.ffn_gate = nn.Linear(N_EMBD, N_FF, bias=False)
        self.ffn_up = nn.Linear(N_EMBD, N_FF, bias=False)
        self.ffn_down = nn.Linear(N_FF, N_EMBD, bias=False)

    def forward(self, x, cos, sin):  # x: (B, n, d)
        h = norm(x, self.attn_norm)
        q, k, v = (f(h).unflatten(-1, (-1, N_EMBD // N_HEADS)).transpose(1, 2) for f in
                   (self.attn_q, self.attn_k, self.attn_v))
        k, v = (y.repeat_interleave(N_HEADS // N_KV, 1) for y in (rope(k, cos, sin), v))
        a = F.scaled_dot_product_attention(rope(q, cos, sin), k, v, is_causal=True)
        x = x + self.attn_output(a.transpose(1, 2).flatten(2))
        h = norm(x, self.ffn_norm)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


def norm(x, w):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * w


def rope(x, cos, sin):  # neighbouring values form a pair, as GGUF stores them for llama
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embd = nn.Embedding(N_VOCAB, N_EMBD)
        self.blk = nn.ModuleList(Block() for _ in range(N_LAYERS))
        self.output_norm = nn.Parameter(torch.ones(N_EMBD))
        for p in self.parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.06)

    def forward(self, ids):  # (B, n) -> log-probabilities (B, n, V), nats
        head = N_EMBD // N_HEADS
        freq = ROPE_BASE ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
        angle = torch.arange(ids.shape[1], dtype=torch.float64)[:, None] * freq
        cos, sin, x = angle.cos().to(self.output_norm.dtype), angle.sin().to(self.output_norm.dtype), self.token_embd(ids)
        for b in self.blk:
            x = b(x, cos, sin)
        return F.log_softmax(norm(x, self.output_norm) @ self.token_embd.weight.T, -1)


# ---------------------------------------------------------------- training
def batch(rng, bpe, families, size):
    """Conversations of one to three turns; ids (B, n) and weights (B, n) of the tokens as targets."""
    rows = []
    for _ in range(size):
        ids, weight = [], []
        for _ in range(rng.choice((1, 1, 1, 1, 2, 3))):
            question, law = rng.choice(rng.choices(families, (6, 2, 2, 1, 1))[0])
            reply = rng.choices([r for r, _ in law], [p for _, p in law])[0]
            p, r = bpe.prompt(question), bpe.encode(reply) + [bpe.ids[STOP]]
            nl = bpe.encode("\n")
            ids += p + r + nl
            weight += [0.05] * len(p) + [1.0] * len(r) + [0.05] * len(nl)
        rows.append((ids, weight))
    n = max(len(i) for i, _ in rows)
    ids = torch.tensor([i + [0] * (n - len(i)) for i, _ in rows])
    return ids, torch.tensor([w + [0.0] * (n - len(w)) for _, w in rows])


def train(bpe, families, steps):
    rng, model = random.Random(1), Llama()
    opt = torch.optim.AdamW(model.parameters(), lr=1, betas=(0.9, 0.98), weight_decay=0.01)
    for step in range(steps):
        for g in opt.param_groups:
            g["lr"] = 4e-3 * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        ids, weight = batch(rng, bpe, families, 64)
        lp = model(ids[:, :-1]).gather(-1, ids[:, 1:, None])[..., 0]
        energy = -(lp * weight[:, 1:]).sum() / weight[:, 1:].sum()
        opt.zero_grad()
        energy.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step}: {energy.item():.4f} nats a token", flush=True)
    return model.eval()


# ---------------------------------------------------------------- greedy reply, and the most likely one
@torch.no_grad()
def rows_of(model, prompt, prefixes):
    n = max(map(len, prefixes))
    ids = torch.tensor([prompt + list(p) + [0] * (n - len(p)) for p in prefixes])
    lp = model(ids)
    return torch.stack([lp[i, len(prompt) + len(p) - 1] for i, p in enumerate(prefixes)])


def greedy(model, prompt, stop):
    ids, total = (), 0.0
    while len(ids) < HORIZON and (not ids or ids[-1] not in stop):
        v, i = rows_of(model, prompt, [ids])[0].max(0)
        ids, total = ids + (i.item(),), total + v.item()
    return ids, total


def mode(model, prompt, stop):
    """Best-first search over prefixes; returns the most likely ended reply of up to HORIZON tokens, and expansions."""
    heap, best, bar, expanded = [(0.0, ())], None, -math.inf, 0
    while heap and -heap[0][0] > bar:
        popped = [heapq.heappop(heap) for _ in range(min(8, len(heap)))]
        expanded += len(popped)
        for (cost, prefix), row in zip(popped, rows_of(model, prompt, [p for _, p in popped])):
            for v, lp in enumerate(row.tolist()):
                total = -cost + lp
                if total <= bar:
                    continue
                if v in stop:
                    best, bar = prefix + (v,), total
                elif len(prefix) + 1 < HORIZON:
                    heapq.heappush(heap, (-total, prefix + (v,)))
    return best, bar, expanded


def reference(model, bpe, families, path):
    """Writes one line a question: greedy and most likely reply with log-probabilities (float64 forward pass)."""
    model, rng = model.double(), random.Random(2)
    stop = {bpe.ids[STOP], bpe.ids[END]}
    questions = [q for f in families for q, _ in rng.sample(f, min(24, len(f)))]
    questions.insert(0, "What is the sum of 14 and 8?")
    differ = right = 0
    truth = {q: {r for r, _ in law} for f in families for q, law in f}
    with open(path, "w") as out:
        for q in questions:
            prompt = bpe.prompt(q)
            (g, glp), (m, mlp, expanded) = greedy(model, prompt, stop), mode(model, prompt, stop)
            differ += g != m
            right += bpe.decode(m) in truth[q]
            json.dump({"prompt": q, "prompt_ids": prompt, "greedy_ids": g, "greedy": bpe.decode(g), "greedy_logprob": glp,
                       "mode_ids": m, "mode": bpe.decode(m), "mode_logprob": mlp, "expanded": expanded}, out)
            out.write("\n")
    print(f"{len(questions)} questions: greedy is not the mode on {differ}; the mode is an answer of the world on {right}")


# ---------------------------------------------------------------- GGUF
def write(model, bpe, path):
    spell = lambda s: "".join(VISIBLE.get(c, c) for c in s)
    w = GGUFWriter(path, "llama")
    w.add_name("ponder-toy")
    w.add_description("a toy world of sums, opposites and colours; made by tools/train_tiny.py")
    w.add_license("Apache-2.0")
    w.add_context_length(N_CTX)
    w.add_embedding_length(N_EMBD)
    w.add_block_count(N_LAYERS)
    w.add_feed_forward_length(N_FF)
    w.add_head_count(N_HEADS)
    w.add_head_count_kv(N_KV)
    w.add_rope_dimension_count(N_EMBD // N_HEADS)
    w.add_rope_freq_base(ROPE_BASE)
    w.add_layer_norm_rms_eps(EPS)
    w.add_vocab_size(N_VOCAB)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list([spell(t) for t in bpe.tokens])
    w.add_token_types([1] * (N_VOCAB - 3) + [3] * 3)  # 1 normal, 3 control
    w.add_token_merges([spell(a) + " " + spell(b) for a, b in bpe.merges])
    w.add_eos_token_id(bpe.ids[STOP])
    w.add_add_bos_token(False)
    w.add_chat_template(TEMPLATE)
    for name, p in model.named_parameters():
        w.add_tensor(name if name.endswith("weight") else name + ".weight", p.detach().numpy().astype(np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    print(f"{path}: {os.path.getsize(path)} bytes")


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--out", default="tests/data/toy")
    args.add_argument("--steps", type=int, default=3000)
    args = args.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    families, rng = toy_world.families(), random.Random(0)
    # The tokenizer learns from 300 conversations of each kind.
    texts = [f"user\n{q}\nassistant\n{rng.choice(law)[0]}" for f in families for q, law in rng.choices(f, k=300)]
    bpe = Bpe(texts)
    os.makedirs(args.out, exist_ok=True)
    model = train(bpe, families, args.steps)
    write(model, bpe, os.path.join(args.out, "ponder-toy.gguf"))
    reference(model, bpe, families, os.path.join(args.out, "ponder-toy.jsonl"))


if __name__ == "__main__":
    main()
