"""Records of any shape become ragged columns that miss nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.recorder import _OWN_NAME
from astuner_nb.store.columns import Column, fold, number, plain_name

names = st.sampled_from(["loss", "val/loss", "t_", "step_", "t__", "step", "t", "step_given", "a"])
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["NaN", "Infinity", "-Infinity", 10**400, [1], {"a": 1}])
)
rows = st.lists(st.dictionaries(names, values, max_size=5), max_size=12)


def expected(records: list[dict[str, Any]]) -> dict[str, list[tuple[float, float, float]]]:
    """The same, one record and one value at a time."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    last = -1.0
    for record in records:
        step, time = number(record.get("step")), number(record.get("t"))
        last = last + 1 if step is None or not math.isfinite(step) else step
        for name, value in record.items():
            if name not in ("step", "t", "step_given") and (point := number(value)) is not None:
                found.setdefault(plain_name(name), []).append((last, point, math.nan if time is None else time))
    return found


def as_points(columns: dict[str, Column]) -> dict[str, list[tuple[float, float, float]]]:
    return {name: list(zip(*map(np.ndarray.tolist, column.view()), strict=True)) for name, column in columns.items()}


@settings(max_examples=300, deadline=None)
@given(rows, st.integers(0, 12))
def test_folding_in_parts_equals_reading_value_by_value(records: list[dict[str, Any]], cut: int) -> None:
    columns: dict[str, Column] = {}
    last = fold(records[:cut], columns, -1.0)
    fold(records[cut:], columns, last)
    found = as_points(columns)
    wanted = expected(records)
    assert set(found) == set(wanted)
    assert all(repr(found[name]) == repr(wanted[name]) for name in wanted)  # repr: NaN equals itself, -0.0 is not 0.0


def test_alternating_keys_lose_nothing() -> None:
    columns: dict[str, Column] = {}
    records = [{"step": n, "t": n, ("train" if n % 2 else "eval"): n / 2, "both": n} for n in range(100)]
    fold(records, columns, -1.0)
    points = as_points(columns)
    assert [step for step, _, _ in points["train"]] == list(range(1, 100, 2))
    assert [step for step, _, _ in points["eval"]] == list(range(0, 100, 2))
    assert [value for _, value, _ in points["both"]] == list(range(100))


def test_a_logged_nan_is_a_point_and_a_text_is_none() -> None:
    columns: dict[str, Column] = {}
    fold(
        [{"step": 1, "x": "NaN"}, {"step": 2, "x": "12"}, {"step": 3, "x": None}, {"step": 4, "x": True}], columns, -1.0
    )
    step, value, time = columns["x"].view()
    assert step.tolist() == [1, 4]
    assert math.isnan(value[0])
    assert value[1] == 1.0
    assert np.isnan(time).all()


def test_only_texts_make_no_metric() -> None:
    columns: dict[str, Column] = {}
    fold([{"step": 1, "note": "hello"}], columns, -1.0)
    assert columns == {}


@pytest.mark.parametrize("name", ["step", "t", "step_given", "t_", "step__", "loss", "loss_", "test_", "t/x", "_", ""])
def test_the_recorders_underscore_is_taken_off_again(name: str) -> None:
    written = f"{name}_" if _OWN_NAME.fullmatch(name) else name
    assert plain_name(written) == name


def test_views_stay_as_they_were_when_columns_grow() -> None:
    columns: dict[str, Column] = {}
    last = fold([{"step": n, "t": 0.0, "x": float(n), "y": float(-n)} for n in range(50)], columns, -1.0)
    views = [columns[name].view() for name in "xy"]
    copies = [[array.copy() for array in view] for view in views]
    for _ in range(20):
        last = fold([{"step": last + 1, "t": 1.0, "x": 7.0}] * 100, columns, last)
    assert len(columns["x"]) == 2050
    assert len(columns["y"]) == 50
    for view, copy in zip(views, copies, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(view, copy, strict=True))
