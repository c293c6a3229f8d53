"""Prompts and settings as the JSON that the library reads. Nothing is checked here that the library
checks."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._errors import InvalidError
from ._options import Sequenced


class RawText(str):
    """Text for the model to go on with as it stands, without the chat template."""


Prompt = str | Sequence[Mapping[str, Any]] | Sequenced
"""A question, for the model's chat template; a RawText; a conversation, as messages with "role" and
"content"; or token ids."""
Reply = str | Sequenced
"""A text, tokenised by itself, or token ids."""


def _plain(x: Any) -> Any:
    """What the JSON of Python does not know: numbers and arrays of NumPy, paths, tuples' kin."""
    if isinstance(x, np.ndarray | np.generic):
        return x.tolist()
    if isinstance(x, os.PathLike):
        return os.fspath(x)
    if isinstance(x, Mapping):
        return dict(x)
    if isinstance(x, Sequence | set | frozenset):
        return list(x)
    raise TypeError(f"expected numbers, texts, lists and mappings, got {type(x).__name__}")


def to_text(request: Mapping[str, Any]) -> str:
    for name, value in request.items():
        if isinstance(value, float) and not np.isfinite(value):
            raise InvalidError("a finite number", str(value), name)
    try:
        return json.dumps(request, default=_plain, allow_nan=False)
    except ValueError as e:
        raise InvalidError("finite numbers", str(e), "request") from None


def ids_of(ids: Any, where: str) -> list[int]:
    """Token ids as Python's own whole numbers."""
    if isinstance(ids, np.ndarray) and (ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer)):
        raise InvalidError("whole numbers in one dimension", f"{ids.dtype} of shape {ids.shape}", where)
    try:
        return [operator.index(v) for v in ids]
    except TypeError:
        raise TypeError(f"expected token ids, got {type(ids).__name__} ({where})") from None


def prompt_fields(prompt: Prompt, options: Mapping[str, Any]) -> dict[str, Any]:
    """The prompt by the keys of request lines (docs/requests.md), beside all other settings."""
    fields = {k: v for k, v in options.items() if v is not None}
    for name in ("budget", "patience"):
        if name in options and options[name] is None:
            fields[name] = ""  # no limit
    if "allow_ids" in fields:
        fields["allow_ids"] = ids_of(fields["allow_ids"], "allow_ids")
    if isinstance(prompt, RawText):
        return {"prompt": str(prompt), **fields}
    if isinstance(prompt, str):
        return {"question": prompt, **fields}
    if not isinstance(prompt, Sequence | np.ndarray):
        raise TypeError(f"expected a text, messages or token ids, got {type(prompt).__name__} (prompt)")
    if len(prompt) > 0 and isinstance(prompt[0], Mapping):
        return {"messages": list(prompt), **fields}
    return {"prompt_ids": ids_of(prompt, "prompt"), **fields}


def given_reply(reply: Any, where: str) -> str | list[int]:
    return reply if isinstance(reply, str) else ids_of(reply, where)
