"""Collects the scalars of a piece of SwanLab's log, metric by metric, and moves them into columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.series import Floats
from astuner_nb.store.columns import Column
from astuner_nb.trackers.wire.points import FirstWins, add
from astuner_nb.trackers.wire.protobuf import Message

T = TypeVar("T")
Digits = NDArray[np.uint8]
"""(n, STAMP_BYTES)"""
Flags = NDArray[np.bool_]
"""(n, STAMP_BYTES), whether a varint goes on behind this byte."""

STAMP_BYTES = 16
"""Room for one time as it stands in a record: a Timestamp message of now has 12 bytes at most."""


class Slot(Generic[T]):
    """The points of one metric that are not in its column yet, values and times as they stand in the file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[int] = []
        self.values: list[T] = []
        self.times: list[T] = []
        self._first_wins = FirstWins()

    def flush(self, columns: dict[str, Column], value: Floats, time: Floats) -> None:
        """Move the points to the column of the metric; of those of one step the first stands.

        Args:
            columns: where that is, or comes.
            value: (n,) float64, what stands in `values`.
            time: (n,) float64, what stands in `times`.
        """
        step = np.array(self.steps, dtype=np.float64)
        if (new := self._first_wins.pick(step)) is not None:
            step, value, time = step[new], value[new], time[new]
        if len(step):
            add(columns, self.name, step, value, time)
        self.steps.clear()
        self.values.clear()
        self.times.clear()


def doubles(values: Sequence[bytes]) -> Floats:
    """(n,) float64 of little-endian doubles."""
    return np.frombuffer(b"".join(values), "<f8").astype(np.float64)


def seconds(stamps: Sequence[bytes]) -> Floats:
    """(n,) float64, seconds since 1970 of `Timestamp` messages {seconds = 1, nanos = 2}; NaN for what is none."""
    if max(map(len, stamps), default=0) <= STAMP_BYTES:
        padded = b"".join([stamp.ljust(STAMP_BYTES, b"\0") for stamp in stamps])
        digits: Digits = np.frombuffer(padded, np.uint8).reshape(-1, STAMP_BYTES)
        more = digits > 0x7F
        if _is_usual(digits, more):
            return _varints(digits, more, 1) + _varints(digits, more, 7) * 1e-9
    return np.array([_second(stamp) for stamp in stamps], dtype=np.float64)


def _is_usual(digits: Digits, more: Flags) -> bool:
    """Whether all messages are field 1 of five bytes (true from 1978 to 2514), then field 2 or nothing."""
    nanos = digits[:, 6]
    return bool(
        (digits[:, 0] == 0x08).all()
        and more[:, 1:5].all()
        and not more[:, 5].any()
        and ((nanos == 0x10) | (nanos == 0)).all()
        and not more[:, 11].any()
    )


def _varints(digits: Digits, more: Flags, at: int) -> Floats:
    """(n,) float64, the varints of up to five bytes that begin at column `at`."""
    value = np.zeros(len(digits), dtype=np.int64)
    goes_on = np.ones(len(digits), dtype=np.bool_)
    for place in range(5):
        value |= np.where(goes_on, (digits[:, at + place] & 0x7F).astype(np.int64) << (7 * place), 0)
        goes_on &= more[:, at + place]
    return value.astype(np.float64)


def _second(stamp: bytes) -> float:
    try:
        message = Message(stamp)
        return message.integer(1) + message.integer(2) * 1e-9 if stamp else np.nan
    except ValueError:
        return np.nan
