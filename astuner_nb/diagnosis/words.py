"""How numbers, steps and metrics are written in a sentence."""

from __future__ import annotations

from astuner_nb.core.metrics import describe

LONGEST_NAME = 60


def title(name: str) -> str:
    """What metric `name` is called within a sentence: `success rate`, `KL divergence`; an unknown one by its name."""
    shown = describe(name).title
    if shown == name:
        return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"
    return shown if shown[1:2].isupper() else shown[:1].lower() + shown[1:]


def number(value: float) -> str:
    """`value` with three digits: `0.31`, `1.2e+05`."""
    return f"{value:.3g}"


def at(step: float) -> str:
    """A step: `41`, `0.5`."""
    return f"{step:.10g}" if step == round(step) else f"{step:.4g}"


def steps(count: float) -> str:
    """`1 step`, `12 steps`."""
    return f"{at(count)} step{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """`0.31` as `31 %`."""
    return f"{100 * share:.0f} %"


def lasting(seconds: float) -> str:
    """A time in its largest fitting unit: `45 s`, `4 min`, `3 h`, `2 days`."""
    for size, unit in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / (86_400 if unit == 'days' else 3_600 if unit == 'h' else 60):.0f} {unit}"
    return f"{seconds:.0f} s"
