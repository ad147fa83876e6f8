"""The marks on one live figure: two traces at most, of which only what is another than before is sent."""

from __future__ import annotations

from typing import Any

import numpy as np

from astuner_nb.live_figure.figure import LiveFigure
from astuner_nb.views.pictures.mark_traces import bars_trace, points_of, points_trace
from astuner_nb.views.pictures.picture import Mark, Picture
from astuner_nb.widgets.changes import flat

HIDDEN = {"visible": False}


class FigureMarks:
    """Bars and points of a picture on `figure`. Shaded phases are part of its layout."""

    def __init__(self, figure: LiveFigure) -> None:
        self._figure = figure
        self._numbers: dict[str, int] = {}
        self._sent: dict[str, dict[str, Any]] = {}
        self._points: list[Mark] = []

    def forget(self) -> None:
        """The figure has no traces any more."""
        self._numbers, self._sent, self._points = {}, {}, []

    def show(self, picture: Picture) -> None:
        """Send what is another than in the picture before; without marks nothing, where there were none."""
        self._points = points_of(picture)
        wanted = {"bars": bars_trace(picture), "points": points_trace(picture)}
        changes = {}
        for name, made in wanted.items():
            if name in self._numbers:
                now = flat(made) if made else {**self._sent[name], **HIDDEN}
                changes[self._numbers[name]] = {key: v for key, v in now.items() if v != self._sent[name][key]}
                self._sent[name] = now
            elif made:
                self._numbers[name], self._sent[name] = len(self._figure.data), flat(made)
                self._figure.add_traces([made])
        if any(changes.values()):
            self._figure.restyle({number: change for number, change in changes.items() if change})

    def has(self, number: int) -> bool:
        """Whether the trace `number` is of marks."""
        return number in self._numbers.values()

    def at(self, number: int, x: object, y: object) -> Mark | None:
        """The mark that was clicked, the front one of several; None where it is no point."""
        if number != self._numbers.get("points"):
            return None
        sent = self._sent["points"]
        places = [*zip(sent["x"], sent["y"], self._points, strict=False)]
        return next((mark for at, level, mark in reversed(places) if _is_at(at, x) and level == y), None)


def _is_at(sent: float, clicked: object) -> bool:
    """Whether a click came from the x that was sent: milliseconds of a date come back as a text."""
    if isinstance(clicked, str):
        return abs(sent - float(np.datetime64(clicked, "ms").astype(np.int64))) <= 1
    return sent == clicked
