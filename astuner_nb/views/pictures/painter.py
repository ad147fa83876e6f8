"""Makes the pictures of a view: what of which run is a line, what is a band, what is left to the background.

Smoothing is for the eye and leaves the logged curve faint behind; bands are of all points, before any thinning; what is
measured now and then (validation) stays points. Of many runs some are lines and the others a quiet background.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from astuner_nb.analysis.axes import on_axis
from astuner_nb.analysis.bands import bands
from astuner_nb.analysis.differences import Config
from astuner_nb.analysis.outliers import quiet_range
from astuner_nb.analysis.smoothing import smooth
from astuner_nb.core.errors import BadValue
from astuner_nb.core.metrics import Metric, figure_of, is_sparse
from astuner_nb.core.series import Floats, History
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.colours import Colours
from astuner_nb.views.pictures.crowd import WORDS, crowd, outline
from astuner_nb.views.pictures.curves import Curve, even_places, points_for
from astuner_nb.views.pictures.groups import group_of, shortened
from astuner_nb.views.pictures.picture import Axis, Kind, Line, Picture

RAW, MEMBER, UNSELECTED, BAND = 0.25, 0.22, 0.25, 0.16
"""Opacities: of the logged curve behind a smoothed one, of a member behind its group, of all but the selected runs, and
of a band."""
POOL = 200
"""So many runs are sent to the page although fewer are lines: a filter then only shows and hides."""
MOST_GROUPS = 24
GROUP_POINTS = 300
CROWD_PLACES = 64
TITLES = {"step": "", "time": "seconds since the start", "wall": "", "tokens": "tokens", "samples": "samples"}
"""What stands below the x axes that have a name of their own; of the step and of dates nothing needs to be said."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One run as a picture needs it."""

    key: str
    mark: str
    """A few letters to tell it by: `#2`."""
    name: str
    colour: str
    """Its own colour, `#rrggbb`."""
    config: Config
    """Hyper-parameters under canonical and own names, `source` and `group` among them."""
    history: History
    """Its curves, under canonical names."""
    grows: bool = False
    """Whether it was seen running: then all of its points are drawn, so that more can follow."""

    @property
    def label(self) -> str:
        """Mark and name."""
        return f"{self.mark} {self.name}"


class Painter:
    """Makes pictures; keeps what does not change from one to the next: a slider that hides runs computes no curve."""

    def __init__(self, describe: Callable[[str], Metric]) -> None:
        """`describe` says what a metric is called: `Aliases.describe`."""
        self._describe = describe
        self._curves: dict[tuple[str, str], tuple[object, Curve | str]] = {}
        self._places: dict[str, tuple[object, Floats]] = {}
        self._names: dict[str, tuple[History, Mapping[str, list[str]]]] = {}

    def picture(
        self, metric: str, runs: Sequence[Drawn], shown: AbstractSet[str], lines: Sequence[str], options: ViewOptions
    ) -> Picture:
        """The figure of `metric`.

        Args:
            metric: its canonical name, or the tracker's own.
            runs: all runs of the view, in the order in which they came.
            shown: the keys of those that the view shows.
            lines: the keys of those of them that are drawn as lines, the most important first.
            options: how.
        """
        scene = _Scene(metric, runs, shown, lines, options, self._found(metric, runs, options))
        made = _grouped(scene) if options.group else _single(scene, self._places_of(scene))
        return Picture(
            metric=self._describe(metric),
            axis=self.axis(options),
            lines=made,
            log_y=options.log_y,
            y_range=quiet_range([each.curve.y for each in scene.seen]) if options.clip and scene.seen else None,
            message=scene.words(),
        )

    def axis(self, options: ViewOptions) -> Axis:
        """The x axis that `options` ask for."""
        title = TITLES.get(options.x, self._describe(options.x).title)
        return Axis(title, "date" if options.x == "wall" else "log" if options.log_x else "linear")

    def _found(self, metric: str, runs: Sequence[Drawn], options: ViewOptions) -> Mapping[str, list[_Found]]:
        """Run key → its curves that belong to the figure of `metric`, `val/…` of it among them."""
        found: dict[str, list[_Found]] = {}
        for run in runs:
            names = self._by_figure(run).get(metric, ())
            found[run.key] = [_Found(run, name, self._curve(run, name, options)) for name in names]
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

    def _places_of(self, scene: _Scene) -> Floats:
        """Where the background is computed: the same places while no curve of the figure changed."""
        curves = [each.curve for each in scene.all if not is_sparse(each.name)]
        token = (len(curves), sum(map(id, curves)), scene.options.log_x)
        known = self._places.get(scene.metric)
        if known is None or known[0] != token:
            known = (token, even_places(curves, CROWD_PLACES, scene.options.log_x))
            self._places[scene.metric] = known
        return known[1]


@dataclass(frozen=True, eq=False)
class _Found:
    """One metric of one run: the curve, or why there is none."""

    run: Drawn
    name: str
    made: Curve | str

    @property
    def curve(self) -> Curve:
        assert isinstance(self.made, Curve)
        return self.made

    @property
    def is_drawable(self) -> bool:
        return isinstance(self.made, Curve) and self.made.is_drawable


class _Scene:
    """What one picture is made of."""

    def __init__(
        self,
        metric: str,
        runs: Sequence[Drawn],
        shown: AbstractSet[str],
        lines: Sequence[str],
        options: ViewOptions,
        found: Mapping[str, list[_Found]],
    ) -> None:
        self.metric, self.runs, self.shown, self.options, self.found = metric, runs, shown, options, found
        self.colours = Colours([run.config for run in runs], options)
        self.order = {key: place for place, key in enumerate(lines)}
        self.points = points_for(len(runs))
        self.all = [each for of_run in found.values() for each in of_run if each.is_drawable]
        self.seen = [each for each in self.all if each.run.key in shown]
        self.fronts = set(options.selected) & set(shown)

    def is_line(self, run: Drawn) -> bool:
        """Whether `run` is drawn by itself."""
        return run.key in self.order and run.key in self.shown

    def may_come(self, run: Drawn) -> bool:
        """Whether `run` is no line now, but may be one after a filter moved."""
        return run.key not in self.order and run.key not in self.options.hidden

    def fade(self, *keys: str) -> float:
        """How faint runs are while others are selected."""
        return 1.0 if not self.fronts or self.fronts & set(keys) else UNSELECTED

    def layer(self, key: str) -> int:
        """How far to the front a run lies."""
        return 3 if key in self.fronts else 2 if key == self.options.baseline else 1

    def words(self) -> str:
        """What is not drawn, and what the background stands for."""
        return " ".join([*self._behind(), *self._missing(), *self._below_log()])

    def _behind(self) -> list[str]:
        if self.options.group:
            groups = len({group_of(self.options.group, each.run.config) for each in self.seen})
            return [f"The {MOST_GROUPS} largest of {groups:,} groups are drawn."] if groups > MOST_GROUPS else []
        behind = len({each.run.key for each in self.seen if not self.is_line(each.run)})
        return [f"{len(self.order)} runs are lines; {WORDS} the other {behind:,}."] if behind else []

    def _missing(self) -> list[str]:
        without = [run for run in self.runs if run.key in self.shown and not self._is_drawn(run)]
        reasons = Counter(next(self._reasons(run), "") for run in without)
        return [self._none_of(count, reason) for reason, count in sorted(reasons.items())]

    def _none_of(self, runs: int, reason: str) -> str:
        count = f"{runs:,} of {len(self.shown):,} runs" if len(self.shown) > 1 else "The run"
        have = "has" if runs == 1 else "have"
        return f"{count} {have} no {self.metric}" + (f" here: {reason}" if reason else ".")

    def _below_log(self) -> list[str]:
        """What a logarithmic axis has no place for."""
        if not self.options.log_y:
            return []
        runs = len({each.run.key for each in self.seen if bool((each.curve.y <= 0).any())})
        count = f"{runs:,} of {len(self.shown):,} runs" if len(self.shown) > 1 else "The run"
        reach = "reaches" if runs == 1 else "reach"
        return [f"{count} {reach} 0 or less, which a logarithmic axis leaves out."] if runs else []

    def _is_drawn(self, run: Drawn) -> bool:
        return any(each.is_drawable for each in self.found[run.key])

    def _reasons(self, run: Drawn) -> Iterator[str]:
        for each in self.found[run.key]:
            yield each.made if isinstance(each.made, str) else "nothing but NaN was logged."


def _curve(history: History, name: str, options: ViewOptions, describe: Callable[[str], Metric]) -> Curve | str:
    try:
        x, y = on_axis(history, name, options.x, describe)
    except BadValue as error:
        return str(error)
    if is_sparse(name) or options.smooth == "none":
        return Curve(x, y, y)
    return Curve(x, y, smooth(x, y, options.smooth, options.amount))


def _single(scene: _Scene, places: Floats) -> list[Line]:
    """Each run by itself, the others as a background."""
    pool = [*scene.order, *(run.key for run in reversed(scene.runs) if scene.may_come(run))][:POOL]
    lines = [line for key in pool for each in scene.found[key] if each.is_drawable for line in _lines(scene, each)]
    rest = [each.curve for each in scene.seen if not scene.is_line(each.run) and not is_sparse(each.name)]
    return [*crowd(rest, places), *lines]


def _lines(scene: _Scene, each: _Found) -> Iterator[Line]:
    """The logged curve faint behind the smoothed one; validation as points."""
    run, curve = each.run, each.curve
    points = None if run.grows else scene.points
    colour, visible = scene.colours.of(run.config, run.colour), scene.is_line(run)
    fade, layer, key = scene.fade(run.key), scene.layer(run.key), f"{run.key}/{each.name}"
    if is_sparse(each.name):
        kind = each.name.rpartition("/")[0] or each.name
        label, mark = f"{run.label} {kind}", f"{run.mark} {kind}"
        yield Line(key, run.key, curve.x, curve.y, label, mark, colour, "points", fade, visible=visible, layer=layer)
        return
    if curve.is_smoothed and visible:
        x, y = curve.logged(points)
        yield Line(f"{key}/raw", run.key, x, y, run.label, "", colour, "line", RAW * fade, 1.0, False, visible, -1)
    x, y = curve.drawn(points)
    chosen = run.key in scene.fronts
    yield Line(
        id=key,
        run=run.key,
        x=x,
        y=y,
        name=run.label,
        mark=_mark(each),
        colour=colour,
        kind="line" if run.grows else _kind(False, x),
        opacity=fade,
        width=2.8 if chosen else 1.8,
        dashed=run.key == scene.options.baseline,
        visible=visible,
        layer=layer,
        grows=run.grows and not curve.is_smoothed,
    )


def _mark(each: _Found) -> str:
    """Mark and name, and the tracker's own key where that is another."""
    run, key = each.run, each.run.history[each.name].key
    return run.label if key == each.name else f"{run.mark} {shortened(run.name, 16)} · {key}"


def _grouped(scene: _Scene) -> list[Line]:
    """Groups: members faint, the mean bold, the spread filled."""
    lines: list[Line] = []
    for name in dict.fromkeys(each.name for each in scene.seen):
        of_groups = grouped([each for each in scene.seen if each.name == name], scene.options.group)
        largest = sorted(of_groups, key=lambda group: -len(of_groups[group]))[:MOST_GROUPS]
        fill = min(BAND, 1 - 0.5 ** (1 / len(largest)))  # all on top of one another still let half through
        for group, members in of_groups.items():
            if group in largest:
                lines += _group(scene, group, name, members, fill)
    return lines


def _group(scene: _Scene, group: str, name: str, members: Sequence[_Found], fill: float) -> Iterator[Line]:
    options = scene.options
    colour = scene.colours.of(members[0].run.config, members[0].run.colour)
    keys = [each.run.key for each in members]
    fade, id, label = scene.fade(*keys), f"group/{group}/{name}", f"{group} (n = {len(members)})"
    for each in members:
        if scene.is_line(each.run):
            yield _member(scene, each, colour)
    band = bands([(each.curve.x, each.curve.y) for each in members], options.band)
    if is_sparse(name):
        yield Line(f"{id}/mean", "", band.x, band.mean, label, label, colour, "points", fade, layer=2)
        return
    mean, low, high = (smooth(band.x, y, options.smooth, options.amount) for y in (band.mean, band.low, band.high))
    kept = _spread_out(len(band.x), GROUP_POINTS)
    if options.band != "none" and len(band.x) > 1:
        x, y = outline(band.x[kept], low[kept], high[kept])
        yield Line(f"{id}/band", "", x, y, label, "", colour, "band", fill * fade, 0.0, layer=0)
    yield Line(f"{id}/mean", "", band.x[kept], mean[kept], label, label, colour, "line", fade, 2.4, layer=2)


def _member(scene: _Scene, each: _Found, colour: str) -> Line:
    """One run behind its group; in front of it where it is selected."""
    chosen, sparse = each.run.key in scene.fronts, is_sparse(each.name)
    x, y = (each.curve.x, each.curve.y) if sparse else each.curve.drawn(scene.points)
    opacity, width = (1.0, 2.4) if chosen else (MEMBER, 1.0)
    id, kind = f"{each.run.key}/{each.name}/member", _kind(sparse, x)
    mark = each.run.label if chosen else ""
    return Line(id, each.run.key, x, y, each.run.label, mark, colour, kind, opacity, width, layer=3 if chosen else -1)


def _kind(sparse: bool, x: Floats) -> Kind:
    """One point is no line."""
    return "points" if sparse or len(x) == 1 else "line"


def grouped(found: Iterable[_Found], keys: Sequence[str]) -> dict[str, list[_Found]]:
    """The curves by what their runs have for `keys`, named like `lr 0.0001 · seed 3`, in the order they came."""
    groups: dict[str, list[_Found]] = {}
    for each in found:
        groups.setdefault(group_of(keys, each.run.config), []).append(each)
    return groups


def _spread_out(count: int, most: int) -> np.ndarray:
    """At most `most` of `count` indices, evenly, both ends among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.intp))
