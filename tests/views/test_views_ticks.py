"""Round places along an axis."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.views.files.ticks import ticks

CASES = {
    ((0, 100), "linear"): "0 20 40 60 80 100",
    ((0, 300_000), "linear"): "0 100k 200k 300k",
    ((-0.3, 1.2), "linear"): "0 0.5 1.0",
    ((1e-6, 5e-6), "linear"): "1e−6 2e−6 3e−6 4e−6 5e−6",
    ((1e-6, 1e-2), "log"): "1e−6 1e−5 1e−4 0.001 0.01",
    ((3, 70), "log"): "5 10 20 50",
    ((1e-9, 1e9), "log"): "1e−9 1e−5 0.1 1000 1e7",
}


@pytest.mark.parametrize(("ends", "scale"), CASES)
def test_places_and_labels(ends, scale):
    assert " ".join(tick.label for tick in ticks(*ends, scale, 5)) == CASES[ends, scale]


def moment(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()


DATES = {
    (moment(2025, 11, 24, 16), moment(2025, 11, 24, 22)): "16:00/24 Nov 18:00 20:00 22:00",
    (moment(2025, 11, 24, 22), moment(2025, 11, 25, 4)): "22:00/24 Nov 00:00/25 Nov 02:00 04:00",
    (moment(2025, 12, 30), moment(2026, 1, 7)): "30 Dec/2025 01 Jan/2026 03 Jan 05 Jan 07 Jan",
    (moment(2025, 11, 20), moment(2026, 12, 20)): "Jan 2026 Apr 2026 Jul 2026 Oct 2026",
    (moment(1990, 1, 1), moment(2026, 1, 1)): "1990 2000 2010 2020",
}


@pytest.mark.parametrize("ends", DATES)
def test_dates_say_the_day_where_it_begins(ends):
    shown = (tick.label + (f"/{tick.below}" if tick.below else "") for tick in ticks(*ends, "date", 5))
    assert " ".join(shown) == DATES[ends]


ENDS = st.floats(-1e300, 1e300)


@given(ENDS, ENDS, st.sampled_from(["linear", "log", "date"]), st.integers(2, 12))
def test_ticks_lie_in_order_within_the_axis_and_each_has_its_own_label(one, other, scale, most):
    low, high = sorted((one, other))
    if scale == "log":
        low, high = sorted((max(abs(one), 1e-300), max(abs(other), 1e-300)))
    if high - low <= max(abs(low), abs(high)) * 1e-12 or high - low < 1e-299:
        return
    found = ticks(low, high, scale, most)
    places = [tick.at for tick in found]
    assert places == sorted(set(places))
    assert all(low <= place <= high and math.isfinite(place) for place in places)
    assert len(found) <= 3 * most + 3
    if scale == "linear":
        assert len({tick.label for tick in found}) == len(found)
