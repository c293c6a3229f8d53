"""Draws as ArviZ reads them: the layout of the files that `ponder sample --out FILE.nc` writes. xarray and
ArviZ are imported when they are asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

    from ._numbers import Trace


def _missing(package: str, needs: str) -> ImportError:
    return ImportError(f"expected {needs}, got none; pip install '{package}'", name=package)


def _dataset(trace: Trace, group: str) -> xarray.Dataset:
    try:
        import xarray
    except ImportError as e:
        raise _missing("xarray", "the package xarray") from e
    dims = ("chain", "draw")
    columns = getattr(trace, group)
    variables: dict[str, Any] = {}
    for name, values in columns.items():
        note = trace.descriptions.get(name)
        variables[name] = (dims, values, {"long_name": note} if note else {})
    coords = {"chain": np.arange(trace.length.shape[0]), "draw": np.arange(trace.length.shape[1])}
    if group == "posterior":
        variables["tokens"] = ((*dims, "token"), trace.tokens)
        variables["length"] = (dims, trace.length)
        coords["token"] = np.arange(trace.tokens.shape[2])
    return xarray.Dataset(variables, coords=coords, attrs={"inference_library": "ponder", **trace.attributes})


def data_tree(trace: Trace) -> xarray.DataTree:
    groups = {f"/{g}": _dataset(trace, g) for g in ("posterior", "sample_stats")}
    import xarray

    return xarray.DataTree.from_dict(groups)


def inference_data(trace: Trace) -> Any:
    try:
        arviz: Any = importlib.import_module("arviz")
    except ImportError:
        arviz = None
    if arviz is None or not arviz.__version__.startswith("0."):  # ArviZ 1 has the name InferenceData, too, for another class
        raise _missing("arviz<1", "ArviZ 0.23, which has InferenceData (for ArviZ 1 use to_xarray())")
    return arviz.InferenceData(**{g: _dataset(trace, g) for g in ("posterior", "sample_stats")})
