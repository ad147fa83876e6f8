"""Small drawings of how a metric runs when all is well: a few points each, as an SVG in the colour of the text."""

from __future__ import annotations

from itertools import pairwise

from astuner_nb.core.metrics import Shape

WIDTH, HEIGHT = 96, 40
EDGE = 4
"""Pixels around the curve, so that its ends and the axes are seen whole."""

HEALTHY: dict[Shape, tuple[float, ...]] = {
    "rises": (0.04, 0.08, 0.25, 0.5, 0.72, 0.84, 0.9, 0.94, 0.95, 0.96, 0.96),
    "sinks": (0.95, 0.88, 0.72, 0.55, 0.42, 0.34, 0.29, 0.26, 0.24, 0.23, 0.22),
    "bends": (0.0, 0.12, 0.24, 0.34, 0.43, 0.5, 0.56, 0.6, 0.63, 0.65, 0.66),
    "settles": (0.3, 0.32, 0.42, 0.56, 0.68, 0.7, 0.64, 0.58, 0.6, 0.59, 0.6),
    "wanders": (0.5, 0.62, 0.4, 0.55, 0.45, 0.6, 0.42, 0.56, 0.44, 0.52, 0.48),
    "steady": (0.46, 0.5, 0.47, 0.53, 0.49, 0.52, 0.48, 0.51, 0.49, 0.52, 0.5),
    "dips": (0.9, 0.82, 0.62, 0.4, 0.26, 0.2, 0.2, 0.26, 0.36, 0.48, 0.58),
    "low": (0.06, 0.09, 0.05, 0.1, 0.06, 0.08, 0.05, 0.09, 0.06, 0.08, 0.06),
    "climbs": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "warms": (0.0, 0.5, 0.95, 0.94, 0.9, 0.84, 0.76, 0.67, 0.57, 0.47, 0.38),
}
"""Heights from 0 to 1, evenly spaced in time."""


def drawing(shape: Shape) -> str:
    """An SVG element that shows `shape` above its axes; it is decoration, the sentence beside it says the same."""
    axes = f"M{EDGE} {EDGE}V{HEIGHT - EDGE}H{WIDTH - EDGE}"
    return (
        f"<svg width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}' aria-hidden='true' fill='none' "
        f"stroke='currentColor' stroke-linejoin='round' stroke-linecap='round'>"
        f"<path d='{axes}' opacity='.4'/><path d='{curve(HEALTHY[shape])}' stroke-width='2'/></svg>"
    )


def curve(heights: tuple[float, ...]) -> str:
    """A path through the middles between points, bent at the points: it never leaves the box that they are in."""
    wide, tall = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    places = [
        (EDGE + wide * number / (len(heights) - 1), EDGE + tall * (1 - height)) for number, height in enumerate(heights)
    ]
    bends = [
        f"Q{x:.1f} {y:.1f} {(x + after_x) / 2:.1f} {(y + after_y) / 2:.1f}"
        for (x, y), (after_x, after_y) in pairwise(places[1:])
    ]
    (first_x, first_y), (last_x, last_y) = places[0], places[-1]
    return f"M{first_x:.1f} {first_y:.1f}{''.join(bends)}L{last_x:.1f} {last_y:.1f}"
