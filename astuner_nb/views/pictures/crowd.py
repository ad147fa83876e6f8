"""Many runs as a quiet background: where most of them are, instead of a tangle of lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.series import Floats
from astuner_nb.views.pictures.curves import Curve
from astuner_nb.views.pictures.picture import Line

SHARES = ((0.05, 0.95, 0.10), (0.25, 0.75, 0.16))
"""(lower quantile, upper one, opacity) of the bands, the wide one first."""
GREY = "#8c8c8c"
WORDS = "{lines} runs are lines; the grey bands hold 90 % and 50 % of the other {n}."


def crowd(curves: Sequence[Curve], places: Floats) -> list[Line]:
    """Two bands that hold 90 % and 50 % of `curves` at each of `places`; nothing where there are no curves."""
    if not curves or len(places) < 2:
        return []
    values = np.sort(np.stack([curve.at(places) for curve in curves]), axis=0)  # NaN behind all numbers
    count = np.count_nonzero(~np.isnan(values), axis=0)
    there = count > 0
    bands = []
    for low, high, opacity in SHARES:
        lower, upper = (_quantile(values[:, there], count[there], share) for share in (low, high))
        bands.append(_band(f"crowd/{low:g}", places[there], lower, upper, opacity))
    return bands


def _quantile(ordered: NDArray[np.float64], count: NDArray[np.intp], share: float) -> Floats:
    """The quantile of the first `count` rows of each column, between neighbours by a straight line."""
    place = share * (count - 1)
    below = place.astype(np.intp)
    above = np.minimum(below + 1, count - 1)
    column = np.arange(ordered.shape[1])
    part = place - below
    return np.asarray(ordered[below, column] * (1 - part) + ordered[above, column] * part)


def _band(id: str, x: Floats, low: Floats, high: Floats, opacity: float) -> Line:
    return Line(id, "", *outline(x, low, high), "other runs", "", GREY, "band", opacity, 0.0, layer=-3)


def outline(x: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The closed outline of a band: along its upper side, and back along the lower."""
    return np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])
