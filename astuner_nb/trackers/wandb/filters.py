"""The part of a `Where` that W&B's server can be asked for, in its filter language."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.states import RunState
from astuner_nb.trackers.where import Between, Condition, Where

Filter = dict[str, object]

STATES: Mapping[str, RunState] = {
    "pending": RunState.STARTING,
    "running": RunState.RUNNING,
    "preempting": RunState.RUNNING,
    "finished": RunState.FINISHED,
    "killed": RunState.STOPPED,
    "preempted": RunState.STOPPED,
    "failed": RunState.FAILED,
    "crashed": RunState.FAILED,
}
"""W&B's state → ours; any other counts as lost."""


def pushed(where: Where, names: Aliases) -> Filter:
    """A filter that every run that fits `where` passes. What cannot be said without a doubt is left out.

    Whoever asks filters again. A hyper-parameter with a canonical name is not pushed: runs have it under many keys.
    """
    parts: list[Filter] = [*_states(where.states), *_name(where.name)]
    parts += ({"tags": {"$in": [tag]}} for tag in where.tags)
    for name, condition in where.config.items():
        if name not in names.hyper_parameters and re.fullmatch(r"[A-Za-z]\w*", name):
            parts += _config(name, condition)
    if len(parts) > 1:
        return {"$and": parts}
    return parts[0] if parts else {}


def _states(states: frozenset[RunState]) -> Iterable[Filter]:
    """States that W&B may know under a word that we do not are not pushed."""
    if states and RunState.LOST not in states:
        yield {"state": {"$in": sorted(theirs for theirs, ours in STATES.items() if ours in states)}}


def _name(pattern: str) -> Iterable[Filter]:
    """The pattern as a regular expression of letters, digits and dots; a run without a name is called by its id."""
    if pattern and re.fullmatch(r"[\w\-*? ]+", pattern, re.ASCII):
        expression = "^" + pattern.replace("*", ".*").replace("?", ".") + "$"
        yield {"$or": [{"displayName": {"$regex": expression}}, {"name": {"$regex": expression}}]}


def _config(name: str, condition: Condition) -> Iterable[Filter]:
    """Ranges and numbers; texts, truth values and lists are spelled differently there."""
    if isinstance(condition, Between):
        ends = {"$gte": condition.low, "$lte": condition.high}
        if finite := {operator: end for operator, end in ends.items() if math.isfinite(end)}:
            yield {f"config.{name}": finite}
    elif condition.values and all(type(value) in (int, float) and math.isfinite(value) for value in condition.values):  # type: ignore[arg-type]
        yield {f"config.{name}": {"$in": list(condition.values)}}
