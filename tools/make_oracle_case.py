"""Writes tests/data/oracle: small random networks with every kind of layer, and PyTorch's values and derivatives.

  make_oracle_case.py OUT_DIR     needs torch, safetensors, numpy
"""

import json
import pathlib
import sys

import export_oracle
import torch
from torch import nn
from oracle_shapes import Residual, convolution

class Exp(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.exp(x)


def networks() -> dict[str, tuple[nn.Sequential, int]]:
    """Names, models and lengths. Together they have each layer and both backward passes of a
    convolution."""
    many = nn.Sequential(
        *convolution(4, 10, 5), nn.GELU(), nn.BatchNorm1d(10), nn.MaxPool1d(2), nn.Conv1d(10, 40, 3, padding=1, dilation=2),
        nn.ReLU(), Residual(nn.Sequential(*convolution(40, 40, 3, 2), nn.ReLU())), nn.Conv1d(40, 6, 2, padding=1), Exp(),
        nn.AvgPool1d(3), nn.Flatten(), nn.Linear(18, 7), nn.ReLU(), nn.Linear(7, 1),
    )
    pooled = {
        name: nn.Sequential(*convolution(4, 33, 7, 3), nn.GELU(), *convolution(33, 5, 4), pool, nn.Flatten(), nn.Linear(5, 1))
        for name, pool in (("global-max", nn.AdaptiveMaxPool1d(1)), ("global-avg", nn.AdaptiveAvgPool1d(1)))
    }
    return {"case": (many, 23)} | {name: (model, 31) for name, model in pooled.items()}


def expected(model: nn.Sequential, length: int) -> dict:
    x = torch.softmax(2 * torch.randn(5, length, 4), dim=2).requires_grad_()
    y = model(x.transpose(1, 2))[:, 0]
    y.sum().backward()
    return {"weights": x.flatten(1).tolist(), "values": y.tolist(), "derivatives": x.grad.flatten(1).tolist()}


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    for name, (model, length) in networks().items():
        for m in model.modules():
            if isinstance(m, nn.BatchNorm1d):
                m.running_mean.normal_(0, 0.2), m.running_var.uniform_(0.5, 2)
                m.weight.data.normal_(), m.bias.data.normal_()
        model.eval()
        export_oracle.export(model, length, out / name)
        (out / f"{name}.expected.json").write_text(json.dumps(expected(model, length)) + "\n")


if __name__ == "__main__":
    main()
