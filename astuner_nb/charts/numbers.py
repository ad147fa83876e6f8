"""Numbers as people read them in a table."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """A value in three significant digits, e.g. `0.965`, `2.5e-05`, `NaN`."""
    return f"{value:.3g}" if math.isfinite(value) else {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
