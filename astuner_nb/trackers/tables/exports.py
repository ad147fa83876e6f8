"""Tables as the pages of dashboards export them: a column for each run of a chart.

Run and metric are told apart at the last dash, so that runs may have dashes in their names and metrics may not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from astuner_nb.trackers.tables.cells import STEPS, Curves, numbers_in, points_in, steps_in, unknown_times

if TYPE_CHECKING:
    import pandas as pd


def from_wandb(frame: pd.DataFrame) -> dict[str, Curves] | None:
    """Run → curves of `Step, <run> - <metric>, <run> - <metric>__MIN, <run> - <metric>__MAX, …`; None for others."""
    names = set(frame.columns)
    values = [name for name in frame.columns if {f"{name}__MIN", f"{name}__MAX"} <= names]
    envelopes = {f"{name}{end}" for name in values for end in ("__MIN", "__MAX")}
    axes = [name for name in frame.columns if name not in values and name not in envelopes]
    if not values or len(axes) > 1 or not all(" - " in name for name in values):
        return None
    axis = numbers_in(frame[axes[0]]) if axes else None
    step = np.arange(len(frame), dtype=np.float64) if axis is None else axis[0]
    runs: dict[str, Curves] = {}
    for name in values:
        run, _, metric = name.rpartition(" - ")
        points = points_in(frame[name], step, unknown_times(frame))
        if points is not None and metric not in STEPS:
            runs.setdefault(run, {})[metric] = points
    return runs


def from_swanlab(frame: pd.DataFrame) -> dict[str, Curves] | None:
    """Run → curves of `step, <run>-<metric>_step, <run>-<metric>_timestamp, …`; None for others.

    In spite of its name the first column of a pair holds the value; the second holds milliseconds since 1970.
    """
    names = [str(name) for name in frame.columns if name != "step"]
    pairs = [name.removesuffix("_step") for name in names if name.endswith("_step")]
    wanted = {f"{pair}{end}" for pair in pairs for end in ("_step", "_timestamp")}
    if not pairs or set(names) != wanted or not all("-" in pair for pair in pairs):
        return None
    step, _ = steps_in(frame)
    runs: dict[str, Curves] = {}
    for pair in pairs:
        run, _, metric = pair.rpartition("-")
        milliseconds = numbers_in(frame[f"{pair}_timestamp"])
        time = unknown_times(frame) if milliseconds is None else milliseconds[0] / 1e3
        if (points := points_in(frame[f"{pair}_step"], step, time)) is not None:
            runs.setdefault(run, {})[metric] = points
    return runs
