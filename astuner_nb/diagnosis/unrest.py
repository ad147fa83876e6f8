"""Going up and down: levels in turn, a rhythm, or more than chance from record to record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.falls import turns
from astuner_nb.diagnosis.robust import bends, size
from astuner_nb.diagnosis.segments import Segment
from astuner_nb.diagnosis.thresholds import Thresholds
from astuner_nb.diagnosis.trend import Trend

SWING_SHARE = 0.2
"""The size of swings as a share of the curve's range, at least."""
SWING_NOISE = 3.0
"""The same in noise, between levels."""

RHYTHM_BINS = 40
"""Bins that tell a rhythm, at least."""
SLOW_CYCLES, RHYTHM_CYCLES = 2, 4
"""Cycles from which on power is counted, and the fewest of a rhythm: a step has power at the slowest ones."""
RHYTHM_PERIOD = 6
"""Bins of one cycle, at least."""
RHYTHM_SHARE = 0.2
"""Share of that power that stands at one frequency and its neighbours, at least."""
RHYTHM_PEAK = 15.0
"""The power of a rhythm over the median of that of the frequencies around it: noise has 15 in one run of a hundred."""
AROUND = 6
"""Frequencies on either side that are around one."""

FEWEST = 24
"""Records that tell jumps, at least."""
RECENT_BINS = 48
"""Bins that are of late, at least; half of all if that is more."""
LAST_BINS = 10
"""Bins that tell the last level."""
LEAST_VARIANCE = 0.02
"""p(1-p), at least: next to 0 and 1 the noise is of few counts."""
LEAST_RATE = 0.1
"""A success rate below is of few tasks, all of whose responses succeed at once."""
CLUSTERING = 1.3
"""How much more the success of a batch varies than that of independent responses: those to one task are alike."""


@dataclass(frozen=True)
class Unrest:
    """How much a curve goes up and down."""

    swings: int = 0
    """How often it turned to and fro; 0 for less than what counts."""
    size: float = 0.0
    """By how much, the median."""
    jumps: float = 0.0
    """σ from record to record over that of chance; 0 where that is not known."""
    restless: bool = False
    """Whether that is too much."""


def find_unrest(
    curve: Curve, levels: Sequence[Segment], trend: Trend, responses: float | None, thresholds: Thresholds
) -> Unrest:
    """The unrest of `curve`.

    Args:
        curve: what is looked at.
        levels: its segments.
        trend: its trend.
        responses: of how many responses one record of a success rate is; None where nobody knows.
        thresholds: what counts.
    """
    least = max(SWING_SHARE * float(np.ptp(curve.bins.level)), thresholds.fall_rate if curve.unit else 0.0)
    swings, by = max(_swings(levels, least), _rhythm(curve, trend, least))
    jumps = _jumps_over_chance(curve, levels, trend, responses) if curve.unit else 0.0
    return Unrest(swings, by, jumps, swings >= thresholds.swings or jumps >= thresholds.unrest)


def _swings(levels: Sequence[Segment], least: float) -> tuple[int, float]:
    """How often the level turned to and fro, and by how much."""
    if len(levels) < 3:
        return 0, 0.0
    noise = float(np.median([segment.noise for segment in levels]))
    turned = turns(levels, max(least, SWING_NOISE * noise))
    sizes = np.abs(np.diff([segment.level for segment in turned]))
    return len(sizes), float(np.median(sizes)) if len(sizes) else 0.0


def _rhythm(curve: Curve, trend: Trend, least: float) -> tuple[int, float]:
    """How often it went up and down in a rhythm between its rise and its last fall, and by how much.

    The largest ordinate of the periodogram against all of them (Fisher, 1929), of the curve without its slope.
    """
    y = curve.bins.level[trend.arrives if trend.settled else trend.leaves if trend.rises else 0 : trend.end]
    if len(y) < RHYTHM_BINS:
        return 0, 0.0
    x = np.linspace(-1, 1, len(y))
    y = y - y.mean()
    power = np.abs(np.fft.rfft(y - x * (x @ y) / (x @ x))[SLOW_CYCLES:]) ** 2
    best = int(power.argmax())
    share = float(power[max(0, best - 1) : best + 2].sum() / max(power.sum(), np.finfo(np.float64).tiny))
    by = 2 * math.sqrt(2 * share) * float(np.std(y))
    cycles = best + SLOW_CYCLES
    regular = RHYTHM_CYCLES <= cycles <= len(y) / RHYTHM_PERIOD and share >= RHYTHM_SHARE and _stands_out(power, best)
    return (2 * cycles, by) if regular and by >= least else (0, 0.0)


def _stands_out(power: Floats, best: int) -> bool:
    """Whether one frequency has much more power than those around it."""
    around = np.concatenate([power[max(0, best - AROUND) : max(0, best - 1)], power[best + 2 : best + 1 + AROUND]])
    return bool(power[best] >= RHYTHM_PEAK * np.median(around))


def _jumps_over_chance(curve: Curve, levels: Sequence[Segment], trend: Trend, responses: float | None) -> float:
    """How much more a success rate jumps, of late, than it would by chance; 0 if not known.

    A rate p of N responses has σ = √(p(1-p)/N); N is known, or that of the run's own flat start tells it.
    """
    n = len(curve.bins)
    if float(np.median(curve.bins.value[-LAST_BINS:])) < LEAST_RATE:
        return 0.0
    if responses:
        chance = CLUSTERING / math.sqrt(responses)
    elif trend.rises:
        doubt = 2 / math.sqrt(max(1, trend.leaves * curve.bins.records))
        chance = _jumps(curve, levels, 0, trend.leaves) * (1 + doubt)
    else:
        chance = 0.0
    return _jumps(curve, levels, max(0, n - max(RECENT_BINS, n // 2)), n) / chance if chance > 0 else 0.0


def _jumps(curve: Curve, levels: Sequence[Segment], begin: int, end: int) -> float:
    """σ of the records in some bins over √(p(1-p)), p their level; 0 where they are few."""
    records = curve.bins.records
    value = curve.value[begin * records : end * records]
    if len(value) < FEWEST:
        return 0.0
    rate = np.repeat([segment.level for segment in levels], [segment.end - segment.start for segment in levels])
    likely = np.sqrt(np.maximum(rate * (1 - rate), LEAST_VARIANCE))
    likely = np.repeat(likely[begin:end], records)[: len(value)]
    return size(bends(value, 1) / likely[1:-1]) / math.sqrt(6)
