"""The cells of a column as numbers: what is a point, and when it was logged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.series import Floats

if TYPE_CHECKING:
    import pandas as pd

Points = tuple[Floats, Floats, Floats]
"""Step, value and time, each (n,) float64."""
Curves = dict[str, Points]
"""Metric → its points."""

STEPS = ("step", "_step", "Step", "global_step", "train/global_step", "epoch", "index", "Unnamed: 0")
"""Columns that may hold the step, the preferred one first; the last is what pandas calls an index without a name."""
TIMES = ("_timestamp", "timestamp", "wall_time", "Wall time")
"""Columns that may hold the time, in seconds since 1970."""
EMPTY = ["", "null", "NULL", "None", "NA", "N/A", "#N/A", "<NA>"]
"""Cells that hold no point. One that says NaN does: that is what was logged."""


def points_in(column: pd.Series, step: Floats, time: Floats) -> Points | None:
    """The points of one metric; None where it holds anything but numbers, or nothing."""
    if (numbers := numbers_in(column)) is None:
        return None
    value, given = numbers
    kept = given & np.isfinite(step)
    return (step[kept], value[kept], time[kept]) if kept.any() else None


def steps_in(frame: pd.DataFrame) -> tuple[Floats, str | None]:
    """(n,) float64, NaN where a row has none, and the column that holds them; the number of the row without one."""
    for name in STEPS:
        if name in frame.columns and (numbers := numbers_in(frame[name])) is not None:
            return numbers[0], name
    return np.arange(len(frame), dtype=np.float64), None


def times_in(frame: pd.DataFrame) -> tuple[Floats, str | None]:
    """(n,) float64, seconds since 1970, NaN where unknown, and the column that holds them."""
    for name in TIMES:
        if name in frame.columns and (seconds := _seconds(frame[name])) is not None:
            return seconds, name
    return unknown_times(frame), None


def unknown_times(frame: pd.DataFrame) -> Floats:
    """(n,) float64, all NaN."""
    return np.full(len(frame), np.nan)


def numbers_in(column: pd.Series) -> tuple[Floats, NDArray[np.bool_]] | None:
    """A column as float64, and where it holds a number or says NaN; None where it holds anything else."""
    given = ~column.isna().to_numpy(dtype=bool)
    if column.dtype.kind in "biuf":
        return column.to_numpy(dtype=np.float64, na_value=np.nan), given
    if column.dtype.kind not in "OT":
        return None
    given &= ~column.isin(EMPTY).to_numpy(dtype=bool)  # pandas leaves some of them in columns of huge numbers
    cells = [_number(cell) for cell in column[given]]
    if not cells or None in cells:
        return None
    floats = np.full(len(column), np.nan)
    floats[given] = cells
    return floats, given


def _number(cell: object) -> float | None:
    """The number in a cell, whose texts may say NaN or infinity; None for anything else."""
    try:
        return None if isinstance(cell, str) and "_" in cell else float(cell)  # type: ignore[arg-type]  # or it raises
    except OverflowError:
        return math.inf if cell > 0 else -math.inf  # type: ignore[operator]  # a whole number
    except (TypeError, ValueError):
        return None


def _seconds(column: pd.Series) -> Floats | None:
    """A column of moments, or of seconds, as seconds since 1970; None for any other."""
    if column.dtype.kind == "M":
        seconds: Floats = column.to_numpy("datetime64[ns]").astype(np.int64) / 1e9
        return np.where(column.isna().to_numpy(), np.nan, seconds)
    numbers = numbers_in(column)
    return None if numbers is None else numbers[0]
