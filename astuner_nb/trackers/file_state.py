"""Where a run stands whose files do not say so: told by when they were written last."""

from __future__ import annotations

import os
import time
from pathlib import Path

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState

QUIET_S = 600.0
"""How long a file may rest and its run still count as running.

A step of RL fine-tuning with long rollouts takes minutes, and trackers' writers hold back what they have."""


def status_by_age(written_s: float, kind: str) -> JobStatus:
    """Of a format that never says how a run ended: running while its files are fresh, finished else.

    Args:
        written_s: when the newest was written last, seconds since 1970.
        kind: what keeps silent about the end, in the plural: `TensorBoard files`.
    """
    if time.time() - written_s < QUIET_S:
        return JobStatus(RunState.RUNNING)
    return JobStatus(RunState.FINISHED, detail=f"{kind} do not say how a run ended; this one has rested since.")


def status_without_end(path: Path, why: str) -> JobStatus:
    """Of a format that says how a run ended, where this one does not: running while `path` is fresh, lost else.

    `why` says why nobody knows better. Never raises.
    """
    try:
        age_s = time.time() - os.stat(path).st_mtime
    except OSError as error:
        return JobStatus(RunState.LOST, detail=f"Its file has gone: {path} ({error.strerror}).")
    if age_s < QUIET_S:
        return JobStatus(RunState.RUNNING)
    return JobStatus(RunState.LOST, detail=f"{why} Its file was last written {_ago(age_s)} ago, without an end.")


def _ago(age_s: float) -> str:
    for unit, seconds in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if age_s >= 2 * seconds:
            return f"{age_s / seconds:.0f} {unit}"
    return f"{age_s:.0f} s"
