"""Follows a run on a server, politely: one worker at a time, never more often than every ten seconds."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol, Self

import numpy as np

from astuner_nb.core.errors import NotFound, RateLimited, TrackerError
from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.series import History, Series
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Column
from astuner_nb.store.growth import Growth
from astuner_nb.trackers.patience import Patience, in_thread

POLL_S = 10.0
"""Seconds between an answer and the next question about a run that goes on, at least."""
MOST_S = 300.0
"""… and at most, where the server fails again and again."""
DEADLINE_S = 60.0
"""How long one answer may take."""
AT_ONCE = 6
"""How many runs are asked about at the same time, of all that are followed."""


class Asked(Protocol):
    """What is needed of a run on a server to follow it."""

    @property
    def key(self) -> str: ...
    @property
    def state(self) -> RunState: ...
    @property
    def detail(self) -> str: ...
    def refreshed(self, patience: Patience) -> Self: ...
    def canonical_part(self, patience: Patience) -> tuple[str, ...]: ...
    def read(self, metrics: Sequence[str] | None, limit: float | None, patience: Patience) -> History: ...


class CloudTail(Growth):
    """What a server says of one run, asked in a thread: `poll` never waits for the network.

    Only `metrics`, else the canonical ones, are asked for: a trainer may log hundreds of others.
    """

    def __init__(self, run: Asked, metrics: Sequence[str] | None = None) -> None:
        super().__init__()
        self._run, self._metrics = run, metrics
        self._answer: Future[tuple[Asked, History]] | None = None
        self._next = 0.0
        self._failures = 0
        self._sampled = False
        self._error: TrackerError | None = None

    @property
    def history(self) -> History:
        """All that was read, as views."""
        return History(super().history, self._sampled)

    def status(self) -> JobStatus:
        """Where the run stands, as of the last answer."""
        if isinstance(self._error, NotFound):
            return JobStatus(RunState.LOST, detail=str(self._error))
        return JobStatus(self._run.state, detail=self._run.detail)

    def _read(self, deadline: float) -> None:
        if self._answer is not None and self._answer.done():
            answer, self._answer = self._answer, None
            self._take(answer)
        elif self._answer is None and time.monotonic() >= self._next and not self._is_complete:
            self._answer = in_thread(lambda run: _ask(run, self._metrics), self._run)
        if self._error is not None:  # until the next good answer
            raise self._error

    @property
    def _is_complete(self) -> bool:
        """Whether the run has ended and all of it was read."""
        return self.caught_up and self._run.state.ended

    def _take(self, answer: Future[tuple[Asked, History]]) -> None:
        try:
            self._run, history = answer.result()
        except TrackerError as error:
            self._error, self._failures = error, self._failures + 1
            self._next = time.monotonic() + _pause_s(error, self._failures)
            return
        self._error, self._failures = None, 0
        self._next = time.monotonic() + POLL_S
        self._merge(history)
        self.caught_up = True

    def _merge(self, history: History) -> None:
        """Append what is new; where a server sampled other points than before, begin anew."""
        if not all(_continues(self._columns.get(name), series) for name, series in history.items()):
            self._forget()
        self._sampled = history.sampled
        for name, series in history.items():
            start = len(self._columns.setdefault(name, Column(*(np.empty(0) for _ in range(3)))))
            self._columns[name].extend(series.step[start:], series.value[start:], series.time[start:])


_asking = threading.BoundedSemaphore(AT_ONCE)  # one for the process, whatever panels there are: it spares the network


def _ask(run: Asked, metrics: Sequence[str] | None) -> tuple[Asked, History]:
    """The run as it is now, and its `metrics` under the tracker's keys."""
    with _asking:
        patience = Patience(DEADLINE_S, run.key)
        now = run if run.state.ended and run.state is not RunState.LOST else run.refreshed(patience)
        history = now.read(metrics or now.canonical_part(patience), None, patience)
    series = {one.key: Series(one.key, one.step, one.value, one.time) for one in history.values()}
    return now, History(series, history.sampled)


def _pause_s(error: TrackerError, failures: int) -> float:
    """How long to leave a server alone that has failed so many times in a row; for ever where the run has gone."""
    if isinstance(error, NotFound):
        return math.inf
    asked_s = error.retry_after_s if isinstance(error, RateLimited) else None
    return max(asked_s or 0.0, min(MOST_S, POLL_S * 2.0 ** (failures - 1)))


def _continues(column: Column | None, series: Series) -> bool:
    """Whether `series` begins with what `column` holds."""
    if column is None:
        return True
    step, value, _ = column.view()
    n = len(step)
    return (
        n <= len(series)
        and np.array_equal(series.step[:n], step)
        and np.array_equal(series.value[:n], value, equal_nan=True)
    )
