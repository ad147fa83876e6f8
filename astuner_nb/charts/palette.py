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
    "#8c8c8c",  # grey
)
"""After Okabe and Ito (2008), jfly.uni-koeln.de/color; yellow and black left out, they vanish on one of the themes."""


def colour(ordinal: int) -> str:
    """The colour of the `ordinal`-th run of a project, counted from 0; it comes again after eight runs."""
    return COLOURS[ordinal % len(COLOURS)]
