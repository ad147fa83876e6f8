"""A file that holds a table: read anew where it was written to, and followed by one cursor for each of its runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from astuner_nb.core.errors import BadFile, NotFound
from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.series import Floats
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Column
from astuner_nb.trackers.file_state import status_by_age
from astuner_nb.trackers.run import FileRun, FileTail
from astuner_nb.trackers.tables.cells import Curves, Points
from astuner_nb.trackers.tables.curves import curves_in
from astuner_nb.trackers.wire.growing_file import unreadable

if TYPE_CHECKING:
    import pandas as pd

Parse = Callable[[Path, bool], "pd.DataFrame"]
"""Reads a file; the flag says whether it may still be written to, so that its end may be torn."""


class TableFile:
    """The table in `path`, shared by all runs in it. Nothing is read before it is asked for."""

    def __init__(self, path: Path, kind: str, parse: Parse) -> None:
        self.path, self.kind = path, kind
        self.status = JobStatus(RunState.STARTING)
        """Where its runs stand, as of the last look."""
        self._parse, self._lock = parse, threading.Lock()
        self._seen: tuple[object, ...] = ()
        self._runs: dict[str, Curves] = {}

    def runs(self) -> dict[str, Curves]:
        """Run → its curves, as the file has them now.

        Raises:
            NotFound: where the file has gone.
            BadFile: where it cannot be read, or holds no number.
        """
        with self._lock:
            try:
                stat = os.stat(self.path)
            except FileNotFoundError:
                raise NotFound(f"{self.path} has gone. Give the file that holds the table.") from None
            except OSError as error:
                raise unreadable(self.path, error) from error
            self.status = status_by_age(stat.st_mtime, f"{self.kind} files")
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns, self.status.state)
            if seen != self._seen:
                self._runs = self._read()
                self._seen = seen
            return self._runs

    def _read(self) -> dict[str, Curves]:
        frame = self._parse(self.path, not self.status.state.ended)
        runs = curves_in(frame, self.path.stem)
        if len(frame) and not any(runs.values()):
            raise BadFile(
                f"{self.path} holds {len(frame):,} rows and not one column of numbers besides the step. "
                "Give a table with a column for each metric."
            )
        return runs or {self.path.stem: {}}


class TableTail(FileTail):
    """Follows one run in a table. Where rows were changed and not only added, that is a new generation."""

    def __init__(self, table: TableFile, run: str) -> None:
        super().__init__()
        self._table, self._run = table, run
        self._seen: Curves | None = None

    def status(self) -> JobStatus:
        """Told by the age of the file."""
        return self._table.status

    def _read(self, deadline: float) -> None:
        curves = self._table.runs().get(self._run, {})
        self.caught_up = True
        if curves is self._seen:
            return
        self._seen = curves
        if not all(_goes_on(column, curves.get(name)) for name, column in self._columns.items()):
            self._forget()
        for name, points in curves.items():
            if (column := self._columns.get(name)) is None:
                self._columns[name] = Column(*points)
            else:
                step, value, time = (part[len(column) :] for part in points)
                column.extend(step, value, time)


def runs_of(table: TableFile, scheme: str) -> Iterator[FileRun]:
    """The runs in `table`, newest first where that is known."""
    names = list(table.runs())
    for name in names:
        yield FileRun(
            source=scheme,
            place=str(table.path),
            id=name,
            name=name,
            project=table.path.parent.name if len(names) == 1 else table.path.stem,
            state=table.status.state,
            detail=table.status.detail,
            open_tail=partial(TableTail, table, name),
        )


def _goes_on(column: Column, points: Points | None) -> bool:
    """Whether `points` begin with what `column` holds; NaN equals itself."""
    if points is None or len(points[0]) < len(column):
        return False
    pairs: list[tuple[Floats, Floats]] = list(zip(column.view(), points, strict=True))
    return all(np.array_equal(old, new[: len(old)], equal_nan=True) for old, new in pairs)
