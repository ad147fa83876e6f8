"""TFRecord framing: `length (8 bytes) | crc of it | data | crc of data`, little-endian, without header or padding.

The checksum is CRC-32C, masked. That of the length is always checked, which costs a look into a dictionary as lengths
repeat: a damaged length would otherwise make a reader wait for ever. That of the data is not.
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import struct
from pathlib import Path

from astuner_nb.core.errors import BadFile
from astuner_nb.trackers.wire.growing_file import GrowingFile

CHUNK_BYTES = 1 << 20
MAX_RECORD_BYTES = 16 << 20
"""A longer record (a graph, a film) holds no scalars and is passed over unread."""
HEAD_BYTES, FRAME_BYTES = 12, 16

_HEAD = struct.Struct("<QI")
_LENGTH, _CRC = struct.Struct("<Q"), struct.Struct("<I")
_KNOWN_HEADS = 4096


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def masked_crc(data: bytes) -> int:
    """The masked CRC-32C of `data`."""
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def framed(data: bytes) -> bytes:
    """`data` as one record of a file."""
    length = _LENGTH.pack(len(data))
    return b"".join((length, _CRC.pack(masked_crc(length)), data, _CRC.pack(masked_crc(data))))


def length_in(head: bytes) -> int | None:
    """The length that the 12 bytes `head` give; None where its checksum does not fit."""
    length, crc = _HEAD.unpack(head)
    return length if crc == masked_crc(head[:8]) else None


class EventFile:
    """One event file as it grows: hands out the whole records behind those it handed out before.

    Reading ends for good where a length is damaged, since nothing tells where the next record begins.
    """

    def __init__(self, path: Path) -> None:
        self.file = GrowingFile(path)
        self.damage = ""
        """A sentence where reading ended before the end of the file."""
        self.oversized = 0
        """Records that were passed over unread."""
        self._heads: dict[bytes, int] = {}

    def read(self) -> tuple[bytes, list[int], list[int]]:
        """Some records: the bytes they stand in, where each begins in them, and its length. Empty at the end.

        Raises:
            BadFile: where the file does not begin with a record, or cannot be read.
        """
        size = CHUNK_BYTES
        while not self.damage:
            data = self.file.read(size)
            starts, lengths, used, wanted = self._split(data)
            if used:
                data = data[:used]
                self.file.take(data)
                return data, starts, lengths
            if wanted > MAX_RECORD_BYTES:
                if self.file.offset + wanted > self.file.size:
                    break
                self.file.skip(wanted)
                self.oversized += 1
            elif len(data) < size:
                if not self.file.offset:
                    first_record(data, self.file.path)
                break
            else:
                size = wanted
        return b"", [], []

    def _split(self, data: bytes) -> tuple[list[int], list[int], int, int]:
        """Where the whole records begin, their lengths, the bytes they take, and how many the one behind them takes."""
        starts: list[int] = []
        lengths: list[int] = []
        heads, at, size = self._heads, 0, len(data)
        while at + HEAD_BYTES <= size:
            head = data[at : at + HEAD_BYTES]
            length = heads.get(head)
            if length is None and (length := self._length(head, at)) is None:
                break
            end = at + length + FRAME_BYTES
            if end > size:
                return starts, lengths, at, end - at
            starts.append(at + HEAD_BYTES)
            lengths.append(length)
            at = end
        return starts, lengths, at, FRAME_BYTES

    def _length(self, head: bytes, at: int) -> int | None:
        """What `head` says, remembered; None, and `damage`, where it cannot be."""
        length = length_in(head)
        if length is None:
            where = self.file.offset + at
            if not where:
                raise _no_event_file(self.file.path)
            self.damage = f"{self.file.path} is damaged at byte {where:,}; what stands before was read."
        elif len(self._heads) < _KNOWN_HEADS:
            self._heads[head] = length
        return length


def first_record(data: bytes, path: Path) -> bytes:
    """The first record of the file `path`, which begins with `data`; empty until it is whole. Raises `BadFile`."""
    if len(data) < HEAD_BYTES:
        if any(data[4:8]):
            raise _no_event_file(path)  # a first record of 4 GB is none: this is another kind of file
        return b""
    if (length := length_in(data[:HEAD_BYTES])) is None:
        raise _no_event_file(path)
    record = data[HEAD_BYTES : HEAD_BYTES + length]
    return record if len(record) == length else b""


def _no_event_file(path: Path) -> BadFile:
    return BadFile(f"{path} is no event file: it does not begin with a record. Give another.")


def records_around(data: bytes, needle: bytes) -> list[bytes]:
    """The records in `data`, any piece of an event file, that hold `needle` and are whole.

    It saves the framing of everything before: where a record begins is told by the checksum of its length.
    """
    found: list[bytes] = []
    at = data.find(needle)
    while at >= 0:
        start, end = _record_around(data, at)
        if end:
            found.append(data[start:end])
        at = data.find(needle, max(end, at + len(needle)))
    return found


_BACK_BYTES = 4096
"""How far before a needle the record that holds it begins at most."""


def _record_around(data: bytes, at: int) -> tuple[int, int]:
    for start in range(at - HEAD_BYTES, max(-1, at - _BACK_BYTES), -1):
        if data[start + 4 : start + 8] != b"\0\0\0\0":
            continue
        length = length_in(data[start : start + HEAD_BYTES])
        begin = start + HEAD_BYTES
        if length is not None and at < begin + length <= len(data):
            return begin, begin + length
    return 0, 0
