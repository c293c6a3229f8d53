"""Thinking: a search that is read while it runs."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from types import TracebackType

from . import _core
from .events import Event, read_event


class Thinking(Iterator[Event]):
    """The events of a search (ponder.events). Closing it, or leaving its with-block, ends the search
    within one pass through the network; finish() asks for the best so far. One thread at a time."""

    def __init__(self, stream: _core.ThinkStream) -> None:
        self._stream = stream
        running.add(self)

    def __next__(self) -> Event:
        item = self._stream.next()
        if item is None:
            raise StopIteration
        name, data = item
        return read_event(name, data, json.loads(data), self._stream.stopped)

    def finish(self) -> None:
        """The search ends soon, and what it has found is told."""
        self._stream.finish()

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Thinking:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __reduce__(self) -> str:
        raise TypeError("a search that runs cannot be pickled; pickle the Thought of its last event")


running: weakref.WeakSet[Thinking] = weakref.WeakSet()
