"""A file that somebody else appends to, read on from where the last look ended."""

from __future__ import annotations

import os
from enum import Enum, auto
from pathlib import Path

from astuner_nb.core.errors import BadFile

MARK_BYTES = 256
"""How many bytes before the offset must still be the same for the file to be the one that was read."""


class Look(Enum):
    """What became of a file since it was read to its end."""

    SAME = auto()
    MORE = auto()
    """There may be more to read."""
    OTHER = auto()
    """It was truncated or replaced: what was read stands there no longer."""
    GONE = auto()


class GrowingFile:
    """An offset in the file `path`, and how to notice that it is another file by now.

    More than the size tells that: a file that was truncated may have outgrown us before the next look.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        """How far it was taken."""
        self.size = 0
        """Its size at the last look, bytes."""
        self.written_s = 0.0
        """When it was written last, as of the last look; seconds since 1970."""
        self._mark = b""
        self._stat: tuple[int, ...] = ()
        self._done: tuple[int, ...] = ()

    def look(self) -> Look:
        """What became of it. Raises `BadFile` where it cannot be read."""
        try:
            stat = os.stat(self.path)
            self._stat = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            self.size, self.written_s = stat.st_size, stat.st_mtime
            if self._stat == self._done:
                return Look.SAME
            same = self._pread(len(self._mark), self.offset - len(self._mark)) == self._mark
        except (FileNotFoundError, NotADirectoryError):
            return Look.GONE
        except OSError as error:
            raise unreadable(self.path, error) from error
        return Look.MORE if same else Look.OTHER

    def read(self, size: int) -> bytes:
        """Up to `size` bytes from the offset on. Raises `BadFile` where it cannot be read."""
        try:
            return self._pread(size, self.offset)
        except OSError as error:
            raise unreadable(self.path, error) from error

    def take(self, data: bytes) -> None:
        """Move on behind `data`, which stands at the offset."""
        self._mark = (self._mark + data[-MARK_BYTES:])[-MARK_BYTES:]
        self.offset += len(data)

    def skip(self, size: int) -> None:
        """Move on by `size` bytes, whatever they are."""
        self.offset += size
        try:
            self._mark = self._pread(min(self.offset, MARK_BYTES), max(0, self.offset - MARK_BYTES))
        except OSError as error:
            raise unreadable(self.path, error) from error

    def finish(self) -> None:
        """Remember that all was read that stood there at the last look; the next one is cheap."""
        self._done = self._stat

    def _pread(self, size: int, offset: int) -> bytes:
        descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, size)
        finally:
            os.close(descriptor)


def unreadable(path: Path, error: OSError) -> BadFile:
    """The error that says why `path` cannot be read."""
    return BadFile(f"{path} cannot be read ({error.strerror or error}). Look at its rights and its disk.")
