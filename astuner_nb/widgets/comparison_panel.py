"""Runs of any sources, laid over one another."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as ipw

from astuner_nb.core.metrics import Metric
from astuner_nb.monitor import Monitor, Turn
from astuner_nb.overlay import Overlay
from astuner_nb.widgets import words
from astuner_nb.widgets.runs_view import RunsView
from astuner_nb.widgets.source_cards import SourceCards
from astuner_nb.widgets.tree import family

SHOWN_AT_START = 20
"""Of how many of the runs of a source the curves are visible at first; the others wait unticked in the table."""


class ComparisonPanel:
    """One panel for one comparison. Everything that paints runs in the monitor's thread."""

    def __init__(self, monitor: Monitor, overlay: Overlay, metrics: Sequence[Metric]) -> None:
        self._monitor = monitor
        self._view = RunsView(monitor, metrics, self._stop, SHOWN_AT_START)
        self._sources = SourceCards(overlay, self._view.later)
        self._problem = ipw.HTML()
        self._headline = ipw.HTML(words.headline("runs", "overlaid", []))
        head = ipw.Box([self._headline]).add_class("astuner-head")
        main = ipw.Box([self._view.figures]).add_class("astuner-main").add_class("astuner-wide")
        parts = [head, main, self._sources.widget, self._problem, self._view.table, self._view.log]
        self.widget = ipw.VBox(parts).add_class("astuner-panel")
        self._unlink = monitor.listen(self._paint, replay=True)
        self._view.paint_words()

    def close(self) -> None:
        """Stop painting and close every widget."""
        self._unlink()
        for widget in family(self.widget):
            widget.close()

    def _stop(self, key: str) -> None:
        job = self._monitor.followed[key].job
        if job is not None:
            job.stop()

    def _paint(self, turn: Turn) -> None:
        self._sources.paint()
        if self._view.paint(turn):
            count, sources = len(self._monitor.followed), len({f.run.source for f in self._monitor.followed.values()})
            kinds = f"{sources} kind{'' if sources == 1 else 's'} of source"
            self._headline.value = words.headline(f"{count} run{'' if count == 1 else 's'}", kinds, [])
        if turn.problems:
            self._problem.value = words.problem(" ".join(turn.problems))
