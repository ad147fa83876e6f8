"""Numbers on their way to a page in half the bytes, where the eye cannot tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from astuner_nb.core.series import Floats

FAR = 1e300
"""Beyond this an axis has no width that a float64 can hold."""
_FLOAT32 = float(np.finfo(np.float32).max)


def drawable(values: Floats) -> Floats:
    """`values` within what Plotly can draw."""
    return np.clip(values, -FAR, FAR) if bool((np.abs(values) > FAR).any()) else values


def compact(values: Floats, exactly: bool = False) -> np.ndarray[Any, np.dtype[Any]]:
    """`values` as float32, where that keeps the four digits that a figure says: of x, `exactly`, where it keeps all."""
    finite = values[np.isfinite(values)]
    if not len(finite) or float(np.abs(finite).max()) > _FLOAT32:
        return drawable(values)
    small = values.astype(np.float32)
    if exactly:
        return small if np.array_equal(small.astype(np.float64), values, equal_nan=True) else values
    return small if _tells_apart(finite) else values


def _tells_apart(values: Floats) -> bool:
    """Whether float32 has room between the lowest and the highest: not for 1000000.1 and 1000000.2."""
    size, span = float(np.abs(values).max()), float(values.max() / 2 - values.min() / 2)
    tiny = float(np.abs(values[values != 0]).min(initial=np.inf))
    return tiny > 1e-37 and (span == 0 or span > size * 1e-4)
