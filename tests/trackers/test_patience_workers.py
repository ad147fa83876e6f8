"""The threads that work a list off: few for many items, and none goes on once nobody wants the rest."""

import queue
import threading

import pytest

from astuner_nb.core.errors import Cancelled, ServerFailed
from astuner_nb.trackers.patience import Patience


def test_a_thousand_items_take_no_more_threads_than_the_width():
    used = set()

    def work(number):
        used.add(threading.current_thread())
        return number * 2

    assert Patience(60).map(work, range(1000), "reading", width=3) == [number * 2 for number in range(1000)]
    assert len(used) <= 3


def test_after_an_error_nothing_more_is_begun(wait_for):
    begun, gate, failed = [], threading.Event(), threading.Event()

    def work(number):
        begun.append(number)
        if number == 0:
            failed.set()
            raise ServerFailed("the first")
        gate.wait(30)

    before = set(threading.enumerate())
    with pytest.raises(ServerFailed, match="the first"):
        Patience(60).map(work, range(100), "reading", width=2)
    gate.set()
    wait_for(lambda: set(threading.enumerate()) <= before, what="the end of the workers")
    assert len(begun) <= 3


def test_after_cancelling_nothing_more_is_begun(wait_for):
    begun, gate = [], threading.Event()
    patience = Patience(60)

    def work(number):
        begun.append(number)
        patience.cancel()
        gate.wait(30)

    before = set(threading.enumerate())
    with pytest.raises(Cancelled):
        patience.map(work, range(100), "reading", width=2)
    gate.set()
    wait_for(lambda: set(threading.enumerate()) <= before, what="the end of the workers")
    assert len(begun) <= 2


def test_an_error_of_a_queue_is_an_error_like_any_other():
    def work(_):
        raise queue.Empty

    with pytest.raises(queue.Empty):
        Patience(5).map(work, range(3), "reading")
