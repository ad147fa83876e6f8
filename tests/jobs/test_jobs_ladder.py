"""The ladder under a clock of our own: when each rung is taken, and that no wait is spent twice or in vain."""

import math
from signal import SIGINT, SIGKILL, SIGTERM

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.jobs.ladder import FLAG_S, TERM_S, Climb, rungs


def climb(grace_s, ignored=(), every_s=None):
    """When each signal was sent to a job that never ends: `[(seconds, signal), …]`."""
    sent, now_s = [], 0.0
    clock = Climb(rungs(grace_s), lambda signum: sent.append((now_s, signum)), lambda signum: signum in ignored)
    while (wait_s := clock.step(now_s)) < math.inf:
        now_s += wait_s if every_s is None else min(wait_s, every_s)
    return sent


def test_the_default_ladder():
    assert climb(5.0) == [(FLAG_S, SIGINT), (FLAG_S + 5, SIGTERM), (FLAG_S + 5 + TERM_S, SIGKILL)]


def test_a_signal_that_is_ignored_is_not_waited_for():
    assert climb(5.0, ignored={SIGINT, SIGTERM}) == [(FLAG_S, SIGINT), (FLAG_S, SIGTERM), (FLAG_S, SIGKILL)]


@pytest.mark.parametrize("every_s", [0.01, 0.2])
def test_how_often_somebody_looks_does_not_matter(every_s):
    for (seen_s, signum), (due_s, expected) in zip(climb(1.0, every_s=every_s), climb(1.0), strict=True):
        assert signum == expected
        assert seen_s == pytest.approx(due_s)


@given(st.floats(0.0, 1000.0))
def test_no_rung_is_longer_than_the_grace(grace_s):
    waits = [rung.wait_s for rung in rungs(grace_s)]
    assert all(wait_s <= grace_s for wait_s in waits[:-1])
    assert waits[-1] == math.inf
    assert [signum for _, signum in climb(grace_s)] == [SIGINT, SIGTERM, SIGKILL]


def test_it_knows_whether_it_came_to_the_last_rung():
    sent = []
    clock = Climb(rungs(1.0), sent.append, lambda _: False)
    clock.step(0.0)
    clock.step(2.0)
    assert (sent, clock.killed) == ([SIGINT], False)
    clock.step(4.0)
    clock.step(6.0)
    assert (sent, clock.killed) == ([SIGINT, SIGTERM, SIGKILL], True)
