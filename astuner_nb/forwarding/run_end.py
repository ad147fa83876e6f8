"""Whether a run is over, as somebody sees it who has nothing but its directory."""

from __future__ import annotations

import os
import time

from astuner_nb.core.states import RunState
from astuner_nb.recorder import RunFiles
from astuner_nb.store.status import read_status

LOST_S = 60.0
"""A run counts as lost for good after this long without a process and without a record."""
DELETED_LOOKS = 3
"""Looks in a row without a `meta.json` until the directory counts as deleted."""


class RunEnd:
    """Looks at the run in `files`; names relative to the working directory survive a move of the run."""

    def __init__(self, files: RunFiles, lost_s: float = LOST_S) -> None:
        self._files, self._lost_s = files, lost_s
        self._lost_since: float | None = None
        self._size = -1
        self._missing = 0

    def look(self) -> RunState | None:
        """How it ended; None while it goes on. `LOST` also stands for a directory that was deleted."""
        self._missing = 0 if self._files.meta.exists() else self._missing + 1
        if self._missing >= DELETED_LOOKS:
            return RunState.LOST
        status = read_status(self._files)
        if status.state is not RunState.LOST:
            self._lost_since = None
            return status.state if status.state.ended else None
        if status.alive or self._has_grown():
            self._lost_since = None
            return None
        self._lost_since = time.monotonic() if self._lost_since is None else self._lost_since
        return RunState.LOST if time.monotonic() - self._lost_since >= self._lost_s else None

    def _has_grown(self) -> bool:
        try:
            size = os.stat(self._files.metrics).st_size
        except OSError:
            return False
        grown, self._size = size != self._size, size
        return grown
