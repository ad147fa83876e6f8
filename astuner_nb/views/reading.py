"""What a view says of its runs at one moment: every question reads the runs that are there, and answers with data."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from astuner_nb.analysis.axes import NotOnAxis, on_axis
from astuner_nb.analysis.bands import Band, bands
from astuner_nb.charts.choice import figures
from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import BadValue
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.metrics import figure_of, known_first
from astuner_nb.core.protocols import Run
from astuner_nb.core.said import said
from astuner_nb.core.series import History
from astuner_nb.diagnosis.diagnose import diagnose
from astuner_nb.diagnosis.report import COLUMNS, Report
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.trackers.run_set import FIVE_NAMES, RunSet
from astuner_nb.views.cast import Cast, lines, needed
from astuner_nb.views.files.export import LongCurve, long_frame
from astuner_nb.views.files.report import report
from astuner_nb.views.focus import Focus, focused, with_marks
from astuner_nb.views.legend import named_colours
from astuner_nb.views.mattered import outcomes as mattered
from astuner_nb.views.milestones import milestones
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.curves import Points
from astuner_nb.views.pictures.groups import group_of
from astuner_nb.views.pictures.painter import Painter
from astuner_nb.views.pictures.picture import Picture
from astuner_nb.views.pictures.words import in_language
from astuner_nb.views.tables import diff as differences
from astuner_nb.views.tables import table as tables
from astuner_nb.views.tables.notes import Notes
from astuner_nb.views.tables.summaries import Summary, from_extremes, steps_asked, summaries

if TYPE_CHECKING:
    import pandas as pd

NOTHING = History({})
SPREAD_WORDS = {
    "std": "standard deviation",
    "minmax": "range",
    "sem": "standard error",
    "ci95": "95 % interval of the mean",
    "none": "no band",
}


class Reading:
    """Runs under options that no longer change; sentences are in `language`."""

    def __init__(
        self, runs: RunSet, options: ViewOptions, names: Aliases, notes: Notes, language: Language = ENGLISH
    ) -> None:
        self._all, self._names, self.language = runs, names, language
        self._options = options.resolved(runs)
        self._cast = Cast(notes, list(reversed(runs)))
        self._known: dict[tuple[str, ...], dict[str, History]] = {}

    @cached_property
    def shown(self) -> RunSet:
        """The runs that the view shows, newest first."""
        return RunSet(self._cast.shown(self._options), names=self._names)

    def bands(self, metric: str) -> pd.DataFrame:
        """See `View.bands`."""
        import pandas as pd

        axis, parts = self._options.x, []
        for group, members in self._groups(metric).items():
            band = bands(members, self._options.band)
            parts.append(_frame(band, group, axis))
        if self.shown and not parts:
            over = "" if axis == "step" else f" over {axis}"
            raise BadValue(
                f"None of the {len(self.shown):,} runs shown has a {metric}{over}. Give a metric that they logged."
            )
        columns = [axis, "group", "mean", "std", "n"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def table(self, language: Language = ENGLISH) -> pd.DataFrame:
        """See `View.table`; its titles and states in `language`."""
        runs, options = list(self._all), self._options
        metrics = [*(options.metrics or FIVE_NAMES), *(metric for metric, _ in steps_asked(options))]
        told = {*(run.key for run in self.shown), options.baseline}
        wanted = [run for run in runs if run.key in told]
        known = self._summaries(wanted, list(dict.fromkeys(metrics)))
        return tables.table(
            runs, options, known, self._cast.notes_of, self._names, configs=self._cast.configs, language=language
        )

    def findings(self, metrics: Sequence[str] = ()) -> pd.DataFrame:
        """See `View.findings`; of `metrics` alone, where they are given."""
        import pandas as pd

        labels = self._cast.labels(self._options)
        parts = []
        for key, history in self._chosen(metrics).items():
            frame = self._report(self._cast[key], history).in_language(self.language.name).to_frame()
            frame.insert(0, "name", labels[key])
            frame.insert(0, "key", key)
            parts.append(frame)
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["key", "name", *COLUMNS])

    def diff(self, baseline: str) -> pd.DataFrame:
        """See `View.diff`; `baseline` is a run's key, empty for none."""
        if baseline and baseline not in self._cast:
            raise BadValue(f"The baseline {baseline!r} is none of the {len(self._all):,} runs. Give one of view.runs.")
        first = self._cast[baseline] if baseline else None
        labels = self._cast.labels(self._options)
        return differences.diff(list(self.shown), first, labels, self._cast.configs)

    def importance(self, metric: str, among: Sequence[str] = ()) -> pd.Series[float]:
        """See `View.importance`."""
        known = self._summaries(list(self.shown), [metric])
        return mattered.importance_series(
            self.shown, self._cast.configs, known, metric, names=self._names, chosen=among or None
        )

    def parallel(self, metric: str) -> pd.DataFrame:
        """See `View.parallel`."""
        known = self._summaries(list(self.shown), [metric])
        return mattered.parallel_frame(self.shown, self._cast.configs, known, metric, names=self._names)

    def pictures(self, metrics: Sequence[str] = ()) -> list[Picture]:
        """The figures of `metrics`, of the view's where none is given."""
        read = self._chosen(metrics or self._options.metrics)
        in_order = reversed(read.items())  # as the runs came
        found = metrics or self._options.metrics or figures((self._cast[key], history) for key, history in in_order)
        runs = self._cast.drawn(self._options, lambda run: read.get(run.key, NOTHING))
        shown, painter = {run.key for run in self.shown}, Painter(self._names.describe)
        order = lines(self.shown, self._options)
        focus = self._focus(read) if self._options.read else None
        drawn = (painter.picture(metric, runs, shown, order, self._options, focus) for metric in found)
        return [self._in_language(picture) for picture in drawn]

    @property
    def legend(self) -> list[tuple[str, str]]:
        """(what it stands for, colour) of the colours of the figures."""
        return named_colours(self._cast, self.shown, self._options)

    def points(self) -> pd.DataFrame:
        """What the figures show, as it was logged: a row a point."""
        options, labels = self._options, self._cast.labels(self._options)
        read = self._chosen(options.metrics)
        curves = [
            LongCurve(key, labels[key], self._group(self._cast[key]) if options.group else "", name, *points)
            for key, history in read.items()
            for name in known_first(history)
            if (not options.metrics or figure_of(name) in options.metrics)
            if (points := self._points(history, name)) is not None
        ]
        return long_frame(curves, options.x)

    def report(self, title: str | None, state: str) -> str:
        """The view as one HTML document."""
        diff = self.diff(self._options.baseline)
        findings = self.findings(self._options.metrics) if self._options.read else None
        name, table = self.language("Comparison") if title is None else title, self.table(self.language)
        shown = self.pictures(), table, diff, self.words, state, self.legend
        return report(name, *shown, findings=findings, language=self.language)

    @property
    def words(self) -> list[str]:
        """Sentences on what is shown, and how."""
        options, spread = self._options, said(SPREAD_WORDS[self._options.band])
        grouped = said("Mean and {spread} of runs with equal {names}.", spread=spread, names=", ".join(options.group))
        smoothed = said(
            "Smoothed by {kind} ({amount}); what was logged stays faint behind.",
            kind=options.smooth, amount=f"{options.amount:.3g}",
        )  # fmt: skip
        told = [
            self._cast.counts(options).words,
            *([grouped] if options.group else []),
            *([smoothed] if options.smooth != "none" else []),
            *(said("Left out: {sentence}", sentence=sentence) for sentence in self._all.skipped),
        ]
        return [self.language.of(sentence) for sentence in told]

    def _in_language(self, picture: Picture) -> Picture:
        return replace(in_language(picture, self.language), message=self.language.of(picture.message))

    def _focus(self, read: Mapping[str, History]) -> Focus | None:
        run = focused(self.shown, self._options, frozenset(), lambda run: not run.state.ended)
        if run is None:
            return None
        return Focus(run.key, self._report(run, read.get(run.key, NOTHING)), with_marks(milestones(run), self._cast))

    def _report(self, run: Run, history: History) -> Report:
        return diagnose(history, state=run.state, now=time.time(), config=self._cast.configs[run.key])

    def _groups(self, metric: str) -> Mapping[str, list[Points]]:
        groups: dict[str, list[Points]] = {}
        for key, history in self._histories([metric]).items():
            if (points := self._points(history, metric)) is not None:
                groups.setdefault(self._group(self._cast[key]), []).append(points)
        return groups

    def _group(self, run: Run) -> str:
        return group_of(self._options.group, self._cast.config_of(run))

    def _points(self, history: History, metric: str) -> Points | None:
        try:
            return on_axis(history, metric, self._options.x, self._names.describe)
        except NotOnAxis:
            return None

    def _chosen(self, metrics: Sequence[str]) -> dict[str, History]:
        """What `_read` reads, once."""
        if tuple(metrics) not in self._known:
            self._known[tuple(metrics)] = self._read(metrics)
        return self._known[tuple(metrics)]

    def _read(self, metrics: Sequence[str]) -> dict[str, History]:
        """Run key → the curves of `metrics`; where there are none, all of a run of ours, of a tracker's the canonical
        ones, or all where it has none of these: what a panel shows of it.
        """
        if metrics:
            return self._histories(metrics)
        ours = [run for run in self.shown if isinstance(run, StoredRun)]
        read = self._histories(None, ours)
        read |= self._histories(tuple(self._names.metrics), [run for run in self.shown if run.key not in read])
        read |= self._histories(None, [run for run in self.shown if not read[run.key]])
        return {run.key: read[run.key] for run in self.shown}

    def _histories(self, metrics: Sequence[str] | None, runs: Sequence[Run] | None = None) -> dict[str, History]:
        """Run key → its curves, of `runs`; of all runs shown where not given."""
        wanted = None if metrics is None else needed(metrics, self._options.x)
        asked = self.shown if runs is None else RunSet(list(runs), names=self._names)
        return {run.key: history for run, history in asked.histories(wanted).items()}

    def _summaries(self, runs: Sequence[Run], metrics: Sequence[str]) -> dict[str, dict[str, Summary]]:
        """Run key → metric → what its curve says. Curves of our ended runs are read only for values at a step."""
        steps = steps_asked(self._options)
        quick = {run.key: self._extremes(run, metrics) for run in runs if isinstance(run, StoredRun) and not steps}
        others = RunSet([run for run in runs if run.key not in quick], names=self._names)
        histories = {run.key: history for run, history in others.histories(metrics).items()}
        return quick | summaries(histories, metrics, self._names, steps)

    def _extremes(self, run: StoredRun, metrics: Sequence[str]) -> dict[str, Summary]:
        return {
            name: from_extremes(one.last, one.min, one.max, one.n, self._names.describe(name).better)
            for name, one in run.summary(metrics).items()
        }


def _frame(band: Band, group: str, axis: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({axis: band.x, "group": group, "mean": band.mean, "std": band.std, "n": band.n})
