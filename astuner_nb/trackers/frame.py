"""Runs as a pandas frame: one row a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.metrics import describe
from astuner_nb.core.protocols import Run
from astuner_nb.store.summary import Summary

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = ("name", "source", "project", "state", "tags", "group", "created", "finished", "url", "id")
"""The columns that every run has."""


def frame_of(
    runs: Iterable[Run], summaries: Mapping[Run, Mapping[str, Summary]], metrics: Sequence[str], names: Aliases
) -> pd.DataFrame:
    """Index: the run's key. Columns: `DESCRIPTION`, hyper-parameters, then last and best of each of `metrics`.

    A hyper-parameter that is called like a column of the description gets `config.` before it.
    """
    import pandas as pd

    rows = {run.key: _row(run, summaries.get(run), metrics, names) for run in runs}
    frame = pd.DataFrame.from_dict(rows, orient="index") if rows else pd.DataFrame(columns=list(DESCRIPTION))
    summary = [column for metric in metrics for column in _summary_names(metric)]
    config = [column for column in frame.columns if column not in DESCRIPTION and column not in summary]
    frame = frame.reindex(columns=[*DESCRIPTION, *config, *summary])
    frame.index.name = "key"
    return frame


def best(metric: str, summary: Summary) -> float:
    """The best value by the metric's direction; NaN where it has none, or no number was logged."""
    better = describe(metric).better
    return float("nan") if better == "neither" else summary.max if better == "higher" else summary.min


def _row(
    run: Run, summaries: Mapping[str, Summary] | None, metrics: Sequence[str], names: Aliases
) -> dict[str, object]:
    row: dict[str, object] = {column: getattr(run, column) for column in DESCRIPTION}
    row |= {"state": str(run.state), "tags": list(run.tags)}
    for name, value in names.canonical_config(run.config).items():
        row[f"config.{name}" if name in DESCRIPTION else name] = value
    for metric in metrics if summaries is not None else ():
        last_name, best_name = _summary_names(metric)
        found = summaries.get(metric) if summaries is not None else None
        row[last_name] = float("nan") if found is None else found.last
        row[best_name] = float("nan") if found is None else best(metric, found)
    return row


def _summary_names(metric: str) -> tuple[str, str]:
    return f"{metric} last", f"{metric} best"
