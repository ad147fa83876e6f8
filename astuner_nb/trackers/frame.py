"""Runs as a pandas frame: one row a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.metrics import describe
from astuner_nb.core.protocols import Run
from astuner_nb.core.series import History, Series

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = ("name", "source", "project", "state", "tags", "group", "created", "finished", "url", "id")
"""The columns that every run has."""


def frame_of(
    runs: Iterable[Run], histories: Mapping[Run, History], metrics: Sequence[str], names: Aliases
) -> pd.DataFrame:
    """Index: the run's key. Columns: `DESCRIPTION`, hyper-parameters, then last and best of each of `metrics`.

    A hyper-parameter that is called like a column of the description gets `config.` before it.
    """
    import pandas as pd

    rows = {run.key: _row(run, histories.get(run), metrics, names) for run in runs}
    frame = pd.DataFrame.from_dict(rows, orient="index") if rows else pd.DataFrame(columns=list(DESCRIPTION))
    summary = [column for metric in metrics for column in _summary_names(metric)]
    config = [column for column in frame.columns if column not in DESCRIPTION and column not in summary]
    frame = frame.reindex(columns=[*DESCRIPTION, *config, *summary])
    frame.index.name = "key"
    return frame


def best(series: Series) -> float:
    """The best value by the metric's direction; NaN where it has none, or no number was logged."""
    better = describe(series.name).better
    values = series.value[np.isfinite(series.value)]
    if better == "neither" or not len(values):
        return float("nan")
    return float(values.max() if better == "higher" else values.min())


def _row(run: Run, history: History | None, metrics: Sequence[str], names: Aliases) -> dict[str, object]:
    row: dict[str, object] = {column: getattr(run, column) for column in DESCRIPTION}
    row |= {"state": str(run.state), "tags": list(run.tags)}
    for name, value in names.canonical_config(run.config).items():
        row[f"config.{name}" if name in DESCRIPTION else name] = value
    for metric in metrics if history is not None else ():
        last_name, best_name = _summary_names(metric)
        series = history.get(metric) if history is not None else None
        row[last_name] = float("nan") if series is None else series.last
        row[best_name] = float("nan") if series is None else best(series)
    return row


def _summary_names(metric: str) -> tuple[str, str]:
    return f"{metric} last", f"{metric} best"
