"""The tuning panel: sliders and Run beside the figures of what they started, and of what was laid over it."""

from __future__ import annotations

import ipywidgets as ipw

from astuner_nb.charts.progress import progress
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.following import Followed, Turn
from astuner_nb.session import Session
from astuner_nb.widgets import words
from astuner_nb.widgets.controls import Controls
from astuner_nb.widgets.logger_lines import LoggerLines
from astuner_nb.widgets.run_actions import RunActions
from astuner_nb.widgets.runs_view import RunsView
from astuner_nb.widgets.source_cards import SourceCards
from astuner_nb.widgets.tree import family

VISIBLE_AT_FIRST = 8
"""Earlier runs whose curves are visible when the panel opens; the others wait unticked in the table."""


INVITATION = "No runs yet. Move a slider if you like, then press Run."


class Panel:
    """One panel for one session. Everything that paints runs in the monitor's thread."""

    def __init__(self, session: Session, language: Language = ENGLISH) -> None:
        self._session, self._language = session, language
        self._runs = RunsView(
            session.monitor,
            session.view,
            self._stop,
            session.plan.backbone.metrics,
            VISIBLE_AT_FIRST,
            INVITATION,
            lambda later: RunActions(session, later, language),
            language,
        )
        later = self._runs.later
        self._controls = Controls(session, later, language)
        self._sources = SourceCards(session.overlaid, later, language)
        self._loggers = LoggerLines(session.monitor, self._runs.label, language)
        self._headline = ipw.HTML()
        self._stop_all = ipw.Button(
            description=language("Stop"), icon="stop", tooltip=language("Stop all runs that go on"), disabled=True
        )
        self._stop_all.on_click(later(self._stop_running))
        self.widget = self._assembled()
        self.still, self.leave_picture = self._runs.still, self._runs.leave_picture
        self._unlink = session.monitor.listen(self._paint, replay=True)
        self._runs.paint_words()
        self._paint_headline()

    def close(self) -> None:
        """Stop painting and close every widget."""
        self._unlink()
        self._runs.close()
        for widget in family(self.widget):
            widget.close()

    def _assembled(self) -> ipw.Widget:
        head = ipw.Box([self._headline, self._stop_all]).add_class("astuner-head")
        main = ipw.Box([self._controls.widget, self._runs.figures]).add_class("astuner-main")
        parts = [head, main, self._loggers.widget, self._sources.widget, self._runs.filters]
        parts += [self._runs.table, self._runs.details]
        return ipw.VBox(parts).add_class("astuner-panel")

    def _stop(self, key: str) -> None:
        self._session.stop(self._session.stored(key))

    def _stop_running(self, _: object) -> None:
        self._stop_all.description = self._language("Stopping …")
        for key in self._runs.running:
            self._stop(key)

    def _paint(self, turn: Turn) -> None:
        self._controls.catch_up()
        self._sources.paint()
        if self._runs.paint(turn):
            self._paint_headline()
        self._loggers.paint()
        run = self._runs.adjustable
        self._controls.offer_change(run, self._runs.label(run.key)[0] if run else "")
        if problems := [*turn.problems, *self._own_troubles(turn)]:
            self._controls.complain(*problems)

    def _own_troubles(self, turn: Turn) -> list[str]:
        """Why logs of our own runs cannot be read; those of other sources have their cards."""
        followed = self._session.monitor.followed
        return [f"{followed[key].run.name}: {why}" for key, why in turn.troubled.items() if why and followed[key].job]

    def _paint_headline(self) -> None:
        running = self._runs.running
        self._stop_all.disabled = not running
        if not running:
            self._stop_all.description = self._language("Stop")
        plan = self._session.plan
        now = [self._live(self._session.monitor.followed[running[-1]], len(running))] if running else []
        self._headline.value = words.headline(plan.project, plan.backbone.name, now)

    def _live(self, newest: Followed, running: int) -> str:
        now = progress(newest.history, newest.run.config.get("total_steps"))
        others = self._language("+ {n} more", n=running - 1) if running > 1 else ""
        state = newest.status.state.value
        return words.live(state, now.words, self._language.of(now.pace), others, shown=self._language(state))
