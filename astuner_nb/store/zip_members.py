"""Arrays of an uncompressed `.npz`, each by one read at its place; `numpy.load` makes dozens and parses as often.

Format: end record → directory entries (name, place, size, CRC) → local header → `.npy` header → data (APPNOTE.TXT of
PKWARE, 4.3; numpy.lib.format). Only what `numpy.savez` writes is read here. Whatever else there is raises `ValueError`
or `KeyError`, and numpy has to say what it makes of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from struct import Struct
from typing import NamedTuple
from zlib import crc32

import numpy as np

END = Struct("<4s4H2LH")
ENTRY = Struct("<4s6H3L5H2L")
LOCAL_BYTES = 30
"""A local header, without the name behind it."""
TAIL_BYTES = 4 << 10
"""What is read of the file's end at first: the directory of about 75 arrays."""
EXTRA_BYTES = 20
"""The field behind a local header in which `numpy.savez` allows for sizes beyond 4 GB."""
NPY_BYTES = 128
"""The `.npy` header of a one-dimensional array."""


class Member(NamedTuple):
    """One file in the archive."""

    start: int
    """Where its local header is."""
    size: int
    """Bytes of its `.npy` header and data."""
    crc: int


def directory(descriptor: int) -> dict[str, Member]:
    """Name → member. Raises `ValueError` for an archive of another kind."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES))
    if len(tail) < END.size:
        raise ValueError("too short for an archive")
    end = len(tail) - END.size
    signature, *_, length, offset, _ = END.unpack_from(tail, end)
    _demand(signature == b"PK\5\6" and offset + length + END.size == size, "end record")
    return _entries(tail[end - length : end] if length <= end else os.pread(descriptor, length, offset), offset)


def read_array(descriptor: int, members: Mapping[str, Member], name: str, kind: str) -> np.ndarray:
    """The array `name`, one-dimensional and of `kind` (`<f8`, `|u1`), its checksum compared.

    Raises `KeyError` where there is none, `ValueError` where it is damaged or of another kind.
    """
    member, title = members[f"{name}.npy"], f"{name}.npy".encode()
    before = LOCAL_BYTES + len(title) + EXTRA_BYTES
    count, rest = divmod(member.size - NPY_BYTES, np.dtype(kind).itemsize)
    _demand(count >= 0 and rest == 0, "size")
    head, array = bytearray(before + NPY_BYTES), np.empty(count, dtype=kind)
    _demand(os.preadv(descriptor, [head, array.data], member.start) == before + member.size, "length")
    _demand(head[LOCAL_BYTES : LOCAL_BYTES + len(title)] == title, "name")
    _demand(head[before:] == _npy_header(kind, count), "kind of array")
    _demand(crc32(array.data, crc32(head[before:])) == member.crc, "checksum")
    return array


def _entries(text: bytes, limit: int) -> dict[str, Member]:
    """The members that the directory `text` lists; all of them must end before `limit`."""
    found, at, end = {}, 0, len(text)
    while at + ENTRY.size <= end:
        signature, _, _, _, method, _, _, crc, _, size, title, extra, comment, *_, start = ENTRY.unpack_from(text, at)
        _demand(signature == b"PK\1\2" and method == 0, "directory entry")
        _demand(start + size <= limit, "size")  # before so much memory is asked for
        at += ENTRY.size
        found[text[at : at + title].decode("ascii")] = Member(start, size, crc)
        at += title + extra + comment
    return found


def _npy_header(kind: str, length: int) -> bytes:
    """How `numpy.lib.format` begins an array of version 1.0."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({length},), }}"
    return b"\x93NUMPY\x01\x00v\x00" + text.encode().ljust(NPY_BYTES - 11) + b"\n"


def _demand(right: bool, what: str) -> None:
    if not right:
        raise ValueError(f"not as numpy.savez writes it: {what}")
