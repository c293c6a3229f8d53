"""design: DNA sequences for a fitness (docs/dna.md). It needs no model."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from . import _core
from ._catalog import read_text
from ._numbers import Design, Designs, Trace
from ._oracles import is_own, oracle_call, oracles_apart
from ._options import DesignOptions, takes
from ._reading import read
from ._requests import to_text
from ._terms import TermCall


@takes(DesignOptions)
def design(fitness: Mapping[str, Any] | str | os.PathLike[str], **options: Unpack[DesignOptions]) -> Designs:
    """DNA sequences drawn in proportion to exp(fitness / tau), or the best found.

    fitness: terms with weights, and constraints: a mapping, its JSON, or the path of a file of it, to
    whose folder the names of files in it are relative. A mapping's terms may also be ponder.Oracle, each
    perhaps with a weight.
    """
    request: dict[str, Any] = {k: v for k, v in options.items() if v is not None}
    judge: TermCall | None = None
    oracles: list[TermCall] = []
    held_out = request.pop("held_out", None)
    if isinstance(held_out, tuple):
        raise TypeError("held_out judges and has no weight: give the oracle alone")
    if is_own(held_out):
        judge = oracle_call(held_out, "held_out")
    elif held_out is not None:
        request["held_out"] = os.fspath(held_out)
    if isinstance(fitness, Mapping):
        request["fitness"], oracles = oracles_apart(fitness)
    elif isinstance(fitness, str) and fitness.lstrip().startswith("{"):
        request["fitness"] = json.loads(fitness)
    else:
        file = Path(fitness)
        request |= {"fitness": json.loads(read_text(file)), "fitness_source": str(file), "folder": str(file.parent)}
    record, lines, trace, notes, stopped = _core.design(to_text(request), oracles, judge)
    for note in notes:
        warnings.warn(note, stacklevel=3)
    designs = tuple(read(Design, json.loads(line)) for line in lines.splitlines())
    return read(Designs, json.loads(record), json=record, designs=designs, trace=None if trace is None else Trace(**trace), stopped=stopped)
