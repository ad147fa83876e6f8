"""The level of a curve at its start and at its end, and where it jumps out."""

from __future__ import annotations

import math

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Bins, Curve
from astuner_nb.diagnosis.robust import spread

FEWEST = 3
"""Bins of a level, at least."""
FIRST_SHARE, LAST_SHARE = 0.02, 0.1
"""Share of a curve that is its start, and its end."""
RISEN_ERRORS = 4.0
"""Standard errors by which a run that is not flat ends above its start, at least."""
NEIGHBOURS = 15
"""Records among which one may be a spike."""
BINS_AROUND = 5
"""The same in bins of several records."""


def first_level(curve: Curve) -> float:
    """The median of its first records: few, as some runs learn, or are lost, within ten steps."""
    return float(np.median(curve.bins.value[: _firsts(curve.bins)]))


def last_level(curve: Curve) -> float:
    """The median of its last tenth."""
    return float(np.median(curve.bins.value[-_lasts(curve.bins) :]))


def _firsts(bins: Bins) -> int:
    return max(FEWEST, round(FIRST_SHARE * len(bins)))


def _lasts(bins: Bins) -> int:
    return max(FEWEST, round(LAST_SHARE * len(bins)))


def has_risen(case: Case, errors: float = RISEN_ERRORS) -> bool:
    """Whether the main metric ends above its start, by so many standard errors."""
    curve, t = case.readable, case.thresholds
    if curve is None:
        return False
    bins = curve.bins
    first, last = _firsts(bins), _lasts(bins)
    chance = math.hypot(float(bins.noise[0]) / math.sqrt(first), float(bins.noise[-1]) / math.sqrt(last))
    least = errors * chance * math.sqrt(bins.inflation)
    rise = last_level(curve) - first_level(curve)
    return rise > 0 and rise >= max(least, t.rise_rate if curve.unit else 0.0)


def typical_noise(curve: Curve) -> float:
    """σ of one bin."""
    return float(np.median(curve.bins.noise))


def spikes(curve: Curve, ratio: float, times: float) -> tuple[Floats, Floats]:
    """The steps at which a curve stands far above its neighbours, and how many times above each.

    Of its logarithm, since KL and gradients have heavy tails to one side; by the median absolute deviation of the
    neighbours' distances (Hampel, 1974), and never for less than `ratio`.
    """
    none = np.zeros(0), np.zeros(0)
    if len(curve) < NEIGHBOURS:
        return none
    floor = float(np.median(np.abs(curve.bins.value))) / 10  # what is next to 0 jumps by any factor
    if floor <= 0:
        return none
    usual = np.maximum(_usual(curve), floor)
    if not bool((curve.value >= ratio * usual).any()):
        return none
    over = np.log(np.maximum(curve.value, floor) / usual)
    high = over >= max(np.log(ratio), times * spread(over))
    return curve.step[high], np.exp(over[high])


def _usual(curve: Curve) -> Floats:
    """The median around each record."""
    bins = curve.bins
    window = NEIGHBOURS if bins.records == 1 else BINS_AROUND
    padded = np.pad(bins.value, window // 2, mode="reflect")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1)
    return np.repeat(middle, bins.records)[: len(curve)]
