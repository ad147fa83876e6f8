"""The one holder of session state in the kernel: which runs are followed, how far each was read, what to do next.

`step()` does one turn: carry out the commands that widgets left, read what the jobs wrote, look at their states, and
hand the difference to whoever listens. A thread calls it ten times a second; a test calls it by hand. Nothing here
knows a widget, and nothing prints: from a thread that would land in whatever cell runs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from astuner_nb.core.errors import AstunerError, JobError
from astuner_nb.core.protocols import Job, Launcher, Run
from astuner_nb.following import Followed, Turn, look_at, together, whole, widen
from astuner_nb.store.run import Run as StoredRun

BUSY_S, IDLE_S = 0.1, 1.0
"""Seconds between two turns: while something is running, and while nothing is."""
LOST_S = 1.0
"""Seconds between two looks at a run that is probably over but may come back."""
TURN_S = 0.3
"""About how long one turn reads at most; what is left over waits for the next one."""

Command = Callable[[], object]
Unlink = Callable[[], None]


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

    @property
    def expects(self) -> bool:
        """Whether there are runs to tell of, read or not."""
        return bool(self._followed or self._arrivals)

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
            turn.grown[key] = whole(followed.history)
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
        self._wanted = together(self._wanted, metrics)
        for followed in self._followed.values():
            widen(followed, self._wanted)

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
            widen(followed, self._wanted)
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
            look_at(key, followed, turn, TURN_S)
            if time.monotonic() >= deadline:
                break
