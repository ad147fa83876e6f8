"""Texts in lines of a width: broken at spaces, and in Chinese, which has none, behind every character."""

from __future__ import annotations

import re
from collections.abc import Callable

from astuner_nb.charts.letters import breadth

_WIDE = "\u3000-\u303f\u3400-\u9fff\uff00-\uff60"
_STOPS = "\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u201d"
"""What begins no line."""
_PIECE = re.compile(rf"\s*(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_STOPS}]*")
_LETTER, _WIDE_LETTER = 0.56, 1.0
"""Mean width of a letter of `system-ui`, in sizes of the font; Chinese ones are as wide as high."""
_MOST_LETTERS = 1000


def text_px(text: str, size_px: float) -> float:
    """How wide `text` will be, about."""
    wide = breadth(text) - len(text)
    return size_px * (wide * _WIDE_LETTER + (len(text) - wide) * _LETTER)


def cut(text: str, width_px: float, size_px: float) -> str:
    """`text` on one line of that width."""
    line = " ".join(text[:_MOST_LETTERS].split())
    if text_px(line, size_px) <= width_px:
        return line
    while line and text_px(line, size_px) > width_px - size_px:
        line = line[:-1]
    return f"{line}…"


def in_lines(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` in lines, each as long as it `fits`; a word that fits nowhere has a line of its own."""
    lines: list[str] = []
    for piece in _PIECE.findall(text):
        longer = f"{lines[-1]}{_spaced(piece)}" if lines else ""
        if lines and fits(longer):
            lines[-1] = longer
        else:
            lines.append(piece.strip())
    return lines


def in_letters(text: str, letters: int) -> list[str]:
    """`text` in lines of so many narrow letters."""
    return in_lines(text, lambda line: breadth(line) <= letters)


def in_few_lines(text: str, width_px: float, size_px: float, most: int) -> list[str]:
    """`text` in at most `most` lines of that width; the last one is cut where there is more."""
    lines = in_lines(text, lambda line: text_px(line, size_px) <= width_px)
    kept = [*lines[: most - 1], " ".join(lines[most - 1 :])] if len(lines) > most else lines
    return [cut(line, width_px, size_px) for line in kept]


def _spaced(piece: str) -> str:
    """`piece` with one space before it, where it has any."""
    bare = piece.lstrip()
    return bare if len(bare) == len(piece) else f" {bare}"
