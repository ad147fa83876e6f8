"""Colours of runs: told apart by colour-blind people, readable on white and on near-black."""

from __future__ import annotations

COLOURS = (
    "#0a7bc4",  # blue
    "#d55e00",  # vermilion
    "#009e73",  # green
    "#cc79a7",  # pink
    "#9d66ff",  # violet
    "#9f4d29",  # brown
    "#749f4c",  # olive
    "#89619b",  # mauve
)
"""The first four after Okabe and Ito (2008), jfly.uni-koeln.de/color, darker where white asked for it; the others were
searched: as far apart as can be for four kinds of eyes, with a contrast of 3:1 at least on either theme's paper, where
their yellow, sky blue and black vanish (`tests/charts/test_palette.py` measures both)."""


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
