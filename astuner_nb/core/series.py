"""Curves as values: a `Series` is one metric of one run, a `History` all metrics of one run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.errors import BadValue

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

ALL = "all"
"""The `max_points` that asks for every point, of a server too."""


def checked_points(max_points: int | str | None) -> float | None:
    """`max_points` as a number, infinite for "all". Raises `BadValue` for anything else that is no whole number ≥ 4."""
    if max_points is None or max_points == ALL:
        return None if max_points is None else math.inf
    if isinstance(max_points, bool) or not isinstance(max_points, int) or max_points < 4:
        raise BadValue(f'max_points must be a whole number ≥ 4, "all" or None, got {max_points!r}.')
    return max_points


@dataclass(frozen=True, eq=False)
class Series:
    """One metric of one run, in the order in which it was logged. Arrays are views: do not write to them."""

    name: str
    step: Floats
    """(n,) float64, training steps; may repeat or go back where a run was resumed."""
    value: Floats
    """(n,) float64; NaN and ±Inf are kept."""
    time: Floats
    """(n,) float64, seconds since 1970, UTC; NaN where the tracker did not say."""
    key: str = ""
    """The key under which the tracker has it, where `name` is a canonical one; else the same as `name`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key or self.name)

    def __len__(self) -> int:
        return len(self.step)

    @property
    def last(self) -> float:
        """The newest value, NaN for an empty series."""
        return float(self.value[-1]) if len(self) else float("nan")

    def deduplicated(self) -> Series:
        """Each step once, ascending: of those logged at one step the last stands."""
        if len(self) < 2 or bool((np.diff(self.step) > 0).all()):
            return self
        order = np.argsort(self.step, kind="stable")
        last = np.append(np.diff(self.step[order]) != 0, True)
        return self._picked(order[last])

    def thinned(self, points: int) -> Series:
        """About `points` of the points (≥ 4): the first, the last, and the lowest and highest of each stretch.

        NaN points are kept only where a whole stretch has nothing else. O(n).
        """
        n = len(self)
        if n <= points:
            return self
        edges = np.linspace(0, n, max(1, (points - 2) // 2) + 1).astype(np.intp)
        starts, lengths = edges[:-1], edges[1:] - edges[:-1]
        kept = np.zeros(n, dtype=np.bool_)
        kept[[0, n - 1]] = True
        kept[_places(self.value, np.fmin.reduceat(self.value, starts), starts, lengths)] = True
        kept[_places(self.value, np.fmax.reduceat(self.value, starts), starts, lengths, last=True)] = True
        return self._picked(np.flatnonzero(kept))

    def renamed(self, name: str) -> Series:
        """The same points under a canonical `name`; `key` stays."""
        return Series(name, self.step, self.value, self.time, self.key)

    def _picked(self, indices: NDArray[np.intp]) -> Series:
        return Series(self.name, self.step[indices], self.value[indices], self.time[indices], self.key)


def _places(
    value: Floats, wanted: Floats, starts: NDArray[np.intp], lengths: NDArray[np.intp], *, last: bool = False
) -> NDArray[np.intp]:
    """Where in each stretch of `value` the wanted number of that stretch stands: first, or last.

    The stretch's start where it has none, as all of it is NaN.
    """
    hits = np.flatnonzero(value == np.repeat(wanted, lengths))
    order = slice(None, None, None if last else -1)  # of several assigned to one stretch the last one stays
    found = starts.copy()
    found[np.searchsorted(starts, hits[order], side="right") - 1] = hits[order]
    return found


@dataclass(frozen=True, eq=False)
class History(Mapping[str, Series]):
    """All metrics of one run, ragged: each metric has the steps at which it was logged, no others."""

    series: Mapping[str, Series]
    sampled: bool = False
    """Whether a tracker's server left out points; ask for `max_points="all"` to have them."""
    damage: str = ""
    """What of its files is damaged and was passed over, a sentence; empty where all could be read."""

    def __getitem__(self, name: str) -> Series:
        return self.series[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def __len__(self) -> int:
        return len(self.series)

    def thinned(self, points: int) -> History:
        """Every series with about `points` points at most, its extremes kept."""
        return History({name: series.thinned(points) for name, series in self.items()}, self.sampled, self.damage)

    def deduplicated(self) -> History:
        """Every step of every series once; of those logged at one step the last stands."""
        return History({name: one.deduplicated() for name, one in self.items()}, self.sampled, self.damage)

    def __repr__(self) -> str:
        count = max(map(len, self.values()), default=0)
        how = "sampled by the server" if self.sampled else "damaged files" if self.damage else "all that were logged"
        more = f" {self.damage}" if self.damage else ""
        return f"<History of {len(self)} metrics, up to {count:,} points each, {how}: {', '.join(self)}>{more}"

    def to_frame(self) -> pd.DataFrame:
        """A pandas frame: index `step`, one column a metric, NaN where a metric was not logged.

        Where a metric was logged twice at a step, the later value stands.
        """
        import pandas as pd

        columns = {}
        for name, series in self.items():
            column = pd.Series(series.value, index=pd.Index(series.step, name="step"), name=name)
            columns[name] = column[~column.index.duplicated(keep="last")]
        frame = pd.DataFrame(columns).sort_index()
        if len(frame) and bool((frame.index == frame.index.astype("int64")).all()):
            frame.index = frame.index.astype("int64")
        frame.index.name = "step"
        return frame
