"""The figures, the table and the log of what a monitor follows: shared by every panel."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as ipw

from astuner_nb.charts.board import Board, Points, Style
from astuner_nb.charts.choice import chosen
from astuner_nb.charts.palette import colour
from astuner_nb.charts.rows import row
from astuner_nb.core.metrics import Metric, describe
from astuner_nb.core.protocols import Chunk
from astuner_nb.core.states import RunState
from astuner_nb.monitor import Followed, Monitor, Turn
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.widgets import words
from astuner_nb.widgets.figures import HEIGHT_PX, LARGE_PX, Figures
from astuner_nb.widgets.run_table import RunTable

WORDS_EVERY_S = 0.5
"""Text about growing runs changes at most this often; curves and states change with every turn."""
TABLE_METRICS = 5
FEW = 2
"""Up to so many figures have the whole width."""

Later = Callable[[Callable[..., object]], Callable[..., None]]
"""Makes of a function what an observer may call: it is put on the monitor's queue with its arguments."""


class RunsView:
    """Paints runs. Everything here runs in the monitor's thread, but for what only leaves a command on its queue."""

    def __init__(
        self, monitor: Monitor, metrics: Sequence[Metric], on_stop: Callable[[str], object], shown_at_start: int
    ) -> None:
        """
        Args:
            monitor: what follows the runs.
            metrics: the figures; where there are none, each canonical metric gets one when it is first seen.
            on_stop: called with a run's key, in the monitor's thread, when a person stops it.
            shown_at_start: of how many of the runs that come in one turn the curves are visible, the newest.
        """
        self._monitor = monitor
        self._board, self._is_open = Board(metrics), not metrics
        self._shown_at_start = shown_at_start
        self._styles: dict[str, Style] = {}
        self._stale: set[str] = set()
        self._words_at = 0.0
        self._opened_at = time.time()
        self._watched: set[str] = set()
        self._figures = Figures(LARGE_PX if 0 < len(metrics) <= FEW else HEIGHT_PX)
        self._log = ipw.HTML().add_class("astuner-log")
        later = self.later
        self._table = RunTable(on_stop=later(on_stop), on_pick=later(self._pick))
        self._table.observe(later(self._show), names="shown")
        self.figures, self.table, self.log = self._figures.widget, self._table, self._log
        self._figures.apply(self._board.begin())

    def later(self, act: Callable[..., object]) -> Callable[..., None]:
        """What an observer may call in place of `act`: it is carried out in the monitor's next turn."""
        return lambda *arguments: self._monitor.enqueue(lambda: act(*arguments))

    @property
    def running(self) -> list[str]:
        """The keys of runs that go on and are ours to stop."""
        return [key for key, followed in self._followed.items() if followed.job and not followed.status.state.ended]

    def style(self, key: str) -> Style:
        """How the run `key` is drawn."""
        return self._styles[key]

    def paint(self, turn: Turn) -> bool:
        """Show what `turn` found. Returns whether the words were painted too, which happens less often."""
        self._welcome(turn)
        for key in turn.restarted:
            self._figures.apply(self._board.restart(key))
        self._grow(turn.grown)
        self._stale |= {*turn.grown, *turn.changed, *turn.troubled}
        due = bool(turn.changed) or (self._stale and time.monotonic() - self._words_at >= WORDS_EVERY_S)
        if due:
            self.paint_words()
        self._tell_failures(turn)
        return bool(due)

    def paint_words(self) -> None:
        """Bring the table up to date."""
        self._words_at = time.monotonic()
        metrics = self._board.metrics[:TABLE_METRICS]
        self._table.columns = [describe(name).title for name in metrics]
        followed = self._followed
        stale, self._stale = self._stale & followed.keys(), set()
        self._table.put(
            row(f.run, f.status, f.history, self._styles[key], metrics, f.trouble)
            for key, f in followed.items()
            if key in stale
        )

    # What a person does: commands for the monitor.

    def _pick(self, key: str) -> None:
        self._show_log(key)

    def _show(self, change: dict[str, Any]) -> None:
        shown = change["new"]
        self._figures.apply(self._board.show_only(shown, self._points_so_far, self._keys(shown)))

    # What the monitor found.

    @property
    def _followed(self) -> dict[str, Followed]:
        return dict(self._monitor.followed)

    def _points_so_far(self, key: str) -> dict[str, Points]:
        followed = self._followed[key]
        wanted = self._wanted(followed)
        return {name: (s.step, s.value) for name, s in followed.history.items() if wanted is None or name in wanted}

    def _grow(self, grown: Mapping[str, Mapping[str, Chunk]]) -> None:
        followed = self._followed
        points: dict[str, dict[str, Points]] = {}
        for key, chunks in grown.items():
            wanted = self._wanted(followed[key])
            points[key] = {n: (c.step, c.value) for n, c in chunks.items() if wanted is None or n in wanted}
        self._figures.apply(self._board.grow(points, self._keys(grown)))

    def _wanted(self, followed: Followed) -> set[str] | None:
        """The metrics of a run that may open a figure; None for all."""
        if not self._is_open or isinstance(followed.run, StoredRun):
            return None
        return chosen(followed.names, followed.tail.history)

    def _keys(self, runs: Mapping[str, object] | Sequence[str]) -> dict[str, dict[str, str]]:
        followed = self._followed
        return {key: followed[key].names for key in runs if key in followed}

    def _tell_failures(self, turn: Turn) -> None:
        """Open the log of a run that failed under our eyes; nobody wants to be told of last week's failures."""
        for key, status in turn.changed.items():
            followed = self._followed[key]
            if followed.job is None:
                continue
            created = followed.run.created
            if not status.state.ended or (created and created.timestamp() >= self._opened_at):
                self._watched.add(key)
            if status.state in (RunState.FAILED, RunState.LOST) and key in self._watched:
                self._show_log(key)

    def _welcome(self, turn: Turn) -> None:
        """Give each new run its colour and its place; of many only the newest are visible."""
        visible = {run.key for run in turn.added[-self._shown_at_start :]} | set(self._table.shown)
        for run in turn.added:
            number = len(self._styles)
            self._styles[run.key] = Style(f"#{number + 1}", run.name, colour(number))
            self._board.add_run(run.key, self._styles[run.key], visible=run.key in visible)
        if turn.added:
            self._table.shown = [key for key in self._styles if key in visible]

    def _show_log(self, key: str) -> None:
        followed, label = self._followed[key], self._styles[key].label
        if isinstance(followed.run, StoredRun):
            self._log.value = words.log(label, followed.run.log_tail(words.LOG_LINES))
        else:
            self._log.value = words.description(label, followed.run, followed.names, followed.trouble)
