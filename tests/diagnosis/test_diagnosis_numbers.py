"""The statistics below the rules, beside a slow and plain way to the same."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from astuner_nb.core.series import Series
from astuner_nb.diagnosis.curve import BINS, Bins, Curve
from astuner_nb.diagnosis.falls import find_falls, turns
from astuner_nb.diagnosis.ramp import fit_ramp
from astuner_nb.diagnosis.robust import autocorrelation, local_noise, slope, spread, without_outliers
from astuner_nb.diagnosis.segments import SHORTEST, Segment, segments
from astuner_nb.diagnosis.thresholds import DEFAULT
from astuner_nb.diagnosis.words import at, lasting, number, steps, title


def bins(value):
    place = np.arange(len(value), dtype=float)
    return Bins(place, place, np.asarray(value, float), 1)


def test_the_noise_of_a_row_is_told_beside_slopes_steps_and_outliers():
    rng = np.random.default_rng(1)
    made = 0.3 * rng.normal(size=400) + np.linspace(0, 20, 400) + 5 * (np.arange(400) > 200)
    made[::37] += 8
    assert np.median(local_noise(made, 0.0)) == pytest.approx(0.3, rel=0.3)
    assert autocorrelation(made) < 0.2


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_how_much_neighbours_are_alike(rho):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(20):
        made = rng.normal(size=400)
        for place in range(1, 400):
            made[place] = rho * made[place - 1] + math.sqrt(1 - rho**2) * made[place]
        found.append(autocorrelation(made + np.linspace(0, 5, 400)))
    assert np.mean(found) == pytest.approx(rho, abs=0.12)


def test_the_slope_does_not_mind_outliers():
    y = 2.0 * np.arange(100)
    y[::7] = 1e6
    assert slope(np.arange(100.0), y) == pytest.approx(2.0, rel=0.05)
    long = np.arange(5_000.0)
    assert slope(long, 0.5 * long) == pytest.approx(0.5)
    assert slope(np.zeros(1), np.zeros(1)) == 0


@given(arrays(np.float64, st.integers(3, 25), elements=st.floats(-100, 100)))
def test_the_ramp_is_the_best_of_all(y):
    def left(start, end):
        shape = np.clip((np.arange(len(y)) - start) / (end - start), 0, 1)
        table = np.column_stack([np.ones(len(y)), shape])
        return float(((table @ np.linalg.lstsq(table, y, rcond=None)[0] - y) ** 2).sum())

    ramp = fit_ramp(y)
    best = min(left(*pair) for pair in itertools.combinations(range(len(y)), 2))
    assert left(ramp.start, ramp.end) <= best + 1e-6 * (1 + float((y**2).sum()))


@given(arrays(np.float64, st.integers(6, 14), elements=st.floats(-10, 10)))
def test_the_segments_are_the_best_of_all(y):
    row, n = bins(np.round(y, 3) - np.median(np.round(y, 3))), len(y)
    found = segments(row, 2.0)
    assert [one.end for one in found[:-1]] == [other.start for other in found[1:]]
    assert (found[0].start, found[-1].end) == (0, n)
    weight = 1 / np.maximum(row.noise, 1e-70) ** 2

    def cost(borders):
        total = 2.0 * math.log(n) * row.inflation * (len(borders) - 1)
        for start, end in itertools.pairwise(borders):
            mean = np.average(row.level[start:end], weights=weight[start:end])
            total += float((weight[start:end] * (row.level[start:end] - mean) ** 2).sum())
        return total

    inner = itertools.chain.from_iterable(itertools.combinations(range(1, n), count) for count in range(n // SHORTEST))
    allowed = [(0, *each, n) for each in inner if min(np.diff((0, *each, n))) >= SHORTEST]
    mine = cost((0, *(one.end for one in found)))
    assert mine <= min(map(cost, allowed)) * (1 + 1e-6) + 1e-6


def test_a_long_curve_is_read_in_few_places():
    n = 100_000
    step, value = np.arange(n, dtype=float), np.sin(np.arange(n) / n * 6)
    curve = Curve.of(Series("reward", step, value, step))
    assert len(curve.bins) <= BINS
    assert curve.bins.first[0] == 0
    assert curve.bins.last[-1] == n - 1
    assert np.abs(curve.bins.value - np.interp((curve.bins.first + curve.bins.last) / 2, step, value)).max() < 1e-3


def test_nan_is_kept_apart_and_of_a_step_logged_twice_the_last_stands():
    step = np.array([1.0, 2, 3, 2, 3, 4, math.nan, 1e200])
    value = np.array([1.0, 2, math.nan, 5, 6, math.inf, 0, 0])
    curve = Curve.of(Series("reward", step, value, step))
    assert curve.step.tolist() == [1, 2, 3]
    assert curve.value.tolist() == [1, 5, 6]
    assert curve.bad.tolist() == [4]


def level(start, end, value):
    return Segment(start, end, value, 0.02)


def test_falls_tell_from_where_to_where_and_whether_they_came_back():
    row = [level(0, 20, 0.1), level(20, 50, 0.9), level(50, 53, 0.95), level(53, 70, 0.3), level(70, 90, 0.88)]
    (fall,) = find_falls(row, 1.0, True, DEFAULT)
    assert (fall.last_high, fall.bottom, fall.recovered) == (52, 53, 70)
    (lost,) = find_falls([*row[:4], level(70, 90, 0.32)], 1.0, True, DEFAULT)
    assert lost.recovered is None
    assert lost.depth == pytest.approx(0.65)
    assert find_falls(row[:3], 1.0, True, DEFAULT) == ()
    assert find_falls([], 1.0, True, DEFAULT) == ()


def test_turns_pass_small_swings_over():
    values = [0, 1, 0.9, 1.2, 0.1, 0.2, 0.15, 1.0]
    row = [level(place, place + 1, value) for place, value in enumerate(values)]
    assert [one.level for one in turns(row, 0.5)] == [0, 1.2, 0.1, 1.0]
    assert turns([], 1) == []
    assert turns(row, 5) == [row[0]]


@given(arrays(np.float64, st.integers(0, 40), elements=st.floats(-1e6, 1e6)))
def test_outliers_only_come_nearer(values):
    noise = local_noise(values, 0.0)
    kept = without_outliers(values, noise)
    assert len(kept) == len(noise) == len(values)
    assert (noise >= 0).all()
    assert spread(kept) <= spread(values) * 1.0001 + 1e-9 or len(values) < 60


def test_words():
    assert [title(name) for name in ("kl", "success_rate", "val/reward", "mine")] == [
        "KL divergence",
        "success rate",
        "reward, held out",
        "mine",
    ]
    assert len(title("x" * 1_000)) == 60
    assert [number(0.3149), at(41.0), at(1e5), steps(1), steps(6)] == ["0.315", "41", "100000", "1 step", "6 steps"]
    assert [lasting(each) for each in (45, 240, 10_800, 400_000)] == ["45 s", "4 min", "3 h", "5 days"]
