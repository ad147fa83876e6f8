"""Going up and down: levels in turn, a rhythm, or more than chance from record to record."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.falls import turns
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.robust import bends, size
from astuner_nb.diagnosis.rules import advice
from astuner_nb.diagnosis.rules.levels import last_level
from astuner_nb.diagnosis.words import at, number, title

TURN_NOISE = 3.0
"""Noise that a swing goes beyond, at least."""
FEWEST = 24
"""Records that tell unrest, at least."""
LEAST_VARIANCE = 0.02
"""p(1-p), at least: next to 0 and 1 the noise is of few counts."""
LEAST_RATE = 0.1
"""A success rate below is of few tasks, all of whose responses succeed at once."""
CLUSTERING = 1.3
"""How much more the success of a batch varies than that of independent responses: those to one task are alike."""
RECENT_BINS = 48
"""Bins that are of late, at least; half of all if that is more."""
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
RHYTHM_SIZE = 0.15
"""The size of its swings as a share of the curve's range, at least."""


def find_oscillation(case: Case) -> Iterator[Finding]:
    """That the main metric goes up and down: its levels in turn, or far more from record to record than chance."""
    curve, trend = case.readable, case.trend
    if curve is None or trend is None or not is_restless(case):
        return
    start = float(curve.bins.first[min(trend.leaves, trend.end - 1)])
    (swings, by), times = max(swing(case), rhythm(case)), unrest(case)
    if swings >= case.thresholds.swings:
        text, evidence = f"went up and down {swings} times by about {number(by)}", {"swings": swings, "size": by}
    else:
        text = f"jumped from record to record {number(times)} × as much as chance gives"
        evidence = {"times_chance": times}
    yield Finding(
        "oscillation",
        start,
        curve.end,
        Severity.WARNING,
        f"{title(curve.name)} {text} between {at(start)} and {at(curve.end)}",
        evidence,
        f"{advice.lower_lr(case)}, or take larger batches.{advice.clip(case)}",
        curve.name,
        "drops, unstable",
    )


def is_restless(case: Case) -> bool:
    """Whether the main metric goes up and down."""
    t = case.thresholds
    return unrest(case) >= t.unrest or max(swing(case), rhythm(case))[0] >= t.swings


def swing(case: Case) -> tuple[int, float]:
    """How often the level turned to and fro, and by how much, the median."""
    found = case.segments
    if len(found) < 3:
        return 0, 0.0
    levels = [segment.level for segment in found]
    noise = float(np.median([segment.noise for segment in found]))
    turned = turns(found, max(case.thresholds.fall_share * (max(levels) - min(levels)), TURN_NOISE * noise))
    sizes = np.abs(np.diff([segment.level for segment in turned]))
    return len(sizes), float(np.median(sizes)) if len(sizes) else 0.0


def rhythm(case: Case) -> tuple[int, float]:
    """How often it went up and down in a rhythm since its rise, and by how much; 0 where there is none.

    The largest ordinate of the periodogram against all of them (Fisher, 1929), of the curve without its slope.
    """
    curve, trend = case.readable, case.trend
    if curve is None or trend is None:
        return 0, 0.0
    y = curve.bins.level[trend.arrives if trend.settled else trend.leaves if trend.rises else 0 :]
    if len(y) < RHYTHM_BINS:
        return 0, 0.0
    x = np.linspace(-1, 1, len(y))
    y = y - y.mean()
    power = np.abs(np.fft.rfft(y - x * (x @ y) / (x @ x))[SLOW_CYCLES:]) ** 2
    best = int(power.argmax())
    swings = 2 * math.sqrt(2) * float(np.std(y))
    cycles = best + SLOW_CYCLES
    regular = RHYTHM_CYCLES <= cycles <= len(y) / RHYTHM_PERIOD and _stands_out(power, best)
    large = swings >= RHYTHM_SIZE * float(np.ptp(curve.bins.level))
    return (2 * cycles, swings) if regular and large else (0, 0.0)


def _stands_out(power: Floats, best: int) -> bool:
    share = power[max(0, best - 1) : best + 2].sum() / max(power.sum(), np.finfo(np.float64).tiny)
    around = np.concatenate([power[max(0, best - AROUND) : max(0, best - 1)], power[best + 2 : best + 1 + AROUND]])
    return bool(share >= RHYTHM_SHARE and power[best] >= RHYTHM_PEAK * np.median(around))


def unrest(case: Case) -> float:
    """How much more a success rate jumps, of late, than it would by chance; 0 if not known.

    A rate p of N responses has σ = √(p(1-p)/N); N is of the configuration, or that of the run's own flat start.
    """
    curve, trend = case.readable, case.trend
    if curve is None or trend is None or not curve.unit:
        return 0.0
    chance, n = _chance(case, curve), len(curve.bins)
    if last_level(curve) < LEAST_RATE:
        return 0.0
    return _jumps(case, curve, n - max(RECENT_BINS, n // 2), n) / chance if chance > 0 else 0.0


def _jumps(case: Case, curve: Curve, begin: int, end: int) -> float:
    """σ of the records in some bins over √(p(1-p)), p their level; 0 where they are few."""
    records = curve.bins.records
    begin = max(0, begin)
    rate = np.concatenate([np.full(segment.end - segment.start, segment.level) for segment in case.segments])
    rate = np.repeat(rate, records)[begin * records : end * records]
    value = curve.value[begin * records : end * records]
    if len(value) < FEWEST:
        return 0.0
    likely = np.sqrt(np.maximum(rate * (1 - rate), LEAST_VARIANCE))[: len(value)]
    return size(bends(value, 1) / likely[1:-1]) / math.sqrt(6)


def _chance(case: Case, curve: Curve) -> float:
    """σ of a batch over √(p(1-p)); 0 where nothing tells it."""
    tasks, repeats = case.number("train_batch_size"), case.number("num_repeat")
    if tasks and repeats and tasks * repeats >= 1:
        return CLUSTERING / math.sqrt(tasks * repeats)
    trend = case.trend
    if trend is None or not trend.rises:
        return 0.0
    return _jumps(case, curve, 0, trend.leaves) * (1 + 2 / math.sqrt(max(1, trend.leaves * curve.bins.records)))
