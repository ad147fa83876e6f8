"""`Event` messages as bytes: what `records` and `hparams` read, written."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

from astuner_nb.core.run import ConfigValue

VERSION = b"brain.Event:2"
"""What every event file begins with."""

_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_HPARAMS = b"hparams"


def event(wall_time_s: float, *, step: int = 0, version: bytes = b"", summary: bytes = b"") -> bytes:
    """An `Event`; absent parts are left out."""
    parts = [b"\x09", _DOUBLE.pack(wall_time_s)]
    if step:
        parts += [b"\x10", varint(step)]
    if version:
        parts.append(nested(3, version))
    if summary:
        parts.append(nested(5, summary))
    return b"".join(parts)


def scalars(values: Mapping[str, float]) -> bytes:
    """A `Summary` of `values`, metric → value. They are float32 there, as with every writer of scalars."""
    return b"".join(nested(1, nested(1, text(tag)) + b"\x15" + _float32(value)) for tag, value in values.items())


def session_start(config: Mapping[str, ConfigValue], start_s: float) -> bytes:
    """A `Summary` that begins a session with the hyper-parameters `config`; those that are None are left out."""
    entries = (
        nested(1, nested(1, text(name)) + nested(2, _value(value)))
        for name, value in config.items()
        if value is not None
    )
    return _hparams("_hparams_/session_start_info", nested(3, b"".join(entries) + b"\x29" + _DOUBLE.pack(start_s)))


def session_end(status: int, end_s: float) -> bytes:
    """A `Summary` that ends a session with one of the statuses of `hparams`."""
    return _hparams("_hparams_/session_end_info", nested(4, b"\x08" + varint(status) + b"\x11" + _DOUBLE.pack(end_s)))


def varint(value: int) -> bytes:
    """`value`, an int64, as the wire has it."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def nested(number: int, data: bytes) -> bytes:
    """Field `number`, which holds bytes, a text or a message."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def text(value: str) -> bytes:
    """`value` as UTF-8; lone surrogates become question marks, as the format has no place for them."""
    return value.encode("utf-8", "replace")


def _hparams(tag: str, content: bytes) -> bytes:
    """A value of the plugin `hparams`: its data stands in the metadata, its tensor is an empty one."""
    metadata = nested(1, nested(1, _HPARAMS) + nested(2, content))
    empty_tensor = nested(8, b"\x08\x01\x12\x00")  # float, without a shape
    return nested(1, nested(1, text(tag)) + empty_tensor + nested(9, metadata))


def _value(value: float | str) -> bytes:
    """A `google.protobuf.Value`. TensorBoard cannot show numbers that are not finite: those become texts."""
    if isinstance(value, bool):
        return b"\x20\x01" if value else b"\x20\x00"
    if isinstance(value, str):
        return nested(3, text(value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    return b"\x11" + _DOUBLE.pack(number) if math.isfinite(number) else nested(3, text(str(number)))


def _float32(value: float) -> bytes:
    try:
        return _FLOAT.pack(value)
    except OverflowError:
        return _FLOAT.pack(math.copysign(math.inf, value))
