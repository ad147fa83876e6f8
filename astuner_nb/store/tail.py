"""Follows a run's log as it grows: what a live run and a finished run are read by."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import orjson

from astuner_nb.core.errors import StoreError
from astuner_nb.core.protocols import JobStatus
from astuner_nb.recorder import RunFiles
from astuner_nb.store.cache import MARK_BYTES, Cached, load
from astuner_nb.store.columns import Column, Row, fold
from astuner_nb.store.growth import Growth
from astuner_nb.store.status import read_status

CHUNK_BYTES = 4 << 20


class MetricsTail(Growth):
    """A cursor in the log `path` and all that was read before it.

    A log that was truncated or replaced by another is a new generation: `generation` rises, everything read before
    is forgotten, and the chunks of that poll start at 0.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self.path = Path(path)
        self.records = 0
        """Records read, of this generation."""
        self.skipped = 0
        """Whole lines that are no record, of this generation."""
        self.offset = 0
        """Bytes read, up to the end of a line."""
        self.cached_bytes = 0
        """How far the cache that this started from reaches."""
        self._last_step = -1.0
        self._mark = b""
        self._seen: tuple[int, ...] = ()

    def status(self) -> JobStatus:
        """What the directory around it says of the run."""
        return read_status(RunFiles(self.path.parent))

    def snapshot(self) -> Cached:
        """What was read, as a cache can keep it."""
        columns = {name: column.view() for name, column in self._columns.items()}
        return Cached(self.offset, self._mark, self.records, self.skipped, self._last_step, columns)

    def _read(self, deadline: float) -> None:
        try:
            stat = os.stat(self.path)
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if seen == self._seen:
                return
            descriptor = os.open(self.path, os.O_RDONLY)
            try:
                self._read_from(descriptor, deadline)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            self._forget()
            self.caught_up = True
        except OSError as error:
            raise StoreError(
                f"The log of a run cannot be read: {self.path} ({error.strerror}). Look at its rights and its disk."
            ) from error
        else:
            self._seen = seen if self.caught_up else ()

    def _read_from(self, descriptor: int, deadline: float) -> None:
        if not self._is_same_log(descriptor):
            self._forget()
        if self.offset == 0:
            self._start_from_cache(descriptor)
        self.caught_up = False
        while not self.caught_up:
            self.caught_up = not self._read_chunk(descriptor)
            if time.monotonic() > deadline:
                return

    def _is_same_log(self, descriptor: int) -> bool:
        """Whether what was read still stands there. More than its size tells: a truncated log may have outgrown us."""
        return os.pread(descriptor, len(self._mark), self.offset - len(self._mark)) == self._mark

    def _start_from_cache(self, descriptor: int) -> None:
        cached = load(self.path.with_suffix(".npz"))
        if cached is None or os.pread(descriptor, len(cached.mark), cached.size - len(cached.mark)) != cached.mark:
            return
        self.offset = self.cached_bytes = cached.size
        self.records, self.skipped = cached.records, cached.skipped
        self._mark, self._last_step = cached.mark, cached.last_step
        self._columns = {name: Column(*arrays) for name, arrays in cached.columns.items()}

    def _read_chunk(self, descriptor: int) -> bool:
        """Read some whole lines; False where there is none."""
        size = CHUNK_BYTES
        data = os.pread(descriptor, size, self.offset)
        while (end := data.rfind(b"\n") + 1) == 0:
            if len(data) < size:
                return False
            size *= 2  # one line, longer than that
            data = os.pread(descriptor, size, self.offset)
        rows, skipped = _parse(data[: end - 1].split(b"\n"))
        self._last_step = fold(rows, self._columns, self._last_step)
        self.records += len(rows)
        self.skipped += skipped
        self._mark = (self._mark + data[max(0, end - MARK_BYTES) : end])[-MARK_BYTES:]
        self.offset += end
        return True

    def _forget(self) -> None:
        if self.offset:
            super()._forget()
        self.records = self.skipped = self.offset = self.cached_bytes = 0
        self._last_step, self._mark, self._seen = -1.0, b"", ()


def parse_line(line: bytes) -> Row | None:
    """The record in `line`, None where it is none. Reads the bare NaN and Infinity of other writers too."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _parse(lines: list[bytes]) -> tuple[list[Row], int]:
    """The records in `lines`, and how many other lines that are not blank."""
    try:
        rows = list(map(orjson.loads, lines))
        if set(map(type, rows)) == {dict}:
            return rows, 0
    except orjson.JSONDecodeError:
        pass
    found = [parse_line(line) for line in lines if not line.isspace() and line]
    rows = [row for row in found if row is not None]
    return rows, len(found) - len(rows)
