"""What a table says of a curve: a few numbers that stand in for all of its points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.store.columns import number


@dataclass(frozen=True)
class Summary:
    """One metric of one run in a few numbers."""

    last: float
    """The newest value, whatever it is; NaN where there is no point."""
    min: float
    """The lowest finite value; NaN where there is none."""
    max: float
    """The highest finite value; NaN where there is none."""
    last_step: float
    """The step of the newest value; NaN where there is no point."""
    n: int
    """How many points there are."""


def summarised(step: Floats, value: Floats) -> Summary:
    """The summary of a curve; both arguments are (n,) float64."""
    n = len(value)
    if n == 0:
        return Summary(math.nan, math.nan, math.nan, math.nan, 0)
    low, high = float(value.min()), float(value.max())
    if not math.isfinite(low + high):  # rarely: most curves need no copy
        finite = value[np.isfinite(value)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (math.nan, math.nan)
    return Summary(float(value[-1]), low, high, float(step[-1]), n)


def as_json(summary: Summary) -> list[float | str]:
    """`summary` as JSON can spell it."""
    floats = (summary.last, summary.min, summary.max, summary.last_step)
    return [*map(_spelled, floats), summary.n]


def from_json(row: Sequence[Any]) -> Summary:
    """What `as_json` wrote. Raises `ValueError` for anything else."""
    floats = [number(value) for value in row[:4]]
    if len(row) != 5 or None in floats or not isinstance(row[4], int):
        raise ValueError(f"no summary: {row!r}")
    last, low, high, last_step = (value for value in floats if value is not None)
    return Summary(last, low, high, last_step, row[4])


def _spelled(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
