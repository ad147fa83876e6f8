"""Reads Protocol Buffers messages without their schema: https://protobuf.dev/programming-guides/encoding.

Whatever the bytes are, reading ends in a value or in `ValueError`; nothing nested is looked at before it is asked for.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

Value = int | bytes
"""What a field holds on the wire: an unsigned varint, or the bytes of anything else."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_MAX_VARINT = 10
_DOUBLE = struct.Struct("<d")


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned 64-bit number that begins at `at`, and where it ends. Raises `ValueError` where there is none."""
    value = shift = 0
    for index in range(at, min(at + _MAX_VARINT, len(data))):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, index + 1
        shift += 7
    raise ValueError(f"no whole number at byte {at} of {len(data)}")


def signed(value: int) -> int:
    """The int64 that stands as the unsigned `value` on the wire."""
    return value - (1 << 64) if value >> 63 else value


def zigzag(value: int) -> int:
    """The sint64 that stands as the unsigned `value` on the wire."""
    return (value >> 1) ^ -(value & 1)


def fields(data: bytes) -> list[tuple[int, Value]]:
    """The fields of the message `data` in their order: number, value. Raises `ValueError` where it is none."""
    found: list[tuple[int, Value]] = []
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError(f"a field has the number 0 before byte {at} of {end}")
        if kind == VARINT:
            value, at = varint(data, at)
            found.append((number, value))
            continue
        length, at = _length(kind, data, at)
        if at + length > end:
            raise ValueError(f"field {number} claims {length} bytes at byte {at} of {end}")
        found.append((number, data[at : at + length]))
        at += length
    return found


def _length(kind: int, data: bytes, at: int) -> tuple[int, int]:
    """How many bytes a field of this wire type holds, and where they begin."""
    if kind == BYTES:
        return varint(data, at)
    if kind in (FIXED64, FIXED32):
        return (8 if kind == FIXED64 else 4), at
    raise ValueError(f"wire type {kind} before byte {at} of {len(data)}")


class Message:
    """One message; its fields by number. Of a field that should stand once the last one counts, as the format demands.

    Every method raises `ValueError` where the field has another type; an absent field is 0, "" or empty.
    """

    def __init__(self, data: bytes) -> None:
        self._fields: dict[int, list[Value]] = {}
        for number, value in fields(data):
            self._fields.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def integer(self, number: int) -> int:
        """An int32, int64, bool or enum."""
        return signed(self._unsigned(number))

    def zigzag(self, number: int) -> int:
        """A sint32 or sint64."""
        return zigzag(self._unsigned(number))

    def double(self, number: int) -> float:
        """A double."""
        if len(value := self._last(number, bytes(8))) != 8:
            raise ValueError(f"field {number} is no double")
        return float(_DOUBLE.unpack(value)[0])

    def text(self, number: int) -> str:
        """A string; bytes that are no UTF-8 become U+FFFD."""
        return self.raw(number).decode("utf-8", "replace")

    def texts(self, number: int) -> list[str]:
        """A repeated string."""
        return [value.decode("utf-8", "replace") for value in self._all(number)]

    def raw(self, number: int) -> bytes:
        """The bytes of a string, bytes or message field."""
        return self._last(number, b"")

    def message(self, number: int) -> Message:
        """A nested message; an empty one where there is none."""
        return Message(self.raw(number))

    def messages(self, number: int) -> list[Message]:
        """A repeated message."""
        return [Message(value) for value in self._all(number)]

    def moment(self, number: int) -> datetime | None:
        """A `Timestamp` {seconds = 1, nanos = 2}, UTC; None where it is absent or beyond all calendars."""
        stamp = self.message(number)
        seconds, microseconds = stamp.integer(1), stamp.integer(2) // 1000
        try:
            return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds) if 1 in stamp else None
        except (ValueError, OverflowError, OSError):
            return None

    def _unsigned(self, number: int) -> int:
        value = self._fields.get(number, [0])[-1]
        if not isinstance(value, int):
            raise ValueError(f"field {number} is no number")
        return value

    def _last(self, number: int, absent: bytes) -> bytes:
        value = self._fields.get(number, [absent])[-1]
        if not isinstance(value, bytes):
            raise ValueError(f"field {number} is a number")
        return value

    def _all(self, number: int) -> list[bytes]:
        values = self._fields.get(number, [])
        if not all(isinstance(value, bytes) for value in values):
            raise ValueError(f"field {number} is a number")
        return [value for value in values if isinstance(value, bytes)]
