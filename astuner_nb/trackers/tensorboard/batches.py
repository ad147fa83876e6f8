"""Many records at once: those that look like one another, but for their numbers, are read by numpy in one go.

A run logs the same tags again and again, so that its records fall into a few shapes. Of each shape the first is parsed;
the places of its wall time, step and values then hold for all others whose remaining bytes are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from astuner_nb.core.series import Floats
from astuner_nb.trackers.tensorboard.records import Event, parse

Bytes = NDArray[np.uint8]
Indices = NDArray[np.intp]
Piece = tuple[Indices, Floats, Floats, Floats]
"""Some points of a tag: the record each stands in, its step, value and wall time."""

_ROUNDS = 32
"""How many shapes of one length are told apart; what is left is parsed record by record."""


class Batch:
    """The points in some records. Order is kept within each tag.

    Args:
        data: what the records stand in.
        starts: where each begins.
        lengths: their lengths.
        plugins: tag → plugin as learned so far, of this run.
    """

    def __init__(self, data: bytes, starts: Sequence[int], lengths: Sequence[int], plugins: dict[str, str]) -> None:
        self.hparams: list[tuple[float, bytes]] = []
        """Wall time and message of what the plugin `hparams` wrote."""
        self.damaged = 0
        """Records that are no messages."""
        self._data, self._bytes, self._plugins = data, np.frombuffer(data, np.uint8), plugins
        self._starts, self._lengths = np.array(starts, np.intp), np.array(lengths, np.intp)
        self._pieces: dict[str, list[Piece]] = {}
        self._singles: dict[str, list[tuple[int, float, float, float]]] = {}
        self._undecided: list[int] = []
        for length in np.unique(self._lengths):
            self._read_equally_long(np.flatnonzero(self._lengths == length), int(length))
        for record in self._undecided:  # by now all plugins are known that these records name
            self._read_one(record, decided=True)

    def columns(self) -> dict[str, tuple[Floats, Floats, Floats]]:
        """Tag → step, value and wall time of its points, each (n,) float64; in the order of their first records."""
        pieces = self._pieces
        for tag, rows in self._singles.items():
            rows.sort(key=itemgetter(0))  # records of one length were read after another
            record, *floats = zip(*rows, strict=True)
            step, value, time = (np.array(column, np.float64) for column in floats)
            pieces.setdefault(tag, []).append((np.array(record, np.intp), step, value, time))
        first = {tag: min(int(piece[0][0]) for piece in found) for tag, found in pieces.items()}
        return {tag: _joined(pieces[tag]) for tag in sorted(pieces, key=first.__getitem__)}

    def _read_equally_long(self, records: Indices, length: int) -> None:
        rounds = 0
        while len(records) > 1 and rounds < _ROUNDS:
            if (shape := self._shape(int(records[0]))) is None:
                self._read_one(int(records[0]))
                records = records[1:]
            else:
                records = self._read_similar(shape, records, length)
                rounds += 1
        for record in records:
            self._read_one(int(record))

    def _read_similar(self, shape: _Shape, records: Indices, length: int) -> Indices:
        """Read those of `records` whose numbers stand where they stand in `shape`. Returns the others."""
        rows = _rows(self._bytes, self._starts[records], length)
        left = []
        for group in _groups(rows & shape.mask):
            if len(group) == 1:
                self._read_one(int(records[group[0]]))
            elif (own := self._shape(int(records[group[0]]))) is None:
                for index in group:
                    self._read_one(int(records[index]))
            elif not np.array_equal(own.mask, shape.mask):
                left.append(records[group])
            else:
                self._read_group(own.event, records[group], rows[group])
        return np.sort(np.concatenate(left)) if left else records[:0]

    def _read_group(self, event: Event, records: Indices, rows: Bytes) -> None:
        step = _varints(rows[:, slice(*event.step_span)]).astype(np.float64)
        time = _numbers(rows, event.wall_time_at, "<f8")
        for scalar in event.scalars:
            piece = (records, step, _numbers(rows, scalar.at, scalar.dtype), time)
            self._pieces.setdefault(scalar.tag, []).append(piece)

    def _read_one(self, record: int, decided: bool = False) -> None:
        if (event := self._parsed(record)) is None:
            self.damaged += 1
            return
        if event.undecided and not decided:
            self._undecided.append(record)
            return
        for scalar in event.scalars:
            row = (record, float(event.step), scalar.value, event.wall_time)
            self._singles.setdefault(scalar.tag, []).append(row)
        self.hparams += [(event.wall_time, content) for content in event.hparams]

    def _shape(self, record: int) -> _Shape | None:
        """The shape of a record; None where it holds anything but numbers of fixed length."""
        event = self._parsed(record)
        if event is None or event.wall_time_at < 0 or not event.scalars:
            return None
        if event.hparams or event.strange or any(scalar.at < 0 for scalar in event.scalars):
            return None
        return _Shape(event, _mask(event, int(self._lengths[record])))

    def _parsed(self, record: int) -> Event | None:
        start = int(self._starts[record])
        try:
            return parse(self._data[start : start + int(self._lengths[record])], self._plugins)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class _Shape:
    event: Event
    mask: Bytes
    """(length,): 0 for bytes of numbers, 128 for those of the step, which must end where it ends, 255 for others."""


def _mask(event: Event, length: int) -> Bytes:
    mask = np.full(length, 0xFF, np.uint8)
    mask[slice(*event.step_span)] = 0x80
    mask[event.wall_time_at : event.wall_time_at + 8] = 0
    for scalar in event.scalars:
        mask[scalar.at : scalar.at + np.dtype(scalar.dtype).itemsize] = 0
    return mask


def _rows(data: Bytes, starts: Indices, length: int) -> Bytes:
    """(n, length): the bytes of the records that begin at `starts`."""
    windows = as_strided(data, (len(data) - length + 1, length), (1, 1), writeable=False)
    return windows[starts]


def _groups(bare: Bytes) -> list[Indices]:
    """The indices of equal rows of `bare`, (n, length)."""
    if (bare == bare[0]).all():
        return [np.arange(len(bare))]
    groups: dict[bytes, list[int]] = {}
    for index, key in enumerate(bare.view(f"V{bare.shape[1]}").ravel().tolist()):
        groups.setdefault(key, []).append(index)
    return [np.array(group, np.intp) for group in groups.values()]


def _numbers(rows: Bytes, at: int, dtype: str) -> Floats:
    """The numbers that stand at byte `at` of each row, (n,) float64."""
    kind = np.dtype(dtype)
    numbers = np.ascontiguousarray(rows[:, at : at + kind.itemsize]).view(kind).ravel()
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        return numbers.astype(np.float64)


def _varints(rows: Bytes) -> NDArray[np.int64]:
    """The int64 in each row of `rows`, (n, length of the varint)."""
    value = np.zeros(len(rows), np.uint64)
    for index in range(rows.shape[1]):
        value |= (rows[:, index] & 0x7F).astype(np.uint64) << np.uint64(7 * index)
    return value.view(np.int64)


def _joined(pieces: list[Piece]) -> tuple[Floats, Floats, Floats]:
    """The points of all `pieces` in the order of their records."""
    if len(pieces) == 1:
        return pieces[0][1:]
    record, step, value, time = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    order = np.argsort(record, kind="stable")
    return step[order], value[order], time[order]
