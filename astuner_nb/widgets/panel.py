"""The tuning panel: paints what the monitor found, and puts what a person does on the monitor's queue."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from astuner_nb.charts.board import Board, Points, Style
from astuner_nb.charts.palette import colour
from astuner_nb.charts.progress import progress
from astuner_nb.charts.rows import row
from astuner_nb.core.metrics import describe
from astuner_nb.core.states import RunState
from astuner_nb.monitor import Followed, Turn
from astuner_nb.session import Session
from astuner_nb.widgets import words
from astuner_nb.widgets.controls import Controls
from astuner_nb.widgets.figures import Figures
from astuner_nb.widgets.run_table import RunTable

SHOWN_AT_START = 8
"""Earlier runs whose curves are visible when the panel opens; the others wait unticked in the table."""
WORDS_EVERY_S = 0.5
"""Text about growing runs changes at most this often; curves and states change with every turn."""
TABLE_METRICS = 5


class Panel:
    """One panel for one session. Everything that paints runs in the monitor's thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._board = Board(session.plan.backbone.metrics)
        self._styles: dict[str, Style] = {}
        self._stale: set[str] = set()
        self._words_at = 0.0
        self._opened_at = time.time()
        self._watched: set[str] = set()
        self._figures = Figures()
        self._controls = Controls(session, self._later)
        self._headline = ipw.HTML()
        self._log = ipw.HTML().add_class("astuner-log")
        self._table = RunTable(on_stop=self._later(self._stop), on_pick=self._later(self._pick))
        self._table.observe(self._later(self._show), names="shown")
        self._stop_all = ipw.Button(description="Stop", icon="stop", tooltip="Stop all runs that go on", disabled=True)
        self._stop_all.on_click(self._later(self._stop_running))
        self.widget = self._assembled()
        self._figures.apply(self._board.begin())
        self._unlink = session.monitor.listen(self._paint, replay=True)
        self._paint_words()

    def close(self) -> None:
        """Stop painting and close every widget."""
        self._unlink()
        for widget in _family(self.widget):
            widget.close()

    def _assembled(self) -> ipw.Widget:
        head = ipw.Box([self._headline, self._stop_all]).add_class("astuner-head")
        main = ipw.Box([self._controls.widget, self._figures.widget]).add_class("astuner-main")
        return ipw.VBox([head, main, self._table, self._log]).add_class("astuner-panel")

    # What a person does: commands for the monitor.

    def _later(self, act: Callable[..., object]) -> Callable[..., None]:
        return lambda *arguments: self._session.monitor.enqueue(lambda: act(*arguments))

    def _stop(self, run_id: str) -> None:
        self._session.stop(self._followed[run_id].run)

    def _stop_running(self, _: object) -> None:
        for run_id in self._running():
            self._stop(run_id)

    def _pick(self, run_id: str) -> None:
        self._show_log(run_id, opened=True)

    def _show(self, change: dict[str, Any]) -> None:
        self._figures.apply(self._board.show_only(change["new"], self._points_so_far))

    def _points_so_far(self, run_id: str) -> dict[str, Points]:
        return {name: (series.step, series.value) for name, series in self._followed[run_id].history.items()}

    # What the monitor found: paint.

    @property
    def _followed(self) -> dict[str, Followed]:
        return dict(self._session.monitor.followed)

    def _running(self) -> list[str]:
        return [run_id for run_id, followed in self._followed.items() if not followed.status.state.ended]

    def _paint(self, turn: Turn) -> None:
        self._controls.catch_up()
        self._welcome(turn)
        for run_id in turn.restarted:
            self._figures.apply(self._board.restart(run_id))
        points = {run_id: {k: (c.step, c.value) for k, c in chunks.items()} for run_id, chunks in turn.grown.items()}
        self._figures.apply(self._board.grow(points))
        self._stale |= {*turn.grown, *turn.changed}
        if turn.changed or (self._stale and time.monotonic() - self._words_at >= WORDS_EVERY_S):
            self._paint_words()
        self._tell_failures(turn)
        if turn.problems:
            self._controls.complain(*turn.problems)

    def _tell_failures(self, turn: Turn) -> None:
        """Open the log of a run that failed under our eyes; nobody wants to be told of last week's failures."""
        for run_id, status in turn.changed.items():
            if not status.state.ended or self._followed[run_id].run.created.timestamp() >= self._opened_at:
                self._watched.add(run_id)
            if status.state in (RunState.FAILED, RunState.LOST) and run_id in self._watched:
                self._show_log(run_id, opened=True)

    def _welcome(self, turn: Turn) -> None:
        """Give each new run its colour and its place; of earlier ones only the newest are visible."""
        visible = {run.id for run in turn.added[-SHOWN_AT_START:]} | set(self._table.shown)
        for run in turn.added:
            number = len(self._styles)
            self._styles[run.id] = Style(f"#{number + 1}", run.name, colour(number))
            self._board.add_run(run.id, self._styles[run.id], visible=run.id in visible)
        if turn.added:
            self._table.shown = [run_id for run_id in self._styles if run_id in visible]

    def _paint_words(self) -> None:
        self._words_at = time.monotonic()
        metrics = self._board.metrics[:TABLE_METRICS]
        self._table.columns = [describe(name).title for name in metrics]
        followed = self._followed
        stale, self._stale = self._stale & followed.keys(), set()
        self._table.put(
            row(f.run, f.status, f.history, self._styles[run_id], metrics)
            for run_id, f in followed.items()
            if run_id in stale
        )
        self._paint_headline(followed)

    def _paint_headline(self, followed: dict[str, Followed]) -> None:
        running = self._running()
        self._stop_all.disabled = not running
        plan = self._session.plan
        now = [_live(followed[running[-1]], len(running))] if running else []
        self._headline.value = words.headline(plan.project, plan.backbone.name, now)

    def _show_log(self, run_id: str, *, opened: bool) -> None:
        run = self._followed[run_id].run
        self._log.value = words.log(self._styles[run_id].label, run.log_tail(words.LOG_LINES), opened=opened)


def _live(newest: Followed, running: int) -> str:
    now = progress(newest.history, newest.run.config.get("total_steps"))
    others = f"+ {running - 1} more" if running > 1 else ""
    return words.live(newest.status.state.value, now.words, now.pace, others)


def _family(widget: ipw.Widget) -> list[ipw.Widget]:
    """`widget` and all below it, children first."""
    below = [each for child in getattr(widget, "children", ()) for each in _family(child)]
    return [*below, widget]
