"""The one holder of session state in the kernel: which runs are followed, how far each was read, what to do next.

`step()` does one turn: carry out the commands that widgets left, read what the jobs wrote, look at their states, and
hand the difference to whoever listens. A thread calls it ten times a second; a test calls it by hand. Nothing here
knows a widget, and nothing prints: from a thread that would land in whatever cell runs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import AstunerError, JobError, StoreError, TrackerError
from astuner_nb.core.protocols import Chunk, Job, JobStatus, Launcher, Run, Tail
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.store.cached_tail import CachedTail
from astuner_nb.store.compact import compact_if_worth
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.store.tail import MetricsTail
from astuner_nb.trackers.run import FileTail

BUSY_S, IDLE_S = 0.1, 1.0
"""Seconds between two turns: while something is running, and while nothing is."""
LOST_S = 1.0
"""Seconds between two looks at a run that is probably over but may come back."""
TURN_S = 0.3
"""About how long one turn reads at most; what is left over waits for the next one."""

Command = Callable[[], object]
Unlink = Callable[[], None]


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


Listener = Callable[[Turn], None]


class Monitor:
    """Follows runs. All of its state is changed by `step()` alone, under one lock."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._followed: dict[str, Followed] = {}
        self._listeners: list[Listener] = []
        self._commands: deque[Command] = deque()
        self._wanted: tuple[str, ...] = ()
        self._arrivals: deque[tuple[Run, Job | None, Sequence[str] | None]] = deque()
        self._turning = threading.RLock()
        self._wake = threading.Event()
        self._hurried = False
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def followed(self) -> dict[str, Followed]:
        """Key of a run → what is known of it, as of the last turn."""
        return dict(self._followed)

    def follow(self, run: Run, job: Job | None = None, metrics: Sequence[str] | None = None) -> None:
        """Read `run` from the next turn on. Following twice is harmless.

        Args:
            run: of any source.
            job: of a run of ours, attached where it is not given.
            metrics: what a server is asked for, or a cache of ours; canonical metrics, or all, where not given.
        """
        self._arrivals.append((run, job, metrics))
        self._wake.set()

    def widen(self, metrics: Sequence[str]) -> None:
        """Have `metrics` (canonical names or own keys) read too, of every run that is followed or will be.

        A run whose tail brings less is read once more, with these; its earlier points stand until that has caught up,
        then the run is told as `restarted`, with all of its points. May be called from any thread.
        """
        wanted = tuple(metrics)
        self.enqueue(lambda: self._widen(wanted))

    def enqueue(self, command: Command) -> None:
        """Have `command` carried out in the next turn. What a widget's observer calls, and all it does."""
        self._commands.append(command)
        self._wake.set()

    def hurry(self) -> None:
        """Take the next turn as soon as while something runs. For a listener that has put off a part of its work."""
        self._hurried = True

    def listen(self, listener: Listener, *, replay: bool = False) -> Unlink:
        """Call `listener` with every turn, also with an empty one: there it does what it put off.

        With `replay` it is first told all that was found so far, as one turn. Returns what ends the listening.
        """
        with self._turning:
            if replay:
                listener(self._so_far())
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def step(self) -> Turn:
        """One turn. Returns what it found, after the listeners have seen it."""
        with self._turning:
            turn = Turn()
            self._carry_out_commands(turn)
            self._welcome_arrivals(turn)
            self._look_at_runs(turn)
            for listener in tuple(self._listeners):
                listener(turn)
            return turn

    def start(self) -> None:
        """Take turns in a thread of its own until `close()`. Starting twice is harmless."""
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._live, name="astuner-monitor", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread and let go of every handle. The jobs themselves go on."""
        self._closing = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None
        with self._turning:
            for followed in self._followed.values():
                if followed.job is not None:
                    followed.job.close()
            self._followed.clear()
            self._listeners.clear()

    def _live(self) -> None:
        while not self._closing:
            self._hurried = False
            turn = self._step_or_tell()
            busy = turn or self._hurried or any(not followed.quiet for followed in self._followed.values())
            self._wake.wait(BUSY_S if busy else IDLE_S)
            self._wake.clear()

    def _step_or_tell(self) -> Turn:
        """A turn; an error nobody foresaw is told to the listeners instead of ending the thread unseen."""
        try:
            return self.step()
        except Exception as error:
            turn = Turn(problems=[f"Something unforeseen happened while following the runs: {error!r}."])
            for listener in tuple(self._listeners):
                with suppress(Exception):
                    listener(turn)
            return turn

    def _so_far(self) -> Turn:
        turn = Turn()
        for key, followed in self._followed.items():
            turn.added.append(followed.run)
            turn.changed[key] = followed.status
            turn.grown[key] = _whole(followed.history)
            if followed.trouble:
                turn.troubled[key] = followed.trouble
        return turn

    def _carry_out_commands(self, turn: Turn) -> None:
        while self._commands:
            try:
                self._commands.popleft()()
            except AstunerError as error:
                turn.problems.append(str(error))

    def _widen(self, metrics: tuple[str, ...]) -> None:
        self._wanted = _together(self._wanted, metrics)
        for followed in self._followed.values():
            _widen(followed, self._wanted)

    def _welcome_arrivals(self, turn: Turn) -> None:
        while self._arrivals:
            run, job, metrics = self._arrivals.popleft()
            if run.key in self._followed:
                continue
            try:
                followed = self._opened(run, job, None if metrics is None else tuple(metrics))
            except JobError as error:  # it was removed since it was listed
                turn.problems.append(str(error))
                continue
            _widen(followed, self._wanted)
            self._followed[run.key] = followed
            turn.added.append(run)
            turn.changed[run.key] = followed.status

    def _opened(self, run: Run, job: Job | None, metrics: tuple[str, ...] | None) -> Followed:
        if job is None and isinstance(run, StoredRun):
            job = self._launcher.attach(run.directory)
        tail = run.tail(metrics)
        return Followed(run, job, tail, job.poll() if job else tail.status(), metrics)

    def _look_at_runs(self, turn: Turn) -> None:
        """Those that go on first, then those that waited longest, as far as the turn's time reaches."""
        deadline = time.monotonic() + TURN_S
        due = time.monotonic() - LOST_S
        waiting = [
            (key, followed)
            for key, followed in self._followed.items()
            if not followed.settled and (not followed.quiet or followed.looked_at < due)
        ]
        waiting.sort(key=lambda item: (item[1].status.state.ended, item[1].looked_at))
        for key, followed in waiting:
            followed.looked_at = time.monotonic()
            _look_at(key, followed, turn)
            if time.monotonic() >= deadline:
                break


def _look_at(key: str, followed: Followed, turn: Turn) -> None:
    """Status first, then the log: what an ended job wrote last is then surely read."""
    status = followed.job.poll() if followed.job else followed.tail.status()
    if status != followed.status:
        followed.status = turn.changed[key] = status
    trouble = ""
    try:
        _read(key, followed, turn)
    except (StoreError, TrackerError) as error:
        trouble = str(error)
        followed.grew()  # perhaps, before that happened
    if followed.trouble != trouble:  # said once, not ten times a second
        followed.trouble = turn.troubled[key] = trouble


def _read(key: str, followed: Followed, turn: Turn) -> None:
    tail, state = followed.tail, followed.status.state
    before = tail.generation, tail.caught_up
    news = tail.poll(TURN_S)
    if news or before != (tail.generation, tail.caught_up):
        followed.grew()
    if tail.generation != before[0]:
        turn.restarted.add(key)
    if news:
        turn.grown[key] = _named(key, followed, news, turn)
    ended = state.ended and state is not RunState.LOST
    if isinstance(tail, MetricsTail) and compact_if_worth(tail, ended=ended) and ended:
        _slim(followed)
    _read_wider(key, followed, turn)
    followed.settled = ended and followed.tail.caught_up and not news and followed.wider is None


def _named(key: str, followed: Followed, news: Mapping[str, Chunk], turn: Turn) -> Mapping[str, Chunk]:
    """`news` under canonical names. Where a preferred key came late, the run begins anew under its new names."""
    if any(chunk.start == 0 for chunk in news.values()):  # a key that was not there before
        names = followed.canonical
        before, followed.names = followed.names, names
        if any(names.get(name) != known for name, known in before.items()):
            turn.restarted.add(key)
            return _whole(followed.history)
    shown = followed.shown_names
    return {shown.get(key, key): chunk for key, chunk in news.items() if key in shown or key not in followed.names}


def _widen(followed: Followed, wanted: tuple[str, ...]) -> None:
    """Have the tail of `followed` replaced where it does not bring all that is `wanted`."""
    if _brings_all(followed.tail):
        followed.metrics = None if followed.metrics is None else _together(followed.metrics, wanted)
        return
    asked = followed.metrics if followed.wider is None else followed.wider[1]
    if asked is None:  # a server is asked for canonical metrics then, or for the first there are
        asked = _together(tuple(followed.run.aliases.metrics), tuple(followed.tail.history))
    if set(wanted) <= set(asked):
        return
    more = _together(asked, wanted)
    tail = followed.run.tail(more)
    if followed.tail.caught_up or followed.tail.history:
        followed.wider, followed.settled = (tail, more), False
    else:
        followed.tail, followed.metrics = tail, more


def _read_wider(key: str, followed: Followed, turn: Turn) -> None:
    """Read on in the second tail, where there is one; caught up, it takes the first one's place."""
    if followed.wider is None:
        return
    tail, metrics = followed.wider
    tail.poll(TURN_S)
    if tail.caught_up:
        followed.tail, followed.metrics, followed.wider = tail, metrics, None
        followed.names = followed.canonical
        followed.grew()
        turn.restarted.add(key)
        turn.grown[key] = _whole(followed.history)


def _slim(followed: Followed) -> None:
    """Let go of the metrics that nobody asked for, now that a cache could bring them."""
    if followed.metrics is None:
        return
    tail = followed.run.tail(followed.metrics)
    tail.poll(TURN_S)
    if not _brings_all(tail):
        followed.tail = tail
        followed.grew()


def _brings_all(tail: Tail) -> bool:
    """Whether it reads all metrics of its run, whatever it was opened for."""
    return tail.whole if isinstance(tail, CachedTail) else isinstance(tail, MetricsTail | FileTail)


def _together(*metrics: tuple[str, ...]) -> tuple[str, ...]:
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


def _whole(history: History) -> dict[str, Chunk]:
    """All of it, as if it were new."""
    return {name: Chunk(0, series.step, series.value, series.time) for name, series in history.items()}
