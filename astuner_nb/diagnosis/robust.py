"""Robust statistics of short rows of numbers: spread, noise, slope, and values without their outliers.

numpy alone: scipy has a median absolute deviation and a Theil–Sen slope, `ruptures` change points; neither is needed
elsewhere in the package, scipy alone takes 100 MB and Binder has none to spare, and what is used of them is short.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from astuner_nb.core.series import Floats

NORMAL = 1.4826
"""σ of a normal distribution over its median absolute deviation."""
CLIPPED = 0.96
"""The root mean square of normal values of σ 1 that are clipped at ±2."""
WINDOW = 21
"""Neighbours that tell the noise at one place."""
LEAST = 0.7
"""The noise at one place over that of the whole row, at least."""
REACH = 2
"""Neighbours on either side that tell whether a value is an outlier."""
FARTHEST = 4.0
"""How many σ from its neighbours' median a value may stand before it is brought back to that."""
PAIRS = 5_000
"""Pairs of points that a slope is taken from, at most."""
MOST = 0.75
"""The largest autocorrelation that is believed: what looks like more is the course itself."""
SHRINK = 40
"""Values for which an autocorrelation counts half."""
_RHOS = np.linspace(0.0, MOST, 16)
_RATIOS = (1 + _RHOS) * (3 - _RHOS**2) / (3 - _RHOS)
FLOOR = 1e-3
"""The least noise, as a share of the range: what is printed with three digits has no less."""


def spread(values: Floats) -> float:
    """The robust standard deviation of `values`: their median absolute deviation, scaled (Hampel, 1974); 0 if empty.

    Where more than half of them are the same, their 0.9-quantile of deviations instead, scaled likewise.
    """
    if not len(values):
        return 0.0
    away = np.abs(values - np.median(values))
    return float(NORMAL * np.median(away)) or float(np.quantile(away, 0.9)) / 1.645


def size(values: Floats) -> float:
    """The root mean square of `values`, those beyond 2 σ counted as 2 σ: σ of normal ones about 0; 0 if empty.

    Steadier than a median where values are few or counts (Huber, 1964).
    """
    if not len(values):
        return 0.0
    most = 2 * spread(values)
    return float(np.sqrt(np.mean(np.clip(values, -most, most) ** 2))) / CLIPPED


def autocorrelation(values: Floats) -> float:
    """The correlation ρ of neighbours in a row with a trend: 0 to 0.75, drawn towards 0 where the row is short.

    By second differences over two places against those over one, in which straight pieces cancel: for an AR(1) process
    their mean squares are as `(1+ρ)(3-ρ²)/(3-ρ)`. Each by a robust estimate, as Ma & Genton (2000) have it.
    """
    if len(values) < 12:
        return 0.0
    near, far = size(bends(values, 1)), size(bends(values, 2))
    if near == 0:
        return 0.0
    rho = float(np.interp((far / near) ** 2, _RATIOS, _RHOS))
    return rho * len(values) / (len(values) + SHRINK)


def local_noise(values: Floats, rho: float) -> Floats:
    """σ of the noise around each value, (n,), from second differences: slopes and steps count for little.

    Their median over a window, and no less than most of that of the whole row (Gasser et al., 1986, by medians): a
    reward that is nearly always 0 is not free of noise where it begins to move. `rho` is the neighbours' correlation.
    """
    n = len(values)
    floor = FLOOR * float(np.ptp(values)) if n else 0.0
    if n < 4:
        return np.full(n, max(floor, 0.0))
    factor = math.sqrt(2 * (1 - rho) * (3 - rho))
    bent = bends(values, 1)
    whole = size(bent) / factor
    if len(bent) < WINDOW:
        return np.full(n, max(whole, floor))
    medians = np.median(sliding_window_view(np.abs(bent), WINDOW), axis=1) * (NORMAL / factor)
    padded = np.pad(medians, (WINDOW // 2 + 1, n - len(medians) - WINDOW // 2 - 1), mode="edge")
    return np.asarray(np.maximum(padded, max(LEAST * whole, floor)))


def bends(values: Floats, over: int) -> Floats:
    """Second differences over `over` places, (n - 2·over,)."""
    return np.asarray(values[2 * over :] - 2 * values[over:-over] + values[: -2 * over])


def without_outliers(values: Floats, noise: Floats) -> Floats:
    """`values`, those that stand more than 4 σ from the median of their neighbours brought back to that distance.

    The identifier of Hampel (1974); whatever holds for three records of five is no outlier.
    """
    if len(values) < 2 * REACH + 1:
        return values
    padded = np.pad(values, REACH, mode="reflect")
    middle = np.median(sliding_window_view(padded, 2 * REACH + 1), axis=1)
    return np.asarray(np.clip(values, middle - FARTHEST * noise, middle + FARTHEST * noise))


def slope(x: Floats, y: Floats) -> float:
    """The median slope between all pairs of points (Theil, 1950; Sen, 1968); 0 for fewer than two.

    Of many points, pairs that are half the row apart and some at random: as good where the noise is alike, O(n).
    """
    n = len(x)
    if n < 2:
        return 0.0
    first, second = _pairs(n)
    run = x[second] - x[first]
    return float(np.median((y[second] - y[first])[run > 0] / run[run > 0])) if bool((run > 0).any()) else 0.0


def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if n * (n - 1) // 2 <= PAIRS:
        return np.triu_indices(n, 1)
    drawn = np.sort(np.random.default_rng(0).integers(0, n, (2, PAIRS)), axis=0)
    return drawn[0], drawn[1]
