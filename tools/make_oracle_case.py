"""Writes tests/data/oracle: a small random network with every kind of layer, and PyTorch's values and derivatives.

  make_oracle_case.py OUT_DIR     needs torch, safetensors, numpy
"""

import json
import pathlib
import sys

import export_oracle
import torch
from torch import nn
from train_oracle import Residual, convolution

LENGTH = 23


class Exp(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.exp(x)


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    model = nn.Sequential(
        *convolution(4, 10, 5), nn.GELU(), nn.MaxPool1d(2), Residual(nn.Sequential(*convolution(10, 10, 3, 2), nn.ReLU())),
        nn.Conv1d(10, 6, 2), Exp(), nn.AvgPool1d(3), nn.Flatten(), nn.Linear(18, 7), nn.ReLU(), nn.Linear(7, 1),
    )
    for m in model.modules():
        if isinstance(m, nn.BatchNorm1d):
            m.running_mean.normal_(0, 0.2), m.running_var.uniform_(0.5, 2)
    model.eval()
    export_oracle.export(model, LENGTH, out / "case")
    x = torch.softmax(2 * torch.randn(5, LENGTH, 4), dim=2).requires_grad_()
    y = model(x.transpose(1, 2))[:, 0]
    y.sum().backward()
    text = {"weights": x.flatten(1).tolist(), "values": y.tolist(), "derivatives": x.grad.flatten(1).tolist()}
    (out / "expected.json").write_text(json.dumps(text) + "\n")


if __name__ == "__main__":
    main()
