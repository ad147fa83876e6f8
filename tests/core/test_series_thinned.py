"""Thinning keeps what an eye would miss: the ends, and the lowest and highest point of each stretch."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astuner_nb.core.series import Series

values = st.lists(st.floats() | st.sampled_from([math.nan, 0.0, -0.0, 1.0, math.inf]), min_size=5, max_size=80)


def series(value):
    step = np.arange(len(value), dtype=np.float64)
    return Series("x", step, np.array(value, dtype=np.float64), step + 100, "own/x")


def by_sorting(value, points):
    """The indices that are kept, found the slow way: each stretch sorted by itself, NaN last."""
    edges = np.linspace(0, len(value), max(1, (points - 2) // 2) + 1).astype(int)
    kept = {0, len(value) - 1}
    for start, end in pairwise(edges):
        order = sorted(range(start, end), key=lambda index: (math.isnan(value[index]), value[index]))
        numbers = [index for index in order if not math.isnan(value[index])] or order[:1]
        highest = value[numbers[-1]]
        kept |= {numbers[0], max(i for i in numbers if value[i] == highest or len(numbers) == 1)}
    return sorted(kept)


@given(values, st.integers(4, 40))
@example([math.nan] * 20, 4)
@example([1.0] * 20, 6)
@example([math.nan] * 10 + [2.0] * 10, 8)
def test_the_ends_and_the_extremes_of_each_stretch_are_kept(value, points):
    whole = series(value)
    thinned = whole.thinned(points)
    kept = by_sorting(value, points) if len(value) > points else list(range(len(value)))
    assert thinned.step.tolist() == kept
    assert thinned.value.tobytes() == whole.value[kept].tobytes()
    assert (thinned.name, thinned.key, thinned.time.tolist()) == ("x", "own/x", [index + 100 for index in kept])
    assert len(thinned) <= max(points, 4)


@pytest.mark.parametrize("points", [4, 5, 500, 9_999])
def test_no_more_points_than_asked_for(points):
    assert len(series(np.random.default_rng(0).normal(size=10_000)).thinned(points)) <= points


def test_what_is_thinned_holds_none_of_the_whole():
    thinned = series(np.random.default_rng(0).normal(size=10_000)).thinned(100)
    assert all(array.base is None for array in (thinned.step, thinned.value, thinned.time))
