"""Reads a run's log record by record as it grows: the file is the queue between training and tracker."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astuner_nb.store.columns import number, plain_name
from astuner_nb.store.tail import parse_line

CHUNK_BYTES = 1 << 18
_OWN = ("step", "t", "step_given")


@dataclass(frozen=True)
class Record:
    """One record as a tracker wants it."""

    step: int
    time_s: float
    """Seconds since 1970; NaN where the writer did not say."""
    values: Mapping[str, float]
    """Metric → value, NaN and ±Inf included. Texts and other things are left out."""


class RecordTail:
    """A cursor in the log `path`. Where that was cut or replaced, it begins again."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.offset = 0
        """Bytes read, up to the end of a line."""
        self._mark = b""
        self._step = -1

    def read(self) -> Iterator[Record]:
        """The records that are new, in their order. A torn last line waits until it is whole, a missing file is empty.

        Raises:
            OSError: where the file is there and cannot be read.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return
        try:
            if os.pread(descriptor, len(self._mark), self.offset - len(self._mark)) != self._mark:
                self.offset, self._mark, self._step = 0, b"", -1
            while lines := self._lines(descriptor):
                for line in lines.split(b"\n"):
                    yield from self._record(line)
        finally:
            os.close(descriptor)

    def _lines(self, descriptor: int) -> bytes:
        """Some whole lines, without the last newline; empty where there are none."""
        size = CHUNK_BYTES
        data = os.pread(descriptor, size, self.offset)
        while (end := data.rfind(b"\n") + 1) == 0:
            if len(data) < size:
                return b""
            size *= 2  # one line, longer than that
            data = os.pread(descriptor, size, self.offset)
        self.offset += end
        self._mark = data[max(0, end - 64) : end]
        return data[: end - 1] or b" "  # a blank line is progress too

    def _record(self, line: bytes) -> Iterator[Record]:
        row = parse_line(line)
        if row is None:
            return
        self._step = _whole(row.get("step"), self._step + 1)
        values = {plain_name(name): value for name, given in row.items() if (value := _value(name, given)) is not None}
        if values:
            time_s = number(row.get("t"))
            yield Record(self._step, math.nan if time_s is None else time_s, values)


def _value(name: str, given: Any) -> float | None:
    return None if name in _OWN else number(given)


def _whole(given: Any, otherwise: int) -> int:
    step = number(given)
    return int(step) if step is not None and math.isfinite(step) and step >= 0 else otherwise
