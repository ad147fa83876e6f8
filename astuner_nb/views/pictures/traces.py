"""A `Picture` in Plotly's words: plain dictionaries, for a live figure and for a file alike. Loads no Plotly.

Plotly reads a small HTML, `$…$` and, on hover, `%{…}`. What a run brings is escaped before it gets there.
"""

from __future__ import annotations

import math
from html import escape

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.views.files.plain_text import plain_text
from astuner_nb.views.pictures.compact import drawable
from astuner_nb.views.pictures.picture import Axis, Line, Picture, Scale

HEIGHT_PX = 220
"""Of one figure, where nobody says another."""
MS = 1000.0
"""Plotly's dates are milliseconds since 1970, ours seconds."""
MARKER_PX = 7
MARKER_LINE_PX = 1.6
MOST_LETTERS = 64
"""Of a name on hover: what a run is called may be a whole command line, and would cover the figure."""
_SIGNS = {ord("$"): "&#36;", ord("%"): "&#37;", ord("{"): "&#123;"}


def trace(line: Line, scale: Scale = "linear") -> dict[str, object]:
    """The arguments of a scatter trace, its points included.

    Args:
        line: what to draw.
        scale: that of the picture's x axis: on one with dates the seconds become milliseconds.
    """
    looks = {"line": _drawn_through, "points": _points, "band": _band}[line.kind]
    return {
        "type": "scatter",
        "x": positions(line.x, scale),
        "y": drawable(line.y),
        "name": shown_text(_short(line.name)),
        "visible": line.visible,
        "zorder": line.layer,
        **_hover(line),
        **looks(line),
    }


def positions(x: Floats, scale: Scale) -> Floats:
    """`x` as Plotly places it."""
    return x * MS if scale == "date" else x


def layout(picture: Picture, height_px: int = HEIGHT_PX) -> dict[str, object]:
    """The layout of its figure, without `picture.message`: that is a sentence and wraps better beside the figure."""
    unit = picture.metric.unit
    quiet = f" <span style='font-weight:normal;opacity:.8'>{shown_text(unit)}</span>" if unit else ""
    title = {"text": f"<b>{shown_text(picture.metric.title)}</b>{quiet}", "x": 0.02, "y": 0.97, "yanchor": "top"}
    labelled = any(len(line.x) for line in picture.lines)  # an axis without points has no scale worth reading
    return {
        "title": title | {"font": {"size": 13}},
        "height": height_px,
        "margin": {"l": 48, "r": 18, "t": 36, "b": 42 if picture.axis.title else 26},
        "showlegend": False,
        "hovermode": "x unified",
        "xaxis": _x_axis(picture.axis) | {"showticklabels": labelled},
        "yaxis": _y_axis(picture) | {"showticklabels": labelled},
    }


def shown_text(text: str) -> str:
    """`text` so that Plotly shows it as it is: no tag, no entity, no formula, no template, on one line."""
    return escape(plain_text(text), quote=False).translate(_SIGNS)


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def rgba(colour: str, opacity: float) -> str:
    """`#rrggbb` with an opacity, as CSS says it."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:.3g})"


def _drawn_through(line: Line) -> dict[str, object]:
    dash = "dash" if line.dashed else "solid"
    return {
        "mode": "lines",
        "line": {"color": line.colour, "width": line.width, "dash": dash},
        "opacity": line.opacity,
    }


def _points(line: Line) -> dict[str, object]:
    marker = {"color": line.colour, "size": MARKER_PX, "symbol": "diamond-open", "line": {"width": MARKER_LINE_PX}}
    return {"mode": "markers", "marker": marker, "opacity": line.opacity}


def _band(line: Line) -> dict[str, object]:
    """The opacity is that of the fill: Plotly would fade a trace's outline and fill each by itself."""
    return {
        "mode": "lines",
        "line": {"color": line.colour, "width": 0},
        "fill": "toself",
        "fillcolor": rgba(line.colour, line.opacity),
    }


def _hover(line: Line) -> dict[str, object]:
    if not line.mark or line.kind == "band":
        return {"hoverinfo": "skip", "hovertemplate": ""}
    return {"hoverinfo": "all", "hovertemplate": f"%{{y:.4~g}}<extra>{shown_text(_short(line.mark))}</extra>"}


def _x_axis(axis: Axis) -> dict[str, object]:
    look: dict[str, object] = {"type": axis.scale, "automargin": False}
    if axis.title:
        look["title"] = {"text": shown_text(axis.title), "font": {"size": 11}, "standoff": 4}
    elif axis.scale == "linear":
        look["rangemode"] = "tozero"  # training begins at step 0; another metric on this axis may be far from there
    return look


def _y_axis(picture: Picture) -> dict[str, object]:
    scale = "log" if picture.log_y else "linear"
    look: dict[str, object] = {"type": scale, "automargin": True, "exponentformat": "e"}
    if picture.log_y:
        look["nticks"] = 3  # or each digit between two powers gets a label, on top of one another
    if picture.y_range is not None:
        look["range"] = [_end(end, picture.log_y) for end in picture.y_range]
    return look


def _end(end: float, log: bool) -> float | None:
    """One end of a range as Plotly wants it, by its exponent on a logarithmic axis; None leaves it to Plotly."""
    if not math.isfinite(end) or (log and end <= 0):
        return None
    return float(np.log10(end)) if log else end
