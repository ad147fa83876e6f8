"""Where a run stands among its steps, in numbers and words."""

import math

import numpy as np
import pytest

from astuner_nb.charts.progress import duration, progress
from astuner_nb.core.series import History, Series


def history(steps, times):
    return History({"loss": Series("loss", np.array(steps, float), np.zeros(len(steps)), np.array(times, float))})


def test_speed_is_taken_over_the_recent_records():
    slow_then_fast = history([*range(100)], [*np.arange(60) * 10.0, *(590 + np.arange(1, 41) * 0.5)])
    now = progress(slow_then_fast, 200)
    assert now.words == "99/200"
    assert now.steps_per_s == pytest.approx(2.0)
    assert now.eta_s == pytest.approx(50.5)
    assert now.pace == "2 step/s · ETA 50 s"


@pytest.mark.parametrize(
    ("steps", "times"), [([], []), ([1], [5]), ([1, 2], [5, 5]), ([1, 2], [6, 5]), ([2, 1], [5, 6])]
)
def test_no_speed_is_claimed_where_clock_or_steps_do_not_move_forward(steps, times):
    now = progress(history(steps, times), 10)
    assert math.isnan(now.steps_per_s)
    assert now.pace == ""


def test_without_a_total_there_is_a_speed_but_no_time_left():
    now = progress(history([1, 3], [0, 1]), None)
    assert (now.words, now.pace) == ("3", "2 step/s")
    assert progress(history([1, 3], [0, 1]), "many").total is None


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (61, "1:01 min"), (7384, "2:03 h")])
def test_durations_read_like_durations(seconds, text):
    assert duration(seconds) == text
