"""The figures, the filters and the table of what a monitor follows, seen through a view: shared by every panel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from uuid import uuid4

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.metrics import Metric
from astuner_nb.core.states import RunState
from astuner_nb.following import Followed, Turn
from astuner_nb.monitor import Monitor
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.views.files.svg import svg
from astuner_nb.views.focus import Focus
from astuner_nb.views.pace import Pace
from astuner_nb.views.pictures.picture import Mark, Picture
from astuner_nb.views.pictures.words import in_language
from astuner_nb.views.stage import Stage
from astuner_nb.views.view import View
from astuner_nb.widgets import words
from astuner_nb.widgets.access import Access
from astuner_nb.widgets.details import Details
from astuner_nb.widgets.figures import Figures
from astuner_nb.widgets.filters import Filters
from astuner_nb.widgets.later import Later
from astuner_nb.widgets.legend import Legend
from astuner_nb.widgets.reading_card import ReadingCard
from astuner_nb.widgets.run_actions import RunActions
from astuner_nb.widgets.runs_table import RunsTable
from astuner_nb.widgets.still import Still
from astuner_nb.widgets.table_verbs import TableVerbs
from astuner_nb.widgets.toolbar import Offered, Toolbar

WORDS_EVERY_S = 0.5
"""Text about growing runs changes at most this often; curves and states change with every turn."""

READING = "Reading runs …"


class RunsView:
    """Paints what a stage shows. All of it runs in the monitor's thread, but for what leaves a command on its queue."""

    def __init__(
        self,
        monitor: Monitor,
        view: View,
        on_stop: Callable[[str], object],
        usual: Sequence[Metric] = (),
        visible_at_first: int | None = None,
        invitation: str = "There are no runs.",
        actions: Callable[[Later], RunActions] | None = None,
        language: Language = ENGLISH,
    ) -> None:
        """
        Args:
            monitor: what follows the runs.
            view: what is shown of them, and how.
            on_stop: called with a run's key, in the monitor's thread, when a person stops it.
            usual, visible_at_first: as for `Stage`.
            invitation: what is said while there is no run.
            actions: makes what can be done with the run in focus.
            language: of all that is said here.
        """
        self._monitor, self._view, self._language = monitor, view, language
        self._invitation = language(invitation)
        self._stage = Stage(monitor, view, usual, visible_at_first)
        self._verbs = TableVerbs(view, self._stage, on_stop, self._tell_of)
        self._pace = Pace()
        self._opened_at = time.time()
        self._watched: set[str] = set()
        self._latest: dict[str, Picture] = {}
        self._pictured: set[str] = set()
        self._read_aloud: tuple[Focus | None, bool] | None = None
        self.still = Still(language)
        """What the saved notebook shows where there is no kernel."""
        self._actions = actions(self.later) if actions is not None else None
        self._card = ReadingCard([self._actions.widget] if self._actions else [], language)
        self._figures = Figures(
            self.later(self._verbs.pick),
            link=uuid4().hex,
            beside=[self._card.widget],
            on_mark=self.later(self._pick_mark),
            language=language,
        )
        self._toolbar, self._filters = Toolbar(view, self._add_figures, language), Filters(view, language)
        self._legend = Legend(self.later(self._pick_entry), language)
        self._remark = ipw.HTML().add_class("astuner-remark")
        self._table = RunsTable(self.later(self._verbs.act), language)
        self._details = Details(view, self._stage, self._figures, self.later, self.leave_picture, language)
        drawn = [self._toolbar.widget, self._legend, self._figures.widget, self._remark, Access()]
        self.figures: ipw.Widget = ipw.VBox(drawn).add_class("astuner-drawn")
        self.filters, self.table, self.details = self._filters.widget, self._table, self._details.widget
        self._unlink = view.listen(self.later(lambda: None))  # wakes the monitor: a change is painted at once
        self._figures.arrange(self._stage.metrics)

    def close(self) -> None:
        """No longer listen to the view."""
        self._unlink()
        self._details.close()

    def later(self, act: Callable[..., object]) -> Callable[..., None]:
        """What an observer may call in place of `act`: it is carried out in the monitor's next turn."""
        return lambda *arguments: self._monitor.enqueue(lambda: act(*arguments))

    @property
    def running(self) -> list[str]:
        """The keys of runs that go on and are ours to stop."""
        return [key for key, followed in self._followed.items() if followed.job and not followed.status.state.ended]

    @property
    def adjustable(self) -> StoredRun | None:
        """The run that a live change is for: the one in focus where it goes on, else the newest that does."""
        running = self.running
        focus = self._stage.focus.key if self._stage.focus else ""
        key = focus if focus in running else running[-1] if running else ""
        run = self._stage.cast.get(key)
        return run if isinstance(run, StoredRun) else None

    def label(self, key: str) -> tuple[str, str]:
        """Mark and name of the run `key`."""
        return self._stage.cast.mark(key), self._stage.cast.name(key, self._stage.options)

    def paint(self, turn: Turn) -> bool:
        """Show what `turn` found. Returns whether the words were painted too, which happens less often."""
        asked = self._stage.take(turn)
        self._paint_figures()
        self._paint_card()
        due = asked or bool(turn.changed) or (self._stage.is_stale and self._pace.is_due(WORDS_EVERY_S))
        if due:
            self.paint_words()
        self._tell_failures(turn)
        self._leave_picture_of_ended()
        return due

    def paint_words(self) -> None:
        """Bring the table, the filters and the details up to date."""
        stage = self._stage
        with self._pace:
            parameters = [slider.name for slider in stage.cast.sliders()]
            self._toolbar.paint(Offered(stage.known_metrics(), parameters))
            counts = stage.counts()
            self._filters.paint(stage.cast.sliders(), stage.further_columns())
            self._paint_legend()
            nothing = self._language(READING) if self._monitor.expects else self._invitation
            self._table.show(stage.table(), self._language.of(counts.words) if counts.of else nothing)
            self._details.paint()

    def _paint_card(self) -> None:
        """Written anew where something else is to be said: at most as often as curves are read."""
        focus = self._stage.focus
        on = self._stage.options.read
        if (focus, on) == self._read_aloud:
            return
        self._read_aloud = (focus, on)
        self._card.show(focus, " ".join(self.label(focus.key)) if focus else "", on)
        if self._actions is not None:
            checkpoints = focus.milestones.checkpoints if focus else ()
            self._actions.show(self._stage.cast.get(focus.key) if focus else None, checkpoints)

    def _paint_figures(self) -> None:
        self._figures.arrange(self._stage.metrics)
        self._figures.show(self._kept(self._stage.pictures()))
        if self._figures.waits:
            self._monitor.hurry()
        text = words.remarks(
            {picture.metric.name: picture.message for picture in self._shown_pictures()}, self._language
        )
        if self._remark.value != text:
            self._remark.value = text

    def _kept(self, pictures: Iterable[Picture]) -> Iterable[Picture]:
        for made in pictures:
            picture = in_language(made, self._language)
            self._latest[picture.metric.name] = picture
            yield picture

    def _shown_pictures(self) -> list[Picture]:
        return [self._latest[metric] for metric in self._figures.metrics if metric in self._latest]

    def leave_picture(self) -> None:
        """Leave what is shown now as a still picture in the notebook."""
        self.still.put(svg(self._shown_pictures(), self._stage.named_colours(), language=self._language))

    def _leave_picture_of_ended(self) -> None:
        """… when runs have ended, once all that was found is read."""
        followed = self._followed
        quiet = {key for key, one in followed.items() if one.quiet}
        if quiet - self._pictured and all(one.tail.caught_up or one.trouble for one in followed.values()):
            self._pictured = quiet
            self.leave_picture()

    def _paint_legend(self) -> None:
        legend = self._stage.legend()
        selected = set(self._stage.options.selected)
        shown = [[e.label, e.colour, bool(e.runs) and selected >= set(e.runs)] for e in legend.entries]
        if (legend.scale, shown) != (self._legend.scale, self._legend.entries):
            with self._legend.hold_sync():
                self._legend.scale, self._legend.entries = legend.scale, shown

    # What a person does: verbs of the view.

    def _pick_entry(self, number: int) -> None:
        entries = self._stage.legend().entries
        if number < len(entries):
            again = set(self._stage.options.selected) == set(entries[number].runs)
            self._view.select(*(() if again else entries[number].runs))

    def _pick_mark(self, mark: Mark) -> None:
        """A click on a checkpoint chooses it, to go on from."""
        if self._actions is not None and mark.step is not None and mark.kind in ("checkpoint", "best_checkpoint"):
            self._actions.choose(int(mark.step))

    def _add_figures(self, metrics: tuple[str, ...]) -> None:
        """Beside those that are shown, where nobody has chosen yet."""
        chosen = self._view.options.metrics
        self._view.figures(*(metrics if chosen or not metrics else (*self._figures.metrics, *metrics)))

    # What the monitor found.

    @property
    def _followed(self) -> dict[str, Followed]:
        return self._monitor.followed

    def _tell_of(self, key: str) -> None:
        followed = self._followed.get(key)
        if followed is not None:
            self._details.tell_of(followed, " ".join(self.label(key)))

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
                self._tell_of(key)
