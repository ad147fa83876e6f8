"""The numbers that decide what is said: each with its unit, its limits, how it is eased for what was said before."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

from astuner_nb.core.errors import BadValue

EASING = 0.7
"""How far a threshold is brought towards "found"."""


def _number(default: float, low: float, high: float, *, eases: int = 0, by: float = EASING) -> Any:
    """A field from `low` to `high`; `eases` is -1 where more is found by a lower one, 1 where by a higher one."""
    return field(default=default, metadata={"low": low, "high": high, "easing": by**-eases})


@dataclass(frozen=True)
class Thresholds:
    """When something is said. "Noise" is σ of one record (of one bin in a long run); "rise" that of the main metric.

    Raises:
        BadValue: for what is no number in its range.
    """

    min_points: int = _number(12, 4, 10_000)
    """Records of the main metric, below which nothing is read off it."""
    penalty: float = _number(3.5, 0.5, 100)
    """What a further change of level must explain, in units of log n; 2 is BIC."""

    rise_noise: float = _number(5.0, 1, 100, eases=-1)
    """A rise's height in its own standard errors, at least."""
    rise_height: float = _number(1.5, 0, 100, eases=-1)
    """The same in noise."""
    rise_rate: float = _number(0.05, 0, 1, eases=-1)
    """The same of a success rate, in the rate itself."""
    reached: float = _number(0.9, 0.5, 1)
    """Share of the rise at which convergence begins, at the earliest."""
    still_share: float = _number(0.15, 0, 1, eases=1)
    """A plateau may go on rising by this share of the whole rise."""
    still_rate: float = _number(0.1, 0, 1, eases=1)
    """Or at this share of the rate at which it rose before, by half of the whole rise at most."""
    plateau_share: float = _number(0.1, 0.01, 0.9, eases=-1)
    """Share of the run that a plateau takes, at least; twice that while the run goes on."""
    plateau_points: int = _number(20, 1, 100_000, eases=-1)
    """Records that it takes, at least, while the run goes on."""
    patience: float = _number(0.25, 0, 1, eases=-1)
    """Share of the steps planned after which a run that goes on may be called flat."""
    flat_points: int = _number(30, 4, 100_000)
    """Records after which a run that goes on may be called flat."""
    good_level: float = _number(0.8, 0, 1, eases=1, by=0.94)
    """A success rate from here on is good."""

    fall_share: float = _number(0.2, 0.01, 1, eases=-1)
    """Depth of a fall as a share of the run's range of levels, at least."""
    fall_noise: float = _number(4.5, 1, 100, eases=-1)
    """The same in its own standard errors."""
    fall_height: float = _number(1.2, 0, 100, eases=-1)
    """The same in noise; twice that where nothing was learned before it."""
    fall_rate: float = _number(0.08, 0, 1, eases=-1)
    """The same of a success rate, in the rate itself."""
    recovered_share: float = _number(0.5, 0.05, 1, eases=1)
    """Share of a fall that must have come back for it to have recovered."""
    deep_share: float = _number(0.6, 0.05, 10, eases=-1)
    """Share of the rise before it that a deep fall takes away, at least."""
    shallow_share: float = _number(0.4, 0.0, 10, eases=-1)
    """The same of any fall that is called a collapse."""
    deep_wait: int = _number(8, 1, 10_000, eases=-1)
    """Records after which a deep fall that has not come back is a collapse."""
    wait: int = _number(20, 1, 10_000, eases=-1)
    """The same for one that is not deep, while the run goes on."""
    swings: int = _number(4, 2, 1_000)
    """Falls and rises in turn that make an oscillation, at least."""
    unrest: float = _number(1.4, 1, 100, eases=-1)
    """Noise of a success rate over what chance gives, late against early or against the batch, that is unrest."""

    kl_high: float = _number(0.4, 0, 100, eases=-1)
    """KL divergence that means a policy far away from its reference, nats/token."""
    kl_growth: float = _number(3.0, 1, 1_000, eases=-1)
    """KL divergence over its own median before, at least, to run away."""
    spike_ratio: float = _number(8.0, 1, 1_000, eases=-1)
    """A spike over the median of its neighbours."""
    spike_noise: float = _number(12.0, 1, 1_000, eases=-1)
    """The same in noise of its logarithm."""
    entropy_share: float = _number(0.2, 0, 1, eases=1)
    """Entropy over that at the start, below which nothing is tried any more."""
    length_growth: float = _number(1.5, 1, 1_000, eases=-1)
    """Response length over that at the start that is a blow-up, where quality does not rise."""
    length_share: float = _number(0.6, 0, 1, eases=1)
    """Response length over that at the start that is a collapse, likewise."""
    truncated_share: float = _number(0.3, 0, 1, eases=-1)
    """Share of responses cut off at the length limit."""
    near_limit: float = _number(0.9, 0, 1, eases=-1)
    """Mean response length over the limit, where the share is not logged."""
    zero_share: float = _number(0.6, 0, 1, eases=-1)
    """Share of groups whose rewards are all the same."""

    silence_s: float = _number(30.0, 0, 1e9)
    """Seconds without a record, at least, to call a running run silent."""
    silence_gaps: float = _number(10.0, 1, 1e6)
    """The same in the run's own usual gaps."""

    def __post_init__(self) -> None:
        for spec in fields(self):
            value, low, high = getattr(self, spec.name), spec.metadata["low"], spec.metadata["high"]
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise BadValue(f"Threshold {spec.name} must be a number, got {value!r}. Give one from {low} to {high}.")
            if not low <= value <= high:
                raise BadValue(
                    f"Threshold {spec.name} = {value!r} is out of range. Give a number from {low} to {high}."
                )

    def eased(self) -> Thresholds:
        """Those below which evidence must fall before a finding that was announced is withdrawn."""
        eased: dict[str, Any] = {spec.name: _eased(getattr(self, spec.name), spec.metadata) for spec in fields(self)}
        return replace(self, **eased)


def _eased(value: float, limits: Any) -> float:
    if limits["easing"] == 1:
        return value
    return type(value)(min(max(value * limits["easing"], limits["low"]), limits["high"]))


DEFAULT = Thresholds()
