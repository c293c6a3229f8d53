"""Densities written in Python: the searches, proofs and chains of a model of the library, a law that can be
enumerated, gradients, and code that raises."""

import json
import os
import pickle
import signal
import threading
import time
import warnings

import numpy as np
import pytest
from conftest import SUM, TOY

import ponder


class Relay(ponder.Density):
    """The toy model, asked through a second model."""

    def __init__(self, model):
        self.model, self.n_vocab, self.n_ctx, self.calls, self.fed = model, model.n_vocab, model.n_ctx, 0, []

    def feed(self, tokens):
        self.fed += zip(tokens.slots.tolist(), tokens.parents.tolist(), tokens.positions.tolist(), tokens.tokens.tolist())

    def logits(self, prefixes):
        self.calls += 1
        assert len(prefixes.slots) == len(prefixes) and prefixes[0].dtype == np.int32
        return np.stack([self.model.score(p, [[0]], logits=True)[0].logits for p in prefixes])


class Bigram(ponder.Density):
    """The logits depend on the last token alone: U E(token)."""

    n_embd = 5

    def __init__(self, n_vocab):
        r = np.random.default_rng(3)
        self.n_vocab, self.n_ctx = n_vocab, 64
        self.e, self.u = r.normal(size=(2, n_vocab, self.n_embd)).astype(np.float32)
        self.vectors = {}

    def feed(self, tokens):
        for slot, token in zip(tokens.slots.tolist(), tokens.tokens.tolist(), strict=True):
            self.vectors[slot] = self.e[token]

    def logits(self, prefixes):
        return np.stack([self.vectors[s] for s in prefixes.slots.tolist()]) @ self.u.T

    def embeddings(self):
        return self.e

    def feed_vectors(self, tokens, vectors):
        self.vectors |= zip(tokens.slots.tolist(), vectors, strict=True)

    def backward(self, dlogits):
        return dlogits @ self.u


@pytest.fixture(scope="module")
def relay(toy):
    with ponder.Model(TOY, density=Relay(toy)) as m:
        yield m


@pytest.fixture
def bigram(toy):
    with ponder.Model(TOY, density=Bigram(toy.n_vocab)) as m:
        yield m


def test_searches_find_what_they_find_on_the_model(toy, relay):
    assert relay.generate(SUM).reply == toy.generate(SUM).reply
    mine, own = relay.score(SUM, ["The sum of 14 and 9 is 22."], alpha=4)[0], toy.score(SUM, ["The sum of 14 and 9 is 22."], alpha=4)[0]
    np.testing.assert_allclose(mine.logprobs, own.logprobs, atol=1e-5)
    np.testing.assert_allclose(mine.lz, own.lz, atol=1e-5)
    a, b = (m.prove(SUM, max_length=12, n_best=3) for m in (relay, toy))
    assert [r.reply for r in a.n_best] == [r.reply for r in b.n_best] and a.certificate.status == b.certificate.status == "optimal"
    a, b = (m.prove(SUM, max_length=8, per_length=True) for m in (relay, toy))
    assert [r.reply for r in a.per_length] == [r.reply for r in b.per_length]
    a, b = (m.think(SUM, temperature=1.3, seed=4, budget="500t") for m in (relay, toy))
    assert a.reply == b.reply and a.logprob == pytest.approx(b.logprob, abs=1e-4)


def test_chains_draw_what_they_draw_on_the_model(toy, relay):
    options = {"chains": 3, "draws": 8, "warmup": 5, "seed": 2, "max_length": 10}
    a, b = relay.sample(SUM, **options), toy.sample(SUM, **options)
    assert [r.reply for r in a.replies] == [r.reply for r in b.replies]


def test_a_proof_names_the_density(toy, relay):
    proof = relay.prove(SUM, max_length=10, record=True).proof
    record = json.loads(proof)
    assert "Relay" in json.dumps(record) and relay.check(proof).valid and not toy.check(proof).valid
    assert relay.info()["architecture"] == "outside"


def test_slots_tell_the_tree(toy):
    density = Relay(toy)
    with ponder.Model(TOY, density=density) as m:
        m.generate(SUM)
        ids = m.prompt(SUM)[1].tolist()
    tokens = {slot: (parent, position, token) for slot, parent, position, token in density.fed}
    slot, seen = max(tokens, key=lambda s: tokens[s][1]), []
    while slot >= 0:
        parent, position, token = tokens[slot]
        assert position == (tokens[parent][1] + 1 if parent >= 0 else 0)
        seen.append(token)
        slot = parent
    assert seen[::-1][: len(ids)] == ids


def test_chains_have_the_law_of_the_density(bigram):
    """p^2 over two tokens out of four, by enumeration."""
    ids, prompt = [5, 9, 40, 77], [3]
    d = Bigram(bigram.n_vocab)

    def row(token):
        x = d.e[token] @ d.u[ids].T.astype(np.float64)
        return x - np.log(np.exp(x).sum())

    law = {(a, b): np.exp(2 * (row(3)[i] + row(a)[j])) for i, a in enumerate(ids) for j, b in enumerate(ids)}
    total = sum(law.values())
    r = bigram.sample(prompt, alpha=2, chains=64, draws=200, warmup=30, target="fixed", length=2, allow_ids=ids, seed=1)
    counts = dict.fromkeys(law, 0)
    for reply in r.trace.tokens.reshape(-1, 2).tolist():
        counts[tuple(reply)] += 1
    n = sum(counts.values())
    distance = sum(abs(counts[k] / n - law[k] / total) for k in law) / 2
    assert n == 64 * 200 and distance < 0.02


def test_gradients_are_those_of_differences(bigram):
    reply, prompt = [7, 8, 9], [3, 4]
    g = bigram.grad(prompt, reply)
    d = Bigram(bigram.n_vocab)

    def value(vectors):
        sequence = [d.e[4], *vectors]
        lp = 0.0
        for x, token in zip(sequence, reply, strict=False):
            logits = d.u.astype(np.float64) @ x
            lp += logits[token] - np.log(np.exp(logits).sum())
        return lp

    vectors = d.e[reply].astype(np.float64)
    assert g.value == pytest.approx(value(vectors), abs=1e-5)
    for t in range(len(reply)):
        for k in range(d.n_embd):
            up, down = vectors.copy(), vectors.copy()
            up[t, k] += 1e-4
            down[t, k] -= 1e-4
            assert g.gradient[t, k] == pytest.approx((value(up) - value(down)) / 2e-4, abs=1e-3)
    drawn = bigram.sample(prompt, kernel="gwg", chains=4, draws=5, warmup=5, target="fixed", length=3, alpha=1)
    assert drawn.chains == 4


class Failing(Relay):
    """Raises at a call."""

    def __init__(self, model, at):
        super().__init__(model)
        self.at = at

    def logits(self, prefixes):
        if self.calls + 1 >= self.at:
            raise KeyError("no such weights")
        return super().logits(prefixes)


def test_what_it_raises_is_raised_where_nothing_is_known(toy):
    with ponder.Model(TOY, density=Failing(toy, 1)) as m:
        for call in (m.generate, m.think, lambda p: m.score(p, ["22"]), lambda p: m.sample(p, draws=4), lambda p: list(m.think(p, stream=True))):
            with pytest.raises(KeyError, match="no such weights"):
                call(SUM)


def test_what_is_known_is_returned_with_a_warning(toy):
    for call in (lambda m: m.think(SUM, budget="60s", methods=["anneal:chains=2"]), lambda m: m.sample(SUM, draws=10**5, chains=2, warmup=1)):
        with ponder.Model(TOY, density=Failing(toy, 60)) as m, pytest.warns(ponder.EndedEarly, match="KeyError.*no such weights") as told:
            assert call(m)
        assert isinstance(told[0].message.__cause__, KeyError)


class Returning(ponder.Density):
    def __init__(self, n_vocab, value):
        self.n_vocab, self.n_ctx, self.value = n_vocab, 64, value

    def logits(self, prefixes):
        return self.value


def test_what_is_wrong_is_told(toy):
    n = toy.n_vocab
    for value, error, said in [
        (np.zeros((2, n)), ponder.InvalidError, "Returning.logits"), (np.zeros(n), ponder.InvalidError, f"\\(1, {n}\\)"), ("x", ValueError, "could not convert"),
        (None, ponder.InvalidError, "shape"), (np.full((1, n), np.nan), ponder.NumericError, "Returning"),
        (np.full((1, n), -np.inf), ponder.NumericError, "finite sum"), (np.full((1, n), np.inf), ponder.NumericError, "token 0"),
    ]:  # fmt: skip
        with ponder.Model(TOY, density=Returning(n, value)) as m, pytest.raises(error, match=said):
            m.generate(SUM)
    with pytest.raises(ponder.InvalidError, match="17"):
        ponder.Model(TOY, density=Returning(17, None))
    with pytest.raises(TypeError, match=r"ponder\.Density"):
        ponder.Model(TOY, density=lambda p: p)
    with pytest.raises(TypeError, match="precision"):
        ponder.Model(TOY, precision="f32", density=Returning(n, None))
    with ponder.Model(TOY, density=ponder.Density.__new__(type("Empty", (ponder.Density,), {"n_vocab": n, "n_ctx": 32}))) as m:
        with pytest.raises(NotImplementedError):
            m.generate(SUM)
        with pytest.raises(ponder.UnsupportedError, match="gives logits alone"):
            m.grad([3], [4, 5])


class Interrupting(Relay):
    """Sends Ctrl-C to its own process once a first reply is known; twice, and it does not end by itself."""

    def __init__(self, model, hangs=False):
        super().__init__(model)
        self.hangs = hangs

    def logits(self, prefixes):
        if self.calls == 60:
            os.kill(os.getpid(), signal.SIGINT)
        if self.calls == 60 and self.hangs:
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                time.sleep(0.01)
        return super().logits(prefixes)


def test_an_interrupt_keeps_the_best(toy):
    with ponder.Model(TOY, density=Interrupting(toy)) as m:
        r = m.think(SUM, budget="600s", methods=["anneal:chains=2"])
    assert r.stopped and r.first.reply


def test_a_second_interrupt_ends_a_call_that_hangs(toy):
    with ponder.Model(TOY, density=Interrupting(toy, hangs=True)) as m, pytest.raises(KeyboardInterrupt):
        m.think(SUM, budget="600s", methods=["anneal:chains=2"])


def test_threads_share_a_density(toy):
    with ponder.Model(TOY, density=Relay(toy)) as m, warnings.catch_warnings():
        warnings.simplefilter("error")
        found = []
        threads = [threading.Thread(target=lambda: found.append(m.generate(SUM).reply)) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert found == [toy.generate(SUM).reply] * 4


def test_all_threads_of_a_pass_that_fails_are_told(toy):
    with ponder.Model(TOY, density=Failing(toy, 30)) as m:
        told = []

        def ask():
            with pytest.raises(KeyError, match="no such weights"):
                m.generate(SUM, target="fixed", length=200)
            told.append(True)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(told) == 4
        with warnings.catch_warnings(), pytest.raises(KeyError):
            warnings.simplefilter("error")
            m.generate(SUM)


def test_one_model_is_open_on_a_density(toy):
    d = Relay(toy)
    with ponder.Model(TOY, density=d), pytest.raises(ponder.InvalidError, match="one open model"):
        ponder.Model(TOY, density=d)
    with ponder.Model(TOY, density=d) as m:
        assert m.generate(SUM).reply


def test_settings_that_mean_nothing(toy):
    with pytest.raises(ponder.InvalidError, match="n_ctx"):
        ponder.Model(TOY, density=Relay(toy), n_ctx=-5)
    d = Relay(toy)
    d.drift = float("nan")
    with pytest.raises(ponder.InvalidError, match="drift"):
        ponder.Model(TOY, density=d)


def test_a_warning_is_pickled():
    again = pickle.loads(pickle.dumps(ponder.EndedEarly("KeyError: 3")))
    assert str(again) == "KeyError: 3" and isinstance(again, ponder.EndedEarly)
