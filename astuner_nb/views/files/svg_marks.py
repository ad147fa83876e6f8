"""Marks as SVG: phases shaded behind the curves, bars and points in front; each says itself where the pointer rests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from astuner_nb.views.files.plot_area import PlotArea
from astuner_nb.views.files.xml_text import xml_text
from astuner_nb.views.pictures.mark_looks import (
    BAR_OPACITY,
    BAR_PX,
    GREY,
    LABEL_OPACITY,
    LABEL_PX,
    LOOKS,
    OUTLINE_PX,
    SHADES,
    colour_of,
    labels,
)
from astuner_nb.views.pictures.picture import Mark

_STAR_INNER = 0.45
"""Of a star's outer radius."""


def shaded(area: PlotArea, width: int, height: int) -> Iterator[str]:
    """The phases over the height of `area`, with their names at the top."""
    spans = [(*_within(mark, area), mark) for mark in area.picture.marks if mark.kind == "phase"]
    spans = [(start, end, mark) for start, end, mark in spans if end > start]
    names = labels([(start, end, mark.label) for start, end, mark in spans], width)
    for number, ((start, end, mark), label) in enumerate(zip(spans, names, strict=True)):
        path = f"M{start * width:.1f} 0H{end * width:.1f}V{height}H{start * width:.1f}z"
        yield _said(mark, f'<path d="{path}" fill="{GREY}" fill-opacity="{SHADES[number % len(SHADES)]:g}"/>')
        if label.text:
            place, anchor = (end * width - 2, "end") if label.at_end else (start * width + 2, "start")
            look = f'font-size="{LABEL_PX}" opacity="{LABEL_OPACITY:g}" text-anchor="{anchor}"'
            x = place + label.shift_px
            yield _said(mark, f'<text x="{x:.1f}" y="{LABEL_PX}" {look}>{xml_text(label.text)}</text>')


def marked(area: PlotArea, width: int, height: int) -> Iterator[str]:
    """The bars and points that lie within `area`."""
    for mark in area.picture.marks:
        level = area.y.place(mark.y)
        if 0 <= level <= 1 and mark.kind == "plateau":
            yield from _bar(mark, _within(mark, area), width, (1 - level) * height)
        elif 0 <= level <= 1 and mark.kind in LOOKS and 0 <= (place := area.x.place(mark.x)) <= 1:
            yield _said(mark, _point(mark, place * width, (1 - level) * height))


def _bar(mark: Mark, span: tuple[float, float], width: int, y: float) -> Iterator[str]:
    start, end = (one * width for one in span)
    if end > start:
        look = f'stroke="{mark.colour}" stroke-width="{BAR_PX}" stroke-opacity="{BAR_OPACITY:g}"'
        yield _said(mark, f'<path d="M{start:.1f} {y:.1f}H{end:.1f}" {look}/>')


def _point(mark: Mark, x: float, y: float) -> str:
    look, colour = LOOKS[mark.kind], colour_of(mark)
    fill = 'fill="none" pointer-events="all"' if look.is_open else f'fill="{colour}"'
    path = _OUTLINES[look.symbol.removesuffix("-open")](look.size_px / 2)
    outline = f'stroke="{colour}" stroke-width="{OUTLINE_PX:g}" stroke-linejoin="round"'
    return f'<path transform="translate({x:.1f} {y:.1f})" d="{path}" {fill} {outline}/>'


def _within(mark: Mark, area: PlotArea) -> tuple[float, float]:
    """Both ends as far as they lie in `area`; where a logarithmic axis has no place for the first, from its side."""
    start, end = area.x.place(mark.x), area.x.place(mark.x_end)
    return (0.0 if math.isnan(start) else min(max(start, 0.0), 1.0)), min(max(end, 0.0), 1.0)


def _said(mark: Mark, drawn: str) -> str:
    """`drawn` with the words of `mark` on hover."""
    return f"<g><title>{xml_text(mark.text)}</title>{drawn}</g>"


# ---- outlines around 0, as large as Plotly's


def _polygon(radius: float, corners: int, first_deg: float) -> str:
    places = [math.radians(first_deg + 360 * corner / corners) for corner in range(corners)]
    return _closed([(radius * math.cos(angle), radius * math.sin(angle)) for angle in places])


def _star(radius: float) -> str:
    places = [math.radians(-90 + 36 * corner) for corner in range(10)]
    sizes = [1.4 * radius * (_STAR_INNER if corner % 2 else 1) for corner in range(10)]
    return _closed(
        [(size * math.cos(angle), size * math.sin(angle)) for size, angle in zip(sizes, places, strict=True)]
    )


def _circle(radius: float) -> str:
    turn = f"a{radius:g} {radius:g} 0 1 0 "
    return f"M{-radius:g} 0{turn}{2 * radius:g} 0{turn}{-2 * radius:g} 0z"


def _closed(corners: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "z"


_OUTLINES: Mapping[str, Callable[[float], str]] = {
    "line-ns": lambda radius: f"M0 {-1.4 * radius:g}V{1.4 * radius:g}",
    "star": _star,
    "diamond": lambda radius: _polygon(1.3 * radius, 4, 0),
    "triangle-right": lambda radius: _polygon(1.15 * radius, 3, 0),
    "triangle-up": lambda radius: _polygon(1.15 * radius, 3, -90),
    "triangle-down": lambda radius: _polygon(1.15 * radius, 3, 90),
    "circle": _circle,
}
