"""How numbers, steps and metrics are written in a sentence."""

from __future__ import annotations

from astuner_nb.core.metrics import describe
from astuner_nb.core.said import said

LONGEST_NAME = 60


def title(name: str) -> str:
    """What metric `name` is called within a sentence: `success rate`, `KL divergence`; an unknown one by its name."""
    shown = describe(name).title
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


def number(value: float) -> str:
    """`value` with three digits: `0.31`, `1.2e+05`."""
    return f"{value:.3g}"


def at(step: float) -> str:
    """A step: `41`, `0.5`."""
    return f"{step:.10g}" if step == round(step) else f"{step:.4g}"


def steps(count: float) -> str:
    """`1 step`, `12 steps`."""
    return said("{n} step" if count == 1 else "{n} steps", n=at(count))


def percent(share: float) -> str:
    """`0.31` as `31 %`."""
    return f"{100 * share:.0f} %"


def lasting(seconds: float) -> str:
    """A time in its largest fitting unit: `45 s`, `4 min`, `3 h`, `2 days`."""
    for size, unit_s, template in ((172_800, 86_400, "{n} days"), (7_200, 3_600, "{n} h"), (120, 60, "{n} min")):
        if seconds >= size:
            return said(template, n=f"{seconds / unit_s:.0f}")
    return said("{n} s", n=f"{seconds:.0f}")
