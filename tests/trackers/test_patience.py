"""Waiting for vendors that may block for ever: deadlines, cancelling, width, no thread that keeps a process alive."""

import subprocess
import sys
import threading
import time

import pytest

from astuner_nb.core.errors import Cancelled, ServerFailed, Unreachable
from astuner_nb.trackers.patience import Patience


@pytest.fixture
def gate():
    """An event that a call may hang on; opened in the end."""
    event = threading.Event()
    yield event
    event.set()


def test_an_answer_comes_back_and_an_error_too():
    def fail():
        raise ServerFailed("it is broken")

    assert Patience(10).call(lambda: 7, "adding") == 7
    with pytest.raises(ServerFailed, match="it is broken"):
        Patience(10).call(fail, "adding")


def test_a_call_that_hangs_ends_at_the_deadline_and_says_for_whom_and_what(gate):
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"swanlab://a/b within 0\.3 s, while listing its runs"):
        Patience(0.3, "swanlab://a/b").call(gate.wait, "listing its runs")
    assert time.monotonic() - begun < 10  # a guard against hanging, not a measure of speed


def test_cancelling_ends_a_wait_from_another_thread(gate):
    patience = Patience(60, "x")
    threading.Timer(0.1, patience.cancel).start()
    with pytest.raises(Cancelled, match="x"):
        patience.call(gate.wait, "reading")


def test_results_keep_their_order_and_no_more_than_the_width_go_on_at_once():
    going, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(3)

    def work(number):
        nonlocal going, most
        with lock:
            going += 1
            most = max(most, going)
        together.wait(10)  # passes only where three are at work
        with lock:
            going -= 1
        return -number

    assert Patience(30).map(work, range(9), "counting", width=3) == [-number for number in range(9)]
    assert most == 3


def test_the_first_error_ends_it_without_waiting_for_the_rest(gate):
    def work(number):
        if number == 1:
            raise ServerFailed("one of them")
        gate.wait()

    with pytest.raises(ServerFailed, match="one of them"):
        Patience(60).map(work, range(4), "reading", width=4)


def test_progress_is_told_up_to_the_end():
    told = []
    Patience(10, progress=lambda *words: told.append(words)).map(lambda x: x, range(5), "histories", width=2)
    assert told[-1] == ("histories", 5, 5)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_nothing_to_do_is_done():
    assert Patience(10).map(lambda x: x, [], "nothing") == []


def test_a_hanging_vendor_does_not_keep_the_process_alive():
    code = (
        "import threading\nfrom astuner_nb.trackers.patience import Patience\n"
        "try: Patience(0.2).call(threading.Event().wait, 'hanging')\n"
        "except OSError as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "Unreachable"
