"""A view of runs: which are shown, how they are drawn, and what is read from them. No display is needed for any of it.

Everything that the panel's mouse can do is a method here. Verbs change the view and return it:
`anb.compare(runs).filter(lr=(1e-5, 1e-3)).group(by=["lr"])`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.errors import BadValue
from astuner_nb.core.language import language_of
from astuner_nb.core.protocols import Run
from astuner_nb.trackers.run_set import RunSet
from astuner_nb.views.files import export
from astuner_nb.views.files.image import save_image
from astuner_nb.views.files.svg import svg
from astuner_nb.views.files.whole_file import write_whole
from astuner_nb.views.options import values
from astuner_nb.views.options.view_options import ViewOptions, Which, key_of
from astuner_nb.views.pictures.picture import Picture
from astuner_nb.views.reading import Reading
from astuner_nb.views.tables.notes import Notes, RunNotes

if TYPE_CHECKING:
    import pandas as pd


class View:
    """Runs seen through `ViewOptions`."""

    def __init__(
        self,
        found: Callable[[bool], RunSet],
        options: ViewOptions | None = None,
        names: Aliases | None = None,
        notes: Notes | None = None,
    ) -> None:
        """
        Args:
            found: gives all runs there are, newest first; may wait for servers. Told True it raises their errors, told
                False it leaves those runs out and says so in `skipped`.
            options: what is shown from the start.
            names: how metrics and hyper-parameters are called.
            notes: what people wrote about runs.
        """
        self._found = found
        self.names = names or aliases()
        self.notes = notes or Notes()
        self._options = options or ViewOptions()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], object]] = []
        self.times_written = 0
        """How often something was written about a run through this view."""

    @property
    def options(self) -> ViewOptions:
        """What is shown, and how. Frozen: the verbs put another in its place."""
        return self._options

    def change(self, how: Callable[[ViewOptions], ViewOptions]) -> Self:
        """Put `how(options)` in the place of the options; safe from any thread. Raises what `how` raises."""
        with self._lock:
            self._options = how(self._options)
        for listener in tuple(self._listeners):
            listener()
        return self

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after every change, in the thread that made it. Returns what ends the listening."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # Which runs.

    def filter(
        self,
        state: str | Sequence[str] = (),
        name: str = "",
        tag: str | Sequence[str] = (),
        config: Mapping[str, object] | None = None,
        **more: object,
    ) -> Self:
        """Show only the runs that fit: `view.filter(lr=(1e-5, 1e-3), backbone="local")`.

        Stands beside the conditions on other things, in the place of those on the same; `unfilter` lifts them.

        Args:
            state: one state or several, any of which fits.
            name: a pattern: `"grpo-*"`.
            tag: one tag or several, all of which a run must have.
            config: hyper-parameter → a value, a list of values, or a range `(low, high)` whose ends may be None.
            more: the same as keywords.

        Raises:
            BadValue: for a state or a range that is none.
        """
        return self.change(lambda options: options.with_filter(state, name, tag, config, **more))

    def unfilter(self, *hyper_parameters: str) -> Self:
        """Lift the conditions on these; all, where none is given."""
        return self.change(lambda options: options.without_filter(*hyper_parameters))

    def search(self, words: str) -> Self:
        """Show only runs in whose name `words` stand; a pattern with `*` is taken as it is; empty finds all."""
        return self.change(lambda options: options.with_search(words))

    def hide(self, *runs: Which) -> Self:
        """Put these out of sight."""
        return self.change(lambda options: options.with_hidden(*runs))

    def unhide(self, *runs: Which) -> Self:
        """Show these again; all that were hidden, where none is given."""
        return self.change(lambda options: options.with_hidden(*(runs or options.hidden), hidden=False))

    def select(self, *runs: Which) -> Self:
        """Emphasise these everywhere, and no others."""
        return self.change(lambda options: options.with_selected(*runs))

    def pin(self, *runs: Which, pinned: bool = True) -> Self:
        """Keep these at the top of the table and among the lines, or no longer."""
        return self.change(lambda options: options.with_pinned(*runs, pinned=pinned))

    def baseline(self, run: Which | None) -> Self:
        """Compare all others with `run`; with none where None."""
        return self.change(lambda options: options.with_baseline(run))

    # How they are drawn.

    def figures(self, *metrics: str) -> Self:
        """A figure for each of these metrics, canonical or own names; for those that are found where none is given."""
        return self.change(lambda options: options.with_metrics(*metrics))

    def group(self, by: str | Sequence[str] = (), band: str | None = None) -> Self:
        """Draw a mean and a band for each group of runs with the same values for `by`; () ends the grouping.

        Args:
            by: hyper-parameters under canonical or own names, `source`, or `group`, the tracker's own.
            band: `std`, `minmax`, `sem` (standard error), `ci95` or `none`; as it was where not given.

        Raises:
            BadValue: for a band that is none.
        """
        keys = (by,) if isinstance(by, str) else values.texts("by", by)
        return self.change(lambda options: options.with_group(*keys, band=band))

    def color(self, by: str = "run") -> Self:
        """Colour by `run`, `source`, `group` or a hyper-parameter; numbers of more than eight values by a scale."""
        return self.change(lambda options: options.with_color(by))

    def x(self, axis: str = "step", log: bool | None = None) -> Self:
        """Draw over `step`, `time` (since a run's first point, s), `wall`, `tokens`, `samples`, or any metric."""
        return self.change(lambda options: options.with_x(axis, log))

    def y(self, log: bool | None = None, clip: bool | None = None) -> Self:
        """Logarithmic y axes or not, outliers cut off or not; as it was where not given."""
        return self.change(lambda options: options.with_y(log, clip))

    def smooth(self, kind: str = "none", amount: float | None = None) -> Self:
        """Smooth for the eye: `ema`, `twema`, `gaussian`, `mean` or `none`; what was logged stays faint behind.

        Raises:
            BadValue: for a kind or an amount that is none.
        """
        return self.change(lambda options: options.with_smooth(kind, amount))

    def read(self, on: bool = True) -> Self:
        """Have curves read: phases, findings and checkpoints of the run in focus on the figures, a phrase in the table.

        In focus is the run that was selected last, else the only one shown, else the newest that goes on.
        """
        return self.change(lambda options: options.with_read(on))

    def sort(self, column: str = "", descending: bool = False) -> Self:
        """Sort the table by a column of `table()`; as the runs come where none is given."""
        return self.change(lambda options: options.with_sort(column, descending))

    def columns(self, *columns: str) -> Self:
        """Further columns of the table: hyper-parameters, `project`, `id`, a metric at a step: `reward @ 100`."""
        return self.change(lambda options: options.with_columns(*columns))

    def rename(self, run: Which, name: str) -> Self:
        """Call `run` so, here and in every view to come; its own name again where that is empty."""
        return self.note(run, name=name)

    def recolor(self, run: Which, color: str) -> Self:
        """Draw `run` in `color`, `#rrggbb`, in this view; in its usual one again where that is empty."""
        return self.change(lambda options: options.with_run_color(run, color))

    def note(
        self, run: Which, *, name: str | None = None, tags: Iterable[str] | None = None, note: str | None = None
    ) -> Self:
        """Write about `run`, beside the runs: no tracker's own file is touched. What is not given stays.

        Raises:
            BadValue: for what is none of the runs, no text, or too long.
            StoreError: where it cannot be written.
        """
        self.notes.set(self._run(run), name=name, tags=tags, note=note)
        self.times_written += 1
        return self.change(lambda options: options)

    def notes_of(self, run: Which) -> RunNotes:
        """What was written about `run`."""
        return self.notes.of(self._run(run))

    def _run(self, run: Which) -> Run:
        key = key_of(run)
        if not isinstance(run, str):
            return run
        found = next((one for one in self.runs if one.key == key), None)
        if found is None:
            raise BadValue(f"{key!r:.80} is the key of none of the {len(self.runs):,} runs. Give one of view.runs.")
        return found

    # What is read from them. Each reads anew: curves that grow have their newest points.

    @property
    def runs(self) -> RunSet:
        """All runs, shown or not, newest first. Waits for sources that are being opened.

        Raises:
            TrackerError: where one of them cannot be opened.
        """
        return self._found(True)

    @property
    def shown(self) -> RunSet:
        """The runs that the view shows, newest first."""
        return self._reading().shown

    def bands(self, metric: str) -> pd.DataFrame:
        """Columns: step (or what the x axis is), group, mean, std, n; of all points of the runs shown.

        Aligned over every step of any run of a group, each run within its own range and by a straight line between its
        points; std is that of all n runs (ddof = 0).

        Raises:
            BadValue: where none of the runs shown has such a metric, or what the x axis needs.
            TrackerError: where curves cannot be read.
        """
        return self._reading().bands(metric)

    def table(self) -> pd.DataFrame:
        """A row for each run shown: hyper-parameters that differ, last and best of each metric; index: the run's key.

        With a baseline there are its differences beside each metric, `Δ reward last`.

        Raises:
            TrackerError: where curves cannot be read.
        """
        return self._reading().table()

    def findings(self, language: str = "en") -> pd.DataFrame:
        """What the curves of the runs shown say: a row a finding, the run's key and name before its other columns.

        Args:
            language: of texts and advice, `en` or `zh`; names of kinds and columns stay as they are.

        Raises:
            BadValue: for another language.
            TrackerError: where curves cannot be read.
        """
        return self._reading(language=language).findings()

    def diff(self, baseline: Which | None = None) -> pd.DataFrame:
        """The hyper-parameters that differ among the runs shown: a row each, a column a run, the baseline first.

        Raises:
            BadValue: for a baseline that is none of the runs.
        """
        return self._reading().diff(key_of(baseline) if baseline is not None else self._options.baseline)

    def importance(self, metric: str = "reward", among: Sequence[str] = ()) -> pd.Series[float]:
        """How much of the best `metric` each hyper-parameter explains by itself, 0 to 1, by Optuna's fANOVA.

        Args:
            metric: what came of the runs.
            among: the hyper-parameters to look at; all that vary, where none is given.

        Raises:
            BadValue: below 8 runs, or not more than twice the hyper-parameters that vary.
            NotInstalled: without Optuna and scikit-learn.
        """
        return self._reading().importance(metric, values.texts("among", among))

    def parallel(self, metric: str = "reward") -> pd.DataFrame:
        """A row for each run shown, the hyper-parameters that vary and the best `metric`."""
        return self._reading().parallel(metric)

    def pictures(self) -> list[Picture]:
        """What each figure shows, as data."""
        return self._reading().pictures()

    def state(self) -> str:
        """The view as one short text, for `anb.compare(runs, state=text)`. Holds no data and no place of a run."""
        return self._options.to_text()

    # Taking it away.

    def to_html(
        self, path: str | os.PathLike[str], title: str | None = None, *, strict: bool = True, language: str = "en"
    ) -> Path:
        """Write the view as one file that needs no network: figures, table, differences. Returns where it is.

        Args:
            path: of the file.
            title: stands above all, nothing where it is empty; "Comparison", in the language, where none is given.
            strict: whether a source that cannot be opened is an error; else it is left out, and the file says so.
            language: of its sentences, `en` or `zh`; names of runs, metrics and hyper-parameters stay as they are.

        Raises:
            BadValue: for another language.
            StoreError: where it cannot be written.
            TrackerError: where curves cannot be read.
        """
        given = title if title is None else values.text("title", title)
        text = self._reading(strict, language).report(given, self.state())
        return write_whole(path, lambda file: file.write(text.encode()))

    def to_csv(self, path: str | os.PathLike[str], *, strict: bool = True) -> Path:
        """Write the curves of the runs shown, as logged, one row a point; `.csv.gz` is compressed. Returns where it is.

        Raises:
            StoreError, TrackerError: as for `to_html`.
        """
        return export.to_csv(self._reading(strict).points(), path)

    def to_parquet(self, path: str | os.PathLike[str], *, strict: bool = True) -> Path:
        """The same as Parquet.

        Raises:
            NotInstalled: without pyarrow.
            StoreError, TrackerError: as for `to_html`.
        """
        return export.to_parquet(self._reading(strict).points(), path)

    def to_image(self, path: str | os.PathLike[str], *metrics: str, strict: bool = True, language: str = "en") -> Path:
        """Write the figures of `metrics`, of all where none is given, as `.svg` or `.png`. Returns where it is.

        Raises:
            BadValue: for a file of another kind or another language, and where there is no figure.
            NotInstalled: for `.png` without kaleido; the panel's buttons need nothing.
            StoreError, TrackerError: as for `to_html`.
        """
        reading = self._reading(strict, language)
        return save_image(
            reading.pictures(values.texts("metrics", metrics)), path, reading.legend, language=reading.language
        )

    def to_svg(self, language: str = "en") -> str:
        """All figures as one static picture, for light and dark pages alike."""
        reading = self._reading(language=language)
        return svg(reading.pictures(), reading.legend, language=reading.language)

    def _reading(self, strict: bool = True, language: str = "en") -> Reading:
        return Reading(self._found(strict), self._options, self.names, self.notes, language_of(language))
