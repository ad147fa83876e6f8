"""What grows while it is followed: the columns of one run, and which of their points are new since the last look."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

from astuner_nb.core.protocols import Chunk
from astuner_nb.core.series import History, Series
from astuner_nb.store.columns import Column


class Growth(ABC):
    """The curves of one run as far as they were read. Subclasses append to `_columns` in `_read`.

    When what was read is no longer valid (a log was truncated or replaced), a subclass calls `_forget()`: that is a new
    generation, and the chunks of that poll start at 0.
    """

    def __init__(self) -> None:
        self.generation = 0
        """How often everything read before became invalid."""
        self.caught_up = False
        """Whether the last poll read all there was."""
        self._columns: dict[str, Column] = {}

    @property
    def history(self) -> History:
        """All that was read, as views: cheap at any length."""
        return History({name: Series(name, *column.view()) for name, column in self._columns.items()})

    def poll(self, budget_s: float = 0.5) -> dict[str, Chunk]:
        """Metric → its points that are new since the last poll; empty where there are none.

        Reads for about `budget_s` seconds at most; where `caught_up` is False then, the next poll goes on. A torn
        last record waits until it is whole, a missing file is an empty one.

        Raises:
            StoreError, TrackerError: where there is something that cannot be read.
        """
        starts, generation = {name: len(column) for name, column in self._columns.items()}, self.generation
        self._read(time.monotonic() + budget_s)
        if self.generation != generation:
            starts = {}
        return {
            name: Chunk(start, *column.view(start))
            for name, column in self._columns.items()
            if len(column) > (start := starts.get(name, 0))
        }

    def read_all(self) -> History:
        """The history up to the end that the file has now."""
        self.poll()
        while not self.caught_up:
            self.poll()
        return self.history

    @abstractmethod
    def _read(self, deadline: float) -> None:
        """Read on until the end or about `deadline` (`time.monotonic()`), and say in `caught_up` which it was."""

    def _forget(self) -> None:
        self.generation += 1
        self._columns = {}
