"""The quiet range leaves spikes out, and nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from astuner_nb.analysis.outliers import quiet_range

ANY = st.lists(arrays(np.float64, st.integers(0, 30), elements=st.floats()), max_size=4)


def test_a_spike_is_left_out_and_the_others_stay():
    y = np.append(np.linspace(0, 1, 100), 1e6)
    low, high = quiet_range(y)
    assert low == pytest.approx(-0.05)
    assert high == pytest.approx(1.05)


def test_it_looks_at_all_curves_together():
    low, high = quiet_range([np.linspace(0, 1, 50), np.linspace(2, 3, 50), np.array([-500.0, math.nan, math.inf])])
    assert (low, high) == (pytest.approx(-0.15), pytest.approx(3.15))


@pytest.mark.parametrize(
    "values",
    [
        [],
        np.array([]),
        np.array([math.nan, math.inf]),
        np.array([3.0]),
        np.full(50, 2.0),
        np.linspace(0, 1, 1_000),
        np.random.default_rng(0).normal(size=2_000),
        np.array([0.0] * 97 + [1.0] * 3),  # the few are what there is to see
        np.array([-1.7e308, 0, 1.7e308]),
    ],
    ids=["none", "empty", "not finite", "one", "constant", "straight", "normal", "rare", "huge"],
)
def test_where_there_are_no_outliers_nothing_is_clipped(values):
    assert quiet_range(values) is None


@given(ANY)
def test_whatever_comes_the_range_holds_what_lies_between_the_quantiles_and_clips_something(curves):
    found = quiet_range(curves)
    if found is None:
        return
    finite = np.concatenate(curves)
    finite = finite[np.isfinite(finite)]
    low, high = found
    assert low < high
    assert low <= np.quantile(finite, 0.05, method="higher")
    assert high >= np.quantile(finite, 0.95, method="lower")
    assert finite.min() < low or finite.max() > high
