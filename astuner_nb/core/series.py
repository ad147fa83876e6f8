"""Curves as values: a `Series` is one metric of one run, a `History` all metrics of one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """One metric of one run, in the order in which it was logged. Arrays are views: do not write to them."""

    name: str
    step: Floats
    """(n,) float64, training steps; may repeat or go back where a run was resumed."""
    value: Floats
    """(n,) float64; NaN and ±Inf are kept."""
    time: Floats
    """(n,) float64, seconds since 1970, UTC."""

    def __len__(self) -> int:
        return len(self.step)

    @property
    def last(self) -> float:
        """The newest value, NaN for an empty series."""
        return float(self.value[-1]) if len(self) else float("nan")


@dataclass(frozen=True, eq=False)
class History(Mapping[str, Series]):
    """All metrics of one run, ragged: each metric has the steps at which it was logged, no others."""

    series: Mapping[str, Series]

    def __getitem__(self, name: str) -> Series:
        return self.series[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.series)

    def __len__(self) -> int:
        return len(self.series)

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
