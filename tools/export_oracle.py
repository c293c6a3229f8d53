"""Writes a PyTorch or Keras model of DNA as an oracle that ponder reads: NAME.json (the layers) and
NAME.safetensors.

  export_oracle.py MODEL LENGTH NAME [--half] [--check PONDER]
                     MODEL: .keras or .h5, a whole Keras model (oracle_from_keras.py says which layers it may have);
                     else torch.save of an nn.Sequential, input (n, 4, length). --half: weights in float16

Layers of PyTorch: Conv1d (stride 1), BatchNorm1d, ReLU, GELU, Exp, MaxPool1d, AvgPool1d (no
overlap), AdaptiveMaxPool1d(1), AdaptiveAvgPool1d(1), Flatten, Linear, Dropout (left out), and a
module whose attribute `inner` is a Sequential: a sum of its input and the output of `inner`. A
batch norm right after a convolution is multiplied into it. A linear layer after a flattened
sequence is written for (length, channels) order. --check compares ponder's numbers with those of
the model itself.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn


class Writer:
    """Collects tensors by name, and the layers that use them."""

    def __init__(self):
        self.tensors: dict[str, np.ndarray] = {}

    def keep(self, kind: str, **arrays: np.ndarray) -> str:
        name = f"{len(self.tensors)}.{kind}"
        for key, value in arrays.items():
            self.tensors[f"{name}.{key}"] = np.array(value, dtype=np.float32, order="C")
        return name

    def conv(self, out: list[dict], weight: np.ndarray, bias: np.ndarray, padding: int, dilation: int) -> None:
        out.append({"kind": "conv", "name": self.keep("conv", weight=weight, bias=bias), "padding": padding,
                    "dilation": dilation})

    def scale(self, out: list[dict], by: np.ndarray, shift: np.ndarray) -> None:
        """Adds x by + shift, multiplied into a convolution right before it."""
        if out and out[-1]["kind"] == "conv":
            name = out[-1]["name"]
            self.tensors[f"{name}.weight"] *= by[:, None, None]
            self.tensors[f"{name}.bias"] = (self.tensors[f"{name}.bias"] * by + shift).astype(np.float32)
        else:
            out.append({"kind": "scale", "name": self.keep("scale", weight=by, bias=shift)})


def array(x: torch.Tensor) -> np.ndarray:
    return x.detach().numpy()


def flat(layers: nn.Module, writer: Writer, shape: list[int]) -> list[dict]:
    """shape: [channels, length] after each layer; length 0: a vector."""
    out: list[dict] = []
    for m in layers.children():
        if isinstance(m, nn.Conv1d):
            if m.stride != (1,) or m.groups != 1 or m.padding_mode != "zeros":
                raise SystemExit(f"expected a convolution of stride 1 in one group, got {m}")
            padding = m.dilation[0] * (m.kernel_size[0] - 1) // 2 if m.padding == "same" else 0 if m.padding == "valid" else m.padding[0]
            bias = torch.zeros(m.out_channels) if m.bias is None else m.bias
            writer.conv(out, array(m.weight), array(bias), padding, m.dilation[0])
            shape[:] = [m.out_channels, shape[1] + 2 * padding - m.dilation[0] * (m.kernel_size[0] - 1)]
        elif isinstance(m, nn.BatchNorm1d):
            scale = m.weight / torch.sqrt(m.running_var + m.eps)
            writer.scale(out, array(scale), array(m.bias - m.running_mean * scale))
        elif isinstance(m, nn.Linear):
            weight = m.weight
            if shape[1] > 1:
                weight = weight.reshape(-1, shape[0], shape[1]).transpose(1, 2).reshape(m.weight.shape)
            bias = torch.zeros(m.out_features) if m.bias is None else m.bias
            out.append({"kind": "dense", "name": writer.keep("dense", weight=array(weight), bias=array(bias))})
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
            out.append({"kind": "residual", "layers": flat(m.inner, writer, shape)})
        elif not isinstance(m, (nn.Flatten, nn.Dropout)):
            raise SystemExit(f"expected a layer that can be exported, got {m}")
    return out


def write(layers: list[dict], tensors: dict[str, np.ndarray], length: int, name: pathlib.Path, half: bool) -> None:
    kind = np.float16 if half else np.float32
    save_file({key: np.ascontiguousarray(value.astype(kind)) for key, value in tensors.items()}, f"{name}.safetensors")
    pathlib.Path(f"{name}.safetensors").chmod(0o644)  # safetensors creates the file readable by its owner alone
    text = {"format": "ponder-oracle", "version": 1, "length": length, "weights": f"{name.name}.safetensors", "layers": layers}
    pathlib.Path(f"{name}.json").write_text(json.dumps(text, indent=1) + "\n")


def export(model: nn.Module, length: int, name: pathlib.Path, half: bool = False) -> None:
    writer = Writer()
    layers = flat(model.eval().cpu(), writer, [4, length])
    write(layers, writer.tensors, length, name, half)


def check(predict, length: int, name: pathlib.Path, ponder: str, most: float) -> None:
    """predict(one-hot sequences (n, length, 4)) returns n numbers in any shape."""
    x = np.random.default_rng(0).integers(0, 4, (8, length))
    expected = predict(np.eye(4, dtype=np.float32)[x]).reshape(len(x))
    fasta = "".join(f">{i}\n{''.join('ACGT'[v] for v in row)}\n" for i, row in enumerate(x))
    fitness = {"terms": [{"kind": "oracle", "file": str(pathlib.Path(f"{name}.json").resolve())}]}
    with tempfile.NamedTemporaryFile("w", suffix=".fa") as f:
        f.write(fasta)
        f.flush()
        run = subprocess.run([ponder, "design", "--fitness", json.dumps(fitness), "--score", f.name, "--json"],
                             check=False, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{ponder} says: {run.stderr.strip()}")
    values = np.array([d["fitness"] for d in json.loads(run.stdout)["designs"]])
    worst = np.abs(values - expected).max() / max(np.abs(expected).max(), 1)
    print(f"largest difference from the model, relative: {worst:.1e}")
    if not worst < most:
        raise SystemExit(f"expected at most {most}")


def predict_torch(model: nn.Module, one_hot: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.from_numpy(one_hot).transpose(1, 2)).numpy()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model"), p.add_argument("length", type=int), p.add_argument("name", type=pathlib.Path)
    p.add_argument("--half", action="store_true")
    p.add_argument("--check", metavar="PONDER")
    a = p.parse_args()
    if a.model.endswith((".keras", ".h5", ".hdf5")):
        import oracle_from_keras  # imported here since it needs keras, which PyTorch models do not

        model, predict, writer = oracle_from_keras.read(a.model), oracle_from_keras.predict, Writer()
        write(oracle_from_keras.flat(model, a.length, writer), writer.tensors, a.length, a.name, a.half)
    else:
        model, predict = torch.load(a.model, weights_only=False).eval(), predict_torch
        export(model, a.length, a.name, a.half)
    if a.check:
        check(lambda x: predict(model, x), a.length, a.name, a.check, 1e-2 if a.half else 1e-4)


if __name__ == "__main__":
    main()
