"""Where on a picture's area its points and ticks lie, and what it says of itself: no drawing in here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from astuner_nb.core.said import counted, joined, said
from astuner_nb.core.series import Floats
from astuner_nb.views.files.ticks import Tick, ticks
from astuner_nb.views.pictures.compact import FAR
from astuner_nb.views.pictures.picture import Line, Picture, Scale

FAR_OUT = 200.0
"""So many sizes of the axis outside it a point may lie: what leads there has its direction, and numbers stay short."""
_FAR_EXPONENT = 305.0
NO_LINE, NO_POINT, NO_NUMBER = said("No curve to show."), said("No point yet."), said("No finite value.")
NOT_ABOVE_ZERO = said("No value above 0 for a logarithmic axis.")
_LETTER_PX, _LEAST_LEFT_PX = 6.4, 30


@dataclass(frozen=True, eq=False)
class Side:
    """One axis: its ends in its own scale (exponents on a logarithmic one)."""

    low: float
    high: float
    log: bool

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        return float(self.places(np.array([value]))[0])

    def places(self, values: Floats) -> Floats:
        """The same for many, `FAR_OUT` at most; NaN where there is no place for a value."""
        half = self.high / 2 - self.low / 2  # the whole width may be no float64
        with np.errstate(over="ignore"):
            found = (_scaled(values, self.log) / 2 - self.low / 2) / half
        return np.clip(found, -FAR_OUT, FAR_OUT)


@dataclass(frozen=True, eq=False)
class PlotArea:
    """A picture with its axes settled."""

    picture: Picture
    x: Side
    y: Side
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    empty: str
    """Why nothing is drawn; empty where something is."""
    note: str
    """What is to be said below it."""

    @property
    def left_px(self) -> int:
        """What the labels of the y axis need."""
        return round(max(_LEAST_LEFT_PX, 12 + _LETTER_PX * max((len(tick.label) for tick in self.y_ticks), default=0)))

    @property
    def lines(self) -> list[Line]:
        """What is visible, from back to front."""
        return sorted((line for line in self.picture.lines if line.visible), key=lambda line: line.layer)


def plot_area(picture: Picture, width_px: int) -> PlotArea:
    """`picture` with axes that have room for all of its visible points, or for `picture.y_range`."""
    log_x, scale_y = picture.axis.scale == "log", "log" if picture.log_y else "linear"
    seen = list(_seen(picture, log_x))
    empty = _why_empty(picture) if not seen else ""
    x = _side([one for one, _ in seen], log_x, None, margin=0.0, tozero=_from_zero(picture))
    y = _side([one for _, one in seen], picture.log_y, picture.y_range, margin=0.05)
    return PlotArea(
        picture,
        x,
        y,
        [] if empty else _ticks(x, picture.axis.scale, max(2, width_px // 75)),
        [] if empty else _ticks(y, "log" if scale_y == "log" else "linear", 5),
        empty,
        joined([picture.message, *(_remarks(picture, seen) if seen else ())]),
    )


def _seen(picture: Picture, log_x: bool) -> Iterator[tuple[Floats, Floats]]:
    """x and y of what has a place, of each visible line that has any."""
    for line in picture.lines:
        if line.visible:
            x, y = line.x, line.y
            kept = np.isfinite(_scaled(x, log_x)) & np.isfinite(y if line.kind == "band" else _scaled(y, picture.log_y))
            if bool(kept.any()):
                yield x[kept], y[kept]


def _scaled(values: Floats, log: bool) -> Floats:
    """By their exponents on a logarithmic axis; NaN where there is no place: ±Inf, and there what is not above 0."""
    numbers = np.clip(np.where(np.isfinite(values), values, np.nan), -FAR, FAR)
    if not log:
        return numbers
    return np.log10(np.where(numbers > 0, numbers, np.nan))


def _side(
    parts: list[Floats], log: bool, wanted: tuple[float, float] | None, margin: float, tozero: bool = False
) -> Side:
    scaled = [_scaled(part, log) for part in parts]
    ends = [(float(np.nanmin(one)), float(np.nanmax(one))) for one in scaled if bool(np.isfinite(one).any())]
    low, high = (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 1.0)
    room = (high / 2 - low / 2) * 2 * margin
    low, high = _apart(low - room, high + room, log)
    low = min(low, 0.0) if tozero else low
    if wanted is not None:
        chosen = _scaled(np.array(wanted, np.float64), log)
        chosen_low, chosen_high = np.sort(np.where(np.isfinite(chosen), chosen, (low, high)))
        low, high = _apart(float(chosen_low), float(chosen_high), log)
    return Side(low, high, log)


def _apart(low: float, high: float, log: bool) -> tuple[float, float]:
    """Two ends with something between them that can be told apart: a constant lies in the middle."""
    if log:
        low, high = (min(max(end, -_FAR_EXPONENT), _FAR_EXPONENT) for end in (low, high))
    size = max(abs(low), abs(high))
    if high / 2 - low / 2 > max(size * 1e-12, 1e-300):
        return low, high
    room = 0.5 if log else size * 0.1 if size > 1e-290 else 1.0
    return low - room, high + room


def _from_zero(picture: Picture) -> bool:
    """As in the live figure: training steps begin at 0, other axes where their points do."""
    return picture.axis.scale == "linear" and not picture.axis.title


def _ticks(side: Side, scale: Scale, most: int) -> list[Tick]:
    low, high = (10.0**side.low, 10.0**side.high) if side.log else (side.low, side.high)
    return ticks(low, high, scale, most)


def _why_empty(picture: Picture) -> str:
    visible = [line for line in picture.lines if line.visible]
    if not visible:
        return NO_LINE
    if not any(len(line.x) for line in visible):
        return NO_POINT
    finite = any(bool((np.isfinite(line.x) & np.isfinite(line.y)).any()) for line in visible)
    return NOT_ABOVE_ZERO if finite else NO_NUMBER


def _remarks(picture: Picture, seen: list[tuple[Floats, Floats]]) -> Iterator[str]:
    lost = sum(map(_not_above_zero, *zip(*((line, picture) for line in picture.lines if line.visible), strict=True)))
    if lost:
        yield counted(
            lost,
            "{n} point not above 0 is not on a logarithmic axis.",
            "{n} points not above 0 are not on a logarithmic axis.",
        )
    values = np.concatenate([y for _, y in seen])
    if all(len(y) == 1 for _, y in seen):
        yield said("One point each so far." if len(seen) > 1 else "One point so far.")
    elif float(values.min()) == float(values.max()):
        yield said("Always {value}.", value=f"{values[0]:.4g}")


def _not_above_zero(line: Line, picture: Picture) -> int:
    """How many points of `line` have no place for that reason; a band is cut off at the axis instead."""
    if line.kind == "band":
        return 0
    finite = np.isfinite(line.x) & np.isfinite(line.y)
    low = np.zeros(len(line.x), np.bool_)
    if picture.log_y:
        low |= line.y <= 0
    if picture.axis.scale == "log":
        low |= line.x <= 0
    return int((finite & low).sum())
