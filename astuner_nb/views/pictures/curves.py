"""One metric of one run on the axis of a view, and what is made of it to be drawn. Nothing is made twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from astuner_nb.core.series import Floats, Series

Points = tuple[Floats, Floats]
"""x and y, (n,) each."""

FINE = ((8, 1_000), (20, 300), (60, 200))
"""(so many runs at most, points that each curve has at most); the extremes of each stretch are among them."""
COARSE = 120
"""Points of a curve where there are more runs."""


def points_for(runs: int) -> int:
    """How many points each curve is drawn with where a view has so many runs.

    The number depends on all runs of the view, not on those that are shown: a filter changes no curve.
    """
    return next((points for most, points in FINE if runs <= most), COARSE)


class Curve:
    """One metric of one run. x and y are all points that were logged; the methods give what is drawn of them."""

    def __init__(self, x: Floats, y: Floats, smooth: Floats) -> None:
        self.x, self.y, self.smooth = x, y, smooth
        self._thin: dict[tuple[bool, int | None], Points] = {}
        self._at: tuple[Floats, Floats] | None = None

    @cached_property
    def is_drawable(self) -> bool:
        """Whether there is anything to draw: not all that was logged is NaN or infinite."""
        return bool(np.isfinite(self.y).any())

    @cached_property
    def ends(self) -> tuple[float, float] | None:
        """The lowest and the highest finite x; None where there is none."""
        if len(self.x) and np.isfinite([low := self.x.min(), high := self.x.max()]).all():  # both NaN where one x is
            return float(low), float(high)
        finite = self.x[np.isfinite(self.x)]
        return (float(finite.min()), float(finite.max())) if len(finite) else None

    @property
    def is_smoothed(self) -> bool:
        """Whether what is drawn is another curve than what was logged."""
        return self.smooth is not self.y

    def drawn(self, points: int | None) -> Points:
        """The smoothed curve in about so many points; all where None."""
        return self._thinned(self.smooth, True, points)

    def logged(self, points: int | None) -> Points:
        """The same of what was logged."""
        return self._thinned(self.y, False, points)

    def at(self, places: Floats) -> Floats:
        """The smoothed curve at `places`, NaN outside of its own range."""
        if self._at is None or self._at[0] is not places:
            self._at = (places, _values(self.x, self.smooth, places))
        return self._at[1]

    def _thinned(self, y: Floats, smooth: bool, points: int | None) -> Points:
        if points is None or len(y) <= points:
            return self.x, y
        key = (smooth and self.is_smoothed, points)
        if key not in self._thin:
            series = Series("", self.x, y, self.x).thinned(points)
            self._thin[key] = series.step, series.value
        return self._thin[key]


def even_places(curves: Sequence[Curve], count: int, log: bool) -> Floats:
    """`count` places from the lowest to the highest x of `curves`, evenly on a linear or a logarithmic axis."""
    ends = [curve.ends for curve in curves if curve.ends is not None]
    if not ends:
        return np.zeros(0)
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if log and high > 0:
        lowest = min((float(x.min()) for curve in curves if len(x := curve.x[curve.x > 0])), default=high)
        return np.asarray(np.geomspace(lowest, high, count))
    return np.linspace(low, high, count)


def _values(x: Floats, y: Floats, places: Floats) -> Floats:
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return np.full(len(places), np.nan)
    xs, ys = (x, y) if known.all() else (x[known], y[known])
    if not bool((xs[1:] >= xs[:-1]).all()):
        order = np.argsort(xs, kind="stable")
        xs, ys = xs[order], ys[order]
    return np.asarray(np.interp(places, xs, ys, left=np.nan, right=np.nan))
