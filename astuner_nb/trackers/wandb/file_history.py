"""The curves in a run file of W&B: Protocol Buffers records in a framed log."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.series import Floats
from astuner_nb.store.columns import Column
from astuner_nb.trackers.wandb.file_records import EXIT, HISTORY, how_it_ended
from astuner_nb.trackers.wire.points import MAX_METRICS, add
from astuner_nb.trackers.wire.protobuf import Message, varint

Path = tuple[str, ...]
"""A metric's key, a nested one in parts."""

_KEY, _NESTED_KEY, _VALUE_JSON = 1, 2, 16
_BOOLEAN, _INTEGER, _NUMBER = 4, 5, 6
_WORDS = {b"true": 1.0, b"false": 0.0, b'"NaN"': math.nan, b'"Infinity"': math.inf, b'"-Infinity"': -math.inf}


class _Slot:
    """The points of one metric that are not in its column yet."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, ".".join(path)
        self.rows: list[int] = []
        """Of which row of the piece each value is."""
        self.values: list[float] = []

    def take(self) -> tuple[list[int], Floats]:
        """Rows and values, (n,) each, which are taken out."""
        rows, values = self.rows, np.array(self.values, dtype=np.float64)
        self.rows, self.values = [], []
        return rows, values


class HistoryReading:
    """What one file says: its points and its end."""

    def __init__(self) -> None:
        self.end: JobStatus | None = None
        self.unreadable = 0
        """Records that make no sense."""
        self._step, self._time = _Slot(("_step",)), _Slot(("_timestamp",))
        self._by_path: dict[Path, _Slot | None] = {slot.path: slot for slot in (self._step, self._time)}
        self._by_head: dict[bytes, _Slot | None] = {}
        """The part of an item before its value → where its values are collected, None where they are not wanted."""
        self._media: set[Path] = set()
        """Keys of pictures, histograms and tables: the numbers nested in them are no metrics."""

    def fold(self, records: Sequence[bytes], columns: dict[str, Column]) -> None:
        """Append the points in `records` to `columns`."""
        steps: list[float] = []
        broken: list[int] = []
        for record in records:
            try:
                at = 1
                while record[at] > 0x7F:  # the record's number
                    at += 1
                tag = record[at + 1]
                if record[0] != 0x08 or tag not in (0x12, 0x1A):
                    self._read_other(record, steps)
                elif tag == 0x12:
                    steps.append(self._row(record, at + 2, len(steps)))
            except (ValueError, IndexError):
                self.unreadable += 1
                broken.append(len(steps))  # what was taken of this row, if it was one, goes with it
                steps.append(math.nan)
        self._flush(np.array(steps, dtype=np.float64), broken, columns)

    def _row(self, record: bytes, at: int, row: int) -> float:
        """Take the values of a history record whose length stands at `at`; what its field `step` says."""
        by_head = self._by_head
        length, at = _length(record, at)
        end, step = at + length, math.nan
        if end > len(record):
            raise ValueError("a history record is cut off")
        while at < end:
            tag = record[at]
            length = record[at + 1]
            at += 2
            if length > 0x7F:
                length, at = varint(record, at - 1)
            stop = at + length
            if tag != 0x0A:
                step = self._other_field(tag, record[at:stop], step)
                at = stop
                continue
            # item {nested_key = 2*, value_json = 16}, each shorter than 128 bytes: nearly all items are like that
            value = at
            while record[value] == 0x12:
                value += 2 + record[value + 1]
            if record[value] == 0x82 and record[value + 1] == 0x01 and value + 3 + record[value + 2] == stop:
                head, text = record[at:value], record[value + 3 : stop]
                slot = by_head[head] if head in by_head else self._slot_of_head(head)
                if slot is not None:
                    try:
                        number: float | None = float(text)
                    except ValueError:
                        number = _WORDS.get(text)
                    if number is not None:
                        slot.rows.append(row)
                        slot.values.append(number)
            elif stop <= end:
                self._item(Message(record[at:stop]), row)
            at = stop
        if at != end:
            raise ValueError("a history record is not as long as it says")
        return step

    def _item(self, item: Message, row: int) -> None:
        """Take an item of any shape."""
        slot = self._slot(tuple(item.texts(_NESTED_KEY)) or (item.text(_KEY),))
        if slot is not None and (number := _number(item)) is not None:
            slot.rows.append(row)
            slot.values.append(number)

    def _other_field(self, tag: int, data: bytes, step: float) -> float:
        """The step, where this field of a history record tells it."""
        return float(Message(data).integer(1)) if tag == 0x12 else step

    def _read_other(self, record: bytes, steps: list[float]) -> None:
        """Read a record that is no history, or one of unusual shape."""
        message = Message(record)
        if EXIT in message:
            self.end = how_it_ended(message.message(EXIT))
        elif HISTORY in message:
            history = message.message(HISTORY)
            for item in history.messages(1):
                self._item(item, len(steps))
            steps.append(float(history.message(2).integer(1)) if 2 in history else math.nan)

    def _slot_of_head(self, head: bytes) -> _Slot | None:
        slot = self._slot(tuple(Message(head).texts(_NESTED_KEY)))
        if len(self._by_head) < MAX_METRICS:
            self._by_head[head] = slot
        return slot

    def _slot(self, path: Path) -> _Slot | None:
        """Where the values of a key are collected; None where they are not wanted."""
        if path in self._by_path or len(self._by_path) >= MAX_METRICS:
            return self._by_path.get(path)
        if path and path[-1] == "_type":
            self._media.add(path[:-1])
        unwanted = not path or path[0].startswith("_") or path[-1] == "_type"
        self._by_path[path] = slot = None if unwanted else _Slot(path)
        return slot

    def _flush(self, step: Floats, broken: list[int], columns: dict[str, Column]) -> None:
        """Move the values of all rows but the `broken` ones; `step`, (n,), is what the records' own field says."""
        time = np.full(len(step), np.nan)
        for own, target in ((self._step, step), (self._time, time)):
            rows, values = own.take()
            target[rows] = values
        step[broken] = np.nan
        for slot in self._by_path.values():
            if slot is not None and slot.rows:
                rows, values = slot.take()
                if not self._is_media(slot.path):
                    _add(columns, slot.name, step[rows], values, time[rows])

    def _is_media(self, path: Path) -> bool:
        return bool(self._media) and any(path[:length] in self._media for length in range(1, len(path)))


def _add(columns: dict[str, Column], name: str, step: Floats, value: Floats, time: Floats) -> None:
    if not (known := np.isfinite(step)).all():
        step, value, time = step[known], value[known], time[known]
    if len(step):
        add(columns, name, step, value, time)


def _length(record: bytes, at: int) -> tuple[int, int]:
    return (record[at], at + 1) if record[at] < 0x80 else varint(record, at)


def _number(item: Message) -> float | None:
    """The value of an item; None where it is no number."""
    if _VALUE_JSON in item:
        text = item.raw(_VALUE_JSON)
        try:
            return float(text)
        except ValueError:
            return _WORDS.get(text)
    if _NUMBER in item:
        return item.double(_NUMBER)
    if _INTEGER in item:
        return float(item.zigzag(_INTEGER))
    return float(bool(item.integer(_BOOLEAN))) if _BOOLEAN in item else None
