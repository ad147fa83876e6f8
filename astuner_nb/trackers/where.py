"""Which runs a person wants: by state, name, tag and configuration."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from astuner_nb.core.errors import BadValue
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState


@dataclass(frozen=True)
class Between:
    """A range, both ends included; an end that is infinite is open."""

    low: float
    high: float

    def fits(self, value: ConfigValue) -> bool:
        """Whether `value` is a number in it."""
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True)
class OneOf:
    """Some values."""

    values: tuple[ConfigValue, ...]

    def fits(self, value: ConfigValue) -> bool:
        """Whether `value` is one of them; True is not 1."""
        return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in self.values)


Condition = Between | OneOf


@dataclass(frozen=True)
class Where:
    """All of its parts must fit; an empty one fits everything."""

    states: frozenset[RunState] = frozenset()
    """Any of these."""
    name: str = ""
    """A pattern with `*`, `?` and `[…]`, upper and lower case apart."""
    tags: tuple[str, ...] = ()
    """All of these."""
    config: Mapping[str, Condition] = field(default_factory=dict)
    """Canonical or own name of a hyper-parameter → what its value must be."""

    def fits(self, run: Run, config: Mapping[str, ConfigValue]) -> bool:
        """Whether `run` fits; `config` holds its hyper-parameters under own and canonical names."""
        return (
            (not self.states or run.state in self.states)
            and (not self.name or fnmatchcase(run.name, self.name))
            and set(self.tags) <= set(run.tags)
            and all(name in config and condition.fits(config[name]) for name, condition in self.config.items())
        )

    def without(self, names: Container[str]) -> Where:
        """The same without what it says of the hyper-parameters `names`."""
        return replace(self, config={name: cond for name, cond in self.config.items() if name not in names})

    def or_else(self, other: Where) -> Where:
        """These parts, those of `other` where there is none; what both say is about as narrow as one of them."""
        config = {**other.config, **self.config}
        return Where(self.states or other.states, self.name or other.name, self.tags or other.tags, config)

    def __bool__(self) -> bool:
        return bool(self.states or self.name or self.tags or self.config)


def where(
    state: str | Sequence[str] = (),
    name: str = "",
    tag: str | Sequence[str] = (),
    config: Mapping[str, object] | None = None,
    **more: object,
) -> Where:
    """What `RunSet.filter` and `anb.runs` are told, checked.

    Args:
        state: one state or several, any of which fits: `"finished"`.
        name: a pattern: `"grpo-*"`.
        tag: one tag or several, all of which a run must have.
        config: hyper-parameter → a value, a list of values, or a range `(low, high)` whose ends may be None.
        more: the same as keywords: `lr=(1e-5, 1e-3)`.

    Raises:
        BadValue: for a state that is none, or a range that is none.
    """
    if config is not None and not isinstance(config, Mapping):
        raise BadValue(
            f"config must map hyper-parameters to conditions, got {config!r:.60}. Give {{'lr': (1e-5, 1e-3)}}."
        )
    conditions = {name: _condition(name, wanted) for name, wanted in {**(config or {}), **more}.items()}
    return Where(frozenset(map(_state, _several("state", state))), name, _several("tag", tag), conditions)


def _several(what: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    words = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(word, str) for word in words):
        raise BadValue(f"{what} must be a text or a list of texts, got {given!r:.60}.")
    return words


def _state(word: str) -> RunState:
    try:
        return RunState(word)
    except ValueError:
        raise BadValue(f"There is no state {word!r:.80}. Give one of {', '.join(RunState)}.") from None


def _condition(name: str, wanted: object) -> Condition:
    if isinstance(wanted, tuple):
        return _range(name, wanted)
    values: list[Any] = list(wanted) if isinstance(wanted, list | set | frozenset) else [wanted]
    if all(isinstance(value, int | float | bool | str | None) for value in values):
        return OneOf(tuple(values))
    raise BadValue(
        f"{name} cannot be compared with {wanted!r:.80}. Give a value, a list of values or a range (low, high)."
    )


def _range(name: str, ends: tuple[object, ...]) -> Between:
    number = (int, float, type(None))
    if len(ends) != 2 or not all(isinstance(end, number) and not isinstance(end, bool) for end in ends):
        raise BadValue(f"{name} must be a range (low, high) of numbers, got {ends!r:.80}; a list gives several values.")
    try:
        low = -math.inf if ends[0] is None else float(ends[0])  # type: ignore[arg-type]  # checked above
        high = math.inf if ends[1] is None else float(ends[1])  # type: ignore[arg-type]
    except OverflowError:
        raise BadValue(f"An end of the range of {name} is too large for a number. Give None for no end.") from None
    if not low <= high:
        raise BadValue(f"The range of {name} is upside down: {ends!r:.80}. Give (low, high).")
    return Between(low, high)
