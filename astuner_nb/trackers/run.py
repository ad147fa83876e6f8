"""Runs of a tracker: a description, and where its curves come from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.protocols import JobStatus, Tail
from astuner_nb.core.run import RunInfo
from astuner_nb.core.series import History, checked_points
from astuner_nb.store.growth import Growth
from astuner_nb.trackers.patience import Patience

TIMEOUT_S = 60.0
"""How long a history may take where nobody says otherwise."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackedRun(RunInfo, ABC):
    """A run that another tracker or a file keeps. Read only."""

    aliases: Aliases = field(default_factory=aliases)
    """How its metrics and hyper-parameters are called here."""

    def history(
        self,
        metrics: Sequence[str] | None = None,
        max_points: int | str | None = None,
        *,
        patience: Patience | None = None,
    ) -> History:
        """Its curves; ragged: each metric keeps the steps at which it was logged, each step once.

        Args:
            metrics: canonical names (`reward`, `kl`, …) or the tracker's own keys; those it does not have are left
                out. All of its scalars, under its own keys, where not given.
            max_points: about how many points a metric may have, ≥ 4; its extremes are kept. "all" for every point.
                Where not given, all points of a file, and of a server what its sampling gives (about 1,500).
            patience: how long to wait and whom to tell; a minute where not given.

        Raises:
            TrackerError: one of its kinds, in one sentence, within the deadline.
            BadValue: for a `max_points` that is none.
        """
        limit = checked_points(max_points)
        history = self.read(metrics, limit, patience or Patience(TIMEOUT_S, self.key))
        return history if limit is None or math.isinf(limit) else history.thinned(int(limit))

    @abstractmethod
    def read(self, metrics: Sequence[str] | None, limit: float | None, patience: Patience) -> History:
        """The curves as the source has them: `limit` None is its own default, infinite is all, else at least that."""

    @abstractmethod
    def tail(self, metrics: Sequence[str] | None = None) -> Tail:
        """What follows it as it grows. A server is asked for `metrics` alone, the canonical ones where not given."""

    def with_aliases(self, names: Aliases) -> Self:
        """The same run, its metrics called by another table."""
        return replace(self, aliases=names)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, TrackedRun) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.project!r} {self.name!r} of {self.source}: {self.state}>"


class FileTail(Growth):
    """Follows one run in a tracker's files. Subclasses read on in `_read` and say in `status` what they found."""

    @abstractmethod
    def status(self) -> JobStatus:
        """Where the run stands, as of the last poll."""

    @property
    def damage(self) -> str:
        """What of its files is damaged and was passed over so far, a sentence; empty where nothing is."""
        return ""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FileRun(TrackedRun):
    """A run in files: its history is what its tail reads to the end."""

    open_tail: Callable[[], FileTail]

    def read(self, metrics: Sequence[str] | None, limit: float | None, patience: Patience) -> History:
        """All points of `metrics`, in the order in which they count: of those at one step the last stands."""
        tail = self.tail()
        while not tail.caught_up:
            tail.poll()
            patience.check(f"reading {self.name}")
        history = self.in_order(self.aliases.pick(tail.history, metrics))
        return replace(history.deduplicated(), damage=tail.damage)

    def in_order(self, history: History) -> History:
        """`history` with the points of each series in the order in which they count; as they were read by default."""
        return history

    def tail(self, metrics: Sequence[str] | None = None) -> FileTail:
        """A new cursor at the beginning of its files."""
        return self.open_tail()
