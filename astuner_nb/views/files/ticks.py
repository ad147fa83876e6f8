"""Round numbers along an axis, and how they are written: linear, logarithmic, dates (UTC)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from astuner_nb.views.pictures.picture import Scale

_SIZES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_CLOCK_STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
)
_DAY_STEPS = (_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY)
_MONTH_STEPS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000)
_MONTH = 30.44 * _DAY
_LAST_SECOND = 253_402_300_799.0
"""Of the year 9999, the last that `datetime` knows; and the first of the year 1 lies as far back as below."""
_FIRST_SECOND = -62_135_596_800.0


@dataclass(frozen=True)
class Tick:
    """One mark on an axis."""

    at: float
    label: str
    below: str = ""
    """What stands in a second row: the day, under the first hour of it."""


def ticks(low: float, high: float, scale: Scale, most: int) -> list[Tick]:
    """About `most` marks at round places from `low` to `high`, ascending; each has a label of its own.

    Args:
        low: where the axis begins; above 0 on a logarithmic one.
        high: where it ends, above `low`.
        scale: for `date` the ends are seconds since 1970.
        most: how many fit.
    """
    if scale == "log":
        return _log_ticks(low, high, most)
    if scale == "date" and low >= _FIRST_SECOND and high <= _LAST_SECOND and high - low >= 1:
        return _date_ticks(low, high, most)
    return _linear_ticks(low, high, most)


def round_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 × 10^n that divides `span` into at most `most` parts."""
    rough = span / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next((part * power for part in (1, 2, 5) if part * power >= rough * (1 - 1e-9)), 10 * power)


def number_text(value: float, step: float, largest: float) -> str:
    """`value` with as many digits as tell it from its neighbours `step` away; `largest` of them sets the unit."""
    if value == 0:
        return "0"
    if largest >= 1e15 or largest < 1e-3:
        digits = max(0, min(15, _exponent(abs(value)) - _exponent(step)))
        return _minus(_short_exponent(f"{value:.{digits}e}"))
    size, letter = next(((size, letter) for size, letter in _SIZES if largest >= max(size, 1e4)), (1.0, ""))
    decimals = max(0, min(15, -_exponent(step / size)))
    return _minus(f"{value / size:.{decimals}f}{letter}")


def _linear_ticks(low: float, high: float, most: int) -> list[Tick]:
    step = round_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    largest = max(abs(low), abs(high))
    rounds = [number * step for number in range(first, last + 1)]  # one just outside is drawn at the very end
    return [Tick(min(max(place, low), high), number_text(place, step, largest)) for place in rounds]


def _log_ticks(low: float, high: float, most: int) -> list[Tick]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 1:
        within = [
            Tick(part * 10.0**power, _power_text(part, power))
            for power in range(first - 1, last + 1)
            for part in (1, 2, 5)
        ]
        found = [tick for tick in within if low <= tick.at <= high]
        return found if len(found) > 1 else _linear_ticks(low, high, most)
    every = math.ceil((last - first + 1) / max(most, 1))
    return [Tick(min(max(10.0**power, low), high), _power_text(1, power)) for power in range(first, last + 1, every)]


def _power_text(part: int, power: int) -> str:
    if -4 < power < 4:
        return f"{part * 10**power}" if power >= 0 else f"{part * 10.0**power:.{-power}f}"
    return _minus(f"{part}e{power}")


def _date_ticks(low: float, high: float, most: int) -> list[Tick]:
    rough = (high - low) / max(most, 1)
    if rough > _DAY_STEPS[-1]:
        return _month_ticks(low, high, rough)
    step = next(step for step in (*_CLOCK_STEPS, *_DAY_STEPS) if step >= rough)
    places = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    if step >= _DAY:
        return [Tick(place, f"{_moment(place):%d %b}", _new(places, index, "%Y")) for index, place in enumerate(places)]
    clock = "%H:%M:%S" if step < _MINUTE else "%H:%M"
    return [
        Tick(place, _moment(place).strftime(clock), _new(places, index, "%d %b")) for index, place in enumerate(places)
    ]


def _month_ticks(low: float, high: float, rough: float) -> list[Tick]:
    step = next((step for step in _MONTH_STEPS if step * _MONTH >= rough), _MONTH_STEPS[-1])
    begin, end = _moment(low), _moment(high)
    months = range(-(-(begin.year * 12 + begin.month - 1) // step) * step, end.year * 12 + end.month, step)
    moments = [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in months if 12 <= month < 120_000]
    shown = "%Y" if step >= 12 else "%b %Y"
    return [Tick(one.timestamp(), one.strftime(shown)) for one in moments if low <= one.timestamp() <= high]


def _new(places: list[float], index: int, form: str) -> str:
    """What `form` says of a place, where that is not what it says of the one before."""
    said = _moment(places[index]).strftime(form)
    return said if not index or said != _moment(places[index - 1]).strftime(form) else ""


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _exponent(value: float) -> int:
    """The power of ten of a positive number's first digit, one lower where rounding would hide a digit."""
    return math.floor(math.log10(value) + 1e-9)


def _short_exponent(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}"


def _minus(text: str) -> str:
    return text.replace("-", "−")
