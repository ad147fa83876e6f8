"""Which phases a run has been through: flat, rising, flat again; read off its main metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.diagnosis.curve import Bins
from astuner_nb.diagnosis.falls import Fall
from astuner_nb.diagnosis.ramp import Ramp, fit_ramp
from astuner_nb.diagnosis.robust import slope
from astuner_nb.diagnosis.thresholds import Thresholds

FEWEST = 5
"""Bins below which a stretch is not called a phase."""
TAIL = 0.15
"""Share of the run that tells its last level."""
STILL_NOISE = 3.0
"""Standard errors above which a slope is one."""


@dataclass(frozen=True)
class Trend:
    """The course of a curve up to its first fall that did not recover. Places are bins; levels in the curve's unit."""

    end: int
    """The bin behind the last one that was looked at."""
    leaves: int
    """The bin at which it leaves its first level; `end` where it does not, 0 where it rises from the start."""
    arrives: int
    """The bin at which it has reached its last level; `end` where it has not."""
    first: float
    """The level at the start."""
    last: float
    """The level at the end."""
    noise: float
    """σ of one bin."""
    error: float
    """σ of the rise."""

    @property
    def rise(self) -> float:
        """How far it came."""
        return self.last - self.first

    @property
    def rises(self) -> bool:
        """Whether that is a rise at all."""
        return self.leaves < self.end

    @property
    def settled(self) -> bool:
        """Whether it has come to rest after a rise."""
        return self.rises and self.arrives < self.end


def find_trend(bins: Bins, falls: Sequence[Fall], unit: bool, running: bool, thresholds: Thresholds) -> Trend:
    """The trend of `bins`, at least three; falls that recovered are passed over.

    Args:
        bins: the curve.
        falls: its falls.
        unit: whether it is a rate from 0 to 1.
        running: whether more of it will come: then a plateau must have lasted longer.
        thresholds: what counts.
    """
    kept = _undisturbed(len(bins), falls)
    y = bins.level[kept]
    ramp = fit_ramp(y)
    noise = float(np.median(bins.noise[kept]))
    early = min(noise, float(np.median(bins.noise[kept][: ramp.end + 1])))
    if not _rises(ramp, y, early, bins.inflation, unit, thresholds):
        level, n = float(np.median(y)), len(kept)
        return Trend(int(kept[-1]) + 1, int(kept[-1]) + 1, int(kept[-1]) + 1, level, level, noise, noise / math.sqrt(n))
    return _risen(ramp, y, kept, noise, running, thresholds, bins.inflation)


def _undisturbed(n: int, falls: Sequence[Fall]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The bins before the last fall, without those of falls that recovered; all where too few would be left."""
    keep = np.ones(n, dtype=np.bool_)
    for fall in falls:
        keep[fall.last_high + 1 : n if fall.recovered is None else fall.recovered] = False
    found = np.flatnonzero(keep)
    return found if len(found) >= FEWEST else np.arange(n)


def _rises(ramp: Ramp, y: Floats, noise: float, inflation: float, unit: bool, thresholds: Thresholds) -> bool:
    height = ramp.high - ramp.low
    least = max(thresholds.rise_height * noise, thresholds.rise_rate if unit else 0.0)
    holds = len(y) - (ramp.start + ramp.end) / 2 >= FEWEST
    return holds and height > 0 and height >= least and ramp.gain >= thresholds.rise_noise**2 * noise**2 * inflation


def _risen(
    ramp: Ramp,
    y: Floats,
    kept: np.ndarray[tuple[int], np.dtype[np.intp]],
    noise: float,
    running: bool,
    thresholds: Thresholds,
    inflation: float,
) -> Trend:
    n, end = len(y), int(kept[-1]) + 1
    tail = max(FEWEST, round(TAIL * n))
    last = float(np.median(y[-tail:]))
    first = float(np.median(y[: ramp.start + 1])) if ramp.start >= FEWEST else ramp.low
    arrives = max(ramp.end, _reaches(y, first + thresholds.reached * (last - first)))
    least = max(FEWEST, thresholds.plateau_share * (2 if running else 1) * n)
    start = ramp.start if ramp.start >= FEWEST else 0
    rate = (last - first) / max(1, arrives - start)
    still = n - arrives >= least and _is_still(y[arrives:], last - first, rate, noise, inflation, thresholds)
    error = noise * math.sqrt(inflation * (1 / max(start, FEWEST) + 1 / tail))
    return Trend(end, int(kept[start]), int(kept[arrives]) if still else end, first, last, noise, error)


def _reaches(y: Floats, level: float) -> int:
    """The first place from which on the next values lie above `level`, by their median."""
    window = np.lib.stride_tricks.sliding_window_view(y, min(FEWEST, len(y)))
    above = np.flatnonzero(np.median(window, axis=1) >= level)
    return int(above[0]) if len(above) else len(y) - 1


def _is_still(y: Floats, rise: float, rate: float, noise: float, inflation: float, thresholds: Thresholds) -> bool:
    """Whether a stretch goes on rising by too little to speak of, too slowly, or by no more than chance gives."""
    n = len(y)
    grown = slope(np.arange(n, dtype=np.float64), y) * n
    slowly = min(thresholds.still_rate * rate * n, rise / 2)
    return grown <= max(thresholds.still_share * rise, slowly, STILL_NOISE * noise * math.sqrt(12 * inflation / n))
