"""What several runs have in common: their mean and spread at each x, over all points that were logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astuner_nb.core.errors import BadValue
from astuner_nb.core.series import Floats

Curve = tuple[ArrayLike, ArrayLike]
"""The x and the y of one run, (m,) each."""

SPREADS = ("std", "minmax", "sem", "ci95", "none")
"""What `bands` knows, in the order of a menu."""


@dataclass(frozen=True, eq=False)
class Band:
    """Mean and spread of some curves. All arrays are (k,), x ascending."""

    x: Floats
    mean: Floats
    low: Floats
    """Where the spread begins: below the mean or on it."""
    high: Floats
    std: Floats
    """The standard deviation as numpy has it (ddof=0), whatever the spread; 0 where there is one curve."""
    n: NDArray[np.int64]
    """How many curves there are at that x, 1 or more."""

    def __len__(self) -> int:
        return len(self.x)


def bands(curves: Sequence[Curve], spread: str = "std", at: ArrayLike | None = None) -> Band:
    """Mean and spread of `curves` at every x of any of them.

    A curve counts from its first finite point to its last; between its own points it is a straight line, at them it is
    what was logged. NaN and ±Inf are no points. Where a curve comes back to an x, the point logged last stands.

    Args:
        curves: x and y of each, in the order of logging.
        spread: `std`: mean ± standard deviation (ddof=0); `minmax`: lowest and highest; `sem`: mean ± standard error
            (ddof=1); `ci95`: the 95 % interval of the mean by Student's t with n - 1 degrees of freedom; `none`: the
            mean itself. One curve alone has no error: for `sem` and `ci95` its spread is 0.
        at: where to say it instead, e.g. at some of the x of many curves that share none; places that no curve
            reaches are left out.

    Raises:
        BadValue: for a spread that is none, or a curve whose x and y do not fit.
    """
    if spread not in SPREADS:
        raise BadValue(f"There is no band {spread!r}. Give one of {', '.join(SPREADS)}.")
    points = [tidy for x, y in curves if len((tidy := _tidy(x, y))[0])]
    places = _union([x for x, _ in points]) if at is None else _distinct(np.asarray(at, np.float64))
    sums = _Sums(places)
    for x, y in points:
        sums.add(x, y)
    return sums.band(spread)


def student_t_975(n: ArrayLike) -> Floats:
    """The 97.5 % quantile of Student's t for means of n values (n - 1 degrees of freedom); 0 for n = 1.

    Up to 10 degrees from a table, beyond by the expansion of Abramowitz & Stegun, 26.7.5; right to 1e-5.
    """
    freedom = np.asarray(n, np.float64) - 1
    f = np.maximum(freedom, len(_T_975))
    terms = [sum(c * _Z_975**p for p, c in row.items()) / size for size, row in _EXPANSION]
    far = _Z_975 + terms[0] / f + terms[1] / f**2 + terms[2] / f**3 + terms[3] / f**4
    return np.where(freedom < len(_T_975), _T_975[np.minimum(freedom, len(_T_975) - 1).astype(np.intp)], far)


_Z_975 = 1.959963984540054
_T_975 = np.array(
    [0, 12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139]
)
_EXPANSION = (
    (4, {3: 1, 1: 1}),
    (96, {5: 5, 3: 16, 1: 3}),
    (384, {7: 3, 5: 19, 3: 17, 1: -15}),
    (92160, {9: 79, 7: 776, 5: 1482, 3: -1920, 1: -945}),
)


class _Sums:
    """What must be known of the curves at each place; the curves themselves are not kept.

    Sums are of differences to the first curve at a place. It is one of the values, so it is never further from the mean
    than √n standard deviations and nothing is lost in the difference of squares; equal curves have a std of 0.
    """

    def __init__(self, places: Floats) -> None:
        size = len(places)
        self.places = places
        self.n = np.zeros(size, np.int64)
        self.first, self.total, self.squares = np.zeros(size), np.zeros(size), np.zeros(size)
        self.low, self.high = np.full(size, np.inf), np.full(size, -np.inf)

    def add(self, x: Floats, y: Floats) -> None:
        """Count one curve in, tidy."""
        begin, end = np.searchsorted(self.places, x[0]), np.searchsorted(self.places, x[-1], side="right")
        here = slice(int(begin), int(end))
        values = _values(self.places[here], x, y)
        fresh = self.n[here] == 0
        if bool(fresh.any()):
            self.first[here][fresh] = values[fresh]
        np.minimum(self.low[here], values, out=self.low[here])
        np.maximum(self.high[here], values, out=self.high[here])
        with np.errstate(over="ignore", invalid="ignore"):  # values near the end of float64
            apart = values - self.first[here]
            self.total[here] += apart
            self.squares[here] += np.multiply(apart, apart, out=apart)
        self.n[here] += 1

    def band(self, spread: str) -> Band:
        """Mean and spread of all that were added, where there is any."""
        there = self.n > 0
        n, low, high, off = self.n[there], self.low[there], self.high[there], self.total[there] / self.n[there]
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.clip(self.first[there] + off, low, high)
            variance = self.squares[there] / n - off**2
            std = np.sqrt(np.where(np.isnan(variance), np.inf, np.maximum(variance, 0)))  # NaN where both overflow
            if spread == "none":
                low = high = mean
            elif spread != "minmax":
                width = std * _widths(n, spread)
                low, high = mean - width, mean + width
        return Band(self.places[there], mean, low, high, std, n)


def _widths(n: NDArray[np.int64], spread: str) -> Floats:
    """How many standard deviations (ddof=0) a band reaches to either side."""
    if spread == "std":
        return np.ones(len(n))
    error = np.where(n > 1, 1 / np.sqrt(np.maximum(n - 1, 1)), 0.0)  # √(n/(n-1)) / √n
    return error if spread == "sem" else error * student_t_975(n)


def _values(places: Floats, x: Floats, y: Floats) -> Floats:
    """The curve at `places`, all within its own range."""
    if len(places) == len(x) and np.array_equal(places, x):
        return y
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.interp(places, x, y)
    steep = ~np.isfinite(values)  # the slope between two points is beyond float64
    if bool(steep.any()):
        values[steep] = y[np.searchsorted(x, places[steep], side="right") - 1]
    return values


def _tidy(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """The finite points of a curve, x strictly ascending; of those logged at one x the last."""
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if xs.shape != ys.shape or xs.ndim != 1:
        raise BadValue(f"A curve needs as many x as y, got {xs.shape} and {ys.shape}. Give two arrays of one length.")
    finite = np.isfinite(xs) & np.isfinite(ys)
    if not bool(finite.all()):
        xs, ys = xs[finite], ys[finite]
    if len(xs) < 2 or bool((xs[1:] > xs[:-1]).all()):
        return xs, ys
    order = np.argsort(xs, kind="stable")
    xs, ys = xs[order], ys[order]
    last = np.append(xs[1:] != xs[:-1], True)
    return xs[last], ys[last]


def _union(grids: Sequence[Floats]) -> Floats:
    """Every x of `grids` once, ascending. Runs mostly share their steps, so equal grids are counted once."""
    different: list[Floats] = []
    for grid in grids:
        if not any(len(grid) == len(other) and np.array_equal(grid, other) for other in different[-4:]):
            different.append(grid)
    if len(different) == 1:
        return different[0]
    return _distinct(np.concatenate(different)) if different else np.zeros(0)


def _distinct(x: Floats) -> Floats:
    """The finite ones of `x`, each once, ascending."""
    ordered = np.sort(x[np.isfinite(x)], kind="stable")  # merges what is sorted already
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered
