"""Follows the event files of one run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from astuner_nb.core.errors import NotFound
from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Column
from astuner_nb.trackers.file_state import status_by_age
from astuner_nb.trackers.run import FileTail
from astuner_nb.trackers.tensorboard.batches import Batch
from astuner_nb.trackers.tensorboard.event_file import EventFile
from astuner_nb.trackers.tensorboard.hparams import Session
from astuner_nb.trackers.wire.growing_file import Look

KIND = "TensorBoard files"


class EventTail(FileTail):
    """A cursor in each event file of a run.

    A file that was truncated, replaced or taken away makes a new generation of all; one that came is read on.

    Args:
        find: names the run's files as they are now, in the order in which to read them.
        find_finals: the same for files of its final figures: they count for tags that the run itself does not have.
    """

    def __init__(self, find: Callable[[], Sequence[Path]], find_finals: Callable[[], Sequence[Path]] = list) -> None:
        super().__init__()
        self.damaged = 0
        """Records that are no messages, of this generation."""
        self._find, self._find_finals = find, find_finals
        self._begin()

    def status(self) -> JobStatus:
        """How its session ended where that was written, else told by the age of its newest event."""
        written_s = max((file.file.written_s for file in self._files.values()), default=None)
        if written_s is None:
            return JobStatus(RunState.STARTING)
        latest_s = max((float(column.view()[2][-1]) for column in self._columns.values()), default=written_s)
        status = self._session.status or status_by_age(min(written_s, latest_s), KIND)
        return JobStatus(status.state, detail=" ".join(filter(None, [status.detail, self.damage])))

    def _begin(self) -> None:
        self.damaged = 0
        self._files: dict[Path, EventFile] = {}
        self._plugins: dict[str, str] = {}
        self._session = Session()

    def _read(self, deadline: float) -> None:
        own = self._find()
        paths = dict.fromkeys([*own, *self._find_finals()])
        if self._is_another(paths):
            self._forget()
            self._begin()
        self.caught_up = False
        for path in paths:
            if not self._read_file(path, deadline, final=path not in own):
                return
        self.caught_up = True

    def _is_another(self, paths: dict[Path, None]) -> bool:
        """Whether any of what was read is no longer there."""
        looks = [file.file.look() for path, file in self._files.items() if path in paths]
        return len(looks) < len(self._files) or Look.OTHER in looks or Look.GONE in looks

    def _read_file(self, path: Path, deadline: float, final: bool) -> bool:
        """Read on in one file; whether its end was reached before the deadline."""
        if path not in self._files:
            self._files[path] = EventFile(path)
        file = self._files[path]
        if file.file.look() is not Look.MORE:
            return True
        while True:
            data, starts, lengths = file.read()
            if not starts:
                file.file.finish()
                return True
            self._take(Batch(data, starts, lengths, self._plugins), final)
            if time.monotonic() > deadline:
                return False

    def _take(self, batch: Batch, final: bool) -> None:
        known = set(self._columns) if final else set()
        for tag, points in batch.columns().items():
            if tag in known:
                continue
            if (column := self._columns.get(tag)) is None:
                self._columns[tag] = Column(*points)
            else:
                column.extend(*points)
        for wall_time, content in batch.hparams if not final else ():
            self._session.add(wall_time, content)
        self.damaged += batch.damaged

    @property
    def damage(self) -> str:
        """What of its files is damaged and was passed over; empty where nothing is."""
        found = [file.damage for file in self._files.values() if file.damage]
        if self.damaged:
            found.append(f"{self.damaged:,} of its records are damaged and were left out.")
        return " ".join(found)


def event_files(directory: Path) -> list[Path]:
    """The event files in `directory` itself, in the order of their names. Raises `NotFound` where there is none."""
    try:
        with os.scandir(directory) as entries:
            found = sorted(Path(entry.path) for entry in entries if is_event_file(entry.name) and entry.is_file())
    except OSError as error:
        raise NotFound(f"{directory} cannot be listed ({error.strerror}). Look at the path and its rights.") from error
    if not found:
        raise NotFound(f"No event file is left in {directory}. Look at the path.")
    return found


def is_event_file(name: str) -> bool:
    """Whether a file of this name is one, by the rule of TensorBoard itself."""
    return "tfevents" in name and not name.endswith(".profile-empty")
