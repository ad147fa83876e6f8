"""One metric of a run over any x-axis: steps, time, what was consumed, or another metric."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from astuner_nb.core import metrics
from astuner_nb.core.errors import BadValue
from astuner_nb.core.metrics import Metric
from astuner_nb.core.series import Floats, History, Series

AXES = ("step", "time", "wall", "tokens", "samples")
"""The axes that have a name of their own; any other word is a metric."""

CONSUMED = {"tokens": ("tokens_total", "tokens"), "samples": ("samples_total", "samples")}
"""Axis → the metrics that say how much was consumed; the first that a run has is taken."""


class NotOnAxis(BadValue):
    """A run has not logged what the axis needs: it is left out of the figure, and the message says why."""


def on_axis(
    history: History, metric: str, axis: str, describe: Callable[[str], Metric] = metrics.describe
) -> tuple[Floats, Floats]:
    """x and y of `metric` over `axis`, (n,) float64 each, in the order of logging; NaN and ±Inf stay in y.

    ==================  ================================================================================================
    axis                x
    ==================  ================================================================================================
    step                the training step
    time                seconds since the earliest point of `history`: never negative, also where a clock jumped back
    wall                seconds since 1970, as logged
    tokens, samples     how many were consumed up to the step: a metric that counts up as it is, one that is per step
                        summed; at steps where it was not logged, what was known last
    any other word      that metric at the same step; steps that do not have both are left out
    ==================  ================================================================================================

    On all axes but time and wall a step counts once: where a resumed run logged it again, the last value stands and the
    steps ascend. On time and wall every point has its own place. Points whose x is not known are left out.

    Args:
        history: the run's, under canonical names; with all its metrics, so that `time` begins where the run does.
        metric: what is drawn.
        axis: what it is drawn over.
        describe: how metrics are described, `run.aliases.describe` for a run's own table; says which count up.

    Raises:
        NotOnAxis: where the run has no such metric, or nothing of what the axis needs.
    """
    series = _series(history, metric)
    if axis in ("time", "wall"):
        return _placed(series, _times(history, series, axis), axis)
    series = series.deduplicated()
    if axis == "step":
        x = series.step
    elif axis in CONSUMED:
        x = _last_known(series.step, *_consumed(history, axis, metric, describe))
    else:
        x = _matched(series.step, _other(history, axis, metric))
    return _placed(series, x, axis)


def _series(history: History, metric: str) -> Series:
    if metric not in history:
        raise NotOnAxis(f"This run has not logged {metric!r}. Choose one of its {len(history)} metrics.")
    return history[metric]


def _placed(series: Series, x: Floats, axis: str) -> tuple[Floats, Floats]:
    """The points whose x is known. Raises `NotOnAxis` where none is, though there are points."""
    known = np.isfinite(x)
    if bool(known.all()):
        return x, series.value
    if not bool(known.any()):
        raise NotOnAxis(f"{series.name} has no point with a known {axis!r} in this run. Choose another x-axis.")
    return x[known], series.value[known]


def _times(history: History, series: Series, axis: str) -> Floats:
    """When the points were logged: seconds since 1970, or since the earliest point of all metrics."""
    if axis == "wall":
        return series.time
    starts = (each.time[np.isfinite(each.time)].min(initial=np.inf) for each in history.values())
    start = min(starts, default=np.inf)
    return series.time - start if np.isfinite(start) else np.full(len(series), np.nan)


def _consumed(history: History, axis: str, metric: str, describe: Callable[[str], Metric]) -> tuple[Floats, Floats]:
    """Steps, ascending, and how much was consumed up to each."""
    name = next((name for name in CONSUMED[axis] if name in history), None)
    if name is None:
        wanted = " nor ".join(map(repr, CONSUMED[axis]))
        raise NotOnAxis(
            f"{metric} cannot be drawn over {axis}: this run logged neither {wanted}. Choose another x-axis."
        )
    counts = history[name].deduplicated()
    finite = np.isfinite(counts.value)
    step, value = counts.step[finite], counts.value[finite]
    return step, value if describe(name).cumulative else np.cumsum(value)


def _other(history: History, axis: str, metric: str) -> Series:
    if axis not in history:
        known = ", ".join(AXES)
        raise NotOnAxis(
            f"{metric} cannot be drawn over {axis!r}: this run has not logged it. Choose {known} or a metric."
        )
    return history[axis].deduplicated()


def _last_known(step: Floats, steps: Floats, values: Floats) -> Floats:
    """The value at the last of `steps` at or before each step, NaN before the first."""
    index = np.searchsorted(steps, step, side="right")
    return np.concatenate([[np.nan], values])[index]


def _matched(step: Floats, other: Series) -> Floats:
    """The value of `other` at each step, NaN where it has none."""
    index = np.searchsorted(other.step, step)
    found = np.concatenate([other.step, [np.nan]])[index] == step
    return np.where(found, np.concatenate([other.value, [np.nan]])[index], np.nan)
