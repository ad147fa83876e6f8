"""One run that is followed, of any source: how far it was read, under which names, and what a turn finds of it.

The monitor decides when; what is read of a run, and what takes the place of what, stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import StoreError, TrackerError
from astuner_nb.core.protocols import Chunk, Job, JobStatus, Run, Tail
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.store.cached_tail import CachedTail
from astuner_nb.store.compact import compact_if_worth
from astuner_nb.store.tail import MetricsTail
from astuner_nb.trackers.run import FileTail


@dataclass
class Followed:
    """A run of any source, the handle on its job where it has one, and how far it was read."""

    run: Run
    job: Job | None
    """None for a run that a tracker keeps: it can be watched, not stopped."""
    tail: Tail
    status: JobStatus
    metrics: tuple[str, ...] | None = None
    """What its tail was opened for: canonical names or own keys; None for what such a tail reads by itself."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Canonical metric → the key under which this run has it, also where that was not asked for."""
    wider: tuple[Tail, tuple[str, ...]] | None = None
    """A tail for more metrics, and these: it takes the place of the first once it has caught up."""
    settled: bool = False
    """Whether it has ended and was read to its end: nothing more is expected of it."""
    trouble: str = ""
    """Why it could not be read in the last turn."""
    looked_at: float = 0.0
    """When it had its last turn, monotonic seconds."""
    _growths: int = field(default=0, repr=False)
    _shown: tuple[int, History] | None = field(default=None, repr=False)
    """The history after so many growths."""

    @property
    def quiet(self) -> bool:
        """Whether little is expected of it: it has settled, or it is lost and was read as far as it goes."""
        lost = self.status.state is RunState.LOST and self.tail.caught_up and self.wider is None
        return self.settled or lost

    @property
    def history(self) -> History:
        """All that was read of it so far, under canonical names where there is one. Asking again costs nothing."""
        growths, shown = self._growths, self._shown  # first: what is read meanwhile makes it anew the next time
        if shown is None or shown[0] != growths:
            self._shown = shown = growths, _under_names(self.tail.history, self.canonical)
        return shown[1]

    @property
    def canonical(self) -> Mapping[str, str]:
        """`names`, settled by the keys that are known now."""
        keys = self.tail.keys if isinstance(self.tail, CachedTail) else tuple(self.tail.history)
        return _canonical(self.run.aliases, keys)

    @property
    def there(self) -> list[str]:
        """All metrics it is known to have, under canonical names where there is one, those that nobody read too."""
        unread = self.tail.keys if isinstance(self.tail, CachedTail) else ()
        shown = {key: name for name, key in self.canonical.items()}
        return list(dict.fromkeys([*self.history, *(shown.get(key, key) for key in unread)]))

    def grew(self) -> None:
        """Have `history` made anew. Called once its tail has read something, by whoever polled it."""
        self._growths += 1

    @property
    def shown_names(self) -> dict[str, str]:
        """The run's own key → the canonical name under which it is shown."""
        return {key: name for name, key in self.names.items()}


@dataclass
class Turn:
    """What one turn found: the difference from the turn before. Runs are named by their `key`."""

    added: list[Run] = field(default_factory=list)
    """Runs followed since."""
    restarted: set[str] = field(default_factory=set)
    """Runs whose earlier points are no longer valid: a log was replaced, or their metrics are others or more now."""
    grown: dict[str, Mapping[str, Chunk]] = field(default_factory=dict)
    """Run → metric, under its canonical name where there is one → the points that are new."""
    changed: dict[str, JobStatus] = field(default_factory=dict)
    """Run → its new status, where it is another than before."""
    troubled: dict[str, str] = field(default_factory=dict)
    """Run → why it can no longer be read; empty where it can again."""
    problems: list[str] = field(default_factory=list)
    """Sentences about commands that could not be carried out."""

    def __bool__(self) -> bool:
        return bool(self.added or self.restarted or self.grown or self.changed or self.troubled or self.problems)


def look_at(key: str, followed: Followed, turn: Turn, budget_s: float) -> None:
    """Tell `turn` what is new. Status first, then the log: what an ended job wrote last is then surely read."""
    status = followed.job.poll() if followed.job else followed.tail.status()
    if status != followed.status:
        followed.status = turn.changed[key] = status
    trouble = ""
    try:
        _read(key, followed, turn, budget_s)
    except (StoreError, TrackerError) as error:
        trouble = str(error)
        followed.grew()  # perhaps, before that happened
    if followed.trouble != trouble:  # said once, not ten times a second
        followed.trouble = turn.troubled[key] = trouble


def _read(key: str, followed: Followed, turn: Turn, budget_s: float) -> None:
    tail, state = followed.tail, followed.status.state
    before = tail.generation, tail.caught_up
    news = tail.poll(budget_s)
    if news or before != (tail.generation, tail.caught_up):
        followed.grew()
    if tail.generation != before[0]:
        turn.restarted.add(key)
    if news:
        turn.grown[key] = _named(key, followed, news, turn)
    ended = state.ended and state is not RunState.LOST
    if isinstance(tail, MetricsTail) and compact_if_worth(tail, ended=ended) and ended:
        _slim(followed, budget_s)
    _read_wider(key, followed, turn, budget_s)
    followed.settled = ended and followed.tail.caught_up and not news and followed.wider is None


def _named(key: str, followed: Followed, news: Mapping[str, Chunk], turn: Turn) -> Mapping[str, Chunk]:
    """`news` under canonical names. Where a preferred key came late, the run begins anew under its new names."""
    if any(chunk.start == 0 for chunk in news.values()):  # a key that was not there before
        names = followed.canonical
        before, followed.names = followed.names, names
        if any(names.get(name) != known for name, known in before.items()):
            turn.restarted.add(key)
            return whole(followed.history)
    shown = followed.shown_names
    return {shown.get(key, key): chunk for key, chunk in news.items() if key in shown or key not in followed.names}


def widen(followed: Followed, wanted: tuple[str, ...]) -> None:
    """Have the tail of `followed` replaced where it does not bring all that is `wanted`."""
    if _brings_all(followed.tail):
        followed.metrics = None if followed.metrics is None else together(followed.metrics, wanted)
        return
    asked = followed.metrics if followed.wider is None else followed.wider[1]
    if asked is None:  # a server is asked for canonical metrics then, or for the first there are
        asked = together(tuple(followed.run.aliases.metrics), tuple(followed.tail.history))
    if set(wanted) <= set(asked):
        return
    more = together(asked, wanted)
    tail = followed.run.tail(more)
    if followed.tail.caught_up or followed.tail.history:
        followed.wider, followed.settled = (tail, more), False
    else:
        followed.tail, followed.metrics = tail, more


def _read_wider(key: str, followed: Followed, turn: Turn, budget_s: float) -> None:
    """Read on in the second tail, where there is one; caught up, it takes the first one's place."""
    if followed.wider is None:
        return
    tail, metrics = followed.wider
    tail.poll(budget_s)
    if tail.caught_up:
        followed.tail, followed.metrics, followed.wider = tail, metrics, None
        followed.names = followed.canonical
        followed.grew()
        turn.restarted.add(key)
        turn.grown[key] = whole(followed.history)


def _slim(followed: Followed, budget_s: float) -> None:
    """Let go of the metrics that nobody asked for, now that a cache could bring them."""
    if followed.metrics is None:
        return
    tail = followed.run.tail(followed.metrics)
    tail.poll(budget_s)
    if not _brings_all(tail):
        followed.tail = tail
        followed.grew()


def _brings_all(tail: Tail) -> bool:
    """Whether it reads all metrics of its run, whatever it was opened for."""
    return tail.whole if isinstance(tail, CachedTail) else isinstance(tail, MetricsTail | FileTail)


def together(*metrics: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, in this order."""
    return tuple(dict.fromkeys(name for part in metrics for name in part))


@lru_cache(maxsize=256)
def _canonical(names: Aliases, keys: tuple[str, ...]) -> Mapping[str, str]:
    """`names.canonical`, remembered: the runs of one sweep have the same keys."""
    return MappingProxyType(names.canonical(keys))


def _under_names(history: History, names: Mapping[str, str]) -> History:
    """`Aliases.canonicalised`, where `names` were settled by all keys of the run: `history` may be a part of them."""
    shown = {key: name for name, key in names.items()}
    found = {shown.get(key, key): key for key in history if key in shown or key not in names}
    return replace(history, series={name: history[key].renamed(name) for name, key in found.items()})


def whole(history: History) -> dict[str, Chunk]:
    """All of it, as if it were new."""
    return {name: Chunk(0, series.step, series.value, series.time) for name, series in history.items()}
