"""A grid of live figures that carries out the changes a `Board` names."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import ipywidgets as ipw

from astuner_nb.charts.board import AddCurve, AddFigure, Change, Clear, Extend, Show
from astuner_nb.core.metrics import Metric
from astuner_nb.live_figure.figure import LiveFigure

HEIGHT_PX = 220
LARGE_PX = 360
"""Of the one or two figures that somebody asked for."""


class Figures:
    """One `LiveFigure` a metric. All methods are called from one thread: the monitor's."""

    def __init__(self, height_px: int = HEIGHT_PX) -> None:
        self._figures: dict[str, LiveFigure] = {}
        self._height_px = height_px
        self.widget = ipw.Box().add_class("astuner-figures")
        if height_px > HEIGHT_PX:
            self.widget.add_class("astuner-large")

    def apply(self, changes: Iterable[Change]) -> None:
        """Carry out `changes` in order."""
        for change in changes:
            match change:
                case AddFigure():
                    self._add_figure(change)
                case AddCurve():
                    self._add_curve(change)
                case Extend():
                    self._figures[change.metric].extend(change.points)
                case Clear():
                    for number in change.curves:
                        self._figures[change.metric].data[number].update(x=[], y=[])
                case Show():
                    _show(self._figures[change.metric], change)

    def _add_curve(self, change: AddCurve) -> None:
        figure = self._figures[change.metric]
        if not figure.data:  # an axis without points has no scale worth reading
            figure.update_layout(xaxis_showticklabels=True, yaxis_showticklabels=True)
        figure.add_scatter(**_curve(change))

    def _add_figure(self, change: AddFigure) -> None:
        figure = LiveFigure(layout=_layout(change.metric, self._height_px))
        figure.add_class("astuner-figure")
        children = list(self.widget.children)
        children.insert(change.position, figure)
        self._figures[change.metric.name] = figure
        self.widget.children = children


def _show(figure: LiveFigure, change: Show) -> None:
    with figure.batch_update():
        for number, visible in change.visible.items():
            if figure.data[number].visible is not visible:
                figure.data[number].visible = visible


def _curve(change: AddCurve) -> dict[str, object]:
    """A curve's trace. Names are escaped: Plotly reads a small HTML of its own in them."""
    source = f" · {change.key}" if change.key != change.name else ""
    kind = f" {change.name.rpartition('/')[0] or change.name}" if change.points_only else ""
    return {
        "x": [],
        "y": [],
        "name": escape(change.style.label + kind, quote=False),
        "mode": "markers" if change.points_only else "lines",
        "line": {"color": change.style.colour, "width": 1.8},
        "marker": {"color": change.style.colour, "size": 7, "symbol": "diamond-open", "line": {"width": 1.6}},
        "hovertemplate": f"%{{y:.4~g}}<extra>{escape(change.style.mark + kind + source, quote=False)}</extra>",
        "visible": change.visible,
    }


def _layout(metric: Metric, height_px: int) -> dict[str, object]:
    unit = f" <span style='font-weight:normal;opacity:.65'>{escape(metric.unit)}</span>" if metric.unit else ""
    return {
        "title": {"text": f"<b>{escape(metric.title, quote=False)}</b>{unit}", "x": 0.02, "y": 0.97, "yanchor": "top"}
        | {"font": {"size": 13}},
        "height": height_px,
        "margin": {"l": 48, "r": 18, "t": 36, "b": 26},
        "showlegend": False,
        "hovermode": "x unified",
        "xaxis": {"rangemode": "tozero", "automargin": False, "showticklabels": False},
        "yaxis": {"automargin": True, "showticklabels": False, "exponentformat": "e"},
    }
