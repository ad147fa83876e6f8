"""Follows a run whose records stand in one or several framed logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Column
from astuner_nb.trackers.run import FileTail
from astuner_nb.trackers.wire.framed_log import FramedLog


class Reading(Protocol):
    """What one log said so far, and how its records become points. Made anew when the log is begun anew."""

    @property
    def end(self) -> JobStatus | None:
        """How the run ended; None while no record says so."""

    @property
    def unreadable(self) -> int:
        """Records that make no sense."""

    def fold(self, records: Sequence[bytes], columns: dict[str, Column]) -> None:
        """Append the points in `records` to `columns`. Never raises: a record that makes no sense is no point."""


class LogTail(FileTail):
    """A cursor in the logs of one run, in the order in which they were written.

    Args:
        logs: a run that was resumed has several.
        reading: makes what reads a log from the log's header.
        unended: the status while the last log says nothing of an end. Never raises.
    """

    def __init__(
        self,
        logs: Sequence[FramedLog],
        reading: Callable[[bytes], Reading],
        unended: Callable[[], JobStatus],
    ) -> None:
        super().__init__()
        self._logs, self._reading, self._unended = logs, reading, unended
        self._readings: dict[int, Reading] = {}
        self._status = JobStatus(RunState.STARTING)

    @property
    def damaged(self) -> int:
        """Stretches of the logs and records that were passed over because they are damaged."""
        readings = self._readings.values()
        return sum(log.damaged for log in self._logs) + sum(reading.unreadable for reading in readings)

    def status(self) -> JobStatus:
        """Where the run stands, as of the last poll."""
        return self._status

    def _read(self, deadline: float) -> None:
        self.caught_up = False
        if self._read_on(deadline):
            self.caught_up = True
            last = self._readings.get(len(self._logs) - 1)
            self._status = self._with_damage((last.end if last else None) or self._unended())

    @property
    def damage(self) -> str:
        """How much of its files is damaged and was passed over; empty where nothing is."""
        return f"Its files are damaged in {self.damaged} places, which were passed over." if self.damaged else ""

    def _with_damage(self, status: JobStatus) -> JobStatus:
        return replace(status, detail=f"{status.detail} {self.damage}".strip()) if self.damage else status

    def _read_on(self, deadline: float) -> bool:
        """Read until the end of all logs, or the deadline; whether it was the end."""
        for index in range(len(self._logs)):
            at_end = False
            while not at_end:
                if (read := self._read_piece(index)) is None:
                    self._begin_anew()
                    return time.monotonic() < deadline and self._read_on(deadline)
                at_end = self._logs[index].at_end
                if (read or not at_end) and time.monotonic() > deadline:
                    return at_end and index == len(self._logs) - 1
        return True

    def _read_piece(self, index: int) -> int | None:
        """Fold the next piece of a log: how many records; None where the log is no longer the one that was read."""
        log = self._logs[index]
        generation = log.generation
        records = log.read()
        if log.generation != generation:
            return None
        if log.header:
            if index not in self._readings:
                self._readings[index] = self._reading(log.header)
            self._readings[index].fold(records, self._columns)
        return len(records)

    def _begin_anew(self) -> None:
        self._forget()
        self._readings = {}
        for log in self._logs:
            log.rewind()
