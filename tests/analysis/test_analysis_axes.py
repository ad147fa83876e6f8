"""A metric over steps, time, tokens and other metrics; and a sentence where it cannot be."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.analysis.axes import AXES, NotOnAxis, on_axis
from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import BadValue
from astuner_nb.core.series import History, Series

START = 1_700_000_000.0


def series(name, steps, values, times=None):
    step = np.array(steps, float)
    return Series(name, step, np.array(values, float), START + step if times is None else np.array(times, float))


def history(*series):
    return History({each.name: each for each in series})


def listed(history, metric, axis, **more):
    x, y = on_axis(history, metric, axis, **more)
    assert x.shape == y.shape
    return x.tolist(), y.tolist()


REWARD = series("reward", [1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4])


def test_over_steps_a_curve_is_what_was_logged():
    x, y = on_axis(history(series("reward", [0, 5, 7], [1, math.nan, math.inf])), "reward", "step")
    np.testing.assert_array_equal(x, [0, 5, 7])
    np.testing.assert_array_equal(y, [1, math.nan, math.inf])


def test_a_step_that_a_resumed_run_logged_again_counts_once_over_steps_and_twice_over_time():
    run = history(series("reward", [1, 2, 3, 2, 3], [1, 2, 3, 20, 30], START + np.array([0, 1, 2, 50, 51])))
    assert listed(run, "reward", "step") == ([1, 2, 3], [1, 20, 30])
    assert listed(run, "reward", "time") == ([0, 1, 2, 50, 51], [1, 2, 3, 20, 30])


def test_time_begins_with_the_first_point_of_any_metric():
    run = history(series("val/reward", [4], [0.5]), REWARD)
    assert listed(run, "val/reward", "time") == ([3], [0.5])
    assert listed(run, "val/reward", "wall") == ([START + 4], [0.5])


def test_a_clock_that_jumps_back_makes_no_time_negative_and_wall_time_stays_as_logged():
    times = [START, START + 10, START - 3600, START - 3590]
    run = history(series("reward", [1, 2, 3, 4], [1, 2, 3, 4], times))
    assert listed(run, "reward", "wall") == (times, [1, 2, 3, 4])
    assert listed(run, "reward", "time") == ([3600, 3610, 0, 10], [1, 2, 3, 4])


def test_points_without_a_time_are_left_out_and_where_none_has_one_it_is_said():
    some = history(series("reward", [1, 2], [1, 2], [math.nan, START]))
    none = history(series("reward", [1, 2], [1, 2], [math.nan, math.nan]))
    assert listed(some, "reward", "time") == ([0], [2])
    for axis in ("time", "wall"):
        with pytest.raises(NotOnAxis, match=rf"reward has no point with a known '{axis}'.*Choose another x-axis"):
            on_axis(none, "reward", axis)


def test_tokens_per_step_are_summed_up():
    run = history(REWARD, series("tokens", [1, 2, 3, 4], [100, 50, math.nan, 25]))
    assert listed(run, "reward", "tokens") == ([100, 150, 150, 175], [0.1, 0.2, 0.3, 0.4])


def test_tokens_so_far_are_taken_as_they_are_and_before_those_per_step():
    run = history(
        REWARD, series("tokens", [1, 2, 3, 4], [1, 1, 1, 1]), series("tokens_total", [1, 2, 3, 4], [5, 9, 9, 30])
    )
    assert listed(run, "reward", "tokens")[0] == [5, 9, 9, 30]


def test_the_tokens_of_a_step_are_those_last_known_and_before_the_first_the_point_is_left_out():
    run = history(REWARD, series("tokens_total", [2, 4], [10, 20]))
    assert listed(run, "reward", "tokens") == ([10, 10, 20], [0.2, 0.3, 0.4])


def test_steps_that_were_done_again_are_summed_once():
    run = history(REWARD, series("tokens", [1, 2, 3, 2, 3, 4], [10] * 6))
    assert listed(run, "reward", "tokens")[0] == [10, 20, 30, 40]


def test_a_runs_own_table_says_what_counts_up():
    names = Aliases().with_metrics({"samples": {"keys": ["seen"], "cumulative": True}})
    run = history(REWARD, series("samples", [1, 2, 3, 4], [8, 16, 24, 32]))
    assert listed(run, "reward", "samples")[0] == [8, 24, 48, 80]
    assert listed(run, "reward", "samples", describe=names.describe)[0] == [8, 16, 24, 32]


def test_over_another_metric_only_steps_that_have_both_are_points():
    run = history(REWARD, series("kl", [4, 2, 9, 2], [0.04, 0.9, 0.09, 0.02]))
    assert listed(run, "reward", "kl") == ([0.02, 0.04], [0.2, 0.4])
    assert listed(run, "reward", "reward") == ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(
    ("axis", "sentence"),
    [
        ("tokens", "reward cannot be drawn over tokens: this run logged neither 'tokens_total' nor 'tokens'. Choose"),
        (
            "samples",
            "reward cannot be drawn over samples: this run logged neither 'samples_total' nor 'samples'.",
        ),
        ("epoch", "reward cannot be drawn over 'epoch': this run has not logged it. Choose step, time, wall, tokens"),
        ("kl", "reward has no point with a known 'kl' in this run. Choose"),
    ],
)
def test_what_the_axis_needs_and_is_not_there_is_said(axis, sentence):
    with pytest.raises(NotOnAxis, match=sentence.replace(".", r"\.")) as caught:
        on_axis(history(REWARD, series("kl", [7, 8], [1, 1])), "reward", axis)
    assert isinstance(caught.value, BadValue)


def test_a_metric_that_the_run_does_not_have_is_said():
    with pytest.raises(NotOnAxis, match="has not logged 'entropy'"):
        on_axis(history(REWARD), "entropy", "step")


@pytest.mark.parametrize("axis", ["step", "time", "wall", "tokens", "kl"])
def test_a_metric_without_points_is_an_empty_curve(axis):
    run = history(series("reward", [], []), series("tokens", [1], [1]), series("kl", [], []))
    assert listed(run, "reward", axis) == ([], [])


POINTS = st.lists(st.tuples(st.integers(0, 8), st.floats(), st.floats(-1e9, 1e9) | st.just(math.nan)), max_size=12)


@given(POINTS, POINTS, st.sampled_from((*AXES, "kl")))
def test_whatever_was_logged_an_axis_has_finite_places_or_a_reason(points, others, axis):
    run = history(
        series("reward", *(zip(*points, strict=True) if points else ([], [], []))),
        series("kl", *(zip(*others, strict=True) if others else ([], [], []))),
    )
    try:
        x, y = on_axis(run, "reward", axis)
    except NotOnAxis as error:
        x, y = np.zeros(0), np.zeros(0)
        reason = str(error)
    else:
        reason = ""
    assert len(x) or not points or reason.count(". ") == 1
    assert x.shape == y.shape
    assert np.isfinite(x).all()
    if axis == "time":
        assert (x >= 0).all()
    if axis == "step":
        assert (np.diff(x) > 0).all()
