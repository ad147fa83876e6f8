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
from dataclasses import dataclass, field

from astuner_nb.core.errors import AstunerError, StoreError, TrackerError
from astuner_nb.core.protocols import Chunk, Job, JobStatus, Launcher, Run, Tail
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.store.compact import compact_if_worth
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.store.tail import MetricsTail

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
    names: dict[str, str] = field(default_factory=dict)
    """Canonical metric → the key under which this run has it."""
    settled: bool = False
    """Whether it has ended and was read to its end: nothing more is expected of it."""
    trouble: str = ""
    """Why it could not be read in the last turn."""
    looked_at: float = 0.0
    """When it had its last turn, monotonic seconds."""

    @property
    def quiet(self) -> bool:
        """Whether little is expected of it: it has settled, or it is lost and was read as far as it goes."""
        return self.settled or (self.status.state is RunState.LOST and self.tail.caught_up)

    @property
    def history(self) -> History:
        """All that was read of it so far, under canonical names where there is one."""
        return self.run.aliases.canonicalised(self.tail.history)

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
    """Runs whose earlier points are no longer valid: a log was replaced, or its metrics turn out to be others."""
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
        self._arrivals: deque[tuple[Run, Job | None, Sequence[str] | None]] = deque()
        self._turning = threading.RLock()
        self._wake = threading.Event()
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
            metrics: what a server is asked for; canonical metrics where not given.
        """
        self._arrivals.append((run, job, metrics))
        self._wake.set()

    def enqueue(self, command: Command) -> None:
        """Have `command` carried out in the next turn. What a widget's observer calls, and all it does."""
        self._commands.append(command)
        self._wake.set()

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
            turn = self._step_or_tell()
            busy = turn or any(not followed.quiet for followed in self._followed.values())
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

    def _welcome_arrivals(self, turn: Turn) -> None:
        while self._arrivals:
            run, job, metrics = self._arrivals.popleft()
            if run.key in self._followed:
                continue
            if job is None and isinstance(run, StoredRun):
                job = self._launcher.attach(run.directory)
            tail = run.tail(metrics)
            followed = Followed(run, job, tail, job.poll() if job else tail.status())
            self._followed[run.key] = followed
            turn.added.append(run)
            turn.changed[run.key] = followed.status

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
    if followed.trouble != trouble:  # said once, not ten times a second
        followed.trouble = turn.troubled[key] = trouble


def _read(key: str, followed: Followed, turn: Turn) -> None:
    tail, state = followed.tail, followed.status.state
    generation = tail.generation
    news = tail.poll(TURN_S)
    if tail.generation != generation:
        turn.restarted.add(key)
    if news:
        turn.grown[key] = _named(key, followed, news, turn)
    ended = state.ended and state is not RunState.LOST
    if isinstance(tail, MetricsTail):
        compact_if_worth(tail, ended=ended)
    followed.settled = ended and tail.caught_up and not news


def _named(key: str, followed: Followed, news: Mapping[str, Chunk], turn: Turn) -> Mapping[str, Chunk]:
    """`news` under canonical names. Where a preferred key came late, the run begins anew under its new names."""
    if any(chunk.start == 0 for chunk in news.values()):  # a key that was not there before
        names = followed.run.aliases.canonical(followed.tail.history)
        before, followed.names = followed.names, names
        if any(names.get(name) != known for name, known in before.items()):
            turn.restarted.add(key)
            return _whole(followed.history)
    shown = followed.shown_names
    return {shown.get(key, key): chunk for key, chunk in news.items() if key in shown or key not in followed.names}


def _whole(history: History) -> dict[str, Chunk]:
    """All of it, as if it were new."""
    return {name: Chunk(0, series.step, series.value, series.time) for name, series in history.items()}
