"""Writes the grids of the types with vector codebooks, and the test cases of all types of 1 to 3
bits a value that have no other cases.

    python3 tools/make_iquant_cases.py        # needs: pip install gguf numpy

The grids (src/gguf/iquant_grids.cc) are those of the package gguf, which took them from ggml; the
layout there is ours. The cases (tests/data/quants) are 64 blocks of random bytes a type, in which
every entry of the type's grid comes at least once, with edge cases of the scale in the first four:
zero, negative, the smallest and the largest. Their values are those of gguf.quants.dequantize, which
the package compares with ggml's C code.
"""
import json
import pathlib

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

ROOT = pathlib.Path(__file__).resolve().parent.parent
N_BLOCKS, VALUES = 64, 256
GRIDS = {  # name in C++: class, and what an entry holds
    "kIq1Grid": (quants.IQ1_S, "eight values of 2 bits: -1, 0, 1"),
    "kIq2XxsGrid": (quants.IQ2_XXS, "eight values of 2 bits: 8, 25, 43"),
    "kIq2XsGrid": (quants.IQ2_XS, "eight values of 2 bits: 8, 25, 43"),
    "kIq2SGrid": (quants.IQ2_S, "eight values of 2 bits: 8, 25, 43"),
    "kIq3XxsGrid": (quants.IQ3_XXS, "four values of 4 bits: 4, 12, 20, 28, 36, 44, 52, 62"),
    "kIq3SGrid": (quants.IQ3_S, "four values of 4 bits: 1, 3, 5, ..., 15"),
}
TYPES = ["TQ1_0", "TQ2_0", "IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S"]


def grid_source():
    parts = [
        "// The codebooks of IQ1, IQ2 and IQ3: points of the lattices that their quantisers search, as ggml\n"
        "// (MIT licence, Copyright The ggml authors) has them in ggml-common.h. tools/make_iquant_cases.py\n"
        "// writes this file; value i of an entry is the digit i from the right.\n"
        '#include "gguf/iquant_grids.h"\n\nnamespace ponder::dequant {\n\n// clang-format off'
    ]
    for name, (kind, holds) in GRIDS.items():
        entries = np.frombuffer(bytes.fromhex(kind.grid_hex.decode()), "<u2")
        assert len(entries) == kind.grid_shape[0]
        rows = [", ".join(f"{e:#06x}" for e in entries[i : i + 12]) for i in range(0, len(entries), 12)]
        parts.append(f"// {holds}\nconst std::uint16_t {name}[{len(entries)}] = {{\n    " + ",\n    ".join(rows) + "};")
    return "\n".join(parts) + "\n// clang-format on\n\n}  // namespace ponder::dequant\n"


def put_entries(kind, b, entries):
    """Writes the indices of grid entries into the blocks b (n, bytes) of a type."""
    n = len(b)
    if kind == "IQ2_XXS":
        b[:, 2:66].reshape(n, 8, 8)[:, :, :4] = entries.reshape(n, 8, 4)
    elif kind == "IQ2_XS":
        qs = b[:, 2:66].copy().view("<u2")
        b[:, 2:66] = ((qs & 0xFE00) | entries.astype("<u2")).view(np.uint8)
    elif kind == "IQ2_S":
        b[:, 2:34] = entries & 255
        b[:, 66:74] = ((entries >> 8).reshape(n, 8, 4) << np.array([0, 2, 4, 6])).sum(-1)
    elif kind == "IQ3_XXS":
        b[:, 2:66] = entries
    elif kind == "IQ3_S":
        b[:, 2:66] = entries & 255
        b[:, 66:74] = ((entries >> 8).reshape(n, 8, 8) << np.arange(8)).sum(-1)
    elif kind == "IQ1_S":
        b[:, 2:34] = entries & 255
        qh = b[:, 34:50].copy().view("<u2") & 0xF000
        b[:, 34:50] = (qh | ((entries >> 8).reshape(n, 8, 4) << np.array([0, 3, 6, 9])).sum(-1).astype("<u2")).view(np.uint8)
    elif kind == "IQ1_M":
        b[:, :32] = entries & 255
        b[:, 32:48] = (b[:, 32:48] & 0x88) | ((entries >> 8).reshape(n, 16, 2) << np.array([0, 4])).sum(-1)


def put_scales(kind, b, d):
    """Writes half-precision scales d (n) into the blocks."""
    if kind == "IQ1_M":  # four bits in each of four words
        words, bits = b[:, 48:56].copy().view("<u2"), d.view(np.uint16)[:, None]
        b[:, 48:56] = ((words & 0x0FFF) | (bits >> np.array([0, 4, 8, 12], np.uint16) & 15) << 12).astype("<u2").view(np.uint8)
    else:
        at = b.shape[1] - 2 if kind.startswith("TQ") else 0
        b[:, at : at + 2] = d.view(np.uint8).reshape(-1, 2)


def blocks_of(kind, rng):
    size = GGML_QUANT_SIZES[GGMLQuantizationType[kind]][1]
    b = rng.integers(0, 256, (N_BLOCKS, size), np.uint8)
    if not kind.startswith("TQ"):
        n_entries, dim = getattr(quants, kind).grid_shape
        n = N_BLOCKS * VALUES // dim
        put_entries(kind, b, rng.permutation(np.arange(n) % n_entries).reshape(N_BLOCKS, -1))
    d = rng.normal(0, 0.1, N_BLOCKS).astype(np.float16)
    d[:4] = 0, -0.75, 2**-24, 65504
    put_scales(kind, b, d)
    return b


def main():
    (ROOT / "src/gguf/iquant_grids.cc").write_text(grid_source())
    folder = ROOT / "tests/data/quants"
    index = [row for row in json.loads((folder / "index.json").read_text()) if row["type"] not in TYPES]
    rng = np.random.default_rng(1)
    for kind in TYPES:
        b = blocks_of(kind, rng)
        values = quants.dequantize(b, GGMLQuantizationType[kind]).reshape(-1)
        assert np.isfinite(values).all() and values.dtype == np.float32
        (folder / f"{kind}.bin").write_bytes(b.tobytes())
        np.save(folder / f"{kind}.npy", values)
        index.append({
            "type": kind, "ggml_type_id": int(GGMLQuantizationType[kind]), "block_values": VALUES, "block_bytes": b.shape[1],
            "n_values": values.size, "n_bytes": b.size, "bytes_from": "random bytes, every entry of the grid, edge cases of the scale",
            "max_abs_value": float(abs(values).max()),
        })  # fmt: skip
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
