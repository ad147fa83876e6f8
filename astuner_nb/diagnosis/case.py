"""What a rule is given: the curves of one run, ready to be read, and what was read off the main one already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from astuner_nb.core.aliases import DEFAULT_ALIASES, Aliases
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.falls import Fall, find_falls
from astuner_nb.diagnosis.segments import Segment, segments
from astuner_nb.diagnosis.thresholds import DEFAULT, Thresholds
from astuner_nb.diagnosis.trend import Trend, find_trend
from astuner_nb.diagnosis.unrest import Unrest, find_unrest

QUALITY = ("success_rate", "reward", "val/success_rate", "val/reward")
"""What tells how good a run is, the most telling first. The loss of a policy gradient is none of them."""


@dataclass(frozen=True, eq=False)
class Case:
    """One run, to be read by rules."""

    curves: Mapping[str, Curve]
    """Canonical name, or own key → curve."""
    config: Mapping[str, ConfigValue] = field(default_factory=dict)
    """Hyper-parameters under canonical names."""
    state: RunState | None = None
    """Where the run stands; None where nobody knows."""
    now_s: float | None = None
    """Seconds since 1970; None where it does not matter."""
    times_s: tuple[float, float] | None = None
    """Seconds since 1970 of the last record, and the usual gap between records; None where they are not known."""
    thresholds: Thresholds = DEFAULT
    aliases: Aliases = DEFAULT_ALIASES
    """What tells which way of a metric is better."""

    @cached_property
    def main(self) -> Curve | None:
        """The metric that tells how good the run is: of those with enough records the most telling one that moves."""
        found = [self.curves[name] for name in self._quality if self.curve(name)]
        enough = [curve for curve in found if len(curve) >= self.thresholds.min_points]
        moving = [curve for curve in enough if float(np.ptp(curve.value)) > 0]
        return next(iter(moving or enough or sorted(found, key=len, reverse=True)), None)

    @property
    def _quality(self) -> list[str]:
        others = [name for name in self.curves if self.aliases.describe(name).better == "higher"]
        return [*QUALITY, *(name for name in others if name not in (*QUALITY, *_ENGINE))]

    @cached_property
    def readable(self) -> Curve | None:
        """The same where it has enough records for something to be read off it."""
        main = self.main
        return main if main is not None and len(main) >= self.thresholds.min_points else None

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The levels of the main metric; empty where there is nothing to read."""
        return segments(self.readable.bins, self.thresholds.penalty) if self.readable else ()

    @cached_property
    def falls(self) -> tuple[Fall, ...]:
        """The falls of the main metric."""
        if not self.readable:
            return ()
        return find_falls(self.segments, self.readable.bins.inflation, self.readable.unit, self.thresholds)

    @cached_property
    def trend(self) -> Trend | None:
        """The trend of the main metric up to a fall without recovery; None where there is nothing to read."""
        if not self.readable:
            return None
        bins = self.readable.bins
        return find_trend(bins, self.falls, self.readable.unit, self.running, self.thresholds)

    @cached_property
    def unrest(self) -> Unrest:
        """How much the main metric goes up and down."""
        if self.readable is None or self.trend is None:
            return Unrest()
        tasks, repeats = self.number("train_batch_size"), self.number("num_repeat")
        responses = tasks * repeats if tasks and repeats and tasks > 0 and repeats > 0 else None
        return find_unrest(self.readable, self.segments, self.trend, responses, self.thresholds)

    @property
    def running(self) -> bool:
        """Whether more records are to be expected."""
        return self.state in (RunState.RUNNING, RunState.STARTING)

    @cached_property
    def end(self) -> float:
        """The last step of all."""
        return max((curve.end for curve in self.curves.values()), default=0.0)

    def curve(self, name: str, fewest: int = 1) -> Curve | None:
        """The curve called `name`, where it has `fewest` records at least."""
        found = self.curves.get(name)
        return found if found is not None and len(found) >= fewest else None

    def number(self, name: str) -> float | None:
        """A hyper-parameter, where it is known and a number."""
        value = self.config.get(name)
        known = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
        return float(value) if known else None  # type: ignore[arg-type]

    @cached_property
    def good(self) -> bool:
        """Whether it ends at a good level: a success rate by its value, another metric by having settled."""
        if not self.readable or not self.trend:
            return False
        if self.readable.unit:
            bins = self.readable.bins.level
            return float(np.median(bins[-max(3, len(bins) // 10) :])) >= self.thresholds.good_level
        return self.trend.settled and not self.lost

    @property
    def lost(self) -> bool:
        """Whether its last fall has not come back."""
        return bool(self.falls) and self.falls[-1].recovered is None


_ENGINE = ("throughput", "madness_rate")
"""Better when higher, but not what is trained for."""
