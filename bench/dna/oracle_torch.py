"""An oracle of ponder as a PyTorch module with the same weights. tools/export_oracle.py converts in
the other direction."""

import json
import pathlib

import torch
from safetensors.torch import load_file
from torch import nn


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class Exp(nn.Module):
    def forward(self, x):
        return x.exp()


class Scale(nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = weight[:, None], bias[:, None]

    def forward(self, x):
        return x * self.weight + self.bias


class Dense(nn.Module):
    """Weights are (out, length x channels); the input is (n, channels, length)."""

    def __init__(self, weight, bias):
        super().__init__()
        self.linear = nn.Linear(weight.shape[1], weight.shape[0])
        self.linear.weight.data, self.linear.bias.data = weight, bias

    def forward(self, x):
        return self.linear(x.transpose(1, 2).flatten(1))[:, :, None]


def module(layer, tensors):
    kind = layer["kind"]
    if kind == "residual":
        return Residual(sequence(layer["layers"], tensors))
    if "name" in layer:
        weight, bias = (tensors[f"{layer['name']}.{part}"].float() for part in ("weight", "bias"))
        if kind == "scale":
            return Scale(weight, bias)
        if kind == "dense":
            return Dense(weight, bias)
        conv = nn.Conv1d(weight.shape[1], weight.shape[0], weight.shape[2], padding=layer["padding"], dilation=layer["dilation"])
        conv.weight.data, conv.bias.data = weight, bias
        return conv
    plain = {"relu": nn.ReLU, "gelu": nn.GELU, "exp": Exp}
    if kind in plain:
        return plain[kind]()
    if kind.startswith("global"):
        return nn.AdaptiveMaxPool1d(1) if kind == "global-max" else nn.AdaptiveAvgPool1d(1)
    return {"max-pool": nn.MaxPool1d, "avg-pool": nn.AvgPool1d}[kind](layer["size"])


def sequence(layers, tensors):
    return nn.Sequential(*(module(layer, tensors) for layer in layers))


def read(path):
    """The module (n, 4, length) -> (n, 1), and the length."""
    path = pathlib.Path(path)
    j = json.loads(path.read_text())
    model = nn.Sequential(sequence(j["layers"], load_file(path.parent / j["weights"])), nn.Flatten()).eval()
    for p in model.parameters():
        p.requires_grad_(False)
    return model, j["length"]
