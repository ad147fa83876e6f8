"""The states of a run and the moves between them."""

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands. Read from its directory, never remembered."""

    STARTING = "starting"
    """Its directory exists, its process has not reported yet."""
    RUNNING = "running"
    FINISHED = "finished"
    """Ended by itself with code 0."""
    STOPPED = "stopped"
    """Ended because somebody asked for it."""
    FAILED = "failed"
    """Ended by itself with another code, or was killed."""
    LOST = "lost"
    """Nobody watches it any more: its supervisor or its machine has gone. The process itself may still live."""

    @property
    def ended(self) -> bool:
        """Whether no further record is expected."""
        return self in ENDED

    def may_become(self, later: "RunState") -> bool:
        """Whether `later` is a legal next state (staying is always legal)."""
        return later is self or later in MOVES[self]


ENDED = frozenset({RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.LOST})

_ENDS = frozenset({RunState.FINISHED, RunState.STOPPED, RunState.FAILED})
MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.STARTING: _ENDS | {RunState.RUNNING, RunState.LOST},
    RunState.RUNNING: _ENDS | {RunState.LOST},
    RunState.LOST: _ENDS,  # a late exit.json still counts
    RunState.FINISHED: frozenset(),
    RunState.STOPPED: frozenset(),
    RunState.FAILED: frozenset(),
}
