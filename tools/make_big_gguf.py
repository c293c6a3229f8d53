"""Writes a llama, or a qwen3moe, of about a billion parameters with random quantised weights, to
test models that are too big for compute form.

    python3 tools/make_big_gguf.py OUT.gguf [--type Q4_0|Q4_K|Q8_0] [--layers 16] [--experts 32]

2048 wide, 16 layers, 32 heads on 8, 16,384 tokens; 0.56 GB with Q4_0, in seconds and little memory
(the blocks of one matrix are random bytes with scales that keep its output at the size of its
input). With --experts, feed-forwards are 1,024 wide, and a token uses 4 of them. The vocabulary has bytes, control tokens and fillers. The model's text is noise, its numbers
are finite. Needs numpy only.
"""
import argparse
import struct

import numpy as np

N_EMBD, N_HEADS, N_KV, N_FF, N_VOCAB, N_CTX, ALIGN = 2048, 32, 8, 8192, 16384, 4096, 32
N_USED, N_EXPERT_FF = 4, 1024
TYPES = {"F32": 0, "Q4_0": 2, "Q8_0": 8, "Q4_K": 12}
BLOCK = {"F32": (1, 4), "Q4_0": (32, 18), "Q8_0": (32, 34), "Q4_K": (256, 144)}  # name: values and bytes of a block


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


def metadata(layers, experts):
    fill = [f"<fill{i}>" for i in range(256, N_VOCAB - 2)]
    tokens = byte_spellings() + fill + ["<|endoftext|>", "<|im_end|>"]
    arch = "qwen3moe" if experts else "llama"
    own = {
        "context_length": N_CTX, "embedding_length": N_EMBD, "block_count": layers, "feed_forward_length": N_FF,
        "attention.head_count": N_HEADS, "attention.head_count_kv": N_KV, "rope.dimension_count": N_EMBD // N_HEADS,
        "rope.freq_base": 10000.0, "attention.layer_norm_rms_epsilon": 1e-5, "vocab_size": N_VOCAB,
    }
    if experts:
        own |= {"expert_count": experts, "expert_used_count": N_USED, "expert_feed_forward_length": N_EXPERT_FF}
    return {
        "general.architecture": arch, "general.name": "ponder-big-random", **{f"{arch}.{k}": v for k, v in own.items()},
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * 256 + [5] * len(fill) + [3, 3], "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.eos_token_id": N_VOCAB - 1,
    }


def tensors(layers, quant, experts):
    """(name, shape fastest first, type)"""
    yield "token_embd.weight", (N_EMBD, N_VOCAB), quant
    for i in range(layers):
        kv = N_KV * N_EMBD // N_HEADS
        yield f"blk.{i}.attn_norm.weight", (N_EMBD,), "F32"
        yield f"blk.{i}.attn_q.weight", (N_EMBD, N_EMBD), quant
        yield f"blk.{i}.attn_k.weight", (N_EMBD, kv), quant
        yield f"blk.{i}.attn_v.weight", (N_EMBD, kv), quant
        yield f"blk.{i}.attn_output.weight", (N_EMBD, N_EMBD), quant
        yield f"blk.{i}.ffn_norm.weight", (N_EMBD,), "F32"
        many, n_ff, each = ("_exps", N_EXPERT_FF, (experts,)) if experts else ("", N_FF, ())
        if experts:
            yield f"blk.{i}.attn_q_norm.weight", (N_EMBD // N_HEADS,), "F32"
            yield f"blk.{i}.attn_k_norm.weight", (N_EMBD // N_HEADS,), "F32"
            yield f"blk.{i}.ffn_gate_inp.weight", (N_EMBD, experts), "F32"
        yield f"blk.{i}.ffn_gate{many}.weight", (N_EMBD, n_ff, *each), quant
        yield f"blk.{i}.ffn_up{many}.weight", (N_EMBD, n_ff, *each), quant
        yield f"blk.{i}.ffn_down{many}.weight", (n_ff, N_EMBD, *each), quant
    yield "output_norm.weight", (N_EMBD,), "F32"


def n_bytes(shape, quant):
    values, size = BLOCK[quant]
    return int(np.prod(shape)) // values * size


def blocks(rng, shape, quant):
    """Random bytes of a tensor whose values have a standard deviation of about 1/sqrt(shape[0])."""
    if quant == "F32":
        router = len(shape) > 1
        return (rng.standard_normal(shape) * shape[0] ** -0.5 if router else np.ones(shape)).astype("<f4").tobytes()
    values, size = BLOCK[quant]
    b = np.frombuffer(rng.bytes(n_bytes(shape, quant)), np.uint8).reshape(-1, size).copy()
    sigma = shape[0] ** -0.5
    if quant == "Q4_0":  # d, 16 bytes of nibbles: d (q - 8), q uniform in 0 … 15
        b[:, :2] = half(sigma / 4.6)
    elif quant == "Q8_0":  # d, 32 signed bytes
        b[:, :2] = half(sigma / 74)
    else:  # Q4_K: d, dmin, 6-bit scales s and mins m (here all 32), nibbles: d s q - dmin m = (d s) (q - 7.5)
        b[:, :2], b[:, 2:4] = half(sigma / 4.6 / 32), half(sigma / 4.6 / 32 * 7.5)
        b[:, 4:12], b[:, 12:16] = 2 << 6 | 32, 0
    return b.tobytes()


def half(x):
    return np.frombuffer(np.float16(x).tobytes(), np.uint8)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("out")
    args.add_argument("--type", default="Q4_0", choices=["Q4_0", "Q8_0", "Q4_K"])
    args.add_argument("--layers", type=int, default=16)
    args.add_argument("--experts", type=int, default=0)
    args = args.parse_args()
    rng, offset, infos, listed = np.random.default_rng(0), 0, b"", list(tensors(args.layers, args.type, args.experts))
    for name, shape, quant in listed:
        infos += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, TYPES[quant], offset)
        offset += -(-n_bytes(shape, quant) // ALIGN) * ALIGN
    meta = metadata(args.layers, args.experts)
    with open(args.out, "wb") as f:
        f.write(b"GGUF" + struct.pack("<IQQ", 3, len(listed), len(meta)))
        f.write(b"".join(text(k) + value(v) for k, v in meta.items()) + infos)
        for _, shape, quant in listed:
            f.write(b"\0" * (-f.tell() % ALIGN))
            f.write(blocks(rng, shape, quant))
        f.write(b"\0" * (-f.tell() % ALIGN))
        n = sum(int(np.prod(s)) for _, s, _ in listed)
        print(f"{args.out}: {n} parameters, {f.tell()} bytes")


if __name__ == "__main__":
    main()
