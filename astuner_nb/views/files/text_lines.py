"""Sentences in lines: at spaces, and in Chinese, which has none, behind every character."""

from __future__ import annotations

import re
from collections.abc import Callable

_WIDE = "\u3000-\u303f\u3400-\u9fff\uff00-\uff60"
_STOPS = "\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u201d"
"""What begins no line."""
_PIECE = re.compile(rf"\s*(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_STOPS}]*")


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


def _spaced(piece: str) -> str:
    """`piece` with one space before it, where it has any."""
    bare = piece.lstrip()
    return bare if len(bare) == len(piece) else f" {bare}"
