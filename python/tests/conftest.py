"""What the tests share: small models of the repository, and the program that the numbers are compared
with."""

import json
import os
import subprocess
import tempfile

import pytest

import ponder

DATA = os.path.join(os.environ["PONDER_SOURCE_DIR"], "tests", "data")
TOY = os.path.join(DATA, "toy", "ponder-toy.gguf")
SUM = "What is the sum of 14 and 8?"
# What differs from run to run, or depends on how many prompts the model has read before.
LEFT_OUT = {"seconds", "ess_per_second", "trace", "cost", "files", "file"}


def program(*arguments, model=TOY, code=0, stdin=None):
    """Standard output of the program, with numbers in f32."""
    command = [os.environ["PONDER"], *arguments, *(["-m", model, "--precision", "f32"] if model else [])]
    r = subprocess.run(command, capture_output=True, text=True, input=stdin)
    assert r.returncode == code, r.stderr
    return r.stdout


def program_json(*arguments, **kw):
    return json.loads(program(*arguments, "--json", **kw))


def lasting(value):
    """A record without what differs from run to run."""
    if isinstance(value, dict):
        return {k: lasting(v) for k, v in value.items() if k not in LEFT_OUT}
    return [lasting(v) for v in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def toy():
    with ponder.Model(TOY, precision="f32") as m:
        yield m


@pytest.fixture
def own_home(monkeypatch):
    """No models and no calibrations of whoever runs the tests."""
    with tempfile.TemporaryDirectory() as folder:
        for name in [n for n in os.environ if n.startswith(("XDG_", "HF_", "HUGGINGFACE_", "LLAMA_", "OLLAMA_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", folder)
        yield folder
