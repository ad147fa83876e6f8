"""Bands: what numpy says, where curves share their x; and sense where they do not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from astuner_nb.analysis.bands import SPREADS, bands, student_t_975
from astuner_nb.core.errors import BadValue

GRID = st.tuples(st.integers(1, 6), st.integers(1, 12)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-1e6, 1e6))
)
CURVE = st.lists(st.tuples(st.integers(-5, 15), st.floats(-100, 100) | st.just(math.nan)), max_size=12)
CURVES = st.lists(CURVE, min_size=1, max_size=5)


def as_arrays(points):
    return np.array([x for x, _ in points], float), np.array([y for _, y in points], float)


def slow_value(points, place):
    """The curve at `place`, None outside its own range."""
    last = {x: y for x, y in points if math.isfinite(y)}
    if not last or not min(last) <= place <= max(last):
        return None
    if place in last:
        return last[place]
    left, right = max(x for x in last if x < place), min(x for x in last if x > place)
    return last[left] + (last[right] - last[left]) * (place - left) / (right - left)


@given(GRID)
def test_on_one_grid_mean_and_std_are_those_of_numpy(runs):
    x = np.arange(runs.shape[1])
    band = bands([(x, y) for y in runs])
    assert band.x.tolist() == x.tolist()
    assert band.mean == pytest.approx(runs.mean(axis=0), rel=1e-9, abs=1e-9)
    assert band.std == pytest.approx(runs.std(axis=0), rel=1e-6, abs=1e-3)
    assert (band.n == len(runs)).all()
    np.testing.assert_array_equal(band.high, band.mean + band.std)


@given(CURVES)
def test_on_any_grids_each_curve_counts_inside_its_own_range(curves):
    band = bands([as_arrays(points) for points in curves], "minmax")
    places = sorted({x for points in curves for x, y in points if math.isfinite(y)})
    assert band.x.tolist() == places
    for index, place in enumerate(places):
        there = [value for points in curves if (value := slow_value(points, place)) is not None]
        assert band.n[index] == len(there)
        assert band.mean[index] == pytest.approx(np.mean(there), abs=1e-9)
        assert band.std[index] == pytest.approx(np.std(there), abs=1e-6)
        assert (band.low[index], band.high[index]) == (pytest.approx(min(there)), pytest.approx(max(there)))


@given(CURVES, st.randoms())
def test_the_order_of_the_runs_does_not_matter(curves, random):
    shuffled = random.sample(curves, len(curves))
    one, other = (bands([as_arrays(points) for points in some]) for some in (curves, shuffled))
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.n, other.n)
    assert one.mean == pytest.approx(other.mean, abs=1e-9)
    assert one.std == pytest.approx(other.std, abs=1e-5)


@given(CURVES, st.sampled_from(SPREADS))
def test_the_mean_lies_in_its_band(curves, spread):
    band = bands([as_arrays(points) for points in curves], spread)
    assert (band.low <= band.mean).all()
    assert (band.mean <= band.high).all()


def test_one_run_has_a_band_without_width():
    for spread in SPREADS:
        band = bands([([0, 1], [3, 4])], spread)
        assert (band.mean.tolist(), band.low.tolist(), band.high.tolist()) == ([3, 4], [3, 4], [3, 4])
        assert (band.std.tolist(), band.n.tolist()) == ([0, 0], [1, 1])


def test_equal_runs_have_no_spread_at_all():
    y = np.random.default_rng(0).normal(1e9, 1, 100)
    band = bands([(np.arange(100), y)] * 7)
    assert not band.std.any()
    np.testing.assert_array_equal(band.mean, y)


def test_the_standard_error_and_the_interval_of_three_seeds():
    runs = [([0], [1.0]), ([0], [2.0]), ([0], [6.0])]
    error = np.std([1, 2, 6], ddof=1) / math.sqrt(3)
    assert bands(runs, "sem").high[0] - 3 == pytest.approx(error)
    assert bands(runs, "ci95").high[0] - 3 == pytest.approx(4.302653 * error)


def test_the_quantiles_of_student_t_are_those_of_the_tables():
    n = [1, 2, 3, 6, 11, 12, 21, 31, 61, 121, 10**9]
    table = [0, 12.7062, 4.30265, 2.57058, 2.22814, 2.20099, 2.08596, 2.04227, 2.00030, 1.97993, 1.95996]
    assert student_t_975(n) == pytest.approx(table, abs=1.1e-5)


def test_a_run_counts_only_from_its_first_finite_point_to_its_last():
    band = bands([([0, 1, 2, 3, 4], [math.nan, 1, math.nan, 3, math.inf]), ([0, 2, 4], [10, 10, 10])])
    assert band.x.tolist() == [0, 1, 2, 3, 4]
    assert band.n.tolist() == [1, 2, 2, 2, 1]
    assert band.mean.tolist() == [10, 5.5, 6, 6.5, 10]


def test_steps_that_restart_after_a_resume_are_sorted_and_the_last_stands():
    band = bands([([0, 1, 2, 1, 2, 3], [0, 10, 20, 11, 21, 31])])
    assert band.x.tolist() == [0, 1, 2, 3]
    assert band.mean.tolist() == [0, 11, 21, 31]


def test_a_nan_logged_again_does_not_take_the_number_away():
    assert bands([([0, 1, 1], [0, 10, math.nan])]).mean.tolist() == [0, 10]


@pytest.mark.parametrize("curves", [[], [([], [])], [([0, 1], [math.nan, math.inf])], [([math.nan], [1])]])
@pytest.mark.parametrize("spread", SPREADS)
def test_nothing_finite_is_an_empty_band(curves, spread):
    band = bands(curves, spread)
    assert len(band) == 0
    assert [len(array) for array in (band.x, band.mean, band.low, band.high, band.std, band.n)] == [0] * 6


def test_values_at_the_ends_of_float64_stay_numbers():
    huge = 1.7e308
    band = bands([([0, 1], [-huge, huge]), ([0, 0.5, 1], [huge, 0, -huge])])
    assert np.isfinite(band.mean).all()
    assert not np.isnan(band.std).any()


def test_at_other_places_it_says_the_same_of_all_points():
    rng = np.random.default_rng(1)
    curves = [(np.sort(rng.uniform(0, 100, 500)), rng.normal(size=500)) for _ in range(5)]
    whole = bands(curves)
    some = bands(curves, at=[*whole.x[::50], -1e9, math.nan])
    np.testing.assert_array_equal(some.x, whole.x[::50])
    np.testing.assert_array_equal(some.mean, whole.mean[::50])
    np.testing.assert_array_equal(some.std, whole.std[::50])


def test_an_unknown_spread_and_curves_that_do_not_fit_are_refused():
    with pytest.raises(BadValue, match=r"no band 'iqr'.*std, minmax, sem, ci95, none"):
        bands([], "iqr")
    with pytest.raises(BadValue, match="as many x as y"):
        bands([([0, 1], [0])])
