"""Models of torch: needs torch, and transformers for TorchDensity. `import ponder` does not load it."""

from __future__ import annotations

from ._torch_density import TorchDensity

__all__ = ["TorchDensity"]
