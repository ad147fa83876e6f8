"""Lines, points and bands as SVG paths: whole quarters of a pixel, relative, and no more points than can be seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.series import Floats
from astuner_nb.views.files.plot_area import PlotArea
from astuner_nb.views.pictures.picture import Line

FINE = 4
"""Parts of a pixel that a coordinate counts."""
DOT = 2.5
"""How much thicker a line is that is nothing but single points."""
DIAMOND = 4.5 * FINE
Places = NDArray[np.int64]


def drawn(area: PlotArea, width: int, height: int, points: int) -> Iterator[str]:
    """The visible lines of `area`, from back to front, cut off at its borders; about `points` points each at most."""
    lines = [found for line in area.lines if (found := _element(line, area, width, height, points))]
    if lines:
        yield f'<svg width="{width}" height="{height}" viewBox="0 0 {width * FINE} {height * FINE}" overflow="hidden"'
        yield ' fill="none" stroke-linejoin="round" stroke-linecap="round">'  # an inner svg cuts off without an id
        yield from lines
        yield "</svg>"


def _element(line: Line, area: PlotArea, width: int, height: int, points: int) -> str:
    x, y = area.x.places(line.x), area.y.places(line.y)
    if line.kind == "band":
        y = np.where(np.isnan(y) & np.isfinite(line.y), -1.0, y)  # not above 0 on a logarithmic axis: below all
    y = np.where(np.isnan(x), np.nan, y)
    kept = thinned(y, points)
    x, y = x[kept] * width, (1 - y[kept]) * height
    return _PATHS[line.kind](line, [_whole(x[part], y[part]) for part in _pieces(y)])


def thinned(y: Floats, points: int) -> NDArray[np.intp]:
    """Which points to draw, about `points`: of each stretch the lowest, the highest, and a gap where it has one."""
    n = len(y)
    if n <= points:
        return np.arange(n)
    length = -(-n // max(1, points // 2))
    padded = np.full(-(-n // length) * length, np.nan)
    padded[:n] = y
    stretches = padded.reshape(-1, length)
    begins = np.arange(len(stretches)) * length
    gap = np.isnan(stretches)
    lowest, highest = np.where(gap, np.inf, stretches).argmin(axis=1), np.where(gap, -np.inf, stretches).argmax(axis=1)
    first_gap = np.where(gap.any(axis=1), gap.argmax(axis=1), lowest)
    kept = np.concatenate([[0, n - 1], *(begins + places for places in (lowest, highest, first_gap))])
    return np.unique(kept[kept < n])


def _pieces(y: Floats) -> list[slice]:
    """The stretches between gaps."""
    here = np.concatenate([[False], ~np.isnan(y), [False]])
    edges = np.flatnonzero(here[1:] != here[:-1])
    return [slice(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _whole(x: Floats, y: Floats) -> Places:
    """(n, 2) quarters of a pixel."""
    return np.rint(np.column_stack([x, y]) * FINE).astype(np.int64)


def _line(line: Line, pieces: list[Places]) -> str:
    path = "".join(map(_path, pieces))
    width = line.width * FINE * (DOT if all(len(piece) == 1 for piece in pieces) else 1)
    dash = f' stroke-dasharray="{5 * FINE} {4 * FINE}"' if line.dashed else ""
    return _tag(path, f'stroke="{line.colour}" stroke-width="{width:.3g}"{dash}', line) if path else ""


def _points(line: Line, pieces: list[Places]) -> str:
    half = round(DIAMOND)
    shape = f"l{half} {half}-{half} {half}-{half}-{half}z"
    places = dict.fromkeys((x, y) for piece in pieces for x, y in piece.tolist())
    path = "".join(f"M{x} {y - half}{shape}" for x, y in places)
    return _tag(path, f'stroke="{line.colour}" stroke-width="{1.6 * FINE:.3g}"', line) if path else ""


def _band(line: Line, pieces: list[Places]) -> str:
    path = "".join(f"{_path(piece)}z" for piece in pieces if len(piece) > 2)
    return _tag(path, f'fill="{line.colour}"', line) if path else ""


_PATHS = {"line": _line, "points": _points, "band": _band}


def _tag(path: str, look: str, line: Line) -> str:
    opacity = f' opacity="{line.opacity:.3g}"' if line.opacity < 1 else ""
    return f'<path d="{path}" {look}{opacity}/>'


def _path(piece: Places) -> str:
    """From point to point; one alone is a dot."""
    (x, y), moves = piece[0].tolist(), np.diff(piece, axis=0)
    moves = moves[moves.any(axis=1)]
    if not len(moves):
        return f"M{x} {y}h0"
    return f"M{x} {y}l" + "".join(f"{_signed(dx)}{_signed(dy)}" for dx, dy in moves.tolist()).removeprefix(" ")


def _signed(number: int) -> str:
    """A sign is enough to tell a number from the one before it."""
    return f"{number}" if number < 0 else f" {number}"
