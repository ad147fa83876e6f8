"""Pictures that a test makes up, and names that nobody should trust."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from astuner_nb.core.metrics import FIVE, Metric
from astuner_nb.views.pictures.picture import Axis, Line, Picture

EVIL = (
    "</script><script>window.owned = 1</script><img src=x onerror='window.owned = 2'> \"&amp; %{x} $x$ \x00\x1b\u202e"
)
"""Ends scripts and quotes, begins tags, entities, templates and formulae, turns the writing round."""
HALF = "\ud800"
"""Half a character: no file can hold it, nor can a column of texts in pandas."""
COLOURS = ("#0072b2", "#d55e00", "#009e73")


def line(x: Sequence[float], y: Sequence[float], name: str = "run", **more: object) -> Line:
    """A line through these points."""
    looks = {"id": name, "run": name, "name": name, "mark": name, "colour": COLOURS[0], **more}
    return Line(x=np.asarray(x, np.float64), y=np.asarray(y, np.float64), **looks)


STEPS = Axis("")


def picture(*lines: Line, title: str = "reward", axis: Axis = STEPS, **more: object) -> Picture:
    """A picture of these lines."""
    return Picture(Metric(title, title), axis, lines, **more)


def sweep(runs: int, points: int) -> list[Picture]:
    """The five figures of noisy runs."""
    rng = np.random.default_rng(0)
    steps = np.arange(points, dtype=np.float64)
    rise = 1 / (1 + np.exp(4 - 8 * steps / points))
    return [
        Picture(
            metric,
            Axis(""),
            [
                line(steps, rise + rng.normal(0, 0.05, points), f"#{run}", colour=COLOURS[run % 3])
                for run in range(runs)
            ],
        )
        for metric in FIVE
    ]
