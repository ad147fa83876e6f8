"""A picture's marks in Plotly's words: shaded phases in its layout, one trace of bars, one of points.

They change often while a run grows, so all is plain lists: whoever sends them can tell at once what is another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap

import numpy as np

from astuner_nb.charts.letters import breadth
from astuner_nb.core.series import Floats
from astuner_nb.views.files.plain_text import plain_text
from astuner_nb.views.pictures.compact import FAR
from astuner_nb.views.pictures.mark_looks import (
    BAR_OPACITY,
    BAR_PX,
    GREY,
    LABEL_OPACITY,
    LABEL_PX,
    LOOKS,
    OUTLINE_PX,
    SHADES,
    Label,
    colour_of,
    labels,
)
from astuner_nb.views.pictures.picture import Mark, Picture, Scale
from astuner_nb.views.pictures.traces import MS, rgba, shown_text

LINE_LETTERS, MOST_LINES = 48, 10
"""Of what is said on hover."""
BAR_POINTS = 16
"""So many places of a bar, its ends among them, are near enough to the pointer to tell what it is."""
NEAR_PX = 20
"""So far from the pointer a point is told of; of curves there is one within that distance."""
NARROW_PX = 175
"""Between the axes of a narrow figure: names that lie apart there do so in every wider one."""
UNPICKABLE = "unpickable"
"""What a click in a live figure passes over: a bar lies on its curve. Keep in step with live_figure/page/events.mjs."""
_POINTS_LAYER, _BARS_LAYER = 10, 9
"""In front of all lines."""
_HOVER = {"hoverinfo": "text", "hovertemplate": "%{hovertext}<extra></extra>"}


def mark_traces(picture: Picture) -> list[dict[str, object]]:
    """The traces of its bars and of its points, those that there are."""
    return [trace for trace in (bars_trace(picture), points_trace(picture)) if trace]


def bars_trace(picture: Picture) -> dict[str, object]:
    """The trace of all plateaus, with a gap between them; empty where there is none."""
    bars = [mark for mark in picture.marks if mark.kind == "plateau" and _is_drawable(mark, picture)]
    if not bars:
        return {}
    places = [_spread(mark, picture) for mark in bars]
    return {
        "type": "scatter",
        "name": "plateaus",
        "meta": UNPICKABLE,
        "mode": "lines",
        "x": _joined([[_place(x, picture.axis.scale) for x in xs] for xs in places]),
        "y": _joined([[mark.y] * len(xs) for mark, xs in zip(bars, places, strict=True)]),
        "hovertext": _joined([[hover(mark.text)] * len(xs) for mark, xs in zip(bars, places, strict=True)]),
        "line": {"color": bars[0].colour, "width": BAR_PX},
        "opacity": BAR_OPACITY,
        "zorder": _BARS_LAYER,
        "visible": True,
        **_HOVER,
    }


def points_trace(picture: Picture) -> dict[str, object]:
    """The trace of all marks that are points; empty where there is none. Point for mark as `points_of`."""
    points = points_of(picture)
    if not points:
        return {}
    colours = [colour_of(mark) for mark in points]
    return {
        "type": "scatter",
        "name": "marks",
        "mode": "markers",
        "x": [_place(mark.x, picture.axis.scale) for mark in points],
        "y": [mark.y for mark in points],
        "hovertext": _said(points),
        "marker": {
            "symbol": [LOOKS[mark.kind].symbol for mark in points],
            "size": [LOOKS[mark.kind].size_px for mark in points],
            "color": colours,
            "opacity": 1.0,
            "line": {"color": colours, "width": OUTLINE_PX},
        },
        "cliponaxis": False,
        "zorder": _POINTS_LAYER,
        "visible": True,
        **_HOVER,
    }


def points_of(picture: Picture) -> list[Mark]:
    """The marks that are points and have a place on its axes."""
    return [mark for mark in picture.marks if mark.kind in LOOKS and _is_drawable(mark, picture)]


def mark_layout(picture: Picture) -> dict[str, object]:
    """What its marks add to the layout: `shapes` and `annotations` of phases, and how near a mark tells of itself."""
    near = {"hoverdistance": NEAR_PX} if points_of(picture) else {}
    return {**near, **_phase_layout(picture)}


def _phase_layout(picture: Picture) -> dict[str, object]:
    sides, scale = _sides(picture), picture.axis.scale
    if sides is None:
        return {}
    spans = [(max(mark.x, sides[0]), min(mark.x_end, sides[1]), mark) for mark in picture.marks if mark.kind == "phase"]
    spans = [(start, end, mark) for start, end, mark in spans if end > start]
    parts = [(_part(start, sides, scale), _part(end, sides, scale), mark.label) for start, end, mark in spans]
    named = zip(spans, labels(parts, NARROW_PX), strict=True)
    shapes = [_shade(start, end, number, scale) for number, (start, end, _) in enumerate(spans)]
    names = [_name(start, end, mark, label, scale) for (start, end, mark), label in named if label.text]
    return {**({"shapes": shapes} if shapes else {}), **({"annotations": names} if names else {})}


def hover(text: str) -> str:
    """`text` in lines that do not cover the figure, as Plotly shows it as it is."""
    text = plain_text(text)
    letters = LINE_LETTERS * len(text) // max(1, breadth(text))
    lines = wrap(text, max(1, letters), max_lines=MOST_LINES, placeholder=" …")
    return "<br>".join(map(shown_text, lines))


def _said(points: Sequence[Mark]) -> list[str]:
    """What is said at each point: all that stands at that x, as Plotly tells of one point there."""
    texts: dict[float, dict[str, None]] = {}
    for mark in points:
        texts.setdefault(mark.x, {})[hover(mark.text)] = None
    return ["<br>".join(texts[mark.x]) for mark in points]


def _shade(start: float, end: float, number: int, scale: Scale) -> dict[str, object]:
    return {
        "type": "rect",
        "x0": _place(start, scale),
        "x1": _place(end, scale),
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "layer": "below",
        "fillcolor": rgba(GREY, SHADES[number % len(SHADES)]),
        "line": {"width": 0},
    }


def _name(start: float, end: float, mark: Mark, label: Label, scale: Scale) -> dict[str, object]:
    """Above the plot: what says something on hover takes the pointer from all marks below it."""
    return {
        "text": shown_text(label.text),
        "hovertext": hover(mark.text),
        "x": _in_layout(end if label.at_end else start, scale),
        "xanchor": "right" if label.at_end else "left",
        "y": 1,
        "yref": "y domain",
        "yanchor": "bottom",
        "xshift": round(label.shift_px),
        "showarrow": False,
        "font": {"size": LABEL_PX},
        "opacity": LABEL_OPACITY,
    }


def _is_drawable(mark: Mark, picture: Picture) -> bool:
    """Whether it has a place on both axes, which it would widen else."""
    ends = (mark.x, mark.x_end)
    has_x = all(abs(end) <= FAR for end in ends) and (picture.axis.scale != "log" or min(ends) > 0)
    return has_x and abs(mark.y) <= FAR and (not picture.log_y or mark.y > 0)


def _place(x: float, scale: Scale) -> float:
    return x * MS if scale == "date" else x


def _in_layout(x: float, scale: Scale) -> float:
    """x of an annotation, which on a logarithmic axis Plotly wants by its exponent, unlike that of a shape."""
    return math.log10(x) if scale == "log" else _place(x, scale)


def _part(x: float, sides: tuple[float, float], scale: Scale) -> float:
    """0 at the left side, 1 at the right one."""
    low, high, at = (math.log(one) if scale == "log" else one for one in (*sides, x))
    return (at - low) / (high - low)


def _sides(picture: Picture) -> tuple[float, float] | None:
    """The lowest and the highest x that is drawn, on a logarithmic axis above 0; None where there are no two."""
    parts = [np.asarray(line.x) for line in picture.lines if line.visible and len(line.x)]
    x = np.concatenate(parts) if parts else np.zeros(0)
    x = x[np.isfinite(x) & (x > 0 if picture.axis.scale == "log" else True)]
    if not len(x) or x.min() == x.max():
        return None
    starts_at_zero = picture.axis.scale == "linear" and not picture.axis.title
    return (min(0.0, float(x.min())) if starts_at_zero else float(x.min())), float(x.max())


def _spread(mark: Mark, picture: Picture) -> list[float]:
    """Places from end to end of a bar, at records of its run: only there the curves have something to say too."""
    ends = mark.x, mark.x_end
    wanted = (np.geomspace if picture.axis.scale == "log" else np.linspace)(*ends, BAR_POINTS)
    records = _records(mark, picture)
    inner = records[np.clip(np.searchsorted(records, wanted[1:-1]), 0, len(records) - 1)] if len(records) else wanted
    return [float(x) for x in np.unique([*ends, *inner])]


def _records(mark: Mark, picture: Picture) -> Floats:
    """x of the records between the ends of a bar, ascending."""
    lines = (line.x for line in picture.lines if line.visible and line.kind == "line" and line.colour == mark.colour)
    own = next((x for x in lines if len(x) and bool((np.diff(x) >= 0).all())), np.zeros(0))
    return own[(own >= mark.x) & (own <= mark.x_end)]


def _joined(parts: Sequence[Sequence[object]]) -> list[object]:
    """One after the other with None between them."""
    return [each for part in parts for each in (None, *part)][1:]
