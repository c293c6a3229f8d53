"""Modules of PyTorch as oracles of DNA, with their derivatives, and models of transformers as densities.
PyTorch is imported with this file only, so that ponder itself does not need it, and transformers with
TorchDensity."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ._errors import InvalidError
from ._oracles import Sequences

if TYPE_CHECKING:
    from ._torch_density import TorchDensity

__all__ = ["Oracle", "TorchDensity"]

_torch: Any = importlib.import_module("torch")


class Oracle:
    """A module as an oracle of ponder.design: a term of a fitness, or a judge.

    module: takes one-hot letters and gives one number a sequence, (n) or (n, 1). channels: where the four
    letters stand in what it takes: "first", (n, 4, length), as convolutions have them, or "last",
    (n, length, 4). name, weight: as of every oracle. at_once: most sequences of one pass.

    The module has to be in evaluation mode. Its numbers are in the type, and made on the device, of its
    first parameter; a module without one computes in float32 on the CPU.
    """

    def __init__(self, module: Any, *, channels: Literal["first", "last"] = "first", name: str = "torch", weight: float = 1, at_once: int = 1024) -> None:
        if getattr(module, "training", False):
            raise InvalidError("a module in evaluation mode", "one in training", name, "call module.eval() first")
        if channels not in ("first", "last"):
            raise InvalidError("first or last", repr(channels), "channels")
        self.name, self.weight = name, weight
        self._module, self._channels, self._at_once = module, channels, at_once
        parameter = next(iter(module.parameters()), None) if hasattr(module, "parameters") else None
        self._like = {"dtype": _torch.float32, "device": "cpu"} if parameter is None else {"dtype": parameter.dtype, "device": parameter.device}

    def value(self, sequences: Sequences) -> NDArray[np.float64]:
        """(n) of sequences (n, length)."""
        one_hot = np.eye(4, dtype=np.float32)[sequences]
        with _torch.no_grad():
            return np.concatenate([self._numbers(self._run(self._tensor(part))) for part in self._parts(one_hot)])

    def value_and_grad(self, weights: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n) of mixtures of letters (n, length, 4), and the derivative by them."""
        values, slopes = [], []
        for part in self._parts(weights):
            x = self._tensor(part).requires_grad_()
            with _torch.enable_grad():
                y = self._run(x)
                (dx,) = _torch.autograd.grad(y.sum(), x)
            values.append(self._numbers(y.detach()))
            slopes.append(self._numbers(dx))
        return np.concatenate(values), np.concatenate(slopes)

    def _parts(self, x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [x[i : i + self._at_once] for i in range(0, len(x), self._at_once)]

    def _tensor(self, x: NDArray[np.float32]) -> Any:
        return _torch.tensor(x, **self._like)

    def _run(self, x: Any) -> Any:
        y = self._module(x.transpose(1, 2) if self._channels == "first" else x)
        if y.numel() != len(x):
            raise InvalidError("one number a sequence", f"shape {tuple(y.shape)} of {len(x)}", self.name, "let the module end in one output")
        return y.reshape(len(x))

    @staticmethod
    def _numbers(x: Any) -> NDArray[np.float64]:
        array: NDArray[np.float64] = x.cpu().double().numpy()
        return array


def __getattr__(name: str) -> Any:
    if name != "TorchDensity":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._torch_density import TorchDensity

    return TorchDensity
