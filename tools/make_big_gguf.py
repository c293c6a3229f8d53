"""Writes a model with random quantised weights, to test models that are too big for compute form.

    python3 tools/make_big_gguf.py OUT.gguf [--size 1b|7b|moe] [--type Q4_0|Q4_K|Q8_0|Q4_K_M] [--layers N]

1b (default): a llama, 2048 wide, 16 layers, 32 heads on 8, 16,384 tokens; 0.56 GB with Q4_0.
7b: the shapes of Qwen2.5-7B, 3584 wide, 28 layers, 28 heads on 4, 152,064 tokens, an output matrix
of its own; 4.7 GB with Q4_K_M, a mixture of Q4_K and Q6_K as llama.cpp makes it.
moe: a qwen3moe as wide and deep as 1b, with 32 experts 1,024 wide, of which a token uses 4.

The file is written piece by piece, in some 100 MB of memory. The blocks of a matrix are random
bytes with scales that keep its output at the size of its input. The vocabulary has bytes, control
tokens and fillers. The model's text is noise, its numbers are finite. Needs numpy only.
"""
import argparse
import dataclasses
import struct

import numpy as np

ALIGN, PIECE = 32, 1 << 24  # bytes
TYPES = {"F32": 0, "Q4_0": 2, "Q8_0": 8, "Q4_K": 12, "Q6_K": 14}
BLOCK = {"F32": (1, 4), "Q4_0": (32, 18), "Q8_0": (32, 34), "Q4_K": (256, 144), "Q6_K": (256, 210)}  # name: values and bytes of a block


@dataclasses.dataclass
class Shape:
    architecture: str
    n_embd: int
    n_heads: int
    n_kv: int
    n_ff: int
    n_vocab: int
    n_ctx: int
    layers: int
    rope_base: float
    epsilon: float
    tied: bool  # the embedding is the output matrix, too
    biases: bool  # of queries, keys and values
    experts: int = 0
    used: int = 0


SIZES = {
    "1b": Shape("llama", 2048, 32, 8, 8192, 16384, 4096, 16, 1e4, 1e-5, tied=True, biases=False),
    "7b": Shape("qwen2", 3584, 28, 4, 18944, 152064, 32768, 28, 1e6, 1e-6, tied=False, biases=True),
    "moe": Shape("qwen3moe", 2048, 32, 8, 1024, 16384, 4096, 16, 1e4, 1e-5, tied=True, biases=False, experts=32, used=4),
}


def text(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


def value(v):
    """A metadata value with its type: u32, f32, string, or an array of strings or i32."""
    if isinstance(v, int):
        return struct.pack("<II", 4, v)
    if isinstance(v, float):
        return struct.pack("<If", 6, v)
    if isinstance(v, str):
        return struct.pack("<I", 8) + text(v)
    if isinstance(v[0], str):
        return struct.pack("<IIQ", 9, 8, len(v)) + b"".join(map(text, v))
    return struct.pack("<IIQ", 9, 5, len(v)) + np.array(v, "<i4").tobytes()


def byte_spellings():
    """The 256 bytes in the spelling of byte-level BPE: printable ones are unchanged, the others go
    from U+0100 on."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b if b in keep else next(spare)) for b in range(256)]


def metadata(s):
    fill = [f"<fill{i}>" for i in range(256, s.n_vocab - 2)]
    tokens = byte_spellings() + fill + ["<|endoftext|>", "<|im_end|>"]
    model = {
        "context_length": s.n_ctx, "embedding_length": s.n_embd, "block_count": s.layers, "feed_forward_length": s.n_ff,
        "attention.head_count": s.n_heads, "attention.head_count_kv": s.n_kv, "rope.dimension_count": s.n_embd // s.n_heads,
        "rope.freq_base": s.rope_base, "attention.layer_norm_rms_epsilon": s.epsilon, "vocab_size": s.n_vocab,
    }
    if s.experts:
        model |= {"expert_count": s.experts, "expert_used_count": s.used, "expert_feed_forward_length": s.n_ff}
    return {
        "general.architecture": s.architecture, "general.name": "ponder-big-random", **{f"{s.architecture}.{k}": v for k, v in model.items()},
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * 256 + [5] * len(fill) + [3, 3], "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.eos_token_id": s.n_vocab - 1,
    }


def more_bits(i, n):
    """The layers in which a mixture has more bits: the first and last eighth, and a third of the others."""
    return i < n // 8 or i >= 7 * n // 8 or (i - n // 8) % 3 == 2


def tensors(s, quant):
    """(name, shape fastest first, type)"""
    rest, best = ("Q4_K", "Q6_K") if quant == "Q4_K_M" else (quant, quant)
    yield "token_embd.weight", (s.n_embd, s.n_vocab), best if s.tied else rest
    for i in range(s.layers):
        kv, some = s.n_kv * s.n_embd // s.n_heads, best if more_bits(i, s.layers) else rest
        yield f"blk.{i}.attn_norm.weight", (s.n_embd,), "F32"
        for part, width, kind in (("q", s.n_embd, rest), ("k", kv, rest), ("v", kv, some)):
            yield f"blk.{i}.attn_{part}.weight", (s.n_embd, width), kind
            if s.biases:
                yield f"blk.{i}.attn_{part}.bias", (width,), "F32"
        yield f"blk.{i}.attn_output.weight", (s.n_embd, s.n_embd), rest
        yield f"blk.{i}.ffn_norm.weight", (s.n_embd,), "F32"
        many, each = ("_exps", (s.experts,)) if s.experts else ("", ())
        if s.experts:
            yield f"blk.{i}.attn_q_norm.weight", (s.n_embd // s.n_heads,), "F32"
            yield f"blk.{i}.attn_k_norm.weight", (s.n_embd // s.n_heads,), "F32"
            yield f"blk.{i}.ffn_gate_inp.weight", (s.n_embd, s.experts), "F32"
        yield f"blk.{i}.ffn_gate{many}.weight", (s.n_embd, s.n_ff, *each), rest
        yield f"blk.{i}.ffn_up{many}.weight", (s.n_embd, s.n_ff, *each), rest
        yield f"blk.{i}.ffn_down{many}.weight", (s.n_ff, s.n_embd, *each), some
    yield "output_norm.weight", (s.n_embd,), "F32"
    if not s.tied:
        yield "output.weight", (s.n_embd, s.n_vocab), best


def n_bytes(shape, quant):
    values, size = BLOCK[quant]
    return int(np.prod(shape)) // values * size


def pieces(rng, name, shape, quant):
    """Bytes of a tensor, in pieces: of a vector ones, or zeros for a bias; of a matrix random values, or blocks of them, with
    a standard deviation of about 1/sqrt(shape[0])."""
    if quant == "F32" and len(shape) > 1:
        yield (rng.standard_normal(shape) * shape[0] ** -0.5).astype("<f4").tobytes()
        return
    if quant == "F32":
        yield np.full(shape, 0 if name.endswith(".bias") else 1, "<f4").tobytes()
        return
    size, left = BLOCK[quant][1], n_bytes(shape, quant)
    while left > 0:
        b = np.frombuffer(rng.bytes(min(left, PIECE // size * size)), np.uint8).reshape(-1, size).copy()
        scale(b, quant, shape[0] ** -0.5)
        yield b.tobytes()
        left -= b.size


def scale(b, quant, sigma):
    """Writes scales into random blocks (n, bytes)."""
    if quant == "Q4_0":  # d, 16 bytes of nibbles: d (q - 8), q uniform in 0 … 15
        b[:, :2] = half(sigma / 4.6)
    elif quant == "Q8_0":  # d, 32 signed bytes
        b[:, :2] = half(sigma / 74)
    elif quant == "Q4_K":  # d, dmin, 6-bit scales s and mins m (here all 32), nibbles: d s q - dmin m = (d s) (q - 7.5)
        b[:, :2], b[:, 2:4] = half(sigma / 4.6 / 32), half(sigma / 4.6 / 32 * 7.5)
        b[:, 4:12], b[:, 12:16] = 2 << 6 | 32, 0
    else:  # Q6_K: 192 bytes of q, uniform in 0 … 63; 8-bit scales s (here all 8), d: d s (q - 32)
        b[:, 192:208], b[:, 208:] = 8, half(sigma / 18.5 / 8)


def half(x):
    return np.frombuffer(np.float16(x).tobytes(), np.uint8)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("out")
    args.add_argument("--size", default="1b", choices=SIZES)
    args.add_argument("--type", default="Q4_0", choices=["Q4_0", "Q8_0", "Q4_K", "Q4_K_M"])
    args.add_argument("--layers", type=int, help="fewer layers, to try")
    args = args.parse_args()
    model = SIZES[args.size]
    model.layers = args.layers or model.layers
    rng, offset, infos, listed = np.random.default_rng(0), 0, b"", list(tensors(model, args.type))
    for name, shape, quant in listed:
        infos += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, TYPES[quant], offset)
        offset += -(-n_bytes(shape, quant) // ALIGN) * ALIGN
    meta = metadata(model)
    with open(args.out, "wb") as f:
        f.write(b"GGUF" + struct.pack("<IQQ", 3, len(listed), len(meta)))
        f.write(b"".join(text(k) + value(v) for k, v in meta.items()) + infos)
        for name, shape, quant in listed:
            f.write(b"\0" * (-f.tell() % ALIGN))
            f.writelines(pieces(rng, name, shape, quant))
        f.write(b"\0" * (-f.tell() % ALIGN))
        n = sum(int(np.prod(s)) for _, s, _ in listed)
        print(f"{args.out}: {n} parameters, {f.tell()} bytes")


if __name__ == "__main__":
    main()
