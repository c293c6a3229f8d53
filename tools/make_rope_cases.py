"""Writes tests/data/tiny/rope.jsonl: rotary keys of a GGUF file with their frequencies and scale.

    python3 tools/make_rope_cases.py >tests/data/tiny/rope.jsonl        # needs: pip install numpy

The formulas are those of transformers' modeling_rope_utils (default, linear, yarn, llama3;
partial_rotary_factor), in float64; attn_factor multiplies the scale as in llama.cpp. A row: keys to
set under "llama." in the tiny llama (heads of 16), factors of rope_freqs.weight where there are
any, the expected inverse frequencies and scale.
"""
import json
import math

import numpy as np

HEAD, CONTEXT = 16, 128


def default(base, dim):
    return base ** -(np.arange(0, dim, 2) / dim)


def yarn(base, dim, factor, original, fast=32.0, slow=1.0):
    def turns_at(n):
        return dim * math.log(original / (n * 2 * math.pi)) / (2 * math.log(base))

    low, high = max(math.floor(turns_at(fast)), 0), min(math.ceil(turns_at(slow)), dim - 1)
    if low == high:
        high += 0.001
    keep = 1 - np.clip((np.arange(dim // 2) - low) / (high - low), 0, 1)
    plain = default(base, dim)
    return plain / factor * (1 - keep) + plain * keep, 0.1 * math.log(factor) + 1 if factor > 1 else 1.0


def llama3(base, dim, factor, low, high, original):
    """(the converter's rope_freqs.weight, transformers' frequencies)."""
    plain = default(base, dim)
    length = 2 * math.pi / plain
    smooth = (original / length - low) / (high - low)
    mixed = (1 - smooth) * plain / factor + smooth * plain
    inverse = np.where(length > original / low, plain / factor, np.where(length < original / high, plain, mixed))
    return plain / inverse, inverse


def row(keys, inverse, scale=1.0, **more):
    print(json.dumps({"changes": {"llama." + k: v for k, v in keys.items()}, **more, "inverse": [float(x) for x in inverse], "scale": scale}))


def main():
    s = "rope.scaling."
    row({}, default(1e4, HEAD))
    row({"rope.freq_base": 5e5}, default(5e5, HEAD))
    row({"rope.dimension_count": 8}, default(1e4, 8))
    row({s + "finetuned": True, s + "original_context_length": 64}, default(1e4, HEAD))
    row({s + "type": "none", s + "factor": 4.0}, default(1e4, HEAD))
    row({s + "type": "none", s + "attn_factor": 1.25}, default(1e4, HEAD), 1.25)
    row({s + "type": "linear", s + "factor": 4.0}, default(1e4, HEAD) / 4)
    row({s + "type": "linear", s + "factor": 4.0, s + "attn_factor": 0.5}, default(1e4, HEAD) / 4, 0.5)
    row({"rope.scale_linear": 2.0}, default(1e4, HEAD) / 2)
    row({"rope.scale_linear": 2.0, s + "factor": 8.0}, default(1e4, HEAD) / 8)
    row({s + "type": "linear", s + "factor": 0.0}, default(1e4, HEAD))
    for keys, args in (({}, (4.0, CONTEXT)), ({s + "original_context_length": 32}, (4.0, 32)), ({s + "original_context_length": 4096}, (8.0, 4096)),
                       ({s + "original_context_length": 64, s + "yarn_beta_fast": 8.0, s + "yarn_beta_slow": 2.0}, (4.0, 64, 8.0, 2.0)), ({}, (0.5, CONTEXT))):
        inverse, scale = yarn(1e4, HEAD, *args)
        row({s + "type": "yarn", s + "factor": args[0], **keys}, inverse, scale)
    inverse, scale = yarn(1e4, 8, 4.0, 64)
    row({s + "type": "yarn", s + "factor": 4.0, s + "original_context_length": 64, "rope.dimension_count": 8, s + "attn_factor": 0.7,
         s + "yarn_ext_factor": 1.0}, inverse, 0.7 * scale)
    factors, inverse = llama3(5e5, HEAD, 8.0, 1.0, 4.0, 32)
    row({"rope.freq_base": 5e5}, inverse, rope_freqs=[float(x) for x in factors])


if __name__ == "__main__":
    main()
