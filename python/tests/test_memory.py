"""Memory stays flat: what is opened is given back, whichever way it is left."""

import os
import resource

import pytest
from conftest import SUM, TOY

import ponder


def resident():
    """MB in memory now."""
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 2**20


def threads():
    return len(os.listdir("/proc/self/task"))


def growth(once, n):
    """MB that n runs take, after a tenth of them. No thread may be left of them, either."""
    for _ in range(n // 10):
        once()
    before, running = resident(), threads()
    for _ in range(n):
        once()
    assert threads() <= running + 2  # the pool of the loops may not have had all of its threads yet
    return resident() - before


def test_a_thousand_opens_and_closes():
    def once():
        with ponder.Model(TOY) as m:
            m.generate(SUM, max_length=3)

    assert growth(once, 1000) < 8  # MB; one model in a hundred would be more


def abandoned(m):
    t = m.think(SUM, stream=True, budget="60s", methods=["anneal"])
    next(t)  # and the collector closes it


def failed(m):
    with pytest.raises(ponder.InvalidError):
        m.sample(SUM, draws=0)


def not_closed(_):
    ponder.Model(TOY).tokenize(SUM)  # the collector closes it


@pytest.mark.parametrize("left", [abandoned, failed, not_closed])
def test_whatever_is_left_is_given_back(toy, left):
    assert growth(lambda: left(toy), 100) < 4  # MB; eight of the models, or of the searches, would be more
