"""Hyper-parameters as declarations: a default, a range, a unit and one sentence of help.

The declaration *is* the slider: range, log scale, unit and tooltip are made from it, and every value that
reaches a run, from a slider, a YAML file or a call, passes through `Space.check`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from numbers import Real
from typing import TypeVar

from astuner_nb.core.errors import BadValue
from astuner_nb.core.said import said

N = TypeVar("N", int, float)
Value = float | int | bool | str
"""What a hyper-parameter can be."""


@dataclass(frozen=True)
class Float:
    """A real number in `[low, high]`; with `log` its slider moves by ratios (0 stays reachable where `low` is 0)."""

    default: float
    low: float
    high: float
    log: bool = False
    unit: str = ""
    help: str = ""
    live: bool = False
    """Whether a running job takes a new value."""

    def __post_init__(self) -> None:
        _check_range(self)
        if self.log and self.low < 0:
            raise BadValue(f"A log range cannot go below 0, got low={self.low!r}. Use a linear range.")

    def check(self, name: str, value: object) -> float:
        """`value` as a float. Raises `BadValue` for anything that is no finite number in range."""
        number = _finite(value)
        if number is None:
            raise BadValue(f"{name} must be a number, got {value!r}. Give a value {self.span}.")
        return _in_range(self, name, number)

    @property
    def span(self) -> str:
        """The range in words, e.g. `from 1e-06 to 0.03`."""
        return said("from {low} to {high}", low=f"{self.low:g}", high=f"{self.high:g}")


@dataclass(frozen=True)
class Int:
    """A whole number in `[low, high]`."""

    default: int
    low: int
    high: int
    log: bool = False
    unit: str = ""
    help: str = ""
    live: bool = False
    """Whether a running job takes a new value."""

    def __post_init__(self) -> None:
        _check_range(self)

    def check(self, name: str, value: object) -> int:
        """`value` as an int. Raises `BadValue` for anything that is no whole number in range."""
        number = _finite(value)
        if number is None or not number.is_integer():
            raise BadValue(f"{name} must be a whole number, got {value!r}. Give a value {self.span}.")
        return _in_range(self, name, int(number))

    @property
    def span(self) -> str:
        """The range in words, e.g. `from 2 to 32`."""
        return said("from {low} to {high}", low=self.low, high=self.high)


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    default: Value
    options: Sequence[Value]
    unit: str = ""
    help: str = ""
    live: bool = False
    """Whether a running job takes a new value."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", tuple(self.options))
        if self.default not in self.options:
            raise BadValue(f"The default {self.default!r} is none of the options {self.span}. Add it to them.")

    def check(self, name: str, value: object) -> Value:
        """The option that equals `value`. Raises `BadValue` when there is none."""
        for option in self.options:
            if value == option and isinstance(value, bool) == isinstance(option, bool):
                return option
        raise BadValue(f"{name} must be one of {self.span}, got {value!r}.")

    @property
    def span(self) -> str:
        """The options in words."""
        return ", ".join(map(repr, self.options))


Param = Float | Int | Choice


@dataclass(frozen=True)
class Space(Mapping[str, Param]):
    """Named hyper-parameters in the order in which they are shown."""

    params: Mapping[str, Param] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Param:
        return self.params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.params)

    def __len__(self) -> int:
        return len(self.params)

    @property
    def defaults(self) -> dict[str, Value]:
        """Every parameter's default."""
        return {name: param.default for name, param in self.items()}

    def check(self, values: Mapping[str, object]) -> dict[str, Value]:
        """`values`, each of the declared type and in range.

        Raises:
            BadValue: for an unknown name (with the nearest known one), a wrong type or a value out of range.
        """
        return {name: self._param(name).check(name, value) for name, value in values.items()}

    def read(self, name: str, text: str) -> Value:
        """The value that `text`, as a person types it, stands for. Raises `BadValue` as `check` does."""
        param = self._param(name)
        if isinstance(param, Choice):
            meant = (option for option in param.options if str(option).lower() == text.strip().lower())
            return param.check(name, next(meant, text))
        return param.check(name, _number_in(text))

    def nearest(self, name: str, value: object) -> Value:
        """`value` brought to the closest end of its range. Raises `BadValue` for a wrong type."""
        param, number = self._param(name), _finite(value)
        if isinstance(param, Choice) or number is None:
            return param.check(name, value)
        return param.check(name, min(max(number, param.low), param.high))

    def _param(self, name: str) -> Param:
        if name not in self.params:
            near = get_close_matches(name, self.params, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(self.params)}."
            raise BadValue(f"There is no hyper-parameter {name!r}. {hint}")
        return self.params[name]


def _check_range(param: Float | Int) -> None:
    if not (param.low < param.high):
        raise BadValue(f"A range needs low < high, got {param.low!r} and {param.high!r}.")
    if not (param.low <= param.default <= param.high):
        raise BadValue(f"The default {param.default!r} is out of the range {param.span}. Move one of them.")


def _finite(value: object) -> float | None:
    """`value` as a float, or None for what is no finite number of that size (booleans are none)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _number_in(text: str) -> object:
    """The number that `text` spells; the text itself where it spells none."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _in_range(param: Float | Int, name: str, value: N) -> N:
    if not (param.low <= value <= param.high):
        raise BadValue(f"{name} = {value!r} is out of range. Give a value {param.span}.")
    return value
