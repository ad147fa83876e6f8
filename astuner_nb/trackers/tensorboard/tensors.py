"""Scalars and texts in a `TensorProto`, which is how TensorFlow 2 and tensorboardX write them.

::

    TensorProto  dtype=1 · tensor_shape=2 · tensor_content=4 (raw) · and one repeated field for each kind of number
"""

from __future__ import annotations

import struct

from astuner_nb.trackers.tensorboard.spans import Span, spans
from astuner_nb.trackers.wire.protobuf import BYTES, FIXED32, FIXED64, VARINT, signed, varint

_RAW, _STRING = 4, 8
_BFLOAT16 = "bfloat16"
_KINDS: dict[int, tuple[str, int]] = {
    1: ("<f4", 5),
    2: ("<f8", 6),
    3: ("<i4", 7),
    4: ("|u1", 7),
    5: ("<i2", 7),
    6: ("|i1", 7),
    9: ("<i8", 10),
    10: ("|b1", 11),
    14: (_BFLOAT16, 13),
    17: ("<u2", 7),
    19: ("<f2", 13),
    22: ("<u4", 16),
    23: ("<u8", 17),
}
"""DataType → how one is laid out in `tensor_content`, and the number of the field that holds it elsewhere."""
_FORMATS = {
    "<f4": "<f", "<f8": "<d", "<f2": "<e", "|b1": "?", "|u1": "B", "|i1": "b", "<u2": "<H", "<i2": "<h", "<u4": "<I",
    "<i4": "<i", "<u8": "<Q", "<i8": "<q",
}  # fmt: skip


def scalar_in(data: bytes, span: Span) -> tuple[float, int, str] | None:
    """The number in the tensor at `span` of `data`, where its bytes begin, and how they are laid out.

    The place is negative where they have no fixed length. None where the tensor does not hold one number.
    """
    fields = list(spans(data, *span))
    kind = next((varint(data, begin)[0] for number, wire, begin, _ in fields if number == 1 and wire == VARINT), 0)
    if kind not in _KINDS:
        return None
    dtype, own = _KINDS[kind]
    for number, wire, begin, end in fields:
        if number == _RAW and wire == BYTES and end > begin:
            return _raw(data, begin, end, dtype)
        if number == own:
            return _listed(data, (begin, end), wire, dtype)
    return None


def text_in(data: bytes, span: Span) -> str:
    """The first text in the tensor at `span` of `data`, empty where it has none."""
    for number, wire, begin, end in spans(data, *span):
        if number == _STRING and wire == BYTES:
            return data[begin:end].decode("utf-8", "replace")
    return ""


def _raw(data: bytes, begin: int, end: int, dtype: str) -> tuple[float, int, str] | None:
    if dtype == _BFLOAT16:
        return (_bfloat16(int.from_bytes(data[begin:end], "little")), -1, dtype) if end - begin == 2 else None
    format = _FORMATS[dtype]
    if struct.calcsize(format) != end - begin:
        return None
    return float(struct.unpack_from(format, data, begin)[0]), begin, dtype


def _listed(data: bytes, span: Span, wire: int, dtype: str) -> tuple[float, int, str] | None:
    """The only number of a repeated field, packed (as bytes) or not."""
    begin, end = span
    if dtype in ("<f4", "<f8"):
        return _raw(data, begin, end, dtype) if wire in (BYTES, FIXED32, FIXED64) else None
    if wire not in (BYTES, VARINT) or begin == end:
        return None
    value, stop = varint(data, begin)
    return (_from_varint(value, dtype), -1, dtype) if stop == end else None


def _from_varint(value: int, dtype: str) -> float:
    if dtype == _BFLOAT16:
        return _bfloat16(value)
    if dtype == "<f2":
        return float(struct.unpack("<e", struct.pack("<H", value & 0xFFFF))[0])
    return float(value if "u" in dtype else signed(value))


def _bfloat16(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", (bits & 0xFFFF) << 16))[0])
