"""SwanLab's run file since 0.8: Protocol Buffers records in a framed log."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Column
from astuner_nb.trackers.swanlab.slots import Slot, doubles, seconds
from astuner_nb.trackers.wire.points import MAX_METRICS
from astuner_nb.trackers.wire.protobuf import Message, signed, varint

HEADER = b":SWL\xd6\xe1\x02"

START, FINISH, COLUMN, SCALAR = 10, 11, 12, 13
_SYSTEM = 2
SYSTEM_PREFIX = "__swanlab__."
_STATES = {1: RunState.FINISHED, 2: RunState.FAILED, 3: RunState.STOPPED}
_ZERO = bytes(8)
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Start:
    """What the first record says of a run."""

    id: str = ""
    name: str = ""
    project: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    began: datetime | None = None


@dataclass(frozen=True)
class End:
    """What the last record says of a run."""

    status: JobStatus
    ended: datetime | None = None


class ReadingV2:
    """What one file says: its points and its end."""

    def __init__(self) -> None:
        self.end: JobStatus | None = None
        self.unreadable = 0
        """Records that make no sense."""
        self._slots: dict[bytes, Slot[bytes] | None] = {}
        """Key as it stands in the file → its points, None for a system metric."""

    def fold(self, records: Sequence[bytes], columns: dict[str, Column]) -> None:
        """Append the points in `records` to `columns`."""
        slots = self._slots
        for record in records:
            try:
                # record {num = 1, timestamp = 2, scalar = 13 {key = 1, step = 2, type = 3, timestamp = 4, value = 5}},
                # every length in one byte: nearly all records are like that. All others take the long way.
                at = 1
                while record[at] > 0x7F:
                    at += 1
                if record[0] != 0x08 or record[at + 1] != 0x12:
                    self._read(record)
                    continue
                at += 3 + record[at + 2]
                end = at + 2 + record[at + 1]
                key_end = at + 4 + record[at + 3]
                if record[at] != 0x6A or end != len(record) or record[at + 2] != 0x0A or end - at > 0x81:
                    self._read(record)
                    continue
                key = record[at + 4 : key_end]
                at, step = key_end, 0
                if record[at] == 0x10:
                    step, at = record[at + 1], at + 2
                    if step > 0x7F:
                        step, at = _longer(record, at)
                if record[at] == 0x18:
                    at += 2
                stamp_end = at + 2 + record[at + 1]
                value_head = record[stamp_end : stamp_end + 3]
                if record[at] != 0x22 or value_head != b"\x2a\x09\x09" or stamp_end + 11 != end:
                    self._read(record)
                    continue
                slot = slots[key] if key in slots else self._slot(key)
                if slot is not None:
                    slot.steps.append(step)
                    slot.times.append(record[at + 2 : stamp_end])
                    slot.values.append(record[stamp_end + 3 : end])
            except IndexError:
                self._read(record)
        for slot in slots.values():
            if slot is not None and slot.steps:
                slot.flush(columns, doubles(slot.values), seconds(slot.times))

    def _read(self, record: bytes) -> None:
        """Read a record of any shape."""
        try:
            message = Message(record)
            if SCALAR in message:
                self._scalar(message.message(SCALAR))
            elif COLUMN in message:
                self._column(message.message(COLUMN))
            elif FINISH in message:
                self.end = finish(message.message(FINISH)).status
        except ValueError:
            self.unreadable += 1

    def _scalar(self, scalar: Message) -> None:
        if 5 not in scalar:
            return
        value = struct.pack("<d", scalar.message(5).double(1)) if scalar.raw(5) else _ZERO
        step, stamp, slot = scalar.integer(2), scalar.raw(4), self._slot(scalar.raw(1))
        if slot is not None:
            slot.steps.append(step)
            slot.times.append(stamp)
            slot.values.append(value)

    def _column(self, column: Message) -> None:
        if column.integer(1) == _SYSTEM and len(self._slots) < MAX_METRICS:
            self._slots[column.raw(3)] = None

    def _slot(self, key: bytes) -> Slot[bytes] | None:
        """Where the points of `key` are collected; None where they are not wanted."""
        if key in self._slots or len(self._slots) >= MAX_METRICS:
            return self._slots.get(key)
        name = key.decode("utf-8", "replace")
        self._slots[key] = slot = None if name.startswith(SYSTEM_PREFIX) else Slot[bytes](name)
        return slot


def _longer(record: bytes, at: int) -> tuple[int, int]:
    """The int64 whose second byte stands at `at`, and where it ends."""
    low, middle, high = record[at - 1] & 0x7F, record[at], record[at + 1]
    if middle < 0x80:
        return low | middle << 7, at + 1
    if high < 0x80:
        return low | (middle & 0x7F) << 7 | high << 14, at + 2
    value, end = varint(record, at - 1)
    return signed(value), end


def start(message: Message) -> Start:
    """What a start record says. Raises `ValueError` where it makes no sense."""
    return Start(
        id=message.text(10),
        name=message.text(4),
        project=message.text(1),
        tags=tuple(message.texts(6)),
        group=message.text(7),
        began=message.moment(12),
    )


def finish(message: Message) -> End:
    """What a finish record says. Raises `ValueError` where it makes no sense."""
    state = _STATES.get(message.integer(1), RunState.LOST)
    why = reason(message.text(2)) if state is RunState.FAILED else ""
    return End(JobStatus(state, detail=why), message.moment(3))


def reason(error: str) -> str:
    """The last line of an error, as a run's detail."""
    lines = error.strip().splitlines()
    return lines[-1].strip()[:_LONGEST_REASON] if lines else ""
