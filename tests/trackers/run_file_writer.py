"""Writes run files of SwanLab and W&B as their clients do, for what those do not make: damage, odd shapes, size."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping

SWANLAB, SWANLAB_V1, WANDB = b":SWL\xd6\xe1\x02", b":SWL\xd6\xe1\x01", b":W&B\xe1\xbe\x00"
BLOCK = 32_768


def framed(header: bytes, records: Iterable[bytes]) -> bytes:
    """A file of `records`."""
    out = bytearray(header)
    for record in records:
        out += framed_record(record, len(out))
    return bytes(out)


def framed_record(record: bytes, position: int) -> bytes:
    """The chunks of one record that begins at `position` of its file."""
    out, kind, left = bytearray(), 1, memoryview(record)
    while True:
        room = BLOCK - (position + len(out)) % BLOCK
        if room < 7:
            out += bytes(room)
            continue
        part, left = left[: room - 7], left[room - 7 :]
        kind = (1 if not left else 2) if kind == 1 else (3 if left else 4)
        out += chunk(kind, bytes(part))
        if not left:
            return bytes(out)


def chunk(kind: int, data: bytes) -> bytes:
    """One chunk."""
    return struct.pack("<IHB", zlib.crc32(bytes([kind]) + data), len(data), kind) + data


def varint(value: int) -> bytes:
    """A whole number; a negative one as int64."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | float | str | bytes) -> bytes:
    """One field of a message; a message is given as bytes."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def stamp(seconds: float) -> bytes:
    """A `Timestamp`."""
    whole = int(seconds)
    nanos = round((seconds - whole) * 1e9)
    return (field(1, whole) if whole else b"") + (field(2, nanos) if nanos else b"")


def swanlab_record(number: int, kind: int, message: bytes, seconds: float = 1.8e9) -> bytes:
    """A record of SwanLab."""
    return field(1, number) + field(2, stamp(seconds)) + field(kind, message)


def swanlab_scalar(number: int, key: str, step: int, value: float, seconds: float = 1.8e9) -> bytes:
    """A point."""
    inner = field(1, key) + (field(2, step) if step else b"") + field(3, 1) + field(4, stamp(seconds))
    plain_zero = value == 0 and struct.pack("<d", value) == bytes(8)
    return swanlab_record(number, 13, inner + field(5, b"" if plain_zero else field(1, value)), seconds)


def wandb_history(number: int, row: Mapping[str | tuple[str, ...], object]) -> bytes:
    """A row; a tuple is a nested key, and what is not a text is written as JSON."""
    items = b"".join(field(1, wandb_item(key, value)) for key, value in row.items())
    return field(1, number) + field(2, items + field(2, field(1, row["_step"]) if row.get("_step") else b""))


def wandb_item(key: str | tuple[str, ...], value: object) -> bytes:
    """A value of a row."""
    path = (key,) if isinstance(key, str) else key
    return b"".join(field(2, part) for part in path) + field(16, value if isinstance(value, str) else json.dumps(value))


def wandb_run(
    identity: str, project: str, name: str, config: Mapping[str, object], seconds: int = 1_800_000_000
) -> bytes:
    """The record that describes a run."""
    updates = b"".join(field(1, field(1, key) + field(16, json.dumps(value))) for key, value in config.items())
    run = field(1, identity) + field(3, project) + field(4, updates) + field(8, name) + field(17, field(1, seconds))
    return field(1, 1) + field(17, run)


def wandb_exit(number: int, code: int = 0) -> bytes:
    """The last record."""
    return field(1, number) + field(18, field(1, code) if code else b"")
