"""The three phases as a shape: level, rise, level; fitted to a curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.series import Floats

PLACES = 120
"""Where a corner may stand, at most."""


@dataclass(frozen=True)
class Ramp:
    """A curve that stays at one level, rises or falls evenly, and stays at another."""

    start: int
    """The index at which it leaves the first level."""
    end: int
    """The index at which it reaches the second."""
    low: float
    """The first level."""
    high: float
    """The second."""
    gain: float
    """How much of the sum of squares it explains beyond one level."""


def fit_ramp(y: Floats) -> Ramp:
    """The ramp nearest to `y`, (n ≥ 3,), by least squares over all pairs of corners.

    A joined-line regression with flat ends (Hinkley, 1971; two corners: Muggeo, 2003), searched in full: for given
    corners the two levels are a linear regression on `r(i) = clip((i-start)/(end-start), 0, 1)`, whose sums are
    differences of running sums.
    """
    n = len(y)
    corners = np.unique(np.linspace(0, n - 1, min(n, PLACES)).astype(np.intp))
    starts, ends = (corners[index] for index in np.triu_indices(len(corners), 1))
    middle = float(np.mean(y))
    covariance, variance = _sums(y - middle, starts, ends)
    gains = np.where(variance > 1e-9, covariance**2 / np.maximum(variance, 1e-9), -1.0)
    best = int(gains.argmax())
    start, end = int(starts[best]), int(ends[best])
    height = float(covariance[best] / max(variance[best], 1e-9))
    shape = np.clip((np.arange(n) - start) / (end - start), 0, 1)
    low = middle - height * float(shape.mean())
    return Ramp(start, end, low, low + height, float(gains[best]))


def _sums(y: Floats, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Σ(r-r̄)(y-ȳ) and Σ(r-r̄)² for each pair of corners; `y` has mean 0."""
    n = len(y)
    index = np.arange(n)
    total, moment = (np.concatenate([[0.0], np.cumsum(each)]) for each in (y, index * y))
    width = (ends - starts).astype(np.float64)
    inside = moment[ends] - moment[starts] - starts * (total[ends] - total[starts])  # Σ (i-start)·y on the ramp
    covariance = inside / width + total[n] - total[ends]
    flat = n - ends  # where r is 1
    ones = (width - 1) / 2 + flat  # Σ r: the ramp's own bins are 0/w … (w-1)/w
    squares = (width - 1) * (2 * width - 1) / (6 * width) + flat
    return covariance, squares - ones**2 / n
