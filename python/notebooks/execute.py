"""Executes the notebooks beside this file and writes them as HTML, with what they show. They are kept without
outputs, so that a change of one is a change of its text.

    execute.py FOLDER [MODEL]      MODEL: a GGUF file instead of the default model, which the notebooks open

Needs what `pip install "ponder[notebooks]" nbconvert` brings.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
NOTEBOOKS = sorted(HERE.glob("*.ipynb"))


def executed(path, model=None, timeout=120):
    """The notebook with its outputs; a cell that fails, or takes longer than `timeout` seconds, raises."""
    notebook = nbformat.read(path, as_version=4)
    if model is not None:
        for cell in notebook.cells:
            cell.source = cell.source.replace("ponder.Model()", f"ponder.Model({str(model)!r})")
    return NotebookClient(notebook, timeout=timeout, kernel_name="python3").execute()


def main():
    from nbconvert import HTMLExporter

    folder, model = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    folder.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        page, _ = HTMLExporter().from_notebook_node(executed(path, model))
        (folder / f"{path.stem}.html").write_text(page, encoding="utf-8")
        print(folder / f"{path.stem}.html")


if __name__ == "__main__":
    main()
