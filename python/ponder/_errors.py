"""The library's errors as exceptions: one class a kind of failure, each also the built-in class that
Python has for it."""

from __future__ import annotations

import os
import sys
import warnings


class Error(Exception):
    """What went wrong, in four parts: what was expected, what was got, where, and what to do next."""

    def __init__(self, expected: str, got: str, where: str = "", hint: str = "") -> None:
        super().__init__(expected, got, where, hint)
        self.expected, self.got, self.where, self.hint = expected, got, where, hint

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"expected {self.expected}, got {self.got}{where}{hint}"

    def __reduce__(self) -> tuple[type[Error], tuple[str, str, str, str]]:
        return type(self), (self.expected, self.got, self.where, self.hint)


class InvalidError(Error, ValueError):
    """The input is wrong: a setting, a prompt, a token id, a file's contents."""


class NotFoundError(Error, FileNotFoundError):
    """A file or a name does not exist."""


class UnsupportedError(Error, NotImplementedError):
    """The request is understood, but this model or this build cannot do it."""


class ResourceError(Error, MemoryError):
    """More context, memory or disk is needed than there is."""


class IoError(Error, OSError):
    """Reading or writing failed."""


class NumericError(Error, ArithmeticError):
    """A result is not finite."""


class CancelledError(Error):
    """The work was cancelled, for example since its model was closed."""


class EndedEarly(RuntimeWarning):
    """Code of the caller's (a density, a term, an oracle) has raised `__cause__`, and the result is what was
    found before."""


def warn_ended_early(kind: str, raised: BaseException) -> None:
    """Warns, at the line that has called the package."""
    here, depth = os.path.dirname(__file__), 1
    frame = sys._getframe()
    while frame.f_back and os.path.dirname(frame.f_code.co_filename) == here:
        frame, depth = frame.f_back, depth + 1
    warning = EndedEarly(f"{kind}: {raised}; the result is what was found before")
    warning.__cause__ = raised
    warnings.warn(warning, stacklevel=depth)
