"""Smoothing: the vendors' formulas, word for word and slowly, against the quick ones; and what must never happen."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from astuner_nb.analysis.smoothing import KINDS, TWEMA_SCALE, amount_at, ema, running_mean, smooth, twema
from astuner_nb.core.errors import BadValue

ANY = arrays(np.float64, st.integers(0, 40), elements=st.floats(allow_nan=True, allow_infinity=True))
CALM = arrays(np.float64, st.integers(1, 150), elements=st.floats(-1e3, 1e3))
AMOUNTS = {"none": 0, "ema": 0.9, "twema": 0.6, "gaussian": 2.5, "mean": 3}


def slow_ema(y, w):
    s, k, out = 0.0, 0, []
    for value in y:
        s, k = w * s + (1 - w) * value, k + 1
        out.append(s / (1 - w**k))
    return out


def slow_twema(x, y, p, scale=TWEMA_SCALE):
    w, total, weight, out = min(math.sqrt(p), 0.999), 0.0, 0.0, []
    span = max(x) - min(x)
    for i, value in enumerate(y):
        fade = w ** ((x[i] - x[i - 1]) / span * scale) if i else 1
        total, weight = total * fade + value, weight * fade + 1
        out.append(total / weight)
    return out


def slow_weighted(y, weight):
    n = len(y)
    table = np.array([[weight(i - j) for j in range(n)] for i in range(n)])
    return table @ y / table.sum(axis=1)


def test_the_check_values_of_the_debiased_ema():
    assert smooth(range(4), [1, 2, 4, 3], "ema", 0.5) == pytest.approx([1, 5 / 3, 3, 3])
    expected = [0, 0.526315789, 0.701107011, 0.788019773]
    assert smooth(range(4), [0, 1, 1, 1], "ema", 0.9) == pytest.approx(expected, abs=1e-9)


def test_the_check_values_of_the_time_weighted_ema():
    x, y = np.array([0.0, 1, 2, 4]), np.array([1.0, 2, 4, 3])
    assert twema(x, y, 0.25, scale=4) == pytest.approx([1, 5 / 3, 3, 3])


def test_over_101_even_points_the_two_are_one():
    y = np.random.default_rng(1).normal(size=101)
    assert smooth(np.arange(101) * 7, y, "twema", 0.8) == pytest.approx(smooth(np.arange(101), y, "ema", 0.8))


def test_a_zoom_or_another_unit_of_x_changes_no_time_weighted_line():
    x, y = np.sort(np.random.default_rng(2).uniform(0, 50, 80)), np.random.default_rng(3).normal(size=80)
    assert smooth(x * 3600 + 1.7e9, y, "twema", 0.9) == pytest.approx(smooth(x, y, "twema", 0.9), abs=1e-5)


@given(CALM, st.floats(1e-6, 1, exclude_max=True))
def test_the_ema_is_the_slow_one(y, weight):
    assert ema(y, y, weight) == pytest.approx(slow_ema(y, weight), rel=1e-6, abs=1e-6)


@given(
    st.lists(st.tuples(st.floats(0.01, 100), st.floats(-1e3, 1e3)), min_size=2, max_size=80),
    st.floats(1e-6, 1, exclude_max=True),
)
def test_the_time_weighted_ema_is_the_slow_one(points, amount):
    x, y = np.cumsum([dx for dx, _ in points]), np.array([value for _, value in points])
    assert twema(x, y, amount) == pytest.approx(slow_twema(x, y, amount), rel=1e-6, abs=1e-6)


@given(CALM, st.floats(0.1, 200))
def test_the_gaussian_is_the_slow_one(y, sigma):
    reach = math.ceil(4 * sigma)
    slow = slow_weighted(y, lambda j: math.exp(-0.5 * (j / sigma) ** 2) if abs(j) <= reach else 0)
    assert smooth(np.arange(len(y)), y, "gaussian", sigma) == pytest.approx(slow, rel=1e-6, abs=1e-6)


@given(CALM, st.integers(1, 200))
def test_the_running_mean_is_the_slow_one(y, points):
    slow = [y[max(0, i - points) : i + points + 1].mean() for i in range(len(y))]
    assert smooth(np.arange(len(y)), y, "mean", points) == pytest.approx(slow, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("kind", "amount"), [("ema", 0.01), ("ema", 0.97), ("twema", 0.02), ("twema", 0.95)])
def test_long_curves_go_through_many_stretches(kind, amount):
    x, y = np.arange(30_000.0), np.random.default_rng(4).normal(size=30_000)
    slow = slow_ema(y, amount) if kind == "ema" else slow_twema(x, y, amount)
    assert smooth(x, y, kind, amount) == pytest.approx(slow, rel=1e-7, abs=1e-9)


@given(ANY, st.sampled_from(KINDS))
def test_whatever_comes_the_length_and_what_is_not_finite_stay_and_nothing_leaves_the_range(y, kind):
    before = y.copy()
    smoothed = smooth(np.arange(len(y)), y, kind, AMOUNTS[kind])
    finite = np.isfinite(y)
    np.testing.assert_array_equal(y, before)
    np.testing.assert_array_equal(smoothed[~finite], y[~finite])
    assert smoothed.shape == y.shape
    if finite.any():
        assert (smoothed[finite] >= y[finite].min()).all()
        assert (smoothed[finite] <= y[finite].max()).all()


@given(ANY, st.sampled_from(KINDS))
def test_what_is_not_finite_is_as_if_it_were_not_there(y, kind):
    x, finite = np.cumsum(np.arange(len(y)) % 3), np.isfinite(y)
    without = smooth(x[finite], y[finite], kind, AMOUNTS[kind])
    np.testing.assert_array_equal(smooth(x, y, kind, AMOUNTS[kind])[finite], without)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 30), st.sampled_from(KINDS))
def test_a_constant_curve_stays_exactly_as_it_is(value, n, kind):
    y = np.full(n, value)
    np.testing.assert_array_equal(smooth(np.arange(n), y, kind, AMOUNTS[kind]), y)


@given(arrays(np.float64, 12, elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_any_x_makes_a_time_weighted_line(x):
    y = np.arange(12.0)
    smoothed = smooth(x, y, "twema", 0.9)
    assert np.isfinite(smoothed).all()
    np.testing.assert_array_equal(smoothed[~np.isfinite(x)], y[~np.isfinite(x)])


def test_points_at_one_x_weigh_the_same_and_a_clock_that_jumps_back_fades_nothing():
    assert smooth([5, 5, 5], [0, 3, 6], "twema", 0.5).tolist() == [0, 1.5, 3]
    assert smooth([9, 5, 1], [0, 3, 6], "twema", 0.5).tolist() == [0, 1.5, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_a_spike_leaves_no_trace_where_it_does_not_reach(kind):
    y = np.sin(np.arange(2_000))
    spiked = y.copy()
    spiked[0] = spiked[100] = 1e30
    x, amount = np.arange(2_000), {**AMOUNTS, "twema": 0.1}[kind]
    apart = np.abs(smooth(x, spiked, kind, amount) - smooth(x, y, kind, amount))
    assert apart[1_600:].max() < 1e-9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("y", [[], [3.0], [math.nan], [math.nan, 2.0], [math.inf, -math.inf]])
def test_empty_and_single_points_stay_as_they_are(kind, y):
    np.testing.assert_array_equal(smooth(range(len(y)), y, kind, AMOUNTS[kind]), y)


@pytest.mark.parametrize("kind", KINDS)
def test_no_amount_changes_nothing_and_much_is_the_mean(kind):
    y = np.random.default_rng(5).normal(size=50)
    assert smooth(range(50), y, kind, 0) is y
    if kind in ("gaussian", "mean"):
        assert smooth(range(50), y, kind, 10**400) == pytest.approx(np.full(50, y.mean()))


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        ("ema", 1), ("ema", -0.1), ("ema", math.nan), ("ema", "0.5"), ("ema", None), ("ema", True), ("twema", 1.0),
        ("twema", math.inf), ("gaussian", -1), ("gaussian", math.inf), ("mean", math.nan), ("mean", [3]),
    ],
)  # fmt: skip
def test_an_amount_out_of_range_is_refused_in_one_sentence(kind, amount):
    with pytest.raises(BadValue, match=rf"{kind} cannot take the amount .*\. Give a number"):
        smooth([0, 1], [0, 1], kind, amount)


def test_an_unknown_kind_and_arrays_that_do_not_fit_are_refused():
    with pytest.raises(BadValue, match=r"no smoothing 'savgol'.*none, ema, twema, gaussian, mean"):
        smooth([0, 1], [0, 1], "savgol", 1)
    with pytest.raises(BadValue, match="as many x as y"):
        smooth([0, 1], [0, 1, 2], "ema", 0.5)


@pytest.mark.parametrize("slider", [0.3, 0.75, 0.9])
def test_at_one_place_of_the_slider_all_kinds_leave_about_as_much_noise(slider):
    noise = np.random.default_rng(6).normal(size=20_000)
    expected = (1 - slider) / (1 + slider)
    for kind in ("ema", "gaussian", "mean")[: 2 if slider < 0.5 else 3]:
        left = smooth(np.arange(len(noise)), noise, kind, amount_at(kind, slider))[200:-200].var()
        assert left == pytest.approx(expected, rel=0.15), kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_slider_reaches_from_nothing_to_an_amount_that_is_allowed(kind):
    assert amount_at(kind, 0) == 0
    assert smooth(range(5), range(5), kind, amount_at(kind, 1)).shape == (5,)
    with pytest.raises(BadValue, match=r"between 0 and 1, got 1\.5"):
        amount_at(kind, 1.5)


def test_two_hundred_runs_of_ten_thousand_points_are_smoothed_while_a_slider_moves():
    x, runs = np.arange(10_000.0), np.random.default_rng(7).normal(size=(200, 10_000))
    quickest = math.inf
    for _ in range(3):
        start = time.process_time()
        for y in runs:
            smooth(x, y, "ema", 0.9)
        quickest = min(quickest, time.process_time() - start)
    assert quickest < 0.3  # 0.04 s on a quiet core; a loop over points takes 1 s


def test_the_mean_takes_rounded_points():
    y = np.arange(9.0) ** 2
    assert running_mean(y, y, 1.4).tolist() == running_mean(y, y, 1).tolist()
