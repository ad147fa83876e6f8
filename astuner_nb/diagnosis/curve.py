"""One metric as the rules see it: each step once, ascending, NaN kept apart; and its bins, of which there are few."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from astuner_nb.core.series import Floats, Series
from astuner_nb.diagnosis.robust import autocorrelation, local_noise, without_outliers

BINS = 320
"""A longer curve is read off so many medians of equal numbers of records."""
LARGEST = 1e100
"""What lies beyond counts as infinite: squares of it must not overflow."""


@dataclass(frozen=True, eq=False)
class Bins:
    """A curve in at most `BINS` places. All arrays are (n,)."""

    first: Floats
    """The first step of each."""
    last: Floats
    """The last one."""
    value: Floats
    """The median of its records."""
    records: int
    """How many records are one bin, at most."""

    def __len__(self) -> int:
        return len(self.value)

    @cached_property
    def noise(self) -> Floats:
        """σ around each."""
        return local_noise(self.value, self.rho)

    @cached_property
    def rho(self) -> float:
        """How much neighbours are alike."""
        return autocorrelation(self.value)

    @cached_property
    def inflation(self) -> float:
        """How much more a mean varies than that of independent values: (1+ρ)/(1-ρ) for an AR(1) process."""
        return (1 + self.rho) / (1 - self.rho)

    @cached_property
    def level(self) -> Floats:
        """The values without outliers."""
        return without_outliers(self.value, self.noise)

    def until(self, end: int) -> Bins:
        """The first `end` of them."""
        return Bins(self.first[:end], self.last[:end], self.value[:end], self.records)


@dataclass(frozen=True, eq=False)
class Curve:
    """One metric of one run."""

    name: str
    """Its canonical name, or its own."""
    step: Floats
    """(n,) ascending, each once."""
    value: Floats
    """(n,) finite."""
    bad: Floats
    """(k,) the steps at which it was NaN or infinite."""

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def of(cls, series: Series) -> Curve:
        """The curve of `series`. Of what was logged twice at a step the last stands: a run was resumed there."""
        once = series.deduplicated()
        step, value = np.asarray(once.step, np.float64), np.asarray(once.value, np.float64)
        if not _is_plain(step):
            there = np.abs(step) <= LARGEST
            step, value = step[there], value[there]
        if _is_plain(value):
            return cls(series.name, step, value, np.zeros(0))
        good = np.abs(value) <= LARGEST
        return cls(series.name, step[good], value[good], step[~good])

    @cached_property
    def bins(self) -> Bins:
        """What is read off it. Raw records where there are at most `BINS` of them."""
        n = len(self)
        if n <= BINS:
            return Bins(self.step, self.step, self.value, 1)
        width = -(-n // BINS)
        starts = np.arange(0, n, width)
        ends = np.minimum(starts + width, n) - 1
        whole = n // width
        middle = np.median(self.value[: whole * width].reshape(whole, width), axis=1)
        if whole < len(starts):
            middle = np.append(middle, np.median(self.value[whole * width :]))
        return Bins(self.step[starts], self.step[ends], middle, width)

    @property
    def start(self) -> float:
        """Its first step; 0 where it has none."""
        return float(self.step[0]) if len(self) else 0.0

    @property
    def end(self) -> float:
        """Its last step; 0 where it has none."""
        return float(self.step[-1]) if len(self) else 0.0

    @property
    def unit(self) -> bool:
        """Whether it is a rate from 0 to 1, by its name and its values."""
        rate = self.name.endswith("success_rate") and len(self) > 0
        return rate and float(self.value.min()) >= 0 and float(self.value.max()) <= 1


def _is_plain(values: Floats) -> bool:
    """Whether all are finite and not too large."""
    return not len(values) or bool(values.min() >= -LARGEST and values.max() <= LARGEST)
