"""What each option of a view may be. A check returns the value in its one form, or says in a sentence what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from astuner_nb.core.errors import BadValue
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState
from astuner_nb.trackers.where import Between, Condition, OneOf

BANDS = ("std", "minmax", "sem", "ci95", "none")
"""What is drawn around the mean of a group."""
SMOOTHINGS = {"none": 0.0, "ema": 0.6, "twema": 0.6, "gaussian": 3.0, "mean": 5.0}
"""Kind of smoothing → how much of it, where nobody says."""
MOST_LINES = 10_000

V = TypeVar("V")


def text(what: str, value: object) -> str:
    """`value`, a text; may be empty."""
    if isinstance(value, str):
        return str(value)
    raise BadValue(f"{what} must be a text, got {value!r:.80}.")


def some_text(what: str, value: object) -> str:
    """`value`, a text with something in it."""
    if (found := text(what, value)).strip():
        return found
    raise BadValue(f"{what} must not be empty, got {value!r:.80}. Give a name.")


def texts(what: str, value: object) -> tuple[str, ...]:
    """Each text of `value` once; one text alone is one."""
    if isinstance(value, str):
        return (some_text(what, value),)
    if not isinstance(value, Iterable) or isinstance(value, Mapping | bytes):
        raise BadValue(f"{what} must be a list of texts, got {value!r:.80}.")
    return tuple(dict.fromkeys(some_text(f"each of {what}", one) for one in value))


def text_set(what: str, value: object) -> frozenset[str]:
    """The texts of `value`."""
    return frozenset(texts(what, value))


def flag(what: str, value: object) -> bool:
    """`value`, True or False."""
    if isinstance(value, bool):
        return value
    raise BadValue(f"{what} must be True or False, got {value!r:.80}.")


def number(what: str, value: object) -> float:
    """`value`, a finite number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(found := as_float(value)):
        return found
    raise BadValue(f"{what} must be a finite number, got {value!r:.80}.")


def lines(what: str, value: object) -> int:
    """`value`, a whole number of lines."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_LINES:
        return value
    raise BadValue(f"{what} must be a whole number from 0 to {MOST_LINES:,}, got {value!r:.80}.")


def one_of(allowed: Iterable[str]) -> Callable[[str, object], str]:
    """A check that wants one of `allowed`."""
    words = tuple(allowed)

    def check(what: str, value: object) -> str:
        if isinstance(value, str) and value in words:
            return str(value)
        raise BadValue(f"{what} must be one of {', '.join(words)}; got {value!r:.80}.")

    return check


def states(what: str, value: object) -> frozenset[RunState]:
    """The states that `value` names."""
    check = one_of(RunState)
    return frozenset(RunState(check(f"each of {what}", one)) for one in texts(what, value))


def sort(what: str, value: object) -> tuple[str, bool]:
    """`value` as (column, descending)."""
    if isinstance(value, list | tuple) and len(value) == 2:
        return text(f"the column of {what}", value[0]), flag(f"whether {what} descends", value[1])
    raise BadValue(f"{what} must be (column, descending), got {value!r:.80}.")


def by_run(check: Callable[[str, object], V]) -> Callable[[str, object], dict[str, V]]:
    """A check that wants something for runs: run key → what `check` lets pass."""

    def each(what: str, value: object) -> dict[str, V]:
        if not isinstance(value, Mapping):
            raise BadValue(f"{what} must say something for each run, {{run key: …}}; got {value!r:.80}.")
        return {some_text(f"a run key of {what}", key): check(f"each of {what}", one) for key, one in value.items()}

    return each


def hex_color(what: str, value: object) -> str:
    """`value`, a colour like `#0a7bc4`."""
    if isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value):
        return value.lower()
    raise BadValue(f"{what} must be a colour like '#0a7bc4', got {value!r:.80}.")


def filters(what: str, value: object) -> dict[str, Condition]:
    """`value` as hyper-parameter → condition."""
    if not isinstance(value, Mapping):
        raise BadValue(f"{what} must be hyper-parameters with conditions, got {value!r:.80}.")
    return {some_text(f"a name in {what}", name): _condition(str(name), one) for name, one in value.items()}


def amount(smooth: str, value: float) -> float:
    """How much of the smoothing `smooth`: a weight from 0 up to 1 for averages that forget, else a width in points."""
    if smooth in ("ema", "twema") and not 0 <= value < 1:
        raise BadValue(f"The amount of {smooth} must be a weight, at least 0 and below 1; got {value!r:.80}.")
    if smooth in ("gaussian", "mean") and not 0 < value <= 1e6:
        raise BadValue(f"The amount of {smooth} must be a width in points, above 0; got {value!r:.80}.")
    return value


def as_float(value: float) -> float:
    """`value` as a float; infinite where it is beyond all of them."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _condition(name: str, value: object) -> Condition:
    if isinstance(value, Between):
        return _between(name, value.low, value.high)
    if isinstance(value, OneOf):
        return OneOf(tuple(_plain(name, one) for one in value.values))
    raise BadValue(f"The condition on {name!r:.80} must be a range or a list of values, got {value!r:.80}.")


def _between(name: str, low: object, high: object) -> Between:
    ends = [as_float(end) for end in (low, high) if isinstance(end, int | float) and not isinstance(end, bool)]
    if len(ends) == 2 and ends[0] <= ends[1]:
        return Between(*ends)
    raise BadValue(f"The range of {name!r:.80} must be two numbers, the lower first; got ({low!r}, {high!r}).")


def _plain(name: str, value: object) -> ConfigValue:
    if value is None or (isinstance(value, int | float | str) and value == value):  # NaN equals nothing: no choice
        return value
    raise BadValue(f"The values wanted of {name!r:.80} must be numbers, texts, True, False or None; got {value!r:.80}.")
