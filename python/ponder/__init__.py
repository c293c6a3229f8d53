"""Search and sample what a language model really says: docs/python.md.

    with ponder.Model() as m:
        print(m.think("What is the sum of 14 and 8?"))
"""

import atexit as _atexit

from . import _core, events
from ._catalog import models
from ._decisions import Decision, Decisions
from ._density import Density, FedTokens, Prefixes
from ._design import design
from ._errors import CancelledError, EndedEarly, Error, InvalidError, IoError, NotFoundError, NumericError, ResourceError, UnsupportedError
from ._model import Model
from ._model import opened as _opened
from ._numbers import Design, Designs, Draws, Gradient, Landscape, Score, Spots, Trace
from ._oracles import Oracle, SmoothOracle, letters
from ._records import Answer, Bench, Certificate, Checked, Generated, Posterior, Proof, Reply, Thought, TokenProb
from ._requests import RawText
from ._terms import BoundedTerm, Candidate, Candidates, Term
from ._thinking import Thinking
from ._thinking import running as _running

__version__: str = _core.version

__all__ = [
    "Answer", "Bench", "BoundedTerm", "CancelledError", "Candidate", "Candidates", "Certificate", "Checked", "Decision",
    "Decisions", "Density", "Design", "Designs", "Draws", "EndedEarly", "Error", "FedTokens", "Generated", "Gradient",
    "InvalidError", "IoError", "Landscape", "Model", "NotFoundError", "NumericError", "Oracle", "Posterior", "Prefixes",
    "Proof", "RawText", "Reply", "ResourceError", "Score", "SmoothOracle", "Spots", "Term", "Thinking", "Thought",
    "TokenProb", "Trace", "UnsupportedError", "design", "events", "letters", "models",
]  # fmt: skip


@_atexit.register
def _close_all() -> None:
    """Searches end before the interpreter does."""
    for search in tuple(_running):
        search.close()
    for model in tuple(_opened):
        model.close()
