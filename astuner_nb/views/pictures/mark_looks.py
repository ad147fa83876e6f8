"""How marks look, whatever draws them: told apart by shape and, by people who are colour-blind too, by colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from astuner_nb.charts.letters import breadth
from astuner_nb.views.pictures.picture import Mark, MarkKind

VERMILLION, AMBER = "#d55e00", "#e69f00"
"""Of an alarm and of a warning, after Okabe and Ito (2008)."""
GREY = "#808080"
"""Of what is shaded: with little opacity it reads on white and on near-black."""
SHADES = (0.05, 0.12)
"""Opacities of a phase and of its neighbour."""
BAR_PX, BAR_OPACITY = 9, 0.3
OUTLINE_PX = 1.6
LABEL_PX, LABEL_GAP_PX, LABEL_OPACITY = 10, 4, 0.75
_LETTER = 0.5
"""Mean width of a letter, in sizes of the font."""


@dataclass(frozen=True)
class Look:
    """How one kind of point is drawn."""

    symbol: str
    """As Plotly calls it."""
    size_px: int
    colour: str = ""
    """`#rrggbb`; empty for that of the run."""

    @property
    def is_open(self) -> bool:
        """Whether only its outline is drawn."""
        return self.symbol.endswith("-open")


LOOKS: Mapping[MarkKind, Look] = {
    "checkpoint": Look("line-ns-open", 8),
    "best": Look("star", 12),
    "best_checkpoint": Look("star-open", 13),
    "change": Look("diamond", 9),
    "branch": Look("triangle-right", 10),
    "note": Look("circle-open", 9),
    "warning": Look("triangle-up", 11, AMBER),
    "alarm": Look("triangle-down", 12, VERMILLION),
}


def colour_of(mark: Mark) -> str:
    """What a point is drawn in."""
    return LOOKS[mark.kind].colour or mark.colour


@dataclass(frozen=True)
class Label:
    """Where the name of one phase stands."""

    text: str
    """Empty where there is no room for it."""
    at_end: bool
    """Whether it ends where the phase does, rather than beginning where that begins."""
    shift_px: float
    """How far to the right of there, so that no two lie on top of one another."""


def labels(phases: Sequence[tuple[float, float, str]], width_px: float) -> list[Label]:
    """The names of phases in one row over a figure of that width.

    Args:
        phases: start, end (0 at the figure's left side, 1 at its right one) and name, empty for none.
        width_px: between the axes.
    """
    free_px = 0.0
    found = []
    for start, end, text in phases:
        wide_px = breadth(text) * LABEL_PX * _LETTER
        at_end = start * width_px + wide_px > width_px
        left_px = end * width_px - wide_px if at_end else start * width_px
        shift_px = max(0.0, free_px - left_px)
        has_room = left_px + shift_px + wide_px <= width_px
        if text and has_room:
            free_px = left_px + shift_px + wide_px + LABEL_GAP_PX
        found.append(Label(text if has_room else "", at_end, shift_px))
    return found
