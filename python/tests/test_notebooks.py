"""The notebooks run, on the default model where it is here, and show what their text says."""

import os
import sys

import pytest
from conftest import TOY

import ponder

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")
pytest.importorskip("arviz")
sys.path.insert(0, os.path.join(os.environ["PONDER_SOURCE_DIR"], "python", "notebooks"))
from execute import NOTEBOOKS, executed, nbformat  # noqa: E402

# What each notebook must show: pieces of text or HTML, and how many pictures.
SHOWN = {
    "think": (["<b>first</b>", "<b>proof</b>", "first The sum of 14 and 8 is", "<table>"], 1),
    "power": (["bulk ESS", "verdict", "r_hat"], 3),
    "dna": (["text-decoration:underline", "r_hat", "converged:"], 1),
}


@pytest.fixture(scope="module")
def model():
    """None for the default one."""
    try:
        ponder.Model().close()
    except ponder.NotFoundError:
        return TOY
    return None


def test_outputs_are_stripped():
    assert {p.stem for p in NOTEBOOKS} == set(SHOWN)
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None), path


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs(path, model):
    outputs = [o for c in executed(path, model).cells if c.cell_type == "code" for o in c.outputs]
    data = [o.data for o in outputs if "data" in o]
    text = "\n".join([o.text for o in outputs if "text" in o] + [d.get("text/html", "") + d.get("text/plain", "") for d in data])
    pieces, pictures = SHOWN[path.stem]
    assert [p for p in pieces if p not in text] == []
    assert sum("image/png" in d for d in data) == pictures
    assert not [o for o in outputs if o.get("name") == "stderr"]
