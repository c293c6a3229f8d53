"""The recipes of docs/python.md run, and mypy --strict finds nothing in them nor in the package."""

import os
import re
import subprocess
import sys

import pytest
from conftest import TOY

DOCUMENT = os.path.join(os.environ["PONDER_SOURCE_DIR"], "docs", "python.md")


def blocks():
    with open(DOCUMENT, encoding="utf-8") as f:
        return re.findall(r"^```python\n(.*?)^```$", f.read(), re.M | re.S)


def test_the_recipes_run(capsys):
    names = {"MODEL": TOY}
    assert len(blocks()) == 14  # the opening, and thirteen recipes
    for number, block in enumerate(blocks()):
        exec(compile(block, f"recipe {number}", "exec"), names)
        assert number in (0, 9) or capsys.readouterr().out  # the opening, and what asserts, print nothing
    names["m"].close()


def test_mypy_is_content(tmp_path):
    pytest.importorskip("mypy")
    code = "MODEL: str = 'a path'\n" + "\n".join(blocks())
    (tmp_path / "recipes.py").write_text(code)
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import ponder\nponder.Model().think('x', budgit=3)\nx: int = ponder.Model().generate('x').reply\nponder.Model().sample('x', terms=[3])\n")

    def mypy(*files):
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), *files]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    r = mypy("recipes.py")
    assert r.returncode == 0, r.stdout
    package = mypy("-p", "ponder")
    assert package.returncode == 0, package.stdout
    found = mypy("wrong.py")
    assert all(said in found.stdout for said in ("budgit", "Incompatible types in assignment", "List item 0")), found.stdout
