"""The growing columns of a run's metrics, and how records of any shape are folded into them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from astuner_nb.core.series import Floats

Row = dict[str, Any]
"""One record, as parsed."""

_NUMBERS = frozenset((int, float, bool))
_TEXT_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_OWN = ("step", "t", "step_given")


class Column:
    """One metric: three arrays that grow together.

    What was handed out as a view is never written to again. The arrays given at the start may be shared: they are
    full, so that growing moves away from them.
    """

    def __init__(self, step: Floats, value: Floats, time: Floats) -> None:
        self._step, self._value, self._time = step, value, time
        self._n = len(step)

    def __len__(self) -> int:
        return self._n

    def extend(self, step: Floats, value: Floats, time: Floats) -> None:
        """Append m points; each argument is (m,) float64."""
        start, end = self._n, self._n + len(step)
        if end > len(self._step):
            room = max(64, end + end // 2)
            self._step, self._value, self._time = (
                _moved(array, start, room) for array in (self._step, self._value, self._time)
            )
        self._step[start:end], self._value[start:end], self._time[start:end] = step, value, time
        self._n = end

    def view(self, start: int = 0) -> tuple[Floats, Floats, Floats]:
        """Step, value and time of the points from `start` on, each (n - start,) float64."""
        return self._step[start : self._n], self._value[start : self._n], self._time[start : self._n]


def fold(rows: Sequence[Row], columns: dict[str, Column], last_step: float) -> float:
    """Append `rows` to `columns`, making those that are new. Returns the last step.

    A record without a usable step counts on from the one before it; `last_step` is that of the record before these.
    Booleans count as 0 and 1. Texts, nulls and nested values are no points.
    """
    if not rows:
        return last_step
    step = _steps([row.get("step") for row in rows], last_step)
    time = _times([row.get("t") for row in rows])
    if len(set(map(tuple, rows))) == 1:
        for name in rows[0]:
            _append(columns, name, step, list(map(itemgetter(name), rows)), time)
    else:
        _fold_mixed(rows, columns, step, time)
    return float(step[-1])


def plain_name(name: str) -> str:
    """The metric's own name: the recorder writes one behind `step`, `t` and `step_given` to tell it from its own."""
    return name[:-1] if name.endswith("_") and name.rstrip("_") in _OWN else name


def number(value: object) -> float | None:
    """`value` as a float, None for what is no number; "NaN" and the infinities are, as JSON has to spell them."""
    if isinstance(value, str):
        return _TEXT_NUMBERS.get(value)
    if not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _fold_mixed(rows: Sequence[Row], columns: dict[str, Column], step: Floats, time: Floats) -> None:
    """Append rows of differing keys, e.g. training and validation in turn. Linear in the number of values."""
    found: dict[str, tuple[list[int], list[Any]]] = {}
    for index, row in enumerate(rows):
        for name, value in row.items():
            indices, values = found.get(name) or found.setdefault(name, ([], []))
            indices.append(index)
            values.append(value)
    for name, (indices, values) in found.items():
        _append(columns, name, step[indices], values, time[indices])


def _append(columns: dict[str, Column], name: str, step: Floats, values: list[Any], time: Floats) -> None:
    """Append those of `values` that are numbers to the column `name`."""
    if name in _OWN:
        return
    floats = _all_numbers(values)
    if floats is None:
        numbers = [number(value) for value in values]
        kept = [index for index, value in enumerate(numbers) if value is not None]
        if not kept:
            return
        step, time = step[kept], time[kept]
        floats = np.array([numbers[index] for index in kept], dtype=np.float64)
    if (column := columns.get(plain_name(name))) is None:
        columns[plain_name(name)] = Column(step, floats, time)
    else:
        column.extend(step, floats, time)


def _all_numbers(values: list[Any]) -> Floats | None:
    """`values` as an array; None unless all are plain numbers that fit."""
    if not set(map(type, values)) <= _NUMBERS:
        return None
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        return None


def _steps(values: list[Any], last: float) -> Floats:
    """The steps of some records, (n,) float64, all finite."""
    floats = _all_numbers(values)
    if floats is not None and bool(np.isfinite(floats).all()):
        return floats
    steps = []
    for value in values:
        given = number(value)
        last = last + 1 if given is None or not math.isfinite(given) else given
        steps.append(last)
    return np.array(steps, dtype=np.float64)


def _times(values: list[Any]) -> Floats:
    """The times of some records, (n,) float64, NaN where none was written."""
    floats = _all_numbers(values)
    if floats is not None:
        return floats
    return np.array([math.nan if (given := number(value)) is None else given for value in values], dtype=np.float64)


def _moved(array: Floats, n: int, room: int) -> Floats:
    larger = np.empty(room, dtype=np.float64)
    larger[:n] = array[:n]
    return larger
