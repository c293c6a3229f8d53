"""The shapes of the networks that train_oracle.py trains, and of their inputs. No training, no
files."""

import numpy as np
import torch
from torch import nn


class Residual(nn.Module):
    """x + inner(x)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


def convolution(a: int, b: int, k: int, dilation: int = 1) -> list[nn.Module]:
    return [nn.Conv1d(a, b, k, padding=dilation * (k // 2), dilation=dilation, bias=False), nn.BatchNorm1d(b)]


def first_model() -> nn.Sequential:
    return nn.Sequential(
        *convolution(4, 32, 19), nn.ReLU(), nn.MaxPool1d(2),
        Residual(nn.Sequential(*convolution(32, 32, 5, 2), nn.ReLU())),
        Residual(nn.Sequential(*convolution(32, 32, 5, 4), nn.ReLU())),
        nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1),
    )


def second_model() -> nn.Sequential:
    return nn.Sequential(
        *convolution(4, 40, 15), nn.GELU(), nn.MaxPool1d(4),
        *convolution(40, 48, 7), nn.GELU(), *convolution(48, 48, 5), nn.GELU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(48, 24), nn.GELU(), nn.Linear(24, 1),
    )


def one_hot(x: np.ndarray) -> torch.Tensor:
    """(n, 4, length) of letters (n, length) from 0 to 3."""
    return torch.nn.functional.one_hot(torch.from_numpy(x).long(), 4).float().transpose(1, 2).contiguous()


def predict(model: nn.Module, x: torch.Tensor) -> np.ndarray:
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part)[:, 0] for part in x.split(256)]).numpy()
