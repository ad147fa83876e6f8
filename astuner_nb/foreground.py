"""Training in the foreground of a terminal: the panel's session, with a progress line instead of widgets."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, current_thread, main_thread

from astuner_nb.charts.numbers import number
from astuner_nb.charts.progress import progress
from astuner_nb.core.errors import BadValue
from astuner_nb.core.metrics import FIVE, known_first
from astuner_nb.core.space import Space, Value
from astuner_nb.core.states import RunState
from astuner_nb.following import Followed
from astuner_nb.forwarding.status import logger_notes
from astuner_nb.lab import Lab
from astuner_nb.monitor import BUSY_S
from astuner_nb.plan import Plan, plan_for_run
from astuner_nb.store.run import Run
from astuner_nb.store.run_store import RunStore

SHORT = {"success_rate": "success", "response_length": "length"}
"""The five in fewer letters: the line must fit a terminal."""
PLAIN_EVERY_S = 5.0
"""Seconds between two lines where output is no terminal."""
LAST_WORDS_S = 3.0
"""Seconds that trackers are waited for when the run has ended."""
CODES = {RunState.FINISHED: 0, RunState.STOPPED: 130}


def train(
    conf: str | None,
    *,
    backbone: str | None = None,
    runs: str | None = None,
    name: str | None = None,
    resume: str | None = None,
    settings: Sequence[str] = (),
) -> int:
    """Train as `conf` says and show how it goes; returns the exit code: 0 finished, 130 stopped, 1 otherwise.

    Ctrl-C asks the run to stop; it then ends as `stopped`. A second Ctrl-C leaves it to its supervisor.

    Args:
        conf: a YAML file; None to go on as the run of `resume` was started.
        resume: `RUN`, `RUN@STEP` or `RUN@best`: a run by id, beginning of an id or name, and which checkpoint. What
            neither `conf` nor `settings` says is as it was there.
        settings: `NAME=VALUE` each; they count more than the file.
    """
    parent, at_step = _meant(resume, RunStore(runs)) if resume else (None, None)
    with _opened(_source(conf, parent, backbone), backbone, runs) as lab:
        for notice in lab.plan.notices:
            _say(f"note: {notice}")
        said = _said_by_file(lab.plan) if conf and parent else {}
        values = {**said, **_read(settings, lab.plan.space)}
        run = lab.start(name=name, tags=(), logger=None, resume=parent, at_step=at_step, **values)
        _say(f"{run.id} on {lab.plan.backbone.name}: {run.name}")
        loggers = _LoggerLines(run)
        with _interrupted() as asked:
            state = _follow(lab, run, loggers, asked)
        loggers.await_end()
        return _report(run, state)


def _meant(words: str, store: RunStore) -> tuple[Run, int | str | None]:
    """The run and the checkpoint that `RUN`, `RUN@STEP`, `RUN@best` or `RUN@last` stand for."""
    name, _, where = words.rpartition("@")
    if not name or not (where.isdecimal() or where in ("best", "last")):
        return store.find(words), None
    return store.find(name), int(where) if where.isdecimal() else where


def _source(conf: str | None, parent: Run | None, backbone: str | None) -> str | Plan:
    if conf is not None:
        return conf
    if parent is None:
        raise BadValue("Nothing to train: no file was named. Try `astuner --conf math_agent.yaml`.")
    return plan_for_run(parent, backbone)


def _said_by_file(plan: Plan) -> dict[str, Value]:
    """The values that the plan's own file gives."""
    given = plan.config.values if plan.config else {}
    return {name: plan.values[name] for name in given if name in plan.space}


def _read(settings: Iterable[str], space: Space) -> dict[str, Value]:
    """`NAME=VALUE` texts as values."""
    values: dict[str, Value] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise BadValue(f"--set takes NAME=VALUE, got {setting!r}. Write for instance --set lr=1e-4.")
        values[name.strip()] = space.read(name.strip(), text.strip())
    return values


@contextmanager
def _opened(source: str | Plan, backbone: str | None, runs: str | None) -> Iterator[Lab]:
    lab = Lab(source, backbone=backbone, runs=runs)
    try:
        yield lab
    finally:
        lab.close()


@contextmanager
def _interrupted() -> Iterator[Event]:
    """An event that the first Ctrl-C sets; from then on one raises `KeyboardInterrupt`.

    An exception could be lost: raised in a destructor or a callback of the collector, it is printed and forgotten.
    """
    asked = Event()
    if current_thread() is not main_thread():
        yield asked
        return

    def first(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.set()

    before = signal.signal(signal.SIGINT, first)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _follow(lab: Lab, run: Run, loggers: _LoggerLines, asked: Event) -> RunState:
    """Show progress until `run` has ended, and where its trackers log to once that is known; stop it once `asked`."""
    line = _ProgressLine()
    while True:
        if asked.is_set():
            asked.clear()
            _say("\nstopping …")
            lab.stop(run)
        lab.monitor.step()
        for sentence in loggers.news():
            line.interrupt(sentence)
        followed = lab.monitor.followed[run.id]
        line.show(_words(followed), final=followed.settled)
        if followed.settled or followed.status.state is RunState.LOST:
            return followed.status.state
        time.sleep(BUSY_S)


def _words(followed: Followed) -> str:
    history = followed.history
    now = progress(history, followed.run.config.get("total_steps"))
    names = [metric.name for metric in FIVE if metric.name in history] or known_first(history)[:5]
    values = [f"{SHORT.get(name, name)} {number(history[name].last)}" for name in names]
    return "  ".join([now.words, *values, now.pace])


def _report(run: Run, state: RunState) -> int:
    if state in (RunState.FAILED, RunState.LOST):
        detail = run.status.detail
        _say(f"{state.value}{': ' + detail if detail else ''}\n{run.log_tail(20)}")
    _say(f"{state.value}: {run.directory}")
    return CODES.get(state, 1)


class _LoggerLines:
    """What there is to say about the trackers of a run, each sentence once."""

    def __init__(self, run: Run) -> None:
        self._directory = run.directory
        self._said: set[str] = set()

    def news(self) -> list[str]:
        """Sentences that were not said yet."""
        fresh = [s for note in logger_notes(self._directory) if (s := note.sentence) and s not in self._said]
        self._said.update(fresh)
        return fresh

    def await_end(self) -> None:
        """Give trackers a moment to finish, and say which go on without us."""
        give_up_s = time.monotonic() + LAST_WORDS_S
        while (left := self._going_on()) and time.monotonic() < give_up_s:
            time.sleep(BUSY_S)
        for sentence in [*self.news(), *(f"{name}: still being finished in the background" for name in left)]:
            _say(sentence)

    def _going_on(self) -> list[str]:
        return [note.name for note in logger_notes(self._directory) if not note.state.ended]


class _ProgressLine:
    """One line that is written over on a terminal, or a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._next = 0.0
        self._said = ""

    def interrupt(self, sentence: str) -> None:
        """Say something between two looks at the progress."""
        _say(f"\r\x1b[2K{sentence}" if self._terminal else sentence)

    def show(self, words: str, *, final: bool) -> None:
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write(f"\r\x1b[2K{words[:width]}" + ("\n" if final else ""))
            sys.stdout.flush()
        elif words != self._said and (final or time.monotonic() >= self._next):
            self._next, self._said = time.monotonic() + PLAIN_EVERY_S, words
            _say(words)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
