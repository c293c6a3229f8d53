"""Writes a PyTorch model of DNA as an oracle that ponder reads: NAME.json (the layers) and NAME.safetensors.

  export_oracle.py MODEL.pt LENGTH NAME [--half] [--check PONDER]
                             MODEL.pt: torch.save of an nn.Sequential, input (n, 4, length); --half: weights in float16

Layers: Conv1d (stride 1), BatchNorm1d, ReLU, GELU, Exp, MaxPool1d, AvgPool1d (no overlap), AdaptiveMaxPool1d(1),
AdaptiveAvgPool1d(1), Flatten, Linear, Dropout (left out), and a module whose attribute `inner` is a Sequential: a sum
of its input and what `inner` makes of it. A batch norm right after a convolution is multiplied into it. A linear layer
after a flattened sequence is written for (length, channels) order. --check holds ponder's numbers against PyTorch's.
"""

import argparse
import json
import pathlib
import subprocess

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn


def flat(layers: nn.Module, tensors: dict[str, np.ndarray], shape: list[int]) -> list[dict]:
    """shape [channels, length] as it goes through; length 0: a vector."""
    out = []

    def keep(kind: str, **arrays: torch.Tensor) -> str:
        name = f"{len(tensors)}.{kind}"
        for key, value in arrays.items():
            tensors[f"{name}.{key}"] = np.array(value.detach().numpy(), dtype=np.float32, order="C")
        return name

    for m in layers.children():
        if isinstance(m, nn.Conv1d):
            if m.stride != (1,) or m.groups != 1 or m.padding_mode != "zeros":
                raise SystemExit(f"expected a convolution of stride 1 in one group, got {m}")
            padding = m.dilation[0] * (m.kernel_size[0] - 1) // 2 if m.padding == "same" else 0 if m.padding == "valid" else m.padding[0]
            bias = torch.zeros(m.out_channels) if m.bias is None else m.bias
            out.append({"kind": "conv", "name": keep("conv", weight=m.weight, bias=bias), "padding": padding,
                        "dilation": m.dilation[0]})
            shape[:] = [m.out_channels, shape[1] + 2 * padding - m.dilation[0] * (m.kernel_size[0] - 1)]
        elif isinstance(m, nn.BatchNorm1d):
            scale = m.weight / torch.sqrt(m.running_var + m.eps)
            if out and out[-1]["kind"] == "conv":
                by, name = scale.detach().numpy(), out[-1]["name"]
                tensors[f"{name}.weight"] *= by[:, None, None]
                tensors[f"{name}.bias"] = (tensors[f"{name}.bias"] - m.running_mean.numpy()) * by + m.bias.detach().numpy()
                continue
            out.append({"kind": "scale", "name": keep("scale", weight=scale, bias=m.bias - m.running_mean * scale)})
        elif isinstance(m, nn.Linear):
            weight = m.weight
            if shape[1] > 1:
                weight = weight.reshape(-1, shape[0], shape[1]).transpose(1, 2).reshape(m.weight.shape)
            bias = torch.zeros(m.out_features) if m.bias is None else m.bias
            out.append({"kind": "dense", "name": keep("dense", weight=weight, bias=bias)})
            shape[:] = [m.out_features, 1]
        elif isinstance(m, (nn.MaxPool1d, nn.AvgPool1d)):
            size = m.kernel_size if isinstance(m.kernel_size, int) else m.kernel_size[0]
            stride = m.stride if isinstance(m.stride, int) else m.stride[0]
            if size != stride:
                raise SystemExit(f"expected pooling without overlap, got {m}")
            out.append({"kind": "max-pool" if isinstance(m, nn.MaxPool1d) else "avg-pool", "size": size})
            shape[1] //= size
        elif isinstance(m, (nn.AdaptiveMaxPool1d, nn.AdaptiveAvgPool1d)):
            out.append({"kind": "global-max" if isinstance(m, nn.AdaptiveMaxPool1d) else "global-avg"})
            shape[1] = 1
        elif isinstance(m, (nn.ReLU, nn.GELU)) or type(m).__name__ == "Exp":
            if getattr(m, "approximate", "none") != "none":
                raise SystemExit(f"expected the exact GELU, got {m}")
            out.append({"kind": type(m).__name__.lower()})
        elif hasattr(m, "inner"):
            out.append({"kind": "residual", "layers": flat(m.inner, tensors, shape)})
        elif not isinstance(m, (nn.Flatten, nn.Dropout)):
            raise SystemExit(f"expected a layer that can be exported, got {m}")
    return out


def export(model: nn.Module, length: int, name: pathlib.Path, half: bool = False) -> None:
    model = model.eval().cpu()
    tensors: dict[str, np.ndarray] = {}
    layers = flat(model, tensors, [4, length])
    kind = np.float16 if half else np.float32
    save_file({key: np.ascontiguousarray(value.astype(kind)) for key, value in tensors.items()}, f"{name}.safetensors")
    pathlib.Path(f"{name}.safetensors").chmod(0o644)  # safetensors makes it readable by its owner alone
    text = {"format": "ponder-oracle", "version": 1, "length": length, "weights": f"{name.name}.safetensors", "layers": layers}
    pathlib.Path(f"{name}.json").write_text(json.dumps(text, indent=1) + "\n")


def sample(model: nn.Module, length: int, n: int = 8) -> tuple[list[str], np.ndarray]:
    x = np.random.default_rng(0).integers(0, 4, (n, length))
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(x), 4).float().transpose(1, 2)
    with torch.no_grad():
        y = model(one_hot).reshape(n, -1)[:, 0].numpy()
    return ["".join("ACGT"[v] for v in row) for row in x], y


def check(model: nn.Module, length: int, name: pathlib.Path, ponder: str, most: float) -> None:
    letters, expected = sample(model, length)
    fasta = "".join(f">{i}\n{s}\n" for i, s in enumerate(letters))
    fitness = json.dumps({"terms": [{"kind": "oracle", "file": str(pathlib.Path(f"{name}.json").resolve())}]})
    pathlib.Path(f"{name}.check.fa").write_text(fasta)
    pathlib.Path(f"{name}.check.json").write_text(fitness)
    try:
        got = subprocess.run([ponder, "design", "--fitness", f"{name}.check.json", "--score", f"{name}.check.fa", "--json"],
                             check=True, capture_output=True, text=True).stdout
    finally:
        pathlib.Path(f"{name}.check.fa").unlink()
        pathlib.Path(f"{name}.check.json").unlink()
    values = np.array([d["fitness"] for d in json.loads(got)["designs"]])
    worst = np.abs(values - expected).max() / max(np.abs(expected).max(), 1)
    print(f"largest difference from PyTorch, relative: {worst:.1e}")
    if not worst < most:
        raise SystemExit(f"expected at most {most}")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model"), p.add_argument("length", type=int), p.add_argument("name", type=pathlib.Path)
    p.add_argument("--half", action="store_true")
    p.add_argument("--check", metavar="PONDER")
    a = p.parse_args()
    model = torch.load(a.model, weights_only=False).eval()
    export(model, a.length, a.name, a.half)
    if a.check:
        check(model, a.length, a.name, a.check, 1e-2 if a.half else 1e-4)


if __name__ == "__main__":
    main()
