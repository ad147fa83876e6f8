"""Colours of runs: told apart by colour-blind people, readable on white and on near-black."""

from __future__ import annotations

COLOURS = (
    "#0a7bc4",  # blue
    "#d55e00",  # vermilion
    "#009e73",  # green
    "#cc79a7",  # pink
    "#d99a00",  # orange
    "#56b4e9",  # sky
    "#8a63d2",  # violet
    "#9c6b30",  # brown
)
"""After Okabe and Ito (2008), jfly.uni-koeln.de/color; yellow and black left out, they vanish on one of the themes."""


def colour(ordinal: int) -> str:
    """The colour of the `ordinal`-th run of a project, counted from 0; it comes again after eight runs."""
    return COLOURS[ordinal % len(COLOURS)]


_LOW, _MIDDLE, _HIGH = (0x2F, 0x6F, 0xD0), (0x9A, 0x8F, 0x97), (0xD9, 0x73, 0x0A)


def shade(place: float) -> str:
    """The colour at `place`, 0 to 1, of a scale from blue over grey to orange: of one lightness, so it reads on both
    themes, and of two hues that nearly everybody tells apart.
    """
    at = min(max(place, 0.0), 1.0) * 2
    low, high = (_LOW, _MIDDLE) if at <= 1 else (_MIDDLE, _HIGH)
    part = at if at <= 1 else at - 1
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in zip(low, high, strict=True))
