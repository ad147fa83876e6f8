"""The part of a question that the server is asked to answer: it may let through too many runs, never too few."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from astuner_nb.core.states import RunState
from astuner_nb.trackers.swanlab.describe import STATES
from astuner_nb.trackers.where import Between, Condition, OneOf, Where

Filter = dict[str, Any]
PLAIN = re.compile(r"[\w.\-]+")
"""Text that no server could take for a pattern."""


def filters_of(where: Where, canonical: Collection[str]) -> list[Filter]:
    """Conditions for the server, all of which must hold.

    Args:
        canonical: names of hyper-parameters that stand for several keys: the server knows only the keys.
    """
    return [*_states(where.states), *_name(where.name), *_tags(where.tags), *_config(where.config, canonical)]


def _states(states: Collection[RunState]) -> list[Filter]:
    """By state; a run whose state the server calls by a new word counts as lost, and has no word to ask for."""
    words = [word for word, (state, _) in STATES.items() if state in states]
    return [_filter("state", "STABLE", "IN", words)] if words and RunState.LOST not in states else []


def _name(pattern: str) -> list[Filter]:
    """By the longest plain part of a pattern."""
    if "[" in pattern or not (parts := [part for part in re.split(r"[*?]", pattern) if PLAIN.fullmatch(part)]):
        return []
    return [_filter("name", "STABLE", "EQ" if parts == [pattern] else "CONTAIN", [max(parts, key=len)])]


def _tags(tags: Sequence[str]) -> list[Filter]:
    return [_filter("labels", "STABLE", "CONTAIN", [tag]) for tag in tags if PLAIN.fullmatch(tag)]


def _config(config: Mapping[str, Condition], canonical: Collection[str]) -> list[Filter]:
    """By hyper-parameter. Dotted names may be ours, of nested values; the server knows only the outermost."""
    found: list[Filter] = []
    for name, condition in config.items():
        if name not in canonical and re.fullmatch(r"[\w\-]+", name):
            found += _condition(name, condition)
    return found


def _condition(name: str, condition: Condition) -> list[Filter]:
    if isinstance(condition, Between):
        return _range(name, condition.low, condition.high)
    return _values(name, condition)


def _values(name: str, condition: OneOf) -> list[Filter]:
    """Numbers as the range they span: whether a server takes 1 for 1.0 is not known."""
    values = condition.values
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        numbers = [float(value) for value in values]  # type: ignore[arg-type]  # all are numbers
        return _range(name, min(numbers), max(numbers))
    if values and all(isinstance(value, str) and PLAIN.fullmatch(value) for value in values):
        return [_filter(name, "CONFIG", "IN", list(values))]
    return []


def _range(name: str, low: float, high: float) -> list[Filter]:
    ends = (("GTE", low), ("LTE", high))
    return [_filter(name, "CONFIG", op, [repr(end)]) for op, end in ends if math.isfinite(end)]


def _filter(key: str, kind: str, op: str, values: Sequence[object]) -> Filter:
    return {"key": key, "type": kind, "op": op, "value": list(values)}
