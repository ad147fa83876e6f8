"""Curves out of a data frame, whatever its shape: one run in columns, several runs in rows, a dashboard's export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astuner_nb.trackers.tables.cells import Curves, points_in, steps_in, times_in
from astuner_nb.trackers.tables.exports import from_swanlab, from_wandb

if TYPE_CHECKING:
    import pandas as pd

RUNS = ("run", "run_id", "name", "experiment")
"""Columns that may say which run a row belongs to, the preferred one first."""


def curves_in(frame: pd.DataFrame, name: str) -> dict[str, Curves]:
    """Run → its curves. A frame that holds one run gives it the `name`.

    * What the pages of W&B and SwanLab export: one run for each that was in the chart.
    * A column `run`, `run_id`, `name` or `experiment`: the rows of one run each. The last to appear is the newest.
    * Else one run, one column a metric.

    Columns of anything but numbers are no metrics. An empty cell is no point, a cell that says NaN is one.
    """
    for read in (from_wandb, from_swanlab):
        if (exported := read(frame)) is not None:
            return exported
    for column in RUNS:
        if column in frame.columns:
            groups = frame.drop(columns=[column]).groupby(frame[column].astype(str), sort=False)
            return {str(run): _wide(rows) for run, rows in reversed(list(groups))}
    return {name: _wide(frame)}


def _wide(frame: pd.DataFrame) -> Curves:
    """One run: a column for each metric."""
    step, stepped = steps_in(frame)
    time, timed = times_in(frame)
    others = [name for name in frame.columns if name not in (stepped, timed)]
    found = {str(name): points_in(frame[name], step, time) for name in others}
    return {name: points for name, points in found.items() if points is not None}
