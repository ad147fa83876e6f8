"""Figures as one SVG text: what stays in a saved notebook, in a README or on paper. No script, nothing from outside.

Its background is transparent and its greys are of middle lightness, so that it reads on white and on near-black.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.files.legend import FONT_PX, Entry, entries
from astuner_nb.views.files.plot_area import PlotArea, plot_area
from astuner_nb.views.files.svg_marks import marked, shaded
from astuner_nb.views.files.svg_paths import drawn
from astuner_nb.views.files.text_lines import cut, in_few_lines, text_px
from astuner_nb.views.files.ticks import Tick
from astuner_nb.views.files.xml_text import xml_text
from astuner_nb.views.pictures.picture import Picture

GREY = "#767676"
"""Contrast 4.5 : 1 on white, 4.2 : 1 on #111."""
POINTS = 52_000
"""In all figures together, of which a line has no more than two a pixel: about 250 kB."""
LEAST_POINTS = 32
"""Of one line, however many there are."""
NOTE_ROWS = 4
GAP_PX = 14
_TITLE_PX, _RIGHT_PX, _TOP_PX, _ROW_PX = 28, 10, 24, 14
_LINE_PX, _BETWEEN_PX = 20, 20
"""In the legend: a line in its colour with the gap behind it, and what is between two entries."""


def svg(
    pictures: Sequence[Picture],
    legend: Sequence[Entry] = (),
    title: str = "",
    columns: int = 3,
    width_px: int = 1080,
    language: Language = ENGLISH,
) -> str:
    """One SVG document with `pictures` in a grid; a figure without a point says so.

    Args:
        pictures: the figures, in reading order.
        legend: name and `#rrggbb` of what is drawn; the first `MOST_IN_LEGEND` are listed below the figures.
        title: stands above all; nothing where it is empty.
        columns: at most so many figures beside each other.
        width_px: of the whole; it becomes narrower where the page is.
        language: of what it says by itself; `pictures` are in it already.
    """
    grid = _Grid(max(1, min(columns, len(pictures))), width_px, _TITLE_PX if title else 0)
    points = _points_a_line(pictures, 2 * grid.cell_px)
    parts = [_heading(title)] if title else []
    top = grid.top_px
    for start in range(0, len(pictures), grid.columns):
        row = [plot_area(picture, grid.cell_px) for picture in pictures[start : start + grid.columns]]
        notes = [in_few_lines(language.of(area.note), grid.cell_px - 16, 11, NOTE_ROWS) for area in row]
        for column, (area, note) in enumerate(zip(row, notes, strict=True)):
            parts.append(f'<g transform="translate({column * (grid.cell_px + GAP_PX)} {top})">')
            parts += [*_figure(area, grid, points, note, language.of(area.empty)), "</g>"]
        top += max(_height(area, grid, note) for area, note in zip(row, notes, strict=True)) + GAP_PX
    rows = _legend_rows(entries(legend, language), width_px)
    parts += _legend(rows, top + 6)
    height = top + (len(rows) * 18 + 8 if rows else 0)
    return _document("".join(parts), title or _summary(pictures) or language("No figure"), width_px, max(height, 1))


@dataclass(frozen=True)
class _Grid:
    columns: int
    width_px: int
    top_px: int

    @property
    def cell_px(self) -> int:
        return max(160, (self.width_px - GAP_PX * (self.columns - 1)) // self.columns)

    @property
    def plot_height_px(self) -> int:
        """Of the area between the axes."""
        return round(min(max(self.cell_px * 0.48, 130), 340))


def _document(body: str, label: str, width_px: int, height_px: int) -> str:
    size = f'width="{width_px}" height="{height_px}" viewBox="0 0 {width_px} {height_px}" role="img"'
    font = 'font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif" font-size="11"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} fill="{GREY}" aria-label="{xml_text(label)}" '
        f'style="max-width:100%;height:auto;background:none">{body}</svg>'
    )


def _summary(pictures: Sequence[Picture]) -> str:
    return ", ".join(picture.metric.title for picture in pictures)


def _heading(title: str) -> str:
    return f'<text x="8" y="18" font-size="15" font-weight="600">{xml_text(cut(title, 1000, 15))}</text>'


# ---- one figure


def _figure(area: PlotArea, grid: _Grid, points: int, note: Sequence[str], empty: str) -> Iterator[str]:
    width, height = grid.cell_px - area.left_px - _RIGHT_PX, grid.plot_height_px
    metric = area.picture.metric
    unit = f' <tspan font-weight="400" opacity=".8">{xml_text(cut(metric.unit, 90, 11))}</tspan>' if metric.unit else ""
    name = xml_text(cut(metric.title, grid.cell_px - 100, 13))
    yield f'<text x="8" y="15" font-size="13"><tspan font-weight="600">{name}</tspan>{unit}</text>'
    yield f'<g transform="translate({area.left_px} {_TOP_PX})">'
    yield from shaded(area, width, height) if not area.empty else ()
    yield from _axes(area, width, height)
    yield from drawn(area, width, height, points)
    yield from marked(area, width, height) if not area.empty else ()
    if area.empty:
        yield f'<text x="{width / 2:g}" y="{height / 2:g}" text-anchor="middle">{xml_text(empty)}</text>'
    yield "</g>"
    below = _TOP_PX + height + _below_px(area)
    for number, line in enumerate(note):
        yield f'<text x="8" y="{below + 11 + number * _ROW_PX}">{xml_text(line)}</text>'


def _height(area: PlotArea, grid: _Grid, note: Sequence[str]) -> int:
    return _TOP_PX + grid.plot_height_px + _below_px(area) + len(note) * _ROW_PX


def _below_px(area: PlotArea) -> int:
    """What the labels and the title of the x axis take."""
    return 20 + _ROW_PX * (any(tick.below for tick in area.x_ticks) + bool(area.picture.axis.title))


def _axes(area: PlotArea, width: int, height: int) -> Iterator[str]:
    rows = [(area.y.place(tick.at) * height, tick) for tick in area.y_ticks]
    lines = "".join(f"M0 {height - place:.1f}h{width}" for place, _ in rows)
    yield f'<path d="{lines}" stroke="{GREY}" stroke-opacity=".22" fill="none"/>' if lines else ""
    yield f'<path d="M0 {height}h{width}" stroke="{GREY}" stroke-opacity=".6" fill="none"/>'
    for place, tick in rows:
        yield f'<text x="-6" y="{height - place + 4:.1f}" text-anchor="end">{xml_text(tick.label)}</text>'
    yield from _x_labels(area, width, height)


def _x_labels(area: PlotArea, width: int, height: int) -> Iterator[str]:
    for tick in area.x_ticks:
        place = area.x.place(tick.at) * width
        yield f'<path d="M{place:.1f} {height}v4" stroke="{GREY}" stroke-opacity=".6"/>'
        anchor = _anchor(place, tick, width)
        yield f'<text x="{place:.1f}" y="{height + 16}" text-anchor="{anchor}">{xml_text(tick.label)}</text>'
        if tick.below:
            yield f'<text x="{place:.1f}" y="{height + 30}" text-anchor="{anchor}">{xml_text(tick.below)}</text>'
    if area.picture.axis.title:
        below = height + 16 + _ROW_PX * (1 + any(tick.below for tick in area.x_ticks))
        shown = xml_text(cut(area.picture.axis.title, width, 11))
        yield f'<text x="{width / 2:g}" y="{below}" text-anchor="middle">{shown}</text>'


def _anchor(place: float, tick: Tick, width: int) -> str:
    """Labels at the right end stay within the figure."""
    return "end" if place + text_px(tick.label, 11) / 2 > width + _RIGHT_PX else "middle"


# ---- how much of each line


def _points_a_line(pictures: Sequence[Picture], most: int) -> int:
    """The largest number of points a line, up to `most`, with which all lines together have `POINTS`."""
    lengths = sorted(len(line.x) for picture in pictures for line in picture.lines if line.visible)
    left = POINTS
    for place, length in enumerate(lengths):
        share = left // (len(lengths) - place)
        if length > share:
            return max(LEAST_POINTS, min(most, share))
        left -= length
    return most


# ---- legend


def _legend_rows(shown: Sequence[Entry], width_px: int) -> list[list[tuple[float, str, str]]]:
    """Rows of place, name and colour."""
    rows: list[list[tuple[float, str, str]]] = []
    place = math.inf
    for name, colour in shown:
        needed = _LINE_PX + text_px(name, FONT_PX) + _BETWEEN_PX
        if place + needed > width_px:
            rows.append([])
            place = 8.0
        rows[-1].append((place, name, colour))
        place += needed
    return rows


def _legend(rows: Sequence[Sequence[tuple[float, str, str]]], top: float) -> Iterator[str]:
    for number, row in enumerate(rows):
        y = top + number * 18 + 8
        for place, label, colour in row:
            if colour:
                yield f'<path d="M{place:.1f} {y}h14" stroke="{xml_text(colour)}" stroke-width="3"/>'
            beside = place + (_LINE_PX if colour else 0)
            yield f'<text x="{beside:.1f}" y="{y + 4}" font-size="{FONT_PX}">{xml_text(label)}</text>'
