"""The one holder of session state in the kernel: which runs are followed, how far each was read, what to do next.

`step()` does one turn: carry out the commands that widgets left, read what the jobs wrote, look at their states, and
hand the difference to whoever listens. A thread calls it ten times a second; a test calls it by hand. Nothing here
knows a widget, and nothing prints: from a thread that would land in whatever cell runs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from astuner_nb.core.errors import AstunerError, StoreError
from astuner_nb.core.protocols import Job, JobStatus, Launcher
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.store.compact import compact_if_worth
from astuner_nb.store.run import Run
from astuner_nb.store.tail import Chunk, MetricsTail

BUSY_S, IDLE_S = 0.1, 1.0
"""Seconds between two turns: while something is running, and while nothing is."""
TURN_S = 0.3
"""About how long one turn reads at most; what is left over waits for the next one."""

Command = Callable[[], object]
Unlink = Callable[[], None]


@dataclass
class Followed:
    """A run, the handle on its job, and how far its log was read."""

    run: Run
    job: Job
    tail: MetricsTail
    status: JobStatus
    settled: bool = False
    """Whether it has ended and was read to its end: nothing more is expected of it."""
    trouble: str = ""
    """Why its log could not be read in the last turn."""
    looked_at: float = 0.0
    """When it had its last turn, monotonic seconds."""

    @property
    def history(self) -> History:
        """All that was read of it so far."""
        return self.tail.history


@dataclass
class Turn:
    """What one turn found: the difference from the turn before."""

    added: list[Run] = field(default_factory=list)
    """Runs followed since."""
    restarted: set[str] = field(default_factory=set)
    """Ids of runs whose log was truncated or replaced: their earlier points are no longer valid."""
    grown: dict[str, Mapping[str, Chunk]] = field(default_factory=dict)
    """Run id → metric → the points that are new."""
    changed: dict[str, JobStatus] = field(default_factory=dict)
    """Run id → its new status, where it is another than before."""
    problems: list[str] = field(default_factory=list)
    """Sentences about commands that could not be carried out."""

    def __bool__(self) -> bool:
        return bool(self.added or self.restarted or self.grown or self.changed or self.problems)


Listener = Callable[[Turn], None]


class Monitor:
    """Follows runs. All of its state is changed by `step()` alone, under one lock."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._followed: dict[str, Followed] = {}
        self._listeners: list[Listener] = []
        self._commands: deque[Command] = deque()
        self._arrivals: deque[tuple[Run, Job | None]] = deque()
        self._turning = threading.RLock()
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def followed(self) -> Mapping[str, Followed]:
        """Run id → what is known of it, as of the last turn."""
        return dict(self._followed)

    def follow(self, run: Run, job: Job | None = None) -> None:
        """Read `run` from the next turn on; `job` is attached where it is not given. Following twice is harmless."""
        self._arrivals.append((run, job))
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
                followed.job.close()
            self._followed.clear()
            self._listeners.clear()

    def _live(self) -> None:
        while not self._closing:
            turn = self._step_or_tell()
            busy = turn or any(not followed.settled for followed in self._followed.values())
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
        for run_id, followed in self._followed.items():
            turn.added.append(followed.run)
            turn.changed[run_id] = followed.status
            turn.grown[run_id] = {
                name: Chunk(0, series.step, series.value, series.time) for name, series in followed.history.items()
            }
        return turn

    def _carry_out_commands(self, turn: Turn) -> None:
        while self._commands:
            try:
                self._commands.popleft()()
            except AstunerError as error:
                turn.problems.append(str(error))

    def _welcome_arrivals(self, turn: Turn) -> None:
        while self._arrivals:
            run, job = self._arrivals.popleft()
            if run.id in self._followed:
                continue
            job = job or self._launcher.attach(run.directory)
            self._followed[run.id] = Followed(run, job, MetricsTail(run.files.metrics), job.poll())
            turn.added.append(run)
            turn.changed[run.id] = self._followed[run.id].status

    def _look_at_runs(self, turn: Turn) -> None:
        """Those that go on first, then those that waited longest, as far as the turn's time reaches."""
        deadline = time.monotonic() + TURN_S
        waiting = [(run_id, followed) for run_id, followed in self._followed.items() if not followed.settled]
        waiting.sort(key=lambda item: (item[1].status.state.ended, item[1].looked_at))
        for run_id, followed in waiting:
            followed.looked_at = time.monotonic()
            _look_at(run_id, followed, turn)
            if time.monotonic() >= deadline:
                break


def _look_at(run_id: str, followed: Followed, turn: Turn) -> None:
    """Status first, then the log: what an ended job wrote last is then surely read."""
    status = followed.job.poll()
    if status != followed.status:
        followed.status = turn.changed[run_id] = status
    try:
        _read(run_id, followed, turn)
    except StoreError as error:
        if followed.trouble != str(error):  # said once, not ten times a second
            followed.trouble = str(error)
            turn.problems.append(f"{followed.run.name}: {error}")


def _read(run_id: str, followed: Followed, turn: Turn) -> None:
    tail, state = followed.tail, followed.status.state
    generation = tail.generation
    news = tail.poll(TURN_S)
    if tail.generation != generation:
        turn.restarted.add(run_id)
    if news:
        turn.grown[run_id] = news
    ended = state.ended and state is not RunState.LOST
    compact_if_worth(tail, ended=ended)
    followed.settled = ended and tail.caught_up and not news
    followed.trouble = ""
