"""Falls of a curve, read off its segments: from where, how deep, whether it came back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from astuner_nb.diagnosis.segments import Segment
from astuner_nb.diagnosis.thresholds import Thresholds

LEARNED = 3.0
"""Noise by which the peak stands above the start, at least, where something was learned before a fall."""
UNLEARNED = (2.0, 1.2)
"""How much more it must be where nothing was, of the noise and of its standard error: the range is but noise then."""
MOST = 0.8
"""Share of a fall's depth that is most of it."""


@dataclass(frozen=True)
class Fall:
    """One loss of level. Places are bins."""

    last_high: int
    """The last bin before it."""
    bottom: int
    """The first bin at which most of it has happened."""
    recovered: int | None
    """The first bin at which enough of it had come back; None where it has not."""
    high: float
    """The level before."""
    low: float
    """The lowest level."""
    noise: float
    """σ of one bin around."""

    @property
    def depth(self) -> float:
        """How much was lost."""
        return self.high - self.low


def find_falls(levels: Sequence[Segment], inflation: float, unit: bool, thresholds: Thresholds) -> tuple[Fall, ...]:
    """The falls that stand out from the noise and from the curve's range, in order; the last may not have recovered.

    Args:
        levels: the curve's segments.
        inflation: of the variance of a mean, by autocorrelation.
        unit: whether the curve is a rate from 0 to 1.
        thresholds: what counts.
    """
    heights = [segment.level for segment in levels]
    span = max(heights) - min(heights) if heights else 0.0
    least = max(thresholds.fall_share * span, thresholds.fall_rate if unit else 0.0)

    def counts(peak: Segment, trough: Segment) -> bool:
        depth, noise = peak.level - trough.level, max(peak.noise, trough.noise)
        error = math.hypot(peak.error, trough.error) * math.sqrt(inflation)
        learned = peak.level - heights[0] > max(depth / 3, LEARNED * noise)
        height, times = (1.0, 1.0) if learned else UNLEARNED
        chance = max(height * thresholds.fall_height * noise, times * thresholds.fall_noise * error)
        return depth >= max(least, chance) and depth > 0

    return tuple(_walk(levels, counts, thresholds.recovered_share))


def _walk(levels: Sequence[Segment], counts: Callable[[Segment, Segment], bool], share: float) -> Iterator[Fall]:
    """Falls from each highest level so far; once one has recovered the search for a peak begins anew."""
    peak = 0
    trough = 0
    for place, segment in enumerate(levels):
        fell = counts(levels[peak], levels[trough])
        if fell and segment.level >= _back(levels[peak].level, levels[trough].level, share):
            yield _fall(levels, peak, trough, segment.start)
            peak = trough = place
        elif segment.level >= levels[peak].level:
            peak = trough = place
        elif segment.level < levels[trough].level:
            trough = place
    if levels and counts(levels[peak], levels[trough]):
        yield _fall(levels, peak, trough, None)


def _back(high: float, low: float, share: float) -> float:
    return low + share * (high - low)


def _fall(levels: Sequence[Segment], peak: int, trough: int, recovered: int | None) -> Fall:
    """The fall between two segments: from the last level next to the peak to the first next to the trough."""
    top, low = levels[peak].level, levels[trough]
    high = [segment for segment in levels[peak:trough] if segment.level >= _back(top, low.level, MOST)][-1]
    near = _back(top, low.level, 1 - MOST)
    bottom = next(segment for segment in levels[peak + 1 : trough + 1] if segment.level <= near)
    start = min(high.end, bottom.start) - 1
    return Fall(start, bottom.start, recovered, high.level, low.level, max(high.noise, low.noise))


def turns(levels: Sequence[Segment], least: float) -> list[Segment]:
    """The segments at which the curve turns, swings smaller than `least` passed over; first and last included."""
    if not levels:
        return []
    found, extreme, up = [levels[0]], levels[0], None
    for segment in levels[1:]:
        step = segment.level - extreme.level
        if up is None:
            up, extreme = (step > 0, segment) if abs(step) >= least else (None, extreme)
        elif (step >= 0) == up:
            extreme = segment
        elif abs(step) >= least:
            found.append(extreme)
            extreme, up = segment, not up
    return found if up is None else [*found, extreme]
