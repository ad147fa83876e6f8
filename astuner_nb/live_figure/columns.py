"""The x and y of one trace in arrays that grow: appending a point does not copy the ones before it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.errors import BadValue

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

GROWS = frozenset({"scatter", "scattergl", "bar"})
"""Trace types whose x and y are one value a point, so that a point can be appended."""

_SMALLEST = 256  # points of room in a new column


def numbers(values: Any, where: str) -> Floats:
    """`values` as a float64 array of shape (n,); `None` becomes NaN, a gap in the line.

    Args:
        values: Numbers of any numpy type, a list, a pandas Series.
        where: What the values are, for the error's sentence: "x of trace 0".

    Raises:
        BadValue: The values are text, dates, complex, ragged or not one-dimensional.
    """
    array = _flat(values, where)
    if array.dtype == object and not any(isinstance(value, str | bytes) for value in array):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    if array.dtype.kind not in "biuf":
        raise BadValue(f"extend: {where} holds {_sample(array)}, which is not a number; give integers or floats.")
    return array.astype(np.float64)


def positions(values: Any, where: str) -> Floats | Times:
    """`values` as float64, or as datetime64 in milliseconds where they are dates; shape (n,).

    Raises:
        BadValue: The values are text, dates with a time zone, ragged or not one-dimensional.
    """
    array = _flat(values, where)
    if array.dtype.kind == "U":
        raise BadValue(f"extend: {where} holds {_sample(array)}, which is text; give numbers or datetime values.")
    if array.dtype.kind == "M":
        return array.astype("datetime64[ms]")
    if array.dtype == object and len(array) and hasattr(array[0], "isoformat"):
        return _from_datetimes(array, where)
    return numbers(array, where)


def _flat(values: Any, where: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise BadValue(
            f"extend: {where} cannot be made into an array ({error}); give a flat list of numbers."
        ) from None
    if array.ndim != 1:
        raise BadValue(f"extend: {where} has the shape {array.shape}; give a flat list, for one point [value].")
    return array


def _from_datetimes(array: NDArray[Any], where: str) -> Times:
    if any(getattr(value, "tzinfo", None) is not None for value in array):
        raise BadValue(f"extend: {where} holds {array[0]}, a time with a time zone; drop the zone, the axis has none.")
    try:
        return array.astype("datetime64[ms]")
    except (TypeError, ValueError):
        raise BadValue(f"extend: {where} mixes dates with {_sample(array[::-1])}; give dates only.") from None


def _sample(array: NDArray[Any]) -> str:
    return repr(array.tolist()[0])[:40]


class Columns:
    """x and y of one trace, ready to grow; once shown, the trace has read-only views of what is there.

    Attributes:
        trace: The property dictionary of the trace, whose `x` and `y` this keeps.
        length: Points held.
        sent: Points that went to the page; what lies behind them is still to be sent.
        converted: Whether x is not the numbers it was (dates, x0/dx, no x at all), so that the page has to be told.
    """

    def __init__(self, trace: MutableMapping[str, Any], name: str) -> None:
        y = numbers([] if trace.get("y") is None else trace["y"], f"y of {name}")
        x = _present_x(trace, len(y), name)
        if len(x) != len(y):
            raise BadValue(
                f"extend: {name} holds {len(x)} x and {len(y)} y; give it as many of the one as of the other."
            )
        self.trace = trace
        self.length = self.sent = len(y)
        self.converted = len(y) > 0 and np.asarray(trace.get("x")).dtype.kind not in "iuf"
        self._x, self._y = _roomy(x, 2 * len(y)), _roomy(y, 2 * len(y))

    @property
    def holds_dates(self) -> bool:
        """Whether x is time, in milliseconds, rather than a number."""
        return self._x.dtype.kind == "M"

    @property
    def current(self) -> bool:
        """Whether the trace still shows these columns: somebody may have assigned another x or y."""
        return self.trace.get("x") is self._x_view and self.trace.get("y") is self._y_view

    def accepts(self, x: Floats | Times) -> bool:
        """Whether `x` is of the kind that is already there; an empty column takes either."""
        return self.length == 0 or len(x) == 0 or (x.dtype.kind == "M") == self.holds_dates

    def append(self, x: Floats | Times, y: Floats) -> None:
        """Adds points of equal length, checked before."""
        end = self.length + len(y)
        if self.length == 0 and x.dtype != self._x.dtype:
            self._x = np.empty(len(self._x), x.dtype)
        if end > len(self._y):
            self._x, self._y = _roomy(self._x[: self.length], 2 * end), _roomy(self._y[: self.length], 2 * end)
        self._x[self.length : end], self._y[self.length : end] = x, y
        self.length = end
        self.show()

    def unsent(self) -> tuple[Floats, Floats]:
        """x (dates as milliseconds since 1970) and y of the points the page has not got yet."""
        fresh = slice(self.sent, self.length)
        return as_floats(self._x[fresh]), self._y[fresh]

    def show(self) -> None:
        """Gives the trace what is there."""
        self._x_view, self._y_view = _read_only(self._x[: self.length]), _read_only(self._y[: self.length])
        self.trace["x"], self.trace["y"] = self._x_view, self._y_view


def as_floats(x: NDArray[Any]) -> Floats:
    """x as float64; dates become milliseconds since 1970, a missing date NaN."""
    if x.dtype.kind != "M":
        return x.astype(np.float64)
    return np.where(np.isnat(x), np.nan, x.astype("datetime64[ms]").astype(np.int64).astype(np.float64))


def _present_x(trace: MutableMapping[str, Any], length: int, name: str) -> Floats | Times:
    """x of the trace as plotly would draw it: given, or counted from x0 in steps of dx."""
    x = trace.get("x")
    if x is None:
        start, step = numbers([trace.get("x0") or 0, trace.get("dx", 1)], f"x0 and dx of {name}")
        return start + step * np.arange(length, dtype=np.float64)
    if len(x) and isinstance(x[0], str):
        try:
            return np.asarray(x, dtype="datetime64[ms]")
        except ValueError:
            pass  # not dates: `positions` says so in a sentence
    return positions(x, f"x of {name}")


def _roomy(values: NDArray[Any], capacity: int) -> NDArray[Any]:
    room = np.empty(max(_SMALLEST, capacity), values.dtype)
    room[: len(values)] = values
    return room


def _read_only(view: NDArray[Any]) -> NDArray[Any]:
    view.flags.writeable = False  # as all arrays in a plotly figure are
    return view
