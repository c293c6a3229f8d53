"""Terms written in Python: the numbers of built-in terms that say the same, and what happens where they
raise, return nonsense, or are interrupted."""

import pickle
import threading
import time

import numpy as np
import pytest
from conftest import SUM
from test_results import equal
from test_running import interrupt_after

import ponder

SHORT = {"alpha": 2, "chains": 4, "draws": 20, "warmup": 5, "max_length": 12, "seed": 3}
LONG = {"chains": 2, "draws": 10**6, "warmup": 0, "max_length": 12}  # ends long after a test has stopped it


class Own:
    """A term of a function, which counts its calls."""

    def __init__(self, value, name="own", **more):
        self.name, self.calls, self._value = name, [], value
        self.__dict__.update(more)

    def value(self, replies):
        self.calls.append(len(replies))
        return self._value(replies)


def same_draws(a, b):
    return np.array_equal(a.trace.tokens, b.trace.tokens) and np.array_equal(a.logprobs, b.logprobs)


def test_a_length_prior_written_again(toy):
    built_in = toy.sample(SUM, **SHORT, length_prior="0.25")
    own = toy.sample(SUM, **SHORT, terms=Own(lambda r: r.length, weight=0.25))
    assert same_draws(own, built_in) and not same_draws(own, toy.sample(SUM, **SHORT))
    assert np.array_equal(own.trace.posterior["own"], own.trace.length) and "own" in own.diagnostics.rhat
    assert own.trace.attributes["terms"] == "\nown:0.25"


def test_a_keyword_written_again(toy):
    has = Own(lambda r: np.array(["sum" in t for t in r.texts]))
    built_in = toy.sample(SUM, **SHORT, terms=["keyword:3:sum"])
    assert same_draws(toy.sample(SUM, **SHORT, terms=[(has, 3)]), built_in)
    assert not same_draws(toy.sample(SUM, **SHORT, terms=[has]), built_in)
    both = toy.sample(SUM, **SHORT, terms=["keyword:2:sum", (has, 1)])
    assert same_draws(both, built_in) and set(both.trace.posterior) >= {"keyword", "own"}
    forbids = Own(lambda r: [-np.inf if "sum" in t else 0 for t in r.texts])
    assert not any("sum" in r.reply for r in toy.sample(SUM, **SHORT, terms=[forbids]).replies)


def test_a_term_sees_replies(toy):
    seen = []
    toy.sample(SUM, **{**SHORT, "target": "truncated", "max_length": 6}, terms=Own(lambda r: seen.append(r) or np.zeros(len(r))))
    ends = set(toy._core.end_tokens)
    assert {x.ended for r in seen for x in r} == {True, False}
    for r in seen:
        assert r.tokens.dtype == np.int32 and r.tokens.shape == (len(r), r.length.max())
        assert r.texts == [x.reply for x in r] == [x.reply for x in r[:]] and len(r) == len(r.texts)
        for x, row, n, ended in zip(r, r.tokens, r.length, r.ended, strict=True):
            assert x.reply_ids.dtype == np.int32 and x.n_tokens == n and (row[n:] == -1).all()
            assert x.ended == ended == (int(x.reply_ids[-1]) in ends)
            assert x.reply == toy.detokenize(x.reply_ids, with_special=False)


def test_one_call_a_step_for_all_chains(toy):
    runs = []
    for draws in (10, 30):
        term = Own(lambda r: np.zeros(len(r)))
        toy.sample(SUM, **{**SHORT, "chains": 16, "draws": draws}, terms=term)
        runs.append(term.calls)
    assert len(runs[1]) - len(runs[0]) == 20 and max(runs[1]) == 16


def fails(after, what):
    """A term that raises at some call."""
    def value(replies):
        if len(term.calls) > after:
            raise what
        return np.zeros(len(replies))

    term = Own(value)
    return term


def test_an_exception_at_once_is_the_users_own(toy):
    with pytest.raises(ZeroDivisionError) as e:
        toy.sample(SUM, **SHORT, terms=Own(lambda r: 1 / 0))
    assert e.traceback[-1].name == "<lambda>"
    assert toy.sample(SUM, **SHORT).stopped is False  # nothing is left of it


def test_an_exception_later_leaves_the_draws_before_it(toy):
    whole, failure = toy.sample(SUM, **SHORT), LookupError("no more")
    term = fails(15, failure)
    with pytest.warns(ponder.EndedEarly, match="LookupError: no more") as told:
        some = toy.sample(SUM, **SHORT, terms=term)
    assert told[0].message.__cause__ is failure and told[0].filename == __file__ and issubclass(ponder.EndedEarly, RuntimeWarning)
    n = some.logprobs.shape[1]
    assert some.stopped and 0 < n < 20 and np.array_equal(some.logprobs, whole.logprobs[:, :n])
    assert len(term.calls) == 16  # it was not called again


@pytest.mark.parametrize("value, got", [
    (lambda r: np.zeros((len(r), 1)), "shape (4, 1)"), (lambda r: np.zeros(3), "shape (3,)"), (lambda r: 1.0, "shape ()"),
    (lambda r: ["1"] * len(r), "<U1"), (lambda r: None, "object"), (lambda r: np.zeros(len(r), complex), "complex128"),
    (lambda r: [np.nan] * len(r), "NaN"), (lambda r: [np.inf] * len(r), "NaN or +inf"), (lambda r: [[1], [1, 2]], "inhomogeneous"),
])  # fmt: skip
def test_values_that_are_none(toy, value, got):
    with pytest.raises(ponder.InvalidError) as e:
        toy.sample(SUM, **SHORT, terms=Own(value, name="wrong"))
    assert got in e.value.got and e.value.where == "wrong.value" and e.value.hint and e.value.expected.startswith("numbers")


@pytest.mark.parametrize("terms", [
    3, [3], [object()], Own(None, name=3), Own(None, weight="2"), [[Own(None), 2]],
])  # fmt: skip
def test_what_is_no_term(toy, terms):
    with pytest.raises(TypeError):
        toy.sample(SUM, **SHORT, terms=terms)


def test_names_and_weights_that_cannot_be(toy):
    def zero(r):
        return np.zeros(len(r))

    for terms in ([Own(zero, name="logprob")], [Own(zero), Own(zero)], ["copy:1", Own(zero, name="copy")], [(Own(zero), float("inf"))]):
        with pytest.raises(ponder.InvalidError):
            toy.sample(SUM, **SHORT, terms=terms)


def slow(seconds):
    """A term whose every call takes so long, in steps that Python can be interrupted between."""
    def value(replies):
        began.set()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.01)
        return np.zeros(len(replies))

    began = threading.Event()
    return Own(value)


def test_an_interrupt_in_a_term_keeps_the_draws(toy):
    begin, thread = time.monotonic(), interrupt_after(1)
    d = toy.sample(SUM, **LONG, terms=slow(0.05))
    thread.join()
    assert d.stopped and 0 < d.logprobs.shape[1] < 100 and time.monotonic() - begin < 10


def test_a_second_interrupt_ends_a_term(toy):
    begin, thread = time.monotonic(), interrupt_after(0.5, 0.5)
    with pytest.raises(KeyboardInterrupt):
        toy.sample(SUM, **LONG, terms=slow(60))
        thread.join()
    thread.join()
    assert time.monotonic() - begin < 20 and toy.sample(SUM, **SHORT).stopped is False


def test_draws_with_a_term_pickle(toy):
    d = toy.sample(SUM, **SHORT, terms=Own(lambda r: r.length))
    assert equal(pickle.loads(pickle.dumps(d)), d)


def test_threads_with_terms_share_a_model(toy):
    def ask(i):
        got[i] = toy.sample(SUM, **{**SHORT, "seed": i}, terms=Own(lambda r: r.length * 0.1 * i))

    got = {}
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    shared = dict(got)
    for i in range(4):
        ask(i)
        assert same_draws(got[i], shared[i])


def test_a_term_may_ask_the_model(toy):
    def value(replies):
        return [s.sum for s in toy.score("Is it so?", [x.reply_ids for x in replies])]

    d = toy.sample(SUM, **{**SHORT, "draws": 5}, terms=Own(value))
    last = d.trace.tokens[0, -1, : d.trace.length[0, -1]]
    assert d.trace.posterior["own"][0, -1] == toy.score("Is it so?", [last])[0].sum


class Repeats:
    """`repetition` of single tokens, with its range."""

    name = "repeats"

    def value(self, replies):
        return [self._of(x.reply_ids) for x in replies]

    def range(self, begin, n_most):
        now = self._of(begin)
        return now - (n_most - len(begin)), now

    @staticmethod
    def _of(ids):
        return len(set(ids.tolist())) - len(ids)


def test_a_term_with_a_range_is_proved(toy):
    built_in = toy.prove(SUM, n_best=3, max_length=12, terms="repetition:2:1")
    own = toy.prove(SUM, n_best=3, max_length=12, terms=(Repeats(), 2))
    assert own.certificate == built_in.certificate and own.n_best == built_in.n_best and own.certificate.status == "optimal"
    assert own.n_best != toy.prove(SUM, n_best=3, max_length=12).n_best


def test_what_is_not_proved(toy):
    with pytest.raises(ponder.InvalidError, match="range.*own"):
        toy.prove(SUM, terms=Own(lambda r: np.zeros(len(r))))
    with pytest.raises(ponder.InvalidError, match="per-token"):  # a bound that is infinite
        toy.prove(SUM, terms=Own(lambda r: r.length, name="per-token", range=lambda begin, n: (0, np.inf)))
    with pytest.raises(ponder.InvalidError, match="certificate"):
        toy.prove(SUM, terms=Repeats(), record=True)
    for wrong, kind in ((lambda *_: 1 / 0, ZeroDivisionError), (lambda *_: (2, 1), ponder.InvalidError), (lambda *_: 3, TypeError)):
        with pytest.raises(kind):
            toy.prove(SUM, terms=Own(lambda r: np.zeros(len(r)), range=wrong))
    term = Own(lambda r: 1 / 0, range=lambda *_: (0, 1))  # nothing is proved where a bound is missing
    with pytest.raises(ZeroDivisionError):
        toy.prove(SUM, terms=term)
