"""Oracles of DNA written in Python: the designs of built-in terms that say the same, judges, and what
happens where they raise, return nonsense, or are interrupted."""

import os
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest
from test_results import equal
from test_running import interrupt_after

import ponder

SHORT = {"length": 16, "n": 6, "chains": 3, "warmup": 10, "seed": 2}
GC = {"terms": [{"kind": "gc", "target": 0.625, "deviation": 0.125, "weight": 2}], "max_homopolymer": 3}


class OwnGc:
    """`gc`, with the arithmetic of the library for lengths that are powers of two."""

    name, weight = "own-gc", 2

    def value(self, sequences):
        share = np.isin(sequences, (1, 2)).mean(axis=1)
        return -(((share - 0.625) / 0.125) ** 2) / 2


class SmoothGc(OwnGc):
    def value_and_grad(self, weights):
        w = weights.astype(np.float64)
        off = (w[:, :, 1:3].sum(axis=(1, 2)) / w.shape[1] - 0.625) / 0.125
        slopes = np.zeros_like(w)
        slopes[:, :, 1:3] = -(off / (0.125 * w.shape[1]))[:, None, None]
        return -off * off / 2, slopes


def with_own(*oracles):
    return {**GC, "terms": list(oracles)}


@pytest.mark.parametrize("oracle, settings", [
    (OwnGc(), {"kernel": "gibbs"}), (OwnGc(), {"kernel": "gwg:gradient=0"}), (SmoothGc(), {}), (SmoothGc(), {"kernel": "dmala"}),
    (OwnGc(), {"method": "neighbours"}), (SmoothGc(), {"method": "anneal", "steps": 5}), (SmoothGc(), {"method": "straight-through", "steps": 20}),
    (OwnGc(), {"given": ["ACGTACGTACGTACGT", "AAAAACGTACGTACGT"], "length": None}),
])  # fmt: skip
def test_gc_written_again(oracle, settings):
    own, built_in = (ponder.design(f, **{**SHORT, **settings}) for f in (with_own(oracle), GC))
    assert own.designs == built_in.designs and len(own.designs) == len(settings.get("given", range(6)))
    if own.trace is not None:
        assert np.array_equal(own.trace.posterior["own-gc"], built_in.trace.posterior["gc"])


def test_oracles_and_terms_together():
    halves = {**GC, "terms": [{**GC["terms"][0], "weight": 1}, (OwnGc(), 1.0)]}
    for d in ponder.design(halves, **SHORT, kernel="gibbs").designs:
        (again,) = ponder.design(GC, given=[d.sequence]).designs
        assert d.fitness == pytest.approx(again.fitness)


def test_an_oracle_judges():
    for d in ponder.design(GC, **SHORT, held_out=OwnGc()).designs:
        assert d.held_out * 2 == pytest.approx(d.fitness)
    with pytest.raises(TypeError, match="held_out"):
        ponder.design(GC, **SHORT, held_out=(object(), 1))


def test_letters():
    assert ponder.letters(np.array([[0, 1, 2, 3], [3, 3, 0, 0]], np.uint8)) == ["ACGT", "TTAA"]
    seen = []

    class Looks(OwnGc):
        def value(self, sequences):
            seen.extend(ponder.letters(sequences))
            assert sequences.dtype == np.uint8 and sequences.shape[1] == 8
            return [x.count("A") for x in seen[-len(sequences):]]

    d = ponder.design(with_own(Looks()), given=["ACGTAAGA"])
    assert d.designs[0].fitness == 8 and seen == ["ACGTAAGA"]


class Fails(SmoothGc):
    def __init__(self, after):
        self.calls, self.after = 0, after

    def value(self, sequences):
        self.calls += 1
        if self.calls > self.after:
            raise LookupError("no more")
        return super().value(sequences)


@pytest.mark.parametrize("settings", [{"n": 60}, {"method": "anneal", "steps": 5}, {"method": "neighbours"}])
def test_an_exception_leaves_the_designs_before_it(settings):
    after = 15 if "n" in settings else 3
    oracle = Fails(after)
    with pytest.warns(ponder.EndedEarly, match="LookupError: no more") as told:
        d = ponder.design(with_own(oracle), **{**SHORT, "warmup": 3, "thin": 1, **settings})
    assert isinstance(told[0].message.__cause__, LookupError) and told[0].filename == __file__
    assert d.stopped and 0 < len(d.designs) < 60 and oracle.calls == after + 1
    (again,) = ponder.design(GC, given=[d.designs[0].sequence]).designs
    assert d.designs[0].fitness == pytest.approx(again.fitness)
    with pytest.raises(LookupError):
        ponder.design(with_own(Fails(0)), **SHORT)


def test_a_judge_that_raises_leaves_the_designs():
    with pytest.warns(ponder.EndedEarly):
        d = ponder.design(GC, **SHORT, held_out=Fails(0))
    assert len(d.designs) == 6 and d.designs[0].held_out is None


@pytest.mark.parametrize("method, wrong, got", [
    ("value", lambda x: np.zeros(len(x) + 1), "shape"), ("value", lambda x: [np.nan] * len(x), "NaN"), ("value", lambda x: "abc", "<U3"),
    ("value_and_grad", lambda w: np.zeros(len(w)), "ndarray"), ("value_and_grad", lambda w: (np.zeros(len(w)), np.zeros(len(w))), "shape"),
    ("value_and_grad", lambda w: (np.zeros(1 + len(w)), np.zeros(w.shape)), "shape"),
])  # fmt: skip
def test_values_that_are_none(method, wrong, got):
    oracle = SmoothGc()
    setattr(oracle, method, wrong)
    with pytest.raises(ponder.InvalidError) as e:
        ponder.design(with_own(oracle), **SHORT)
    assert got in e.value.got and e.value.where.startswith(f"own-gc.{method}")


def test_what_is_no_fitness():
    for terms, kind in (([], ponder.InvalidError), ([3], ponder.InvalidError), ([(3, 1)], TypeError), ([OwnGc(), OwnGc()], ponder.InvalidError)):
        with pytest.raises(kind):
            ponder.design({"terms": terms}, **SHORT)


class Slow(OwnGc):
    def __init__(self, seconds):
        self.seconds = seconds

    def value(self, sequences):
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(0.01)
        return super().value(sequences)


def test_interrupts():
    long = {"length": 20, "n": 10**6, "chains": 2, "warmup": 0, "kernel": "gibbs"}
    thread = interrupt_after(1)
    d = ponder.design(with_own(Slow(0.02)), **{**long, "thin": 1})
    thread.join()
    assert d.stopped and d.designs
    begin, thread = time.monotonic(), interrupt_after(0.5, 0.5)
    with pytest.raises(KeyboardInterrupt):
        ponder.design(with_own(Slow(60)), **long)
        thread.join()
    thread.join()
    assert time.monotonic() - begin < 20


def test_designs_pickle():
    d = ponder.design(with_own(OwnGc()), **SHORT)
    assert equal(pickle.loads(pickle.dumps(d)), d)


def test_ponder_does_not_import_torch():
    code = "import sys, ponder; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=os.path.dirname(sys.executable))


def network(channels):
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    flat = torch.nn.Flatten()
    tail = [torch.nn.Linear(64, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)]
    first = [torch.nn.Conv1d(4, 4, 3, padding=1), torch.nn.GELU()] if channels == "first" else []
    return torch.nn.Sequential(*first, flat, *tail).double().eval()


@pytest.mark.parametrize("channels", ["first", "last"])
def test_a_module_of_torch_with_its_derivative(channels):
    module = network(channels)
    from ponder import torch

    oracle = torch.Oracle(module, channels=channels, at_once=2)
    rng = np.random.default_rng(0)
    w = rng.dirichlet(np.ones(4), (3, 16)).astype(np.float32)
    values, slopes = oracle.value_and_grad(w)
    assert values.shape == (3,) and slopes.shape == w.shape and slopes.dtype == np.float64
    step = np.float32(2**-10)
    for i, t, v in [(0, 0, 0), (1, 7, 2), (2, 15, 3)]:
        up, down = w.copy(), w.copy()
        up[i, t, v] += step
        down[i, t, v] -= step
        difference = (oracle.value_and_grad(up)[0][i] - oracle.value_and_grad(down)[0][i]) / (float(up[i, t, v]) - float(down[i, t, v]))
        assert slopes[i, t, v] == pytest.approx(difference, rel=1e-3, abs=1e-7)
    x = rng.integers(0, 4, (5, 16)).astype(np.uint8)
    assert np.allclose(oracle.value(x), oracle.value_and_grad(np.eye(4, dtype=np.float32)[x])[0], rtol=1e-12)
    best = ponder.design({"terms": [oracle], "max_homopolymer": 3}, length=16, n=2, method="straight-through", steps=30)
    assert best.designs[0].fitness == pytest.approx(oracle.value(np.array([["ACGT".index(c) for c in best.designs[0].sequence]]))[0])
    assert best.designs[0].fitness > np.median(oracle.value(rng.integers(0, 4, (200, 16)).astype(np.uint8)))


def test_modules_that_are_no_oracles():
    module = network("first")
    from ponder import torch

    with pytest.raises(ponder.InvalidError, match="eval"):
        torch.Oracle(module.train())
    with pytest.raises(ponder.InvalidError, match="one number a sequence"):
        torch.Oracle(module[0].eval()).value(np.zeros((2, 16), np.uint8))
