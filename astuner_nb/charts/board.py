"""The picture of many runs: one figure a metric, one curve a run, and the change each turn makes to it.

A `Board` holds no figure. It says what must change, in order, and a view carries it out: `LiveFigure` in a notebook, a
list in a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from astuner_nb.core.metrics import Metric, describe, figure_of, is_sparse, known_first
from astuner_nb.core.series import Floats

Points = tuple[Floats, Floats]
"""Steps and values, each (n,) float64."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Style:
    """How one run is drawn, everywhere."""

    mark: str
    """A few letters to tell it by, where there is little room: `#2`."""
    name: str
    colour: str

    @property
    def label(self) -> str:
        """Mark and name: `#2 lr 0.0003`."""
        return f"{self.mark} {self.name}"


@dataclass(frozen=True)
class AddFigure:
    """A figure for `metric`, to be shown at `position` among the figures."""

    metric: Metric
    position: int


@dataclass(frozen=True)
class AddCurve:
    """A curve at the end of the figure of `metric`, without points yet."""

    metric: str
    name: str
    """What is drawn: `metric`, or `val/…` of it."""
    key: str
    """The key under which the run's tracker has it; the same as `name` where nobody renamed it."""
    run_id: str
    style: Style
    points_only: bool
    """Whether its points stand alone (sparse metrics) or are joined by a line."""
    visible: bool


@dataclass(frozen=True, eq=False)
class Extend:
    """Points behind the end of curves of one figure."""

    metric: str
    points: Mapping[int, Points]
    """Curve number → its new points."""


@dataclass(frozen=True)
class Clear:
    """All points of these curves are no longer valid."""

    metric: str
    curves: tuple[int, ...]


@dataclass(frozen=True)
class Show:
    """Which curves of one figure are visible."""

    metric: str
    visible: Mapping[int, bool]


Change = AddFigure | AddCurve | Extend | Clear | Show


class Board:
    """Which figures and curves there are. Every method returns the changes a view must make, in order."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        """`metrics` are the figures: no other is added. Where there are none, each logged metric gets its own."""
        self._curves: dict[str, list[tuple[str, str]]] = {metric.name: [] for metric in metrics}
        self._begin = tuple(AddFigure(metric, position) for position, metric in enumerate(metrics))
        self._open = not metrics
        self._styles: dict[str, Style] = {}
        self._drawn: set[str] = set()
        """Runs that were ever visible: only they have curves."""
        self._hidden: set[str] = set()

    @property
    def metrics(self) -> list[str]:
        """The metrics that have a figure, in the order in which they are shown."""
        return list(self._curves)

    def begin(self) -> list[Change]:
        """The empty picture."""
        return list(self._begin)

    def add_run(self, run_id: str, style: Style, *, visible: bool = True) -> None:
        """Make `run_id` known; its curves come with its first points, or when it is first shown."""
        self._styles[run_id] = style
        if visible:
            self._drawn.add(run_id)

    def grow(
        self, grown: Mapping[str, Mapping[str, Points]], keys: Mapping[str, Mapping[str, str]] = NOTHING
    ) -> list[Change]:
        """What new points change. One `Extend` a figure, whatever the runs.

        Args:
            grown: run id → metric → steps and values.
            keys: run id → metric → the key of its tracker, where that is another.
        """
        changes: list[Change] = []
        extends: dict[str, dict[int, Points]] = {}
        for run_id, metrics in grown.items():
            for name in known_first(metrics) if run_id in self._drawn else ():
                figure = figure_of(name)
                changes += self._figure_for(figure)
                if figure in self._curves:
                    changes += self._curve_for(figure, name, run_id, keys.get(run_id, NOTHING).get(name, name))
                    extends.setdefault(figure, {})[self._curves[figure].index((run_id, name))] = metrics[name]
        return changes + [Extend(figure, points) for figure, points in extends.items()]

    def restart(self, run_id: str) -> list[Change]:
        """The points of `run_id` are no longer valid: its log was truncated or replaced."""
        ours = {figure: _positions(curves, {run_id}) for figure, curves in self._curves.items()}
        return [Clear(figure, curves) for figure, curves in ours.items() if curves]

    def show_only(
        self,
        run_ids: Iterable[str],
        so_far: Callable[[str], Mapping[str, Points]],
        keys: Mapping[str, Mapping[str, str]] = NOTHING,
    ) -> list[Change]:
        """Show the curves of `run_ids` and hide all others; `so_far(run_id)` gives the points of a run until now."""
        shown = set(run_ids) & self._styles.keys()
        self._hidden = set(self._styles) - shown
        new = [run_id for run_id in self._styles if run_id in shown - self._drawn]
        self._drawn |= shown
        visible = [
            Show(figure, {number: run_id not in self._hidden for number, (run_id, _) in enumerate(curves)})
            for figure, curves in self._curves.items()
            if curves
        ]
        return [*visible, *self.grow({run_id: so_far(run_id) for run_id in new}, keys)]

    def _figure_for(self, figure: str) -> list[Change]:
        if figure in self._curves or not self._open:
            return []
        order = known_first([*self._curves, figure])
        self._curves = {known: self._curves.get(known, []) for known in order}
        return [AddFigure(describe(figure), order.index(figure))]

    def _curve_for(self, figure: str, name: str, run_id: str, key: str) -> list[Change]:
        curves = self._curves[figure]
        if (run_id, name) in curves:
            return []
        curves.append((run_id, name))
        return [AddCurve(figure, name, key, run_id, self._styles[run_id], is_sparse(name), run_id not in self._hidden)]


def _positions(curves: Sequence[tuple[str, str]], run_ids: set[str]) -> tuple[int, ...]:
    return tuple(number for number, (run_id, _) in enumerate(curves) if run_id in run_ids)
