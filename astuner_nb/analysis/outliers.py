"""The y-range in which the curves of a figure can be read although some points are far away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from astuner_nb.core.series import Floats

FENCE = 1.0
"""How far beyond the quantiles a point may lie and still belong, as a share of their distance.

By this measure a straight rise has no outliers, nor has normal noise up to some 100,000 points (4.9 σ); and what lies
between the quantiles never fills less than about a third of the figure.
"""
PAD = 0.05
"""Room left above and below, as a share of the range."""


def quiet_range(values: Floats | Sequence[Floats], low: float = 0.05, high: float = 0.95) -> tuple[float, float] | None:
    """The range (from, to) that leaves outliers out; None where there are none, or nothing is finite.

    Outliers lie further than `FENCE` beyond the quantiles `low` and `high` of the finite values of all curves. The
    range is that of all others, padded. Where these are one value (a reward that is nearly always 0) the few
    outliers are what there is to see: None.

    Args:
        values: the y of one curve, or of several.
        low: the lower quantile, 0 to 1.
        high: the upper one.
    """
    finite = _finite(values)
    if not len(finite):
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # values near the end of float64: nothing is left out
        bottom, top = np.quantile(finite, [low, high])
        room = FENCE * (top - bottom)
        kept = finite[(finite >= bottom - room) & (finite <= top + room)]
        if len(kept) in (0, len(finite)):
            return None
        first, last = float(kept.min()), float(kept.max())
        pad = PAD * (last - first)
    if pad == 0 or (finite.min() >= first - pad and finite.max() <= last + pad):
        return None
    return first - pad, last + pad


def _finite(values: Floats | Sequence[Floats]) -> Floats:
    """The finite ones of all `values`, (n,)."""
    curves = [values] if isinstance(values, np.ndarray) else values
    arrays = [np.asarray(curve, np.float64).ravel() for curve in curves]
    joined = np.concatenate(arrays) if arrays else np.zeros(0)
    return joined[np.isfinite(joined)]
