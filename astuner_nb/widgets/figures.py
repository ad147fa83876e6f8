"""A grid of live figures that shows pictures: what changed from the picture before is all that travels.

A line that was sent once stays in the page: hiding and showing it again costs a few bytes. Lines that are new wait for
their turn where there are many, those that are visible first, so that a click on a slow network is never behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

import ipywidgets as ipw
import numpy as np

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.series import Floats
from astuner_nb.live_figure.figure import LiveFigure
from astuner_nb.live_figure.half_made import met_one, wait_for_imports
from astuner_nb.views.pictures.compact import compact
from astuner_nb.views.pictures.mark_traces import mark_layout
from astuner_nb.views.pictures.picture import Line, Mark, Picture
from astuner_nb.views.pictures.traces import layout, positions, trace
from astuner_nb.widgets.changes import flat, instead
from astuner_nb.widgets.figure_marks import FigureMarks
from astuner_nb.widgets.should import Should
from astuner_nb.widgets.tree import family

HEIGHT_PX = 220
LARGE_PX = 360
"""Of the one or two figures that somebody asked for."""
FEW = 2
TURN_BYTES = 40_000
"""About how much of new lines travels in one turn: with ten turns a second what a slow line can take."""
MOST_UNUSED = 400
"""When so many lines of a figure are no longer in its picture, it begins anew."""
SHORT = 200
"""Points of a line that keeps all digits: hardly anything is saved."""
PHASES = ("shapes", "annotations")
"""What phases are in a layout."""
COMPARED = 8
"""With so many lines the hover compares them all at one x; with more it tells of the nearest one."""

Pick = Callable[[str, bool], None]
"""(run key, whether it is added to what is selected)"""
OnMark = Callable[[Mark], None]


class Figures:
    """One `LiveFigure` a metric. All methods are called from one thread: the monitor's."""

    def __init__(
        self,
        on_pick: Pick,
        link: str,
        beside: Sequence[ipw.Widget] = (),
        on_mark: OnMark | None = None,
        language: Language = ENGLISH,
    ) -> None:
        """
        Args:
            on_pick: called in the thread of the page's messages.
            link: figures with the same one share their x axis.
            beside: what stands behind the figures in the same grid.
            on_mark: called as `on_pick`, with the mark that was clicked.
            language: of what the figures themselves say; pictures come translated.
        """
        self._on_pick, self._on_mark, self._link, self._beside = on_pick, on_mark, link, tuple(beside)
        self._language = language
        self._shown: dict[str, _Figure] = {}
        self.widget = ipw.Box(self._beside).add_class("astuner-figures")

    @property
    def metrics(self) -> list[str]:
        """The metrics that have a figure, in the order in which they are shown."""
        return list(self._shown)

    @property
    def figures(self) -> dict[str, LiveFigure]:
        """Metric → its figure."""
        return {metric: shown.figure for metric, shown in self._shown.items()}

    def arrange(self, metrics: Sequence[str]) -> None:
        """Have a figure for each of `metrics`, in that order, and no other."""
        if list(metrics) == self.metrics:
            return
        wait_for_imports()
        for gone in self._shown.keys() - set(metrics):
            self._shown.pop(gone).close()
        self._shown = {metric: self._shown.get(metric) or self._new() for metric in metrics}
        large = 0 < len(metrics) <= FEW
        (self.widget.add_class if large else self.widget.remove_class)("astuner-large")
        for shown in self._shown.values():
            shown.height_px = LARGE_PX if large else HEIGHT_PX
        self.widget.children = [*(shown.widget for shown in self._shown.values()), *self._beside]

    def show(self, pictures: Iterable[Picture]) -> None:
        """Bring figures up to date, and send on what waits."""
        latest = list(pictures)
        wait_for_imports()
        try:
            self._show(latest)
        except AttributeError as error:
            if not met_one(error):
                raise
            self._show_anew(latest)

    def _show_anew(self, pictures: Iterable[Picture]) -> None:
        """Show all figures from their start: an import that began meanwhile has stopped plotly half way."""
        wait_for_imports()
        latest = {metric: shown.picture for metric, shown in self._shown.items() if shown.picture is not None}
        for shown in self._shown.values():
            shown.forget()
        self._show((latest | {picture.metric.name: picture for picture in pictures}).values())

    def _show(self, pictures: Iterable[Picture]) -> None:
        pictured = []
        for picture in pictures:
            pictured.append(self._shown[picture.metric.name])
            pictured[-1].show(picture)
        self._send()
        for shown in pictured:
            shown.show_marks()

    @property
    def waits(self) -> bool:
        """Whether there are visible lines that were not sent yet."""
        return any(line.visible for shown in self._shown.values() for line in shown.waiting)

    def save(self, metric: str, format: Literal["png", "svg"]) -> None:
        """Have the page save the figure of `metric` as `png` or `svg`."""
        self._shown[metric].figure.download(format, metric.replace("/", "-"))

    def _send(self) -> None:
        """New lines of all figures in turn, as many as one turn may take; visible ones first."""
        left = TURN_BYTES
        for visible in (True, False):
            for shown in self._shown.values():
                left -= shown.send(left, visible)

    def _new(self) -> _Figure:
        return _Figure(self._on_pick, self._link, self._on_mark, self._language)


@dataclass(eq=False)
class _Sent:
    """A line as the page has it."""

    number: int
    line: Line
    look: dict[str, Any]


class _Figure:
    """One figure and what the page has of it."""

    def __init__(self, on_pick: Pick, link: str, on_mark: OnMark | None, language: Language) -> None:
        self.figure = LiveFigure(link=link, config=_buttons(language))
        self.figure.add_class("astuner-figure")
        self.figure.on_pick(self._picked)
        self._should = Should(language)
        self.widget = ipw.Box([self.figure, self._should.widget], layout={"width": "100%"})
        self.widget.add_class("astuner-framed")
        self.height_px = HEIGHT_PX
        self.waiting: list[Line] = []
        self._on_pick, self._on_mark = on_pick, on_mark
        self._marks = FigureMarks(self.figure)
        self._sent: dict[str, _Sent] = {}
        self._layout: dict[str, Any] = {}
        self.picture: Picture | None = None
        """What it shows."""

    def forget(self) -> None:
        """Know nothing of what the page has: the next picture is drawn from its start."""
        self._layout = {}
        self._take_away()

    def show(self, picture: Picture) -> None:
        """Send what is another than in the picture before; new lines wait for `send`."""
        if self._begins_anew(picture):
            self._take_away()
            self.figure.update_xaxes(range=None, autorange=True)  # a zoom on another axis says nothing
        self.picture = picture
        self._should.show(picture.metric)
        self._set_layout(layout(picture, self.height_px) | _hover(picture) | mark_layout(picture))
        self.waiting = [line for line in picture.lines if line.id not in self._sent]
        self._update([line for line in picture.lines if line.id in self._sent])

    def _take_away(self) -> None:
        self.figure.data = ()
        self._sent = {}
        self._marks.forget()

    def close(self) -> None:
        """Close the figure and what belongs to it."""
        for widget in family(self.widget):
            widget.close()

    def show_marks(self) -> None:
        """Send what is another about the marks, once the first lines are there."""
        if self.picture is not None:
            self._marks.show(self.picture)

    def send(self, budget: int, visible: bool) -> int:
        """Send waiting lines of about so many bytes. Returns how many it took."""
        taken: list[Line] = []
        size = 0
        for line in self.waiting:
            if line.visible is visible and size < budget:
                taken.append(line)
                size += 400 + 8 * len(line.x)
        if taken:
            first = len(self.figure.data)
            traces = [_trace(line, self._scale) for line in taken]
            self.figure.add_traces(traces)
            for place, (line, made) in enumerate(zip(taken, traces, strict=True)):
                self._sent[line.id] = _Sent(first + place, line, _look(made))
            self.waiting = [line for line in self.waiting if line.id not in self._sent]
        return size

    @property
    def _scale(self) -> Any:
        return self.picture.axis.scale if self.picture else "linear"

    def _begins_anew(self, picture: Picture) -> bool:
        """Whether another axis is drawn over, or the page is full of lines that nobody sees."""
        if self.picture is not None and self.picture.axis != picture.axis:
            return True
        ids = {line.id for line in picture.lines}
        return len(self._sent.keys() - ids) > MOST_UNUSED

    def _update(self, lines: Sequence[Line]) -> None:
        grown: dict[int, tuple[Floats, Floats]] = {}
        changes: dict[int, dict[str, Any]] = {}
        for line in lines:
            sent = self._sent[line.id]
            if not line.visible and not sent.line.visible:
                continue  # as soon as it is visible it is brought up to date
            if _is_same(sent.line, line):
                continue
            made = _trace(line, self._scale)
            change = {name: value for name, value in _look(made).items() if value != sent.look.get(name)}
            if line.x is not sent.line.x or line.y is not sent.line.y:
                if (start := _continues(sent.line, line)) is None:
                    change |= _other_points(sent.line, line, made)
                elif start < len(line.x):
                    grown[sent.number] = (positions(line.x[start:], self._scale), line.y[start:])
            if change:
                changes[sent.number] = change
            self._sent[line.id] = _Sent(sent.number, line, _look(made))
        for gone in self._sent.keys() - {line.id for line in lines}:
            sent = self._sent[gone]
            if sent.look["visible"]:
                changes[sent.number] = {"visible": False}
                sent.look["visible"] = False
                self._sent[gone] = _Sent(sent.number, _unseen(sent.line), sent.look)
        if grown:
            self.figure.extend(grown)
        if changes:
            self.figure.restyle(changes)

    def _set_layout(self, wanted: dict[str, Any]) -> None:
        before, self._layout = self._layout, wanted
        shaded = {name: wanted.get(name, []) for name in PHASES if _length(wanted, name) != _length(before, name)}
        news = [name for name in before | wanted if name not in shaded and wanted.get(name) != before.get(name)]
        if news:
            self.figure.update_layout({name: instead(before.get(name), wanted.get(name)) for name in news})
        for name, phases in shaded.items():
            self.figure.layout[name] = phases  # an update of the layout never makes a list shorter

    def _picked(self, number: int, x: object, y: object, keys: Any) -> None:
        mark = self._marks.at(number, x, y)
        if mark and self._on_mark:
            self._on_mark(mark)
        run = next((sent.line.run for sent in self._sent.values() if sent.number == number), "")
        if run:
            self._on_pick(run, bool(keys.ctrl or keys.shift or keys.meta))


def _buttons(language: Language) -> dict[str, Any]:
    """Plotly's settings for what its buttons say; none in English."""
    dictionary = language.page("plotly")
    return {"locale": "own", "locales": {"own": {"dictionary": dictionary}}} if dictionary else {}


_drawn_like = attrgetter("name", "mark", "colour", "kind", "opacity", "width", "dashed", "visible", "layer", "grows")


def _is_same(old: Line, new: Line) -> bool:
    """Whether nothing about a line is another than before: most are, and a trace costs more than asking."""
    return old.x is new.x and old.y is new.y and bool(_drawn_like(old) == _drawn_like(new))


def _continues(old: Line, new: Line) -> int | None:
    """How many points of `new` the page has, where it is `old` with more behind; None where it is another."""
    count = len(old.x)
    if not (new.grows and old.grows and count and len(new.x) >= count):
        return None
    last = count - 1
    same_y = new.y[last] == old.y[last] or (new.y[last] != new.y[last] and old.y[last] != old.y[last])
    return count if new.x[last] == old.x[last] and new.x[0] == old.x[0] and same_y else None


def _other_points(old: Line, new: Line, made: Mapping[str, Any]) -> dict[str, Any]:
    """x and y of `made` as far as they are no longer what they were: bands of other runs mostly keep their steps."""
    points = {"x": (old.x, new.x), "y": (old.y, new.y)}
    return {name: made[name] for name, (before, now) in points.items() if not np.array_equal(before, now)}


def _trace(line: Line, scale: Any) -> dict[str, Any]:
    """A trace whose numbers are as short as the eye allows; one that grows keeps all digits."""
    made: dict[str, Any] = dict(trace(line, scale))
    if not line.grows and len(line.x) > SHORT:
        made["x"], made["y"] = compact(made["x"], exactly=True), compact(made["y"])
    return made


def _look(made: Mapping[str, Any]) -> dict[str, Any]:
    """All of a trace but its points, by property path: `line.color`."""
    return {name: value for name, value in flat(made).items() if name not in ("x", "y", "type")}


def _length(layout: Mapping[str, Any], name: str) -> int:
    return len(layout.get(name, ()))


def _unseen(line: Line) -> Line:
    return Line(**{**vars(line), "visible": False})


def _hover(picture: Picture) -> dict[str, Any]:
    told = sum(line.visible and bool(line.mark) for line in picture.lines)
    return {"hovermode": "x unified" if told <= COMPARED else "closest", "showlegend": False}
