"""What stands below the table, a tab each: one run, what differs, what mattered, and what can be taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.following import Followed
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.views.stage import Stage
from astuner_nb.views.tables.diff import diff
from astuner_nb.views.view import View
from astuner_nb.widgets import words
from astuner_nb.widgets.figures import Figures
from astuner_nb.widgets.later import Later
from astuner_nb.widgets.mattered import Mattered
from astuner_nb.widgets.take_away import TakeAway

RUN, DIFFERENCES, MATTERED, TAKE_AWAY = range(4)
TITLES = ("run", "differences", "what mattered", "take away")
COMPARED = 60
"""Runs side by side in the page; `view.diff()` has all."""


class Details:
    """The tabs. Only the one that is open is kept up to date."""

    def __init__(
        self,
        view: View,
        stage: Stage,
        figures: Figures,
        later: Later,
        leave_picture: Callable[[], object],
        language: Language = ENGLISH,
    ) -> None:
        """`leave_picture` leaves what is shown as a still picture in the notebook."""
        self._view, self._stage, self._language = view, stage, language
        self._log = ipw.HTML(
            words.quiet(language("Click a run: its log, or what its tracker says of it, stands here."))
        )
        self._log.add_class("astuner-log")
        self._differences = ipw.HTML().add_class("astuner-differences")
        self._mattered = Mattered(later, self._select, view.names, language)
        self._take_away = TakeAway(view, stage, figures, later, leave_picture, language)
        parts = [self._log, self._differences, self._mattered.widget, self._take_away.widget]
        titles = [language(title) for title in TITLES]
        self.widget = ipw.Tab(parts, titles=titles, selected_index=RUN).add_class("astuner-details")
        self.widget.observe(later(lambda _: self.paint()), names="selected_index")

    def paint(self) -> None:
        """Bring the open tab up to date."""
        match self.widget.selected_index:
            case 1:
                self._paint_differences()
            case 2:
                self._mattered.paint(self._stage.shown_runs(), self._stage.options)
            case 3:
                self._take_away.paint()

    def tell_of(self, followed: Followed, label: str) -> None:
        """Show the log of a run of ours, or the description of a tracker's."""
        if isinstance(followed.run, StoredRun):
            self._log.value = words.log(label, followed.run.log_tail(words.LOG_LINES), self._language)
        else:
            self._log.value = words.description(label, followed.run, followed.names, followed.trouble, self._language)
        self.widget.selected_index = RUN

    def close(self) -> None:
        """Close what needs closing besides its widgets."""
        self._mattered.close()

    def _select(self, keys: Sequence[str]) -> None:
        self._view.select(*keys)

    def _paint_differences(self) -> None:
        cast, options = self._stage.cast, self._stage.options
        shown = cast.shown(options, self._stage.state_of)
        baseline = cast.get(options.baseline)
        labels = {key: f"{cast.mark(key)} {label}" for key, label in cast.labels(options).items()}
        frame = diff(shown[:COMPARED], baseline, labels, cast.configs)
        more = len(shown) - COMPARED
        text = words.differences(frame, more, baseline is not None, self._language)
        if self._differences.value != text:
            self._differences.value = text
