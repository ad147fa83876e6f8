"""What one figure of a comparison shows, as data: lines and bands with their looks, whatever draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from astuner_nb.core.metrics import Metric
from astuner_nb.core.series import Floats

Kind = Literal["line", "points", "band"]
Scale = Literal["linear", "log", "date"]


@dataclass(frozen=True, eq=False)
class Line:
    """One line, one row of points, or one filled band."""

    id: str
    """What tells it from the other lines of its figure, in every picture of it."""
    run: str
    """Key of its run; empty for what belongs to several."""
    x: Floats
    """(n,) on the picture's axis; seconds since 1970 where that has dates."""
    y: Floats
    """(n,), NaN makes a gap."""
    name: str
    mark: str
    """What stands before its value on hover; empty where it has no say there."""
    colour: str
    """`#rrggbb`"""
    kind: Kind = "line"
    """A `band` is a closed outline to be filled: there along the upper side, back along the lower."""
    opacity: float = 1.0
    width: float = 1.8
    dashed: bool = False
    visible: bool = True
    """What is not visible is drawn as soon as it is, without waiting for its points."""
    layer: int = 0
    """What lies on what: a higher one in front."""
    grows: bool = False
    """Whether more points only come behind these."""


MarkKind = Literal[
    "phase", "plateau", "alarm", "warning", "note", "checkpoint", "best", "best_checkpoint", "change", "branch"
]


@dataclass(frozen=True)
class Mark:
    """Something to be said about one place of a figure, or one stretch of it."""

    kind: MarkKind
    """A `phase` is shaded over the figure's height, a `plateau` a bar at its level, all others points."""
    x: float
    """On the picture's axis, as `Line.x`."""
    x_end: float
    """The same as `x` where it is a place."""
    y: float
    """Its level; NaN where it has none, as a phase."""
    text: str
    """Its evidence, what to try: shown on hover."""
    colour: str
    """`#rrggbb`, of its run."""
    label: str = ""
    """What stands beside it all the time; empty for nothing."""
    step: float | None = None
    """The step of its run, whatever the axis shows; None for a stretch."""


@dataclass(frozen=True)
class Axis:
    """The x axis of all pictures of a view."""

    title: str
    """What stands below it; empty where it is the training step."""
    scale: Scale = "linear"


@dataclass(frozen=True, eq=False)
class Picture:
    """One figure."""

    metric: Metric
    axis: Axis
    lines: Sequence[Line]
    log_y: bool = False
    y_range: tuple[float, float] | None = None
    """What the y axis shows where outliers are cut off; None for all."""
    marks: Sequence[Mark] = ()
    """What is said about places of it."""
    message: str = ""
    """A sentence about what is not drawn, and what a background stands for; empty where nothing is missing."""
