"""From the library's JSON to frozen dataclasses: the fields have the names of the keys, and their
annotations say what stands there."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


def _value(kind: Any, x: Any) -> Any:
    if x is None or kind is Any:
        return x
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _value(next(a for a in args if a is not type(None)), x)
    if origin is tuple:
        inside = args[:1] * len(x) if args[-1] is Ellipsis else args
        return tuple(_value(a, y) for a, y in zip(inside, x, strict=True))
    if origin is dict:
        return {k: _value(args[1], y) for k, y in x.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return read(kind, x)
    return float(x) if kind is float else x


def read(cls: type[T], record: Mapping[str, Any], **more: Any) -> T:
    """An instance of the dataclass. Keys that it has no field for are left out, and fields without a
    key keep their default; `more`: fields that are no part of the record."""
    kind: Any = cls
    hints = _hints(kind)
    values = {f.name: _value(hints[f.name], record[f.name]) for f in fields(kind) if f.name in record}
    return cls(**{**values, **more})
