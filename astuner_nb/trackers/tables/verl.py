"""`verl:FILE.jsonl`: what verl's logger `file` writes, one line a step: `{"step": 1, "data": {"critic/kl": 0.5}}`."""

from __future__ import annotations

import math
import time
from pathlib import Path

from astuner_nb.core.errors import BadFile, NotFound
from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Row, fold, number
from astuner_nb.store.tail import parse_line
from astuner_nb.trackers.file_state import status_by_age
from astuner_nb.trackers.fitting import first_fitting, given_file
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import FileRun, FileTail
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.where import Where
from astuner_nb.trackers.wire.growing_file import GrowingFile, Look

CHUNK_BYTES = 1 << 20
MAX_LINE_BYTES = 64 << 20
"""A longer line is none."""

_OWN = ("step", "t", "step_given")


class VerlFile:
    """The run in a file of JSON lines: verl's, or of the shape of our own `metrics.jsonl`.

    An empty file is a run without points. verl writes NaN and the infinities as null: such a point is NaN.

    Args:
        text: the file, as given behind `verl:`.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """The one run, where it fits. Raises `NotFound` and `BadFile`."""
        path = given_file(self.text, "verl")
        tail = VerlTail(path)
        patience.call(lambda: tail.poll(budget_s=0.0), f"reading {path}")
        status = tail.status()
        run = FileRun(
            source="verl",
            place=str(path),
            id=path.stem,
            name=path.stem,
            project=path.parent.name,
            state=status.state,
            detail=status.detail,
            open_tail=lambda: VerlTail(path),
        )
        return Listing(*first_fitting([run], where, limit))


class VerlTail(FileTail):
    """A cursor in the file. verl truncates it when it starts again: that is a new generation."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._begin()

    def status(self) -> JobStatus:
        """Told by the age of the file."""
        if not self._file.written_s:
            return JobStatus(RunState.STARTING)
        status = status_by_age(self._file.written_s, "verl's JSON lines")
        left = f"{self.skipped:,} of its lines are no records and were left out." if self.skipped else ""
        return JobStatus(status.state, detail=" ".join(filter(None, [status.detail, left])))

    def _begin(self) -> None:
        self.records = 0
        """Records read, of this generation."""
        self.skipped = 0
        """Whole lines that are no record, of this generation."""
        self._file = GrowingFile(self.path)
        self._last_step = -1.0

    def _read(self, deadline: float) -> None:
        look = self._file.look()
        if look is Look.GONE:
            raise NotFound(f"{self.path} has gone. Give the file that verl writes.")
        if look is Look.OTHER:
            self._forget()
            self._begin()
            self._file.look()
        self.caught_up = look is Look.SAME
        while not self.caught_up:
            self.caught_up = not self._read_chunk()
            self._check()
            if time.monotonic() > deadline:
                return
        self._file.finish()

    def _read_chunk(self) -> bool:
        """Read some whole lines; False where there is none."""
        size = CHUNK_BYTES
        data = self._file.read(size)
        while (end := data.rfind(b"\n") + 1) == 0:
            if len(data) < size:
                return self._read_last(data)
            if size > MAX_LINE_BYTES:
                raise BadFile(f"{self.path} has a line of over {MAX_LINE_BYTES >> 20} MB. Give a file of JSON lines.")
            size *= 2
            data = self._file.read(size)
        self._take(data[:end])
        return True

    def _read_last(self, line: bytes) -> bool:
        """Read a last line that has no end, where it is a whole record all the same."""
        if not line.rstrip().endswith(b"}") or parse_line(line) is None:
            return False
        self._take(line)
        return True

    def _take(self, data: bytes) -> None:
        lines = [line for line in data.split(b"\n") if line and not line.isspace()]
        rows = [row for line in lines if (row := _row(line)) is not None]
        self._last_step = fold(rows, self._columns, self._last_step)
        self.records += len(rows)
        self.skipped += len(lines) - len(rows)
        self._file.take(data)

    def _check(self) -> None:
        if self.skipped and not self.records:
            raise BadFile(
                f"{self.path} holds {self.skipped:,} lines and not one record with a number. "
                "Give what the logger `file` of verl wrote, a JSON object with step and data in each line."
            )


def _row(line: bytes) -> Row | None:
    """The record in `line` as our own log has it; None where it is none, or has no number in it."""
    row = parse_line(line) or {}
    data = row.get("data")
    if not isinstance(data, dict):
        return row if any(number(value) is not None for name, value in row.items() if name not in _OWN) else None
    return {"step": row.get("step"), **{_free(name): _value(value) for name, value in data.items()}}


def _free(name: str) -> str:
    """`name`, told from the names that `fold` gives a meaning, as the recorder does it."""
    return f"{name}_" if name.rstrip("_") in _OWN else name


def _value(value: object) -> object:
    if value is None:
        return math.nan
    return None if isinstance(value, str) else value
