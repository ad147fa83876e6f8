"""Where a curve changes its level: the best piecewise constant curve, by dynamic programming."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.diagnosis.curve import Bins

SHORTEST = 3
"""Bins of a segment, at least: fewer are not told from an outlier."""

LEAST = 1e-70
"""The least noise that is divided by."""


@dataclass(frozen=True)
class Segment:
    """A stretch of one level."""

    start: int
    """Its first bin."""
    end: int
    """The bin behind its last one."""
    level: float
    """The weighted mean of its bins, outliers brought in."""
    noise: float
    """σ of one of its bins, their root mean square."""

    @property
    def error(self) -> float:
        """σ of its level, for independent bins; more where they are few, as the best of many places was taken."""
        bins = self.end - self.start
        return self.noise / math.sqrt(bins) * (1 + SHORTEST / bins)


def segments(bins: Bins, penalty: float) -> tuple[Segment, ...]:
    """The segments of `bins`, in order; one where there are too few for two.

    Minimises Σ (y-level)²/σ² + penalty·log n for each segment (Yao, 1988; exact search by Jackson et al., 2005, as in
    PELT, Killick et al., 2012), with the penalty raised by the autocorrelation of the noise (Romano et al., 2022).

    Args:
        bins: the curve.
        penalty: 2 is BIC for a level; more finds fewer.
    """
    n = len(bins)
    if not n:
        return ()
    noise = np.maximum(bins.noise, LEAST)
    borders = [0, n] if n < 2 * SHORTEST else _borders(bins.level, noise, penalty * math.log(n) * bins.inflation)
    weight = 1 / noise**2
    starts = borders[:-1]
    level = np.add.reduceat(weight * bins.level, starts) / np.add.reduceat(weight, starts)
    spread = np.sqrt(np.add.reduceat(noise**2, starts) / np.diff(borders))
    found = zip(pairwise(borders), level.tolist(), spread.tolist(), strict=True)
    return tuple(Segment(start, end, mean, sigma) for (start, end), mean, sigma in found)


def _borders(y: Floats, noise: Floats, cost: float) -> list[int]:
    """Where segments begin, and the end."""
    n = len(y)
    y = (y - np.median(y)) / noise.max()
    weight = (noise.max() / noise) ** 2
    sums = [np.concatenate([[0.0], np.cumsum(each)]) for each in (weight, weight * y, weight * y * y)]
    best = np.full(n + 1, np.inf)
    best[0] = 0.0
    before = np.zeros(n + 1, dtype=np.intp)
    for end in range(SHORTEST, n + 1):
        w, wy, wyy = (each[end] - each[: end - SHORTEST + 1] for each in sums)
        total = best[: end - SHORTEST + 1] + wyy - wy * wy / w
        before[end] = place = int(total.argmin())
        best[end] = total[place] + cost
    borders = [n]
    while borders[-1] > 0:
        borders.append(int(before[borders[-1]]))
    return borders[::-1]
