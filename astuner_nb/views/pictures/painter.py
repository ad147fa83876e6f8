"""Makes the pictures of a view, and keeps what does not change from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from astuner_nb.analysis.axes import on_axis
from astuner_nb.analysis.outliers import quiet_range
from astuner_nb.analysis.smoothing import smooth
from astuner_nb.core.errors import BadValue
from astuner_nb.core.metrics import Metric, figure_of, is_sparse
from astuner_nb.core.said import said
from astuner_nb.core.series import Floats, History
from astuner_nb.views.focus import Focus
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.composition import grouped_lines, single_lines
from astuner_nb.views.pictures.course import course
from astuner_nb.views.pictures.curves import Curve, even_places
from astuner_nb.views.pictures.marks import marks_of
from astuner_nb.views.pictures.picture import Axis, Mark, Picture
from astuner_nb.views.pictures.scene import Drawn, Found, Scene

CROWD_PLACES = 64
TITLES = {
    "step": "",
    "time": said("seconds since the start"),
    "wall": "UTC",
    "tokens": said("tokens"),
    "samples": said("samples"),
}
"""What stands below the x axes that have a name of their own; of the step nothing needs to be said."""


class Painter:
    """Makes pictures; keeps what does not change from one to the next: a slider that hides runs computes no curve."""

    def __init__(self, describe: Callable[[str], Metric]) -> None:
        """`describe` says what a metric is called: `Aliases.describe`."""
        self._describe = describe
        self._curves: dict[tuple[str, str], tuple[object, Curve | str]] = {}
        self._places: dict[str, tuple[object, Floats]] = {}
        self._names: dict[str, tuple[History, Mapping[str, list[str]]]] = {}

    def picture(
        self,
        metric: str,
        runs: Sequence[Drawn],
        shown: AbstractSet[str],
        lines: Sequence[str],
        options: ViewOptions,
        focus: Focus | None = None,
    ) -> Picture:
        """The figure of `metric`.

        Args:
            metric: its canonical name, or the tracker's own.
            runs: all runs of the view, in the order in which they came.
            shown: the keys of those that the view shows.
            lines: the keys of those of them that are drawn as lines, the most important first.
            options: how.
            focus: the run whose curves are read, where there is one.
        """
        scene = Scene(metric, runs, shown, lines, options, self._found(metric, runs, options))
        made = grouped_lines(scene) if options.group else single_lines(scene, self._places_of(scene))
        return Picture(
            metric=self._describe(metric),
            axis=self.axis(options),
            lines=made,
            log_y=options.log_y,
            marks=self._marks(scene, focus) if focus is not None else (),
            y_range=quiet_range([each.curve.y for each in scene.seen]) if options.clip and scene.seen else None,
            message=scene.words(),
        )

    def _marks(self, scene: Scene, focus: Focus) -> Sequence[Mark]:
        """What is said of the run in focus; nothing on groups, where it is one of many."""
        found = [each for each in scene.found.get(focus.key, ()) if each.is_drawable]
        if not found or scene.options.group or focus.key not in scene.shown:
            return ()
        run, report = found[0].run, focus.report
        axis = scene.options.x
        courses = {each.name: course(run.history, each.name, axis, each.curve, self._describe) for each in found}
        return marks_of(
            self._describe(scene.metric),
            report.findings,
            report.phases,
            focus.milestones,
            courses,
            scene.colours.of(run.config, run.colour),
            labelled=any(figure_of(phase.metric) == scene.metric for phase in report.phases),
        )

    def axis(self, options: ViewOptions) -> Axis:
        """The x axis that `options` ask for."""
        title = TITLES.get(options.x, self._describe(options.x).title)
        return Axis(title, "date" if options.x == "wall" else "log" if options.log_x else "linear")

    def _found(self, metric: str, runs: Sequence[Drawn], options: ViewOptions) -> Mapping[str, list[Found]]:
        """Run key → its curves that belong to the figure of `metric`, `val/…` of it among them."""
        found: dict[str, list[Found]] = {}
        for run in runs:
            names = self._by_figure(run).get(metric, ())
            found[run.key] = [Found(run, name, self._curve(run, name, options)) for name in names]
        return found

    def _by_figure(self, run: Drawn) -> Mapping[str, list[str]]:
        """Figure → the metrics of `run` that are drawn in it."""
        known = self._names.get(run.key)
        if known is None or known[0] is not run.history:
            names: dict[str, list[str]] = {}
            for name in run.history:
                names.setdefault(figure_of(name), []).append(name)
            known = self._names[run.key] = (run.history, names)
        return known[1]

    def _curve(self, run: Drawn, name: str, options: ViewOptions) -> Curve | str:
        """The curve, or why it cannot be drawn on that axis."""
        series = run.history[name]
        token = (len(series), series.value.ctypes.data, len(run.history), options.x, options.smooth, options.amount)
        known = self._curves.get((run.key, name))
        if known is None or known[0] != token:
            known = self._curves[run.key, name] = (token, _curve(run.history, name, options, self._describe))
        return known[1]

    def _places_of(self, scene: Scene) -> Floats:
        """Where the background is computed: the same places while no curve of the figure changed."""
        curves = [each.curve for each in scene.all if not is_sparse(each.name)]
        token = (len(curves), sum(map(id, curves)), scene.options.log_x)
        known = self._places.get(scene.metric)
        if known is None or known[0] != token:
            known = (token, even_places(curves, CROWD_PLACES, scene.options.log_x))
            self._places[scene.metric] = known
        return known[1]


def _curve(history: History, name: str, options: ViewOptions, describe: Callable[[str], Metric]) -> Curve | str:
    try:
        x, y = on_axis(history, name, options.x, describe)
    except BadValue as error:
        return str(error)
    if is_sparse(name) or options.smooth == "none":
        return Curve(x, y, y)
    return Curve(x, y, smooth(x, y, options.smooth, options.amount))
