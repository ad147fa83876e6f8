"""One axis of parallel coordinates: where each run stands on it, and what is written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from astuner_nb.analysis.differences import MISSING, Found, in_one_line, kind_of, number_in, sameness
from astuner_nb.core.series import Floats

AxisKind = Literal["linear", "log", "category", "outcome"]
Tick = tuple[float, str]
"""A value, or the place of a category, and its text."""

GRID = 9
"""Up to so many different numbers are all written; of more, round numbers between the lowest and the highest."""
PARTS = 6
"""In about so many parts round numbers divide an axis."""
MOST_DECADES = 8
SHORT = 6
"""Characters of a number that is written exactly; of longer ones three digits."""


@dataclass(frozen=True, eq=False)
class ParallelAxis:
    """One hyper-parameter, or the outcome, over some runs."""

    name: str
    kind: AxisKind
    """`log` where positive numbers span two decades; `category` for texts, booleans and what is mixed."""
    values: Floats
    """(n,) float64, one for each run: a number, or the place of a category from 0; NaN where a run has none."""
    ticks: tuple[Tick, ...]
    """Ascending. All categories are among them; a page leaves out what has no room."""
    log: bool = False
    """Whether ratios count; an outcome may be so too."""

    @property
    def low(self) -> float:
        """The lowest of the values; 0 where there is none."""
        return 0.0 if self.missing == len(self.values) else float(np.nanmin(self.values))

    @property
    def high(self) -> float:
        """The highest of the values; 0 where there is none."""
        return 0.0 if self.missing == len(self.values) else float(np.nanmax(self.values))

    @property
    def missing(self) -> int:
        """How many runs have no place on it."""
        return int(np.isnan(self.values).sum())


def axis(name: str, values: Sequence[Found]) -> ParallelAxis:
    """The axis of the hyper-parameter `name`; `values` has one for each run, `MISSING` where it has none.

    On an axis of numbers None, NaN and infinities have no place. True is a category of its own, and so is None.
    """
    kind = kind_of(values)
    if kind == "choice":
        return _of_categories(name, values)
    numbers = _finite(values)
    return ParallelAxis(name, "log" if kind == "log" else "linear", numbers, number_ticks(numbers), kind == "log")


def outcome_axis(name: str, values: Sequence[float]) -> ParallelAxis:
    """The axis of an outcome; `values` are finite."""
    log = kind_of(values) == "log"
    numbers = np.asarray(values, np.float64)
    return ParallelAxis(name, "outcome", numbers, number_ticks(numbers), log)


def number_ticks(values: Floats) -> tuple[Tick, ...]:
    """What is written beside an axis of `values`: all where they are few, else both ends and round numbers between."""
    different = np.unique(values[np.isfinite(values)]).tolist()
    if len(different) > GRID:
        low, high = different[0], different[-1]
        between = _decades(low, high) if kind_of(different) == "log" else _round_numbers(low, high)
        different = [low, *(one for one in between if low < one < high), high]
    return tuple((one, tick_text(one)) for one in different)


def tick_text(number: float) -> str:
    """`number` exactly where that is short, else in three digits."""
    exact = in_one_line(number)
    if len(exact) <= SHORT or not math.isfinite(rounded := float(f"{number:.3g}")):
        return exact
    return in_one_line(rounded)


def _of_categories(name: str, values: Sequence[Found]) -> ParallelAxis:
    there = {sameness(value): value for value in values if value is not MISSING and value == value}
    ordered = sorted(there, key=lambda one: _category_order(there[one]))
    place = {one: float(index) for index, one in enumerate(ordered)}
    places = np.array([place.get(sameness(value), math.nan) for value in values], np.float64)
    return ParallelAxis(name, "category", places, tuple((place[one], in_one_line(there[one])) for one in ordered))


def _category_order(value: Found) -> tuple[int, float, str]:
    """Numbers by size, then False and True, then texts by the alphabet."""
    number = number_in(value)
    if number is not None:
        return (0, number, "")
    return (1 if isinstance(value, bool) else 2, 0.0, str(value))


def _finite(values: Iterable[Found]) -> Floats:
    """`values` as numbers, NaN for all that is no finite one."""
    numbers = np.array([math.nan if (one := number_in(value)) is None else one for value in values], np.float64)
    return np.where(np.isfinite(numbers), numbers, math.nan)


def _round_numbers(low: float, high: float) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    rough = high / PARTS - low / PARTS  # high - low may overflow
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 0.0
    step = next((power * part for part in (1, 2, 5) if power * part >= rough), power * 10)
    if not 0 < step < math.inf:
        return []
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{count * step:.12g}") for count in range(first, min(last, first + 4 * PARTS) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten, not more than about `MOST_DECADES`."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    every = max(1, math.ceil((last - first) / MOST_DECADES))
    return [float(f"1e{power}") for power in range(first, last + 1, every)]
