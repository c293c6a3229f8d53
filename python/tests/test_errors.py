"""What is wrong is told: by an exception of its kind, with what was expected and what to do next."""

import os
import pickle

import numpy as np
import pytest
from conftest import SUM, TOY

import ponder


def test_unknown_settings_have_the_closest_name(toy):
    for call, wrong, near in ((toy.think, "max_lenght", "max_length"), (toy.generate, "temp", "temperature"), (toy.sample, "draw", "draws"), (toy.score, "prompts", "prompt")):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{wrong}'; did you mean '{near}'"):
            call(SUM, **{wrong: 1})
    with pytest.raises(TypeError, match="did you mean 'length'"):
        ponder.design({"terms": []}, lenght=3)


def test_help_lists_the_settings(toy):
    import inspect
    assert {"budget", "methods", "seed", "system"} <= set(inspect.signature(ponder.Model.think).parameters)


@pytest.mark.parametrize("settings, where", [
    ({"temperature": -1}, "temperature"), ({"top_p": 0}, "top_p"), ({"seed": -1}, "seed"), ({"seed": "x"}, "seed"),
    ({"max_length": 1.5}, "max_length"), ({"target": "longest"}, "target"), ({"allow_ids": [10**6]}, "allow_ids"),
    ({"temperature": float("nan")}, "temperature"), ({"n": 3}, ""),
])  # fmt: skip
def test_settings_out_of_range(toy, settings, where):
    with pytest.raises(ponder.InvalidError) as e:
        toy.generate(SUM, **settings)
    assert isinstance(e.value, ValueError) and where in str(e.value) and str(e.value).startswith("expected ")


@pytest.mark.parametrize("call", [
    lambda m: m.think(SUM, budget="soon"), lambda m: m.think(SUM, methods="beem"), lambda m: m.prove(SUM, terms="forbid:1"),
    lambda m: m.sample(SUM, kernel="sufix"), lambda m: m.answer(SUM, kind="colour"), lambda m: m.score("", ["x"]),
    lambda m: m.score(SUM, [[10**7]]), lambda m: m.grad(SUM, candidates=[[1, 2]], weights=[[1.0]]),
    lambda m: m.detokenize([-1]), lambda m: m.decide("x", choices=["one"]), lambda m: m.generate([{"role": "user"}]),
    lambda m: m.generate(np.zeros((2, 2), int)), lambda m: m.check("{}"),
    lambda m: ponder.design({"terms": [{"kind": "gcc"}]}, length=10), lambda m: ponder.Model(TOY, precision="f16"),
])  # fmt: skip
def test_bad_input(toy, call):
    with pytest.raises(ponder.InvalidError) as e:
        call(toy)
    assert e.value.expected and e.value.got


def test_wrong_types(toy):
    for call in (lambda: toy.generate(3), lambda: toy.generate([1.5]), lambda: toy.score(SUM, "one"), lambda: toy.score(SUM, [3]), lambda: toy.decide("x"), lambda: toy.grad(SUM)):
        with pytest.raises(TypeError):
            call()


def test_files_that_are_not_there(own_home):
    for name in ("nowhere.gguf", "no-such-model", None):
        with pytest.raises(ponder.NotFoundError) as e:
            ponder.Model(name)
        assert isinstance(e.value, FileNotFoundError) and e.value.hint


def test_names_of_models(own_home):
    cache = os.path.join(own_home, ".cache", "ponder")
    os.makedirs(cache)
    os.symlink(TOY, os.path.join(cache, "little-toy.gguf"))
    assert [m["name"] for m in ponder.models()["models"]] == ["little-toy"]
    with ponder.Model("little-toy") as m:
        assert m.n_vocab > 0
    with pytest.raises(ponder.NotFoundError, match="little-toy"):
        ponder.Model("litle-toy")


def test_a_closed_model():
    m = ponder.Model(TOY)
    assert not m.closed
    with m:
        pass
    assert m.closed and "closed" in repr(m)
    m.close()
    for call in (lambda: m.generate(SUM), lambda: m.tokenize("x"), lambda: m.n_vocab, lambda: m.think(SUM, stream=True)):
        with pytest.raises(ponder.InvalidError, match="closed"):
            call()


def test_a_fork_is_told(toy):
    toy.generate(SUM)
    search = toy.think(SUM, stream=True, budget="20s", methods=["anneal"])
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            toy.generate(SUM)
            said = "an answer"
        except ponder.InvalidError as e:
            said = str(e)
        try:
            next(search)
        except ponder.InvalidError as e:
            said += str(e)
        search.close()
        toy.close()
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 4096).decode()
    assert os.waitpid(child, 0)[1] == 0 and said.count("fork") == 2 and "spawn" in said
    search.close()
    assert toy.generate(SUM).reply


def test_models_are_not_pickled(toy):
    with pytest.raises(TypeError, match="cannot be pickled; open it in the other process"):
        pickle.dumps(toy)
    with toy.think(SUM, stream=True, budget=1) as t, pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(t)


def test_errors_pickle():
    for kind in (ponder.InvalidError, ponder.NotFoundError, ponder.ResourceError, ponder.IoError, ponder.CancelledError):
        e = kind("a number", "'x'", "seed", "give one")
        again = pickle.loads(pickle.dumps(e))
        assert type(again) is kind and str(again) == str(e) == "expected a number, got 'x' (seed); give one"


def test_arrays_cannot_be_written(toy):
    (s,) = toy.score(SUM, ["22"])
    with pytest.raises(ValueError):
        s.logprobs[0] = 0
