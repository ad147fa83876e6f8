"""The framing that SwanLab and W&B took from LevelDB's log: records cut into chunks, chunks into blocks.

A file is divided into blocks of 32,768 bytes, counted from its beginning. A chunk never crosses the end of a block:

    crc32 of type and data (4 bytes) | length of data (2) | type (1) | data          little-endian

A record is one FULL chunk, or FIRST MIDDLE* LAST. Fewer than 7 bytes left in a block are filled with zeros.
https://github.com/google/leveldb/blob/main/doc/log_format.md; the checksum here is zlib's.
"""

from __future__ import annotations

import struct
from zlib import crc32

BLOCK_BYTES = 32_768
HEAD_BYTES = 7
MAX_RECORD_BYTES = 32 << 20
"""A longer record is none, but damage: it is passed over and counted."""

FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
_HEAD = struct.Struct("<IHB")


class Frames:
    """Puts records together from the bytes of a file, given in pieces. No I/O.

    A chunk that is damaged ends the reading of its block, as nothing behind it can be trusted; where the block is not
    complete yet, that may be a write still under way, and the chunk waits.

    Args:
        position: where in the file to begin: behind its header, or at the beginning of any block.
    """

    def __init__(self, position: int) -> None:
        self.position = position
        """Where the next piece must begin: behind the last chunk that was taken."""
        self.damaged = 0
        """Stretches that were passed over, because a chunk was damaged or a record not whole."""
        self._begun = bytearray()
        self._open = False
        """Whether a record has begun that is not whole yet."""

    def feed(self, data: bytes) -> list[bytes]:
        """The records that end in `data`, which is what the file holds from `position` on, or a piece of that.

        Given two blocks at least, or all there is, it takes something of it or there is nothing to take yet.
        """
        records: list[bytes] = []
        append, unpack, head_bytes = records.append, _HEAD.unpack_from, HEAD_BYTES
        base, size, at = self.position, len(data), 0
        while True:
            block_end = at + BLOCK_BYTES - (base + at) % BLOCK_BYTES
            last_head = min(block_end, size) - head_bytes
            while at <= last_head:
                crc, length, kind = unpack(data, at)
                end = at + head_bytes + length
                if end > size and end <= block_end:
                    break
                if end > block_end or crc32(data[at + 6 : end]) != crc or not 1 <= kind <= LAST:
                    break
                if kind == FULL and not self._open:
                    append(data[at + head_bytes : end])
                elif (record := self._joined(kind, data[at + head_bytes : end])) is not None:
                    append(record)
                at = end
            if block_end > size:
                break
            if at <= last_head:
                self._give_up()
            at = block_end
        self.position = base + at
        return records

    def _joined(self, kind: int, part: bytes) -> bytes | None:
        """The record that ends with `part`, None where it goes on. A part without its beginning is passed over."""
        if kind in (FULL, FIRST):
            if self._open:
                self._give_up()
            if kind == FULL:
                return part
            self._open = True
        elif not self._open:
            return None
        self._begun += part
        if len(self._begun) > MAX_RECORD_BYTES:
            self._give_up()
            return None
        return self._finished() if kind == LAST else None

    def _finished(self) -> bytes:
        record = bytes(self._begun)
        self._begun, self._open = bytearray(), False
        return record

    def _give_up(self) -> None:
        self.damaged += 1
        self._begun, self._open = bytearray(), False
