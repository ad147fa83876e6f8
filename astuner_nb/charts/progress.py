"""How far a run is, how fast it goes, and when it will be done."""

from __future__ import annotations

import math
from dataclasses import dataclass

from astuner_nb.core.said import joined, said
from astuner_nb.core.series import History, Series

RECENT = 30
"""Records over which the speed is taken."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands among its steps."""

    step: int
    """The last step that was logged, 0 before the first."""
    total: int | None
    """Steps it is to take, None where it did not say."""
    steps_per_s: float
    """NaN before there are two records."""

    @property
    def eta_s(self) -> float:
        """Seconds until the last step at the present speed; NaN where that is unknown."""
        if self.total is None or not self.steps_per_s > 0:
            return math.nan
        return max(0.0, (self.total - self.step) / self.steps_per_s)

    @property
    def words(self) -> str:
        """E.g. `124/300`."""
        return f"{self.step}/{self.total}" if self.total else str(self.step)

    @property
    def pace(self) -> str:
        """Speed and time left, e.g. `10.3 step/s · ETA 17 s`; empty before they are known."""
        if not self.steps_per_s > 0:
            return ""
        speed = said("{speed} step/s", speed=f"{self.steps_per_s:.3g}")
        return joined([speed, said("ETA {time}", time=duration(self.eta_s)) if self.eta_s > 0 else ""], " · ")


def progress(history: History, total: object = None) -> Progress:
    """The progress that `history` shows; `total` is the configured number of steps, if there is one."""
    longest = max(history.values(), key=len, default=None)
    known = int(total) if isinstance(total, int | float) and total > 0 else None
    if longest is None or not len(longest):
        return Progress(0, known, math.nan)
    return Progress(int(longest.step[-1]), known, _speed(longest))


def duration(seconds: float) -> str:
    """Seconds as `17 s`, `3:05 min` or `2:10 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


def _speed(series: Series) -> float:
    """Steps per second over the last records; NaN where clock or steps did not move forward."""
    recent = slice(-RECENT, None)
    steps, times = series.step[recent], series.time[recent]
    seconds, taken = float(times[-1] - times[0]), float(steps[-1] - steps[0])
    return taken / seconds if seconds > 0 and taken > 0 else math.nan
