"""What one curve says in a row of a table: its last and best value, the value at some steps, and its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from astuner_nb.analysis.differences import MISSING, Missing
from astuner_nb.core.aliases import Aliases
from astuner_nb.core.metrics import FIVE, Better, is_sparse
from astuner_nb.core.said import said
from astuner_nb.core.series import Floats, History, Series
from astuner_nb.views.options.view_options import ViewOptions

SPARK_POINTS = 24
NAN = float("nan")


@dataclass(frozen=True)
class Summary:
    """One metric of one run, of all its points."""

    last: float
    """The newest value, NaN included."""
    best: float
    """The best number by the metric's direction; NaN where it has none, or no number was logged."""
    points: int
    at: Mapping[float, float] = field(default_factory=dict)
    """Step that was asked for → the value there; without those that the run has not come to."""
    spark: tuple[float, ...] = ()
    """Its shape in at most `SPARK_POINTS` points: each the mean of the numbers of a stretch, NaN where it has none."""


Summaries = Mapping[str, Mapping[str, Summary]]
"""Run key → metric → summary; only metrics that a run has."""


def summary(series: Series, better: Better, at: Iterable[float] = ()) -> Summary:
    """What `series` says in a row; `at` are the steps whose values are wanted."""
    once = series.deduplicated() if at else series
    return Summary(
        last=series.last,
        best=best(series, better),
        points=len(series),
        at={step: value for step in at if (value := value_at(once, step)) is not None},
        spark=spark(series.value),
    )


def from_extremes(last: float, low: float, high: float, points: int, better: Better) -> Summary:
    """The summary of a curve of which only the newest, lowest and highest value are at hand: no shape, no steps."""
    return Summary(last, {"higher": high, "lower": low, "neither": NAN}[better], points)


def summaries(
    histories: Mapping[str, History], metrics: Sequence[str], names: Aliases, steps: Iterable[tuple[str, float]] = ()
) -> dict[str, dict[str, Summary]]:
    """What the curves of `metrics` say, of those that a run has.

    Args:
        histories: by run key, under canonical names.
        metrics: the metrics of the table.
        names: which way each is better.
        steps: (metric, step) of each value at a step that is wanted.
    """
    at = {metric: [step for name, step in steps if name == metric] for metric in metrics}
    return {
        key: {
            name: summary(history[name], names.describe(name).better, at[name]) for name in metrics if name in history
        }
        for key, history in histories.items()
    }


def table_metrics(found: Mapping[str, Iterable[str]], options: ViewOptions, names: Aliases) -> list[str]:
    """The metrics that the table has: the view's, else those of the five that were `found`, else the first five found.

    Those that a column wants at a step come last.
    """
    there = dict.fromkeys(chain.from_iterable(found.values()))
    usual = [metric.name for metric in FIVE if metric.name in there]
    others = sorted(there, key=lambda name: (name not in names.metrics, is_sparse(name)))
    asked = [metric for metric, _ in steps_asked(options)]
    return list(dict.fromkeys([*(options.metrics or usual or others[: len(FIVE)]), *asked]))


def steps_asked(options: ViewOptions) -> list[tuple[str, float]]:
    """(metric, step) of each column such as `reward @ 100`."""
    return [found for column in options.columns if (found := step_column(column)) is not None]


def step_column(column: str) -> tuple[str, float] | None:
    """`reward @ 100` as metric and step; None for a column of another kind."""
    found = re.fullmatch(r"(.*\S)\s+@\s+(\d{1,15}(?:\.\d{1,15})?)", column, re.ASCII | re.DOTALL)
    return (found[1], float(found[2])) if found else None


def best(series: Series, better: Better) -> float:
    """The best number of `series`; NaN where no direction is better, or it has no number."""
    numbers = series.value[np.isfinite(series.value)]
    if better == "neither" or not len(numbers):
        return NAN
    return float(numbers.max() if better == "higher" else numbers.min())


def value_at(series: Series, step: float) -> float | None:
    """The value at `step`, or at the nearest one before it; None before the first step and after the last.

    `series` must ascend: see `Series.deduplicated`.
    """
    place = int(np.searchsorted(series.step, step, side="right")) - 1
    return None if place < 0 or step > series.step[-1] else float(series.value[place])


def spark(values: Floats) -> tuple[float, ...]:
    """The shape of `values` in at most `SPARK_POINTS` points."""
    if len(values) <= SPARK_POINTS:
        return tuple(map(float, values))
    edges = np.linspace(0, len(values), SPARK_POINTS + 1).astype(np.intp)[:-1]
    finite = np.isfinite(values)
    sums = np.add.reduceat(np.where(finite, values, 0.0), edges)
    counts = np.add.reduceat(finite.astype(np.float64), edges)
    means = np.divide(sums, counts, out=np.full(len(edges), NAN), where=counts > 0)
    return tuple(map(float, means))


def value_of(found: Summary | None, what: str | float) -> float | Missing:
    """`last`, `best` or the value at a step; `MISSING` where the run has none. A NaN that was logged is a value."""
    if found is None or not found.points:
        return MISSING
    if isinstance(what, float):
        return found.at.get(what, MISSING)
    value = found.last if what == "last" else found.best
    return MISSING if what == "best" and value != value else value


def difference(value: float | Missing, baseline: float | Missing) -> float | Missing:
    """How much `value` is above that of the baseline; `MISSING` where one has none."""
    return MISSING if value is MISSING or baseline is MISSING else value - baseline


def metric_titles(metrics: Sequence[str]) -> list[tuple[str, str, str]]:
    """(title of the column, metric, `last` or `best`) in the order of the table."""
    return [(outcome_title(metric, what), metric, what) for metric in metrics for what in ("last", "best")]


def outcome_title(metric: str, what: str) -> str:
    """`reward last`, `reward best`."""
    return said("{metric} last" if what == "last" else "{metric} best", metric=metric)
