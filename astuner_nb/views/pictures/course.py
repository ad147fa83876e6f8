"""A drawn curve by the steps of its run: where on the figure a step lies, and how high the curve is there."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from astuner_nb.analysis.axes import on_axis
from astuner_nb.core import metrics
from astuner_nb.core.metrics import Metric
from astuner_nb.core.series import Floats, History, Series
from astuner_nb.views.pictures.curves import Curve

_STEPS = "\0steps"
"""A metric that no run has: its own steps."""


class Course:
    """One curve of one run: step, x on the figure, and value of each record, (n,) each, the steps ascending."""

    def __init__(self, step: Floats, x: Floats, value: Floats, drawn: Floats | None = None) -> None:
        """`step` in any order, of a repeated one the last stands; `drawn` is what is seen, `value` where not given."""
        kept = _ascending(step)
        self.step, self.x, self.value = step[kept], x[kept], value[kept]
        seen = self.value if drawn is None else drawn[kept]
        there = np.isfinite(seen)
        self._levels = (self.step, seen) if there.all() else (self.step[there], seen[there])

    def __len__(self) -> int:
        return len(self.step)

    @property
    def goes_on(self) -> bool:
        """Whether x never goes back: only then a stretch of steps is a stretch of the axis."""
        return bool((np.diff(self.x) >= 0).all())

    def place(self, step: float) -> float:
        """x of `step`, between those of its neighbours, at most at the curve's ends; NaN of a curve without points."""
        return float(np.interp(step, self.step, self.x)) if len(self) else math.nan

    def level(self, step: float) -> float:
        """How high the drawn curve is at `step`, past what is not finite; NaN of a curve that has nothing else."""
        return float(np.interp(step, *self._levels)) if len(self._levels[0]) else math.nan


def course(
    history: History, metric: str, axis: str, curve: Curve, describe: Callable[[str], Metric] = metrics.describe
) -> Course:
    """The course of `curve`, which is `metric` of `history` over `axis`.

    Raises:
        NotOnAxis: as `on_axis` for the same metric, of which there is then no curve either.
    """
    if axis == "step":
        return Course(curve.x, curve.x, curve.y, curve.smooth)
    own = history[metric]
    with_steps = History({**history, _STEPS: Series(_STEPS, own.step, own.step, own.time)})
    x, step = on_axis(with_steps, _STEPS, axis, describe)
    return Course(step, x, curve.y, curve.smooth)


def _ascending(step: Floats) -> slice | NDArray[np.intp]:
    """Each step's last record, by ascending steps."""
    if bool((np.diff(step) > 0).all()):
        return slice(None)
    order: NDArray[np.intp] = np.argsort(step, kind="stable")
    return np.asarray(order[np.append(np.diff(step[order]) != 0, True)])
