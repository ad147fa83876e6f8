"""Where the fields of a message stand: what the reader of scalars needs to read many records of one shape at once."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.trackers.wire.protobuf import BYTES, FIXED32, FIXED64, VARINT, varint

Span = tuple[int, int]
"""Where something begins and ends, in bytes."""

_FIXED = {FIXED32: 4, FIXED64: 8}


def spans(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message between `at` and `end`: number, wire type, and where the value begins and ends.

    Raises:
        ValueError: where it is no message.
    """
    while at < end:
        key, begin = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            at = varint(data, begin)[1]
        elif wire == BYTES:
            length, begin = varint(data, begin)
            at = begin + length
        elif wire in _FIXED:
            at = begin + _FIXED[wire]
        else:
            raise ValueError(f"wire type {wire} at byte {at} of {end}")
        if not number or at > end:
            raise ValueError(f"field {number} at byte {begin} ends at byte {at} of {end}")
        yield number, wire, begin, at
