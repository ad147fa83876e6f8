"""A history is ragged, and its frame loses no point it should keep."""

import math

import numpy as np

from astuner_nb.core.series import History, Series


def series(name, steps, values):
    steps = np.array(steps, float)
    return Series(name, steps, np.array(values, float), steps + 100)


def test_a_frame_has_a_row_for_each_step_at_which_anything_was_logged():
    history = History({"loss": series("loss", [1, 2, 3], [3, 2, 1]), "val/reward": series("val/reward", [2], [0.5])})
    frame = history.to_frame()
    assert frame.index.tolist() == [1, 2, 3]
    assert frame["loss"].tolist() == [3, 2, 1]
    assert math.isnan(frame["val/reward"][1])
    assert frame["val/reward"][2] == 0.5


def test_the_later_value_of_a_step_stands_and_steps_are_sorted():
    frame = History({"loss": series("loss", [5, 1, 5], [9, 1, 2])}).to_frame()
    assert frame.index.tolist() == [1, 5]
    assert frame["loss"].tolist() == [1, 2]


def test_nan_and_infinity_stay_what_they_are():
    frame = History({"loss": series("loss", [0, 1, 2], [math.nan, math.inf, -math.inf])}).to_frame()
    assert math.isnan(frame["loss"][0])
    assert frame["loss"][1] == math.inf
    assert frame["loss"][2] == -math.inf


def test_an_empty_history_makes_an_empty_frame():
    assert History({}).to_frame().empty
    assert math.isnan(series("loss", [], []).last)
