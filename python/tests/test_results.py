"""Results are frozen values: they pickle, compare and print."""

import dataclasses
import pickle

import numpy as np
import pytest
from conftest import SUM

import ponder
from ponder import _numbers


@pytest.fixture(scope="module")
def results(toy):
    return {
        "generate": toy.generate(SUM), "score": toy.score(SUM, ["22"], alpha=2, pseudo=3)[0], "grad": toy.grad(SUM, "22"),
        "think": toy.think(SUM, budget="2000t"), "prove": toy.prove(SUM, budget="2000t"),
        "answer": toy.answer(SUM, draws=4, calibration=None), "decide": toy.decide(SUM, choices=["a", "b"]),
        "decisions": toy.decisions(SUM, [{"type": "predicate", "instructions": "Is it so?"}]),
        "sample": toy.sample(SUM, chains=2, draws=4, warmup=2, max_length=8),
        "landscape": toy.landscape(SUM, size=3, seeds=1, points=5, max_length=20),
        "design": ponder.design({"terms": [{"kind": "gc"}]}, length=8, n=2, warmup=2, chains=2),
        "bench": toy.bench(repeats=1, only=["dram_gbs"]),
    }  # fmt: skip


def equal(a, b):
    """Field by field, with arrays."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b) and a.dtype == b.dtype
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


def test_pickling(results):
    for name, r in results.items():
        assert equal(pickle.loads(pickle.dumps(r)), r), name


def test_frozen(results):
    for name, r in results.items():
        first = dataclasses.fields(r)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(r, first, None)
        assert "\n" not in repr(r) and len(repr(r)) < 3000, name


def lost(value, record):
    """The keys of a record, and of those in it, that have no field."""
    if isinstance(record, list):
        return [k for v, r in zip(value, record) for k in lost(v, r)] if isinstance(value, list | tuple) else []
    if not isinstance(record, dict):
        return []
    fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else value
    if not isinstance(fields, dict):
        return []
    return [k for k in record if k not in fields] + [x for k in record if k in fields for x in lost(fields[k], record[k])]


def test_every_key_of_the_wire_has_a_field(results):
    """A key that the library adds to a record must not be lost on the way to Python."""
    known = {"bench": {"dram_gbs", "load_s", "model"}, "landscape": {"files", "version", "replies"}, "sample": {"file", "reply"}, "design": {"diagnostics"}}
    for name in ("generate", "think", "prove", "answer", "decisions", "sample", "landscape", "design"):
        r = results[name]
        assert not set(lost(r, r.to_dict())) - known.get(name, set()) - set(getattr(r, "walks", {})), name


def test_screens(results):
    t = str(results["think"])
    assert t.splitlines()[0] == "first     The sum of 14 and 8 is 22." and "nats" in t and "proof" in t + str(results["prove"])
    assert str(results["generate"]) == "The sum of 14 and 8 is 22."
    assert "mass" in str(results["answer"]) and "log p" in str(results["score"]) and "verdict" in str(results["sample"])


def test_html_shows_probabilities(results):
    t = results["think"]
    h = t._repr_html_()
    for token in t.tokens:
        if token.text.strip():
            assert f"p = {np.exp(min(token.logprob, 0)):.4g}" in h
    assert results["answer"]._repr_html_().count("<tr>") >= 1
    wild = dataclasses.replace(results["generate"], tokens=(ponder.TokenProb(text="<b>&", logprob=-9.0),))
    assert "&lt;b&gt;&amp;" in wild._repr_html_() and "underline" in wild._repr_html_() and "<b>&" not in wild._repr_html_()


def test_designs_in_colours(results):
    d = results["design"]
    h = d._repr_html_()
    assert h.count("<tr>") == len(d.designs) and h.count("</span>") == sum(len(x.sequence) for x in d.designs)
    placed = dataclasses.replace(d.designs[0], places=(_numbers.Place(motif="m", begin=2, end=5, strand="+", log_odds=1.0),))
    h = dataclasses.replace(d, designs=(placed,) * 12)._repr_html_()
    assert h.count("underline") == 30 and "and 2 more" in h
