"""A run on a server: which keys it has, one request for its curves, kept on disk once it has ended."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.trackers.cloud_tail import CloudTail
from astuner_nb.trackers.history_cache import HistoryCache, Kept
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import TrackedRun

FIRST = 6
"""How many metrics of a run without canonical ones are followed."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CloudRun(TrackedRun):
    """A run that a server keeps. What each vendor adds are `keys`, `fetch` and `refreshed`."""

    cache: HistoryCache
    """Where curves of ended runs are kept."""

    @abstractmethod
    def keys(self, patience: Patience) -> Sequence[str]:
        """The keys of its scalars, system metrics left out. One request at most. Raises `TrackerError`."""

    @abstractmethod
    def fetch(self, keys: Sequence[str], limit: float | None, patience: Patience) -> History:
        """The curves of `keys`, in as few requests as the server allows; `limit` as in `read`. Raises `TrackerError`.

        A key that the run does not have is left out. `sampled` says whether the server left out points.
        """

    @abstractmethod
    def refreshed(self, patience: Patience) -> Self:
        """The same run as the server describes it now. Raises `TrackerError`, `NotFound` where it was deleted."""

    def read(self, metrics: Sequence[str] | None, limit: float | None, patience: Patience) -> History:
        """The curves of `metrics`: from the disk where the run has ended and was read before, else from the server."""
        kept = self.cache.get(self.key, limit) if self._is_over else None
        kept = kept or Kept(tuple(self.keys(patience)), frozenset(), History({}))
        names = {key: key for key in kept.keys} if metrics is None else self.aliases.resolve(kept.keys, metrics)
        missing = [key for key in dict.fromkeys(names.values()) if key not in kept.fetched]
        if missing:
            kept = kept.with_fetched(missing, self.fetch(missing, limit, patience).deduplicated())
            if self._is_over:
                self.cache.put(self.key, limit, kept)
        found = {name: kept.history[key].renamed(name) for name, key in names.items() if key in kept.history}
        return History(found, kept.history.sampled)

    def tail(self, metrics: Sequence[str] | None = None) -> CloudTail:
        """What asks the server for `metrics` now and then while the run goes on, and once where it has ended."""
        return CloudTail(self, metrics)

    def canonical_part(self, patience: Patience) -> tuple[str, ...]:
        """The canonical metrics; of a run that has none of them its first keys."""
        keys = self.keys(patience)
        return tuple(self.aliases.canonical(keys)) or tuple(keys[:FIRST])

    @property
    def _is_over(self) -> bool:
        """Whether nothing can be added to it any more; a `lost` run may come back."""
        return self.state.ended and self.state is not RunState.LOST
