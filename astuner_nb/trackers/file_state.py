"""Where a run stands whose files do not say so: told by when they were written last."""

from __future__ import annotations

import time

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState

QUIET_S = 600.0
"""How long a file may rest and its run still count as running.

A step of RL fine-tuning with long rollouts takes minutes, and TensorBoard's writers hold back up to two of them."""


def status_by_age(written_s: float, kind: str) -> JobStatus:
    """Running where the newest file was written (seconds since 1970) within `QUIET_S`, finished else.

    Args:
        written_s: when it was written last.
        kind: what keeps silent about the end, in the plural: `TensorBoard files`.
    """
    if time.time() - written_s < QUIET_S:
        return JobStatus(RunState.RUNNING)
    rest = f"nothing was written for {QUIET_S / 60:g} minutes"
    return JobStatus(RunState.FINISHED, detail=f"{kind} do not say how a run ended; {rest}.")
