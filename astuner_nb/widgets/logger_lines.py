"""Where the newest runs are logged to besides their directories: a link, how to upload later, or what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.loggers import CONSOLE
from astuner_nb.forwarding.status import LoggerNote, logger_notes
from astuner_nb.monitor import Monitor
from astuner_nb.store.run import Run
from astuner_nb.widgets import words

NEWEST = 2
"""Of how many runs it is told."""
LOOK_EVERY_S = 1.0


class LoggerLines:
    """A line a tracker. Painted in the monitor's thread."""

    def __init__(self, monitor: Monitor, label: Callable[[str], tuple[str, str]], language: Language = ENGLISH) -> None:
        """`label` gives mark and name of a run."""
        self._monitor, self._label, self._language = monitor, label, language
        self._ended: dict[str, list[LoggerNote]] = {}
        self._look_at = 0.0
        self.widget = ipw.HTML().add_class("astuner-loggers")

    def paint(self) -> None:
        """Bring the lines up to date, once a second at most."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY_S
        runs = [one.run for one in reversed(self._monitor.followed.values()) if isinstance(one.run, Run)]
        told = [run for run in runs if set(run.loggers) - {CONSOLE}][:NEWEST]
        lines = [
            self._line(run, note) for run in told for note in self._notes(run) if note.text or note.error or note.url
        ]
        self.widget.value = "".join(lines)

    def _line(self, run: Run, note: LoggerNote) -> str:
        text = f"{note.text} {note.error}".strip()
        return words.logger(self._label(run.key)[0], note.name, text, note.url, self._language)

    def _notes(self, run: Run) -> list[LoggerNote]:
        if run.key in self._ended:
            return self._ended[run.key]
        notes = logger_notes(run.directory)
        if notes and all(note.state.ended for note in notes):
            self._ended[run.key] = notes
        return notes
