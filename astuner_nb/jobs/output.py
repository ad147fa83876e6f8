"""The job's output on disk, bounded: its beginning and its end are kept, what is too much in between is left out.

The job writes straight into the file and not through a pipe: it must outlive its supervisor.
"""

from __future__ import annotations

import os
from pathlib import Path

OUTPUT_LIMIT = 64 * 2**20
"""Bytes that `output.log` may have before its middle is left out."""


class BoundedOutput:
    """An append-only file that is cut back to about half of `limit` whenever it has grown beyond it.

    Lines that the job writes in the very moment of a cut (milliseconds) may be lost or stand before the mark.
    """

    def __init__(self, path: Path, limit: int = OUTPUT_LIMIT) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        """What the job gets as its stdout and stderr. O_APPEND: after a cut it goes on at the new end."""
        self._limit = limit
        self._head = 0
        self._left_out = 0

    def trim(self) -> None:
        """Cut the file back if it is too large. Raises OSError."""
        size = os.fstat(self.fd).st_size
        if size <= self._limit:
            return
        self._head = self._head or self._whole_lines(self._limit // 4)
        start = size - self._limit // 4
        tail = self._read(start, size).partition(b"\n")[2]
        self._left_out += size - len(tail) - self._head
        os.ftruncate(self.fd, self._head)
        mark = f"\n[… {self._left_out / 2**20:.1f} MB of output were left out here …]\n"
        self._write(mark.encode() + tail)

    def _whole_lines(self, size: int) -> int:
        """The length of the longest beginning of at most `size` bytes that ends with a line."""
        return self._read(0, size).rfind(b"\n") + 1 or size

    def _read(self, start: int, end: int) -> bytes:
        parts = []
        while start < end and (part := os.pread(self.fd, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _write(self, text: bytes) -> None:
        while text:
            text = text[os.write(self.fd, text) :]
