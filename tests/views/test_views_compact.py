"""Half the bytes, and the same picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.views.pictures.compact import FAR, compact

NUMBERS = st.lists(st.floats(width=64), min_size=1, max_size=50)


@given(NUMBERS)
def test_what_must_stay_stays_and_what_is_not_finite_stays_so(values):
    given_, kept = np.array(values), compact(np.array(values), exactly=True)
    inside = np.abs(given_) <= FAR
    assert np.array_equal(kept[inside].astype(np.float64), given_[inside])
    assert np.array_equal(np.isnan(kept), np.isnan(given_))


@given(NUMBERS)
def test_nothing_moves_by_more_than_the_eye_can_tell(values):
    clipped = np.clip(np.array(values), -FAR, FAR)
    kept = compact(np.array(values)).astype(np.float64)
    finite = clipped[np.isfinite(clipped)]
    span = float(finite.max() / 2 - finite.min() / 2) * 2 if len(finite) else 0.0
    moved = np.abs(kept - clipped)[np.isfinite(kept) & (kept != clipped)]
    assert (moved <= max(span * 1e-2, float(np.abs(finite).max(initial=0)) * 1e-6)).all()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1_000_000.1, 1_000_000.2], np.float64),  # would be a staircase
        ([0.1, 0.9], np.float32),
        ([3.0, 3.0], np.float32),
        ([1e308, 0.0], np.float64),
        ([1e-40, 2e-40], np.float64),
    ],
)
def test_a_curve_is_short_only_where_its_points_stay_apart(values, dtype):
    assert compact(np.array(values)).dtype == dtype
