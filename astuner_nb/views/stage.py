"""What a panel shows at this moment: pictures, rows, legend and words of the runs that a monitor follows.

Knows no widget. A turn of the monitor makes some of it stale, another view makes all of it stale; what is asked for is
made from what is known, and only where something changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from astuner_nb.charts.choice import figures
from astuner_nb.charts.progress import progress
from astuner_nb.core.metrics import Metric, figure_of, known_first
from astuner_nb.core.protocols import Run
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.diagnosis.findings import Severity
from astuner_nb.following import Followed, Turn
from astuner_nb.monitor import Monitor
from astuner_nb.views.cast import Cast, lines, needed
from astuner_nb.views.diagnoses import Diagnoses
from astuner_nb.views.focus import Focus, focused, with_marks
from astuner_nb.views.legend import Legend, legend, named_colours
from astuner_nb.views.mattered.outcomes import ShownRun
from astuner_nb.views.milestones import Milestones, milestones
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pace import Pace
from astuner_nb.views.pictures.colours import Colours
from astuner_nb.views.pictures.painter import Painter
from astuner_nb.views.pictures.picture import Picture
from astuner_nb.views.tables.columns import ON_REQUEST
from astuner_nb.views.tables.shown import Counts
from astuner_nb.views.tables.summaries import Summary, steps_asked, summaries, table_metrics
from astuner_nb.views.tables.table import ChangeOf, Look, TableRows, changes, rows
from astuner_nb.views.view import View

NOTES_EVERY_S = 5.0
"""How often it is looked whether another notebook has written about runs."""
MILESTONES_EVERY_S = 1.0
"""How often it is looked whether the run in focus has saved or changed something."""
NOTHING = History({})


class Stage:
    """What is shown of the runs of `monitor`, as `view` says. All methods are called in the monitor's thread."""

    def __init__(
        self, monitor: Monitor, view: View, usual: Sequence[Metric] = (), visible_at_first: int | None = None
    ) -> None:
        """
        Args:
            monitor: what follows the runs.
            view: what is shown of them, and how.
            usual: the figures from the start; where there are none, each metric gets one when it is first seen.
            visible_at_first: of how many of the runs that come in one turn the curves are visible, the newest; all
                where not given.
        """
        self._monitor, self._view = monitor, view
        self._usual = [metric.name for metric in usual]
        self._visible_at_first = visible_at_first
        self.cast = Cast(view.notes)
        self.options = ViewOptions()
        """Those under which everything is shown: the view's, as of the last turn."""
        self._painter = Painter(view.names.describe)
        self._growing: set[str] = set()
        self._dirty: set[str] = set()
        self._seen_names: set[str] = set()
        self._found: list[str] | None = None
        """The figures of what was found; None where they must be looked for anew."""
        self._paces: dict[str, Pace] = {}
        self._summaries: dict[str, dict[str, Summary]] = {}
        self._summarised: list[str] = []
        self._stale: set[str] = set()
        self._notes_at, self._times_written = time.monotonic(), 0
        self._changed: tuple[object, ChangeOf] | None = None
        self._diagnoses = Diagnoses()
        self.focus: Focus | None = None
        """The run whose curves are read beside them, as of the last turn; None where there is none, or it is unread."""
        self._milestones: dict[str, tuple[float, Milestones]] = {}
        self.rows = TableRows((), (), (), ())
        """The table as it was last made."""

    def take(self, turn: Turn) -> bool:
        """Take in what a turn found, and what the view says now. Returns whether a person waits to see it."""
        self._welcome(turn.added)
        self._stale |= {*turn.grown, *turn.changed, *turn.troubled, *turn.restarted}
        self._take_grown(turn)
        asked = self._look_at_view()
        if asked or turn.added or turn.restarted or (turn.changed and self.options.states):
            self._dirty |= {*self.metrics}
            self._paces.clear()
        if asked or turn or self._diagnoses.waits or self._goes_on():
            self._read_curves(turn)
        return asked or bool(turn.added)

    @property
    def is_stale(self) -> bool:
        """Whether a row is no longer what it was."""
        return bool(self._stale)

    # Figures.

    @property
    def metrics(self) -> list[str]:
        """The metrics that have a figure, in their order."""
        if self.options.metrics or self._usual:
            return list(self.options.metrics) or self._usual
        if self._found is None:
            all_followed = self._monitor.followed
            followed = [all_followed[run.key] for run in reversed(self.cast.runs) if run.key in all_followed]
            self._found = figures((one.run, one.history) for one in followed)
        return self._found

    def pictures(self) -> Iterator[Picture]:
        """Those that are no longer what they were, as far as it is their time."""
        metrics = self.metrics
        due = [metric for metric in metrics if metric in self._dirty and self._pace(metric).is_due()]
        self._dirty &= set(metrics)
        if not due:
            return
        runs = self.cast.drawn(self.options, self._history, self._growing)
        shown = self._shown()
        keys, order = {run.key for run in shown}, lines(shown, self.options)
        for metric in due:
            self._dirty.discard(metric)
            with self._pace(metric):
                picture = self._painter.picture(metric, runs, keys, order, self.options, self.focus)
            yield picture

    def legend(self) -> Legend:
        """What the colours mean, of the runs that are shown."""
        return legend(self.cast, self._shown(), self.options)

    def named_colours(self) -> list[tuple[str, str]]:
        """(label, colour) for a picture that stands alone."""
        return named_colours(self.cast, self._shown(), self.options)

    def _shown(self) -> list[Run]:
        return self.cast.shown(self.options, self.state_of)

    # The table and what stands around it.

    def table(self) -> TableRows:
        """The rows of all runs that fit, made anew."""
        self._summarise()
        shown = {run.key: run for run in self._shown()}
        drawn, colours = set(lines(list(shown.values()), self.options)), self.cast.colours(self.options)
        followed = self._monitor.followed

        def look(run: Run) -> Look:
            how = "line" if run.key in drawn and run.key in shown else "background" if run.key in shown else "none"
            total = self.cast.configs[run.key].get("total_steps")
            found = _look(self.cast.mark(run.key), self._swatch(run, colours), how, followed.get(run.key), total)
            reading, severity = self._reading_of(run.key)
            return replace(found, parent=self.cast.origin(run.key), reading=reading, severity=severity)

        self.rows = rows(
            self.cast.runs,
            self.options,
            self._summaries,
            self.cast.notes_of,
            self._view.names,
            state_of=self.state_of,
            configs=self.cast.configs,
            looks=look,
            changed=self._changes(),
        )
        return self.rows

    def _changes(self) -> ChangeOf:
        """What changed in each run against the baseline; worked out once for as long as nothing else is compared."""
        token = (self.options.baseline, len(self.cast))
        if self._changed is None or self._changed[0] != token:
            self._changed = (token, changes(self.cast.runs, self.options.baseline, self.cast.configs))
        return self._changed[1]

    def counts(self) -> Counts:
        """How many runs of how many are shown."""
        return self.cast.counts(self.options, self.state_of)

    def known_metrics(self) -> list[str]:
        """All metrics of all runs, canonical ones first."""
        followed = self._monitor.followed.values()
        return known_first(name for one in followed for name in one.there)

    def further_columns(self) -> list[str]:
        """What the table could show besides: hyper-parameters, parts of a description, the first metric at a step."""
        names = dict.fromkeys(name for config in self.cast.configs.values() for name in config)
        at_step = [f"{metric} @ 100" for metric in self.metrics[:1]]
        return [*at_step, *ON_REQUEST, *names]

    def shown_runs(self) -> list[ShownRun]:
        """The runs that are shown, with what came of them; newest first."""
        self._summarise()
        colours, labels = self.cast.colours(self.options), self.cast.labels(self.options)
        return [
            ShownRun(
                key=run.key,
                label=labels[run.key],
                colour=self._swatch(run, colours),
                config=self.cast.configs[run.key],
                summary=self._summaries.get(run.key, {}),
            )
            for run in self._shown()
        ]

    def state_of(self, run: Run) -> RunState:
        """Where `run` stands, as the monitor last saw it."""
        followed = self._monitor.followed.get(run.key)
        return followed.status.state if followed is not None else run.state

    # What curves say.

    def _read_curves(self, turn: Turn) -> None:
        """Read what is due; what is said about the run in focus stands on all figures."""
        self._diagnoses.expect(turn.restarted, anew=True)
        self._diagnoses.expect([*turn.grown, *turn.changed])
        run = self._focused() if self.options.read else None
        if self.options.read:
            first = [*([run.key] if run else []), *lines(self._shown(), self.options)]
            self._stale |= self._diagnoses.work(self._monitor.followed, self.cast.configs, first)
            if self._diagnoses.waits:
                self._monitor.hurry()
        before, self.focus = self.focus, self._focus_on(run) if run else None
        if before != self.focus:
            self._dirty |= {*self.metrics}

    def _goes_on(self) -> bool:
        """Whether a run that was seen running still is: then silence is news too."""
        followed = self._monitor.followed
        return any(key in followed and not followed[key].status.state.ended for key in self._growing)

    def _focused(self) -> Run | None:
        return focused(self._shown(), self.options, self._growing, lambda run: not self.state_of(run).ended)

    def _focus_on(self, run: Run) -> Focus | None:
        report = self._diagnoses.of(run.key)
        return Focus(run.key, report, self._milestones_of(run)) if report is not None else None

    def _milestones_of(self, run: Run) -> Milestones:
        """What it saved and what was changed, looked up now and then."""
        now = time.monotonic()
        read_at, known = self._milestones.get(run.key, (-MILESTONES_EVERY_S, Milestones()))
        if now - read_at >= MILESTONES_EVERY_S:
            known = with_marks(milestones(run), self.cast)
            self._milestones[run.key] = (now, known)
        return known

    def _reading_of(self, key: str) -> tuple[str, str]:
        """What the table says of its curves, and how grave that is."""
        report = self._diagnoses.of(key) if self.options.read else None
        if report is None:
            return "", ""
        gravest = max((finding.severity for finding in report.findings), default=Severity.NOTE)
        return report.phrase, gravest.name.lower()

    # Keeping up.

    def _take_grown(self, turn: Turn) -> None:
        """Which figures are no longer what they were; a metric nobody had before may get one of its own."""
        names = {name for chunks in turn.grown.values() for name in chunks}
        self._dirty |= set(map(figure_of, names))
        if turn.added or turn.restarted or not names <= self._seen_names:
            self._seen_names |= names
            self._found = None

    def _welcome(self, added: Sequence[Run]) -> None:
        if not added:
            return
        new = [run for run in added if run.key not in self.cast]
        self.cast.add(*new)
        self._growing |= {run.key for run in new if not self.state_of(run).ended}
        if self._visible_at_first is not None and (unseen := new[: -self._visible_at_first]):
            self._view.change(lambda options: options.with_hidden(*unseen))
        resolved = self._view.options.resolved(self.cast.runs)
        if resolved != self._view.options:  # the view came as a text, which knows runs by their marks only
            self._view.change(lambda options: options.resolved(self.cast.runs))

    def _look_at_view(self) -> bool:
        """Whether the view, or what was written about runs, is another than before."""
        options, before = self._view.options, self.options
        written = self._view.times_written
        notes_due = written != self._times_written or time.monotonic() - self._notes_at >= NOTES_EVERY_S
        if options is before and not notes_due:
            return False
        rewritten = self._read_notes(written) if notes_due else False
        self.options = options
        if (options.metrics, options.x) != (before.metrics, before.x):
            self._monitor.widen(needed(options.metrics, options.x))
        if options is not before or rewritten:
            self._stale |= {run.key for run in self.cast.runs}
        return options is not before or rewritten

    def _read_notes(self, written: int) -> bool:
        """Whether something else stands there than before."""
        self._notes_at, self._times_written = time.monotonic(), written
        return self.cast.read_notes()

    def _summarise(self) -> None:
        """Look at the curves again that grew; at all of them where the table has other columns."""
        followed = self._monitor.followed
        names = {key: list(one.history) for key, one in followed.items()}
        metrics = table_metrics(names, self.options, self._view.names)
        steps = steps_asked(self.options)
        asked = [*metrics, *map(str, steps)]
        stale = self._stale if asked == self._summarised else set(followed)
        histories = {key: followed[key].history for key in stale & followed.keys()}
        self._summaries.update(summaries(histories, metrics, self._view.names, steps))
        self._stale, self._summarised = set(), asked

    def _history(self, run: Run) -> History:
        followed = self._monitor.followed.get(run.key)
        return followed.history if followed is not None else NOTHING

    def _pace(self, metric: str) -> Pace:
        return self._paces.setdefault(metric, Pace())

    def _swatch(self, run: Run, colours: Colours) -> str:
        return colours.of(self.cast.config_of(run), self.cast.colour(run.key, self.options))


def _look(mark: str, swatch: str, drawn: str, followed: Followed | None, total: object) -> Look:
    if followed is None:
        return Look(mark, swatch, drawn)  # type: ignore[arg-type]  # one of the three
    status, run = followed.status, followed.run
    return Look(
        mark=mark,
        swatch=swatch,
        drawn=drawn,  # type: ignore[arg-type]
        alive=run.source == "runs" and (status.alive or not status.state.ended),
        detail=followed.trouble or status.detail,
        progress=progress(followed.history, total).words,
    )
