"""Calls while they run: events, Ctrl-C, threads."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import SUM, TOY, lasting

import ponder
from ponder import events

LONG = {"budget": "60s", "methods": ["anneal:chains=8"]}  # ends long after a test has stopped it


def interrupt_after(*seconds):
    """Sends SIGINT to this process, as Ctrl-C and Jupyter do."""
    def send():
        for s in seconds:
            time.sleep(s)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("call", [
    lambda m: m.think(SUM, **LONG),
    lambda m: m.sample(SUM, draws=10**6, chains=2, warmup=0),
    lambda m: m.answer(SUM, kind="number:first", way="enumeration", budget="60s", target="fixed", length=40),
    lambda m: m.generate(SUM, target="fixed", length=450, temperature=1, n=4096),
    lambda m: ponder.design({"terms": [{"kind": "gc"}]}, length=500, n=10**6, chains=2),
], ids=["think", "sample", "answer", "generate", "design"])  # fmt: skip
def test_one_interrupt_keeps_the_best(toy, call):
    begin = time.monotonic()
    thread = interrupt_after(0.7)
    r = call(toy)
    thread.join()
    assert r.stopped and 0.5 < time.monotonic() - begin < 20
    assert toy.generate(SUM).stopped is False  # nothing is left of it


def test_the_result_of_an_interrupt_is_whole(toy):
    thread = interrupt_after(0.7)
    t = toy.think(SUM, **LONG)
    thread.join()
    assert t.first.reply == "The sum of 14 and 8 is 22." and "stopped" in str(t)


def test_two_interrupts_raise(toy):
    """The second comes while the replies known so far are spelled, which takes a fast machine a while, too:
    there are 4,096 of them, and two seconds long."""
    thread, r = interrupt_after(2, 0.05), None
    with pytest.raises(KeyboardInterrupt):
        r = toy.generate(SUM, target="fixed", length=450, temperature=1, n=4096)
        thread.join()
    thread.join()
    assert r is None and toy.generate(SUM).reply


def test_where_nothing_can_be_kept_one_interrupt_raises(toy):
    thread = interrupt_after(0.5)
    with pytest.raises(KeyboardInterrupt):
        while True:
            toy.score(SUM, ["14 + 8 = 22."] * 3000)
    thread.join()
    assert toy.score(SUM, ["22"])[0].sum < 0


@pytest.mark.parametrize("call", [
    lambda m: m.think(SUM, **LONG),
    lambda m: ponder.design({"terms": [{"kind": "gc"}]}, length=500, n=10**6, chains=2),
], ids=["think", "design"])  # fmt: skip
def test_handlers_of_others_are_called(toy, call):
    class Enough(Exception):
        pass

    def handler(*_):
        raise Enough

    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    begin = time.monotonic()
    try:
        with pytest.raises(Enough):
            call(toy)
        assert time.monotonic() - begin < 20
    finally:
        signal.signal(signal.SIGALRM, old)


def test_events(toy):
    with toy.think(SUM, stream=True, budget="4000t") as t:
        told = list(t)
    kinds = [type(e) for e in told]
    first = kinds.index(events.First)
    assert set(kinds[:first]) == {events.Token} and kinds[-1] is events.Done and kinds[-2] is events.Proved
    assert [isinstance(e, events.First) for e in told].count(True) == 1
    assert "".join(e.text for e in told[:first]) == told[first].text == "The sum of 14 and 8 is 22."
    whole = toy.think(SUM, budget="4000t")
    done = told[-1].thought
    assert lasting(done.to_dict()) == lasting(whole.to_dict()) and not done.stopped
    assert [e for e in told if isinstance(e, events.Likelier)][-1].text == done.reply


def test_closing_a_stream_ends_its_search(toy):
    before = time.monotonic()
    with toy.think(SUM, stream=True, **LONG) as t:
        next(t)
    assert list(t) == [] and time.monotonic() - before < 10
    t = toy.think(SUM, stream=True, **LONG)
    next(t)
    del t  # the collector closes it
    assert time.monotonic() - before < 20


def test_a_stream_is_closed_by_another_thread(toy):
    for _ in range(20):
        t = toy.think(SUM, stream=True, **LONG)
        threading.Timer(0.1, t.close).start()
        assert all(isinstance(e, events.Token | events.First | events.Likelier | events.Progress) for e in t)


def test_a_stream_that_is_finished_tells_its_end(toy):
    with toy.think(SUM, stream=True, **LONG) as t:
        for e in t:
            if isinstance(e, events.First):
                t.finish()
    assert isinstance(e, events.Done) and e.thought.stopped


def test_an_interrupt_finishes_a_stream(toy):
    thread = interrupt_after(0.7)
    with toy.think(SUM, stream=True, **LONG) as t:
        *_, last = t
    thread.join()
    assert isinstance(last, events.Done) and last.thought.stopped


def test_threads_share_a_model(toy):
    """Each thread gets the numbers that it would get alone."""
    questions = [SUM, "What colour is snow?"]
    alone = [lasting(toy.think(q, budget="3000t").to_dict()) for q in questions]
    got = {}

    def ask(i):
        got[i] = [lasting(toy.think(questions[(i + k) % 2], budget="3000t").to_dict()) for k in range(2)]

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got == {i: [alone[(i + k) % 2] for k in range(2)] for i in range(4)}


def test_the_lock_of_python_is_free_while_it_works(toy):
    done = threading.Event()

    def count():
        n = 0
        while not done.is_set():
            n += 1
            time.sleep(0.001)
        counted.append(n)

    counted = []
    thread = threading.Thread(target=count)
    thread.start()
    toy.think(SUM, budget="1s", methods=["anneal"])
    done.set()
    thread.join()
    assert counted[0] > 50


def test_closing_a_model_ends_a_stream():
    m = ponder.Model(TOY)
    threading.Timer(0.5, m.close).start()
    with pytest.raises(ponder.CancelledError):
        for _ in m.think(SUM, stream=True, **LONG):
            pass


def test_closing_a_model_ends_what_runs():
    m = ponder.Model(TOY)
    caught = []

    def ask():
        try:
            m.think(SUM, **LONG)
        except ponder.CancelledError as e:
            caught.append(e)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.5)
    m.close()
    thread.join(20)
    assert len(caught) == 1


def test_the_interpreter_ends_while_a_search_runs():
    code = f"import ponder\nt = ponder.Model({TOY!r}).think({SUM!r}, stream=True, budget='60s', methods=['anneal'])\nprint(next(t).text)"
    r = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert r.returncode == 0 and r.stdout and not r.stderr, r.stderr


OWN = "from test_density import Relay\nm = ponder.Model(TOY, density=Relay(ponder.Model(TOY)))"


@pytest.mark.parametrize("opened", ["m = ponder.Model(TOY)", OWN], ids=["model", "density"])
def test_an_interrupt_in_a_notebook(opened):
    """Jupyter's "interrupt" while a cell thinks: the cell's value is the best so far, in colours."""
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    told = []

    def hook(message):
        told.append(message)
        if message["msg_type"] == "stream" and "thinking" in message["content"]["text"]:
            threading.Timer(1, kernel.interrupt_kernel).start()

    here = os.path.dirname(__file__)
    code = f"import sys, ponder\nsys.path.insert(0, {here!r})\nTOY = {TOY!r}\n{opened}\nprint('thinking', flush=True)\nm.think({SUM!r}, **{LONG!r})"
    try:
        reply = client.execute_interactive(code, output_hook=hook, timeout=50)
        again = client.execute_interactive(f"m.generate({SUM!r}).stopped", output_hook=told.append, timeout=50)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    assert reply["content"]["status"] == again["content"]["status"] == "ok", reply["content"]
    shown = [m["content"]["data"] for m in told if m["msg_type"] == "execute_result"]
    assert "Thought(" in shown[0]["text/plain"] and "<b>first</b>" in shown[0]["text/html"]
    assert shown[1]["text/plain"] == "False"
