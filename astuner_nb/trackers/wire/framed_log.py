"""Reads the records of a framed log (`frames`) from its file: as it grows, or only the first and last of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from astuner_nb.core.errors import BadFile, NotFound, TrackerError
from astuner_nb.trackers.wire.frames import BLOCK_BYTES, HEAD_BYTES, Frames

PIECE_BYTES = 1 << 20
"""Read at a time: enough to be fast, little enough to come back soon."""
MARK_BYTES = 64
"""Bytes before the cursor that are remembered, to notice that the file was replaced."""


class FramedLog:
    """A cursor in the log `path`.

    A log that was truncated or replaced by another is noticed: `generation` rises, and reading begins anew.

    Args:
        path: the file; one that is missing, empty or shorter than its header holds no records yet.
        headers: the 7 bytes with which such a file may begin.
        kind: what such a file is, for the sentence of an error: `a run file of W&B`.
    """

    def __init__(self, path: Path, headers: Sequence[bytes], kind: str) -> None:
        self.path = path
        self.generation = 0
        """How often everything read before became invalid."""
        self.at_end = False
        """Whether the last `read` came to the end of the file."""
        self.header = b""
        """The header of the file; empty until it is there."""
        self._headers, self._kind = headers, kind
        self._frames = Frames(HEAD_BYTES)
        self._mark = b""
        self._seen: tuple[int, ...] = ()

    @property
    def offset(self) -> int:
        """Bytes read, up to the end of a chunk."""
        return self._frames.position if self.header else 0

    @property
    def damaged(self) -> int:
        """Stretches that were passed over because they are damaged."""
        return self._frames.damaged

    def read(self, most_bytes: int = PIECE_BYTES) -> list[bytes]:
        """The next whole records, up to `most_bytes` (two blocks at least); none where there is nothing new.

        Raises:
            BadFile: the file begins with something else.
            TrackerError: it cannot be read.
        """
        try:
            stat = os.stat(self.path)
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if seen == self._seen:
                return []
            records = self._read(stat.st_size, most_bytes)
        except FileNotFoundError:
            self._forget()
            self.at_end = True
            return []
        except OSError as error:
            raise unreadable(self.path, error) from error
        self._seen = seen if self.at_end else ()
        return records

    def rewind(self) -> None:
        """Begin anew at the beginning."""
        self.header = self._mark = b""
        self._frames, self._seen, self.at_end = Frames(HEAD_BYTES), (), False

    def _read(self, size: int, most_bytes: int) -> list[bytes]:
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            if os.pread(descriptor, len(self._mark), self.offset - len(self._mark)) != self._mark:
                self._forget()
            if not self.header and not self._begin(os.pread(descriptor, HEAD_BYTES, 0)):
                return []
            data = os.pread(descriptor, most_bytes, self.offset)
        finally:
            os.close(descriptor)
        self.at_end = self.offset + len(data) >= size
        return self._take(data)

    def _take(self, data: bytes) -> list[bytes]:
        before = self.offset
        records = self._frames.feed(data)
        taken = self.offset - before
        self._mark = (self._mark + data[max(0, taken - MARK_BYTES) : taken])[-MARK_BYTES:]
        return records

    def _begin(self, header: bytes) -> bool:
        """Whether the header is there. Raises `BadFile` for another one."""
        if not any(known.startswith(header) for known in self._headers):
            raise BadFile(self._what_it_is(header))
        self.at_end = len(header) < HEAD_BYTES
        if not self.at_end:
            self.header = self._mark = header
        return not self.at_end

    def _what_it_is(self, header: bytes) -> str:
        if any(known[:-1] == header[:-1] for known in self._headers):
            known = ", ".join(str(known[-1]) for known in self._headers)
            return (
                f"{self.path} is {self._kind} of version {header[-1]}, which is not known here. "
                f"Known are: {known}. Look for a newer astuner-nb."
            )
        return f"{self.path} is not {self._kind}: it begins with {header!r}. Give the file that was written, unchanged."

    def _forget(self) -> None:
        if self.header:
            self.generation += 1
        self.rewind()


def last_records(path: Path, most_bytes: int) -> list[bytes]:
    """The records that begin and end in the last blocks of `path`, `most_bytes` or so. Raises `TrackerError`."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - most_bytes) // BLOCK_BYTES * BLOCK_BYTES
            file.seek(start or HEAD_BYTES)
            return Frames(start or HEAD_BYTES).feed(file.read(most_bytes + BLOCK_BYTES))
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> TrackerError:
    """What to raise where `path` cannot be read."""
    if isinstance(error, FileNotFoundError):
        return NotFound(f"There is no {path}. Look at the name and at what this path is relative to.")
    return BadFile(f"A run file cannot be read: {path} ({error.strerror}). Look at its rights and its disk.")
