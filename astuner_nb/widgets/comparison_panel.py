"""Runs of any sources, laid over one another."""

from __future__ import annotations

import time

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.said import counted
from astuner_nb.following import Turn
from astuner_nb.monitor import Monitor
from astuner_nb.overlay import Overlay
from astuner_nb.views.view import View
from astuner_nb.widgets import words
from astuner_nb.widgets.runs_view import RunsView
from astuner_nb.widgets.source_cards import SourceCards
from astuner_nb.widgets.tree import family

READ_S = 20.0
"""How long a sentence about what could not be done stands there."""


class ComparisonPanel:
    """One panel for one comparison. Everything that paints runs in the monitor's thread."""

    def __init__(self, view: View, monitor: Monitor, overlay: Overlay, language: Language = ENGLISH) -> None:
        self._monitor, self._language = monitor, language
        self._runs = RunsView(monitor, view, self._stop, language=language)
        self._sources = SourceCards(overlay, self._runs.later, language)
        self._problem, self._told_at = ipw.HTML(), 0.0
        self._headline = ipw.HTML(words.headline(language("runs"), language("overlaid"), []))
        head = ipw.Box([self._headline]).add_class("astuner-head")
        main = ipw.Box([self._runs.figures]).add_class("astuner-main").add_class("astuner-wide")
        below = [self._runs.filters, self._problem, self._runs.table, self._runs.details]
        self.widget = ipw.VBox([head, self._sources.widget, main, *below]).add_class("astuner-panel")
        self.still, self.leave_picture = self._runs.still, self._runs.leave_picture
        self._unlink = monitor.listen(self._paint, replay=True)
        self._runs.paint_words()

    def close(self) -> None:
        """Stop painting and close every widget."""
        self._unlink()
        self._runs.close()
        for widget in family(self.widget):
            widget.close()

    def _stop(self, key: str) -> None:
        job = self._monitor.followed[key].job
        if job is not None:
            job.stop()

    def _paint(self, turn: Turn) -> None:
        self._sources.paint()
        if self._runs.paint(turn):
            followed = self._monitor.followed.values()
            sources = len({one.run.source for one in followed})
            kinds = counted(sources, "{n} kind of source", "{n} kinds of source")
            runs = counted(len(followed), "{n} run", "{n} runs")
            self._headline.value = words.headline(self._language(runs), self._language(kinds), [])
        if turn.problems:
            self._problem.value, self._told_at = words.problem(" ".join(turn.problems)), time.monotonic()
        elif self._problem.value and time.monotonic() - self._told_at > READ_S:
            self._problem.value = ""
