"""Follows some metrics of a run: of one that has ended their columns in its cache are read, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from weakref import WeakValueDictionary
from zlib import crc32

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.store.cache import load_whole
from astuner_nb.store.column_file import Columns
from astuner_nb.store.columns import Column
from astuner_nb.store.growth import Growth
from astuner_nb.store.tail import MetricsTail

Choose = Callable[[Sequence[str]], Collection[str]]
"""Given the names of all metrics of a run, says which are wanted."""


class CachedTail(MetricsTail):
    """A `MetricsTail` that looks first whether the run has ended and its cache reaches to the end of its log.

    There it has the wanted columns after one poll and is caught up. Everywhere else (the run goes on, there is no
    cache, it is damaged, the log grew later after all) the log is read, and all of its metrics with it.

    Args:
        path: the log; its cache stands beside it.
        choose: says which metrics are wanted, once it is known which there are.
    """

    def __init__(self, path: str | os.PathLike[str], choose: Choose) -> None:
        super().__init__(path)
        self.whole = False
        """Whether all of its metrics are read; False before the first poll and where the columns did."""
        self._choose = choose
        self._names: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All metrics that the run is known to have, those included that nobody wanted."""
        return tuple(self._columns) if self.whole else self._names

    def _read(self, deadline: float) -> None:
        if not self.whole:
            seen = _seen(self.path)
            if self.caught_up and seen == self._seen:
                return
            if self.caught_up:
                Growth._forget(self)  # a log that grew, or another one: the other metrics have points as well now
            elif self._load():
                self.caught_up, self._seen = True, seen
                return
            self.whole, self._seen = True, ()
        super()._read(deadline)

    def _load(self) -> bool:
        """Whether the wanted columns could be had from the cache."""
        if not self.status().state.ended:  # first: what an ended run wrote last is surely in its log then
            return False
        columns = load_whole(os.fspath(self.path.with_suffix(".npz")), os.fspath(self.path), self._noted)
        if columns is not None:
            self._columns = _as_columns(columns)
        return columns is not None

    def _noted(self, names: Sequence[str]) -> Collection[str]:
        self._names = tuple(names)
        return set(self._choose(names))


_steps: WeakValueDictionary[tuple[int, int], Floats] = WeakValueDictionary()  # (length, checksum) → steps in use
"""Runs of one sweep log at the same steps: a thousand of them need one array. What nobody holds leaves by itself."""


def _as_columns(columns: Columns) -> dict[str, Column]:
    shared = {id(step): _shared(step) for step, _, _ in columns.values()}
    return {name: Column(shared[id(step)], value, at) for name, (step, value, at) in columns.items()}


def _shared(step: Floats) -> Floats:
    """`step`, or an array with the same bits that another run already holds."""
    other = _steps.setdefault((len(step), crc32(step.data)), step)
    return other if np.array_equal(other.view(np.int64), step.view(np.int64)) else step


def _seen(path: Path) -> tuple[int, ...]:
    """Which file stands in `path` and how far it was written; empty where that cannot be told."""
    try:
        stat = os.stat(path)
    except OSError:
        return ()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
