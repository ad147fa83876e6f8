"""Names as they may stand in any document: what a run is called may be anything."""

from __future__ import annotations

_SPACES = dict.fromkeys([*range(32), *range(127, 160), 0x2028, 0x2029], " ")
_TURNS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_NO_SIGNS = [0xFEFF, 0xFFFE, 0xFFFF]
_KEPT = {**_SPACES, **dict.fromkeys([*_TURNS, *_NO_SIGNS], "")}


def plain_text(text: str) -> str:
    """`text` on one line: control characters are spaces, what turns the writing round or is no character goes, and
    half a character, which no file can hold, is a question mark.
    """
    return text.translate(_KEPT).encode("utf-8", "replace").decode()
