"""What W&B's server says of a run, as the fields of a `RunInfo`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict

from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState
from astuner_nb.trackers.wandb.filters import STATES
from astuner_nb.trackers.wire.flat_config import flattened

Node = Mapping[str, Any]
"""A run as the server's GraphQL has it."""
INTERNAL = frozenset({"_wandb", "wandb_version"})
"""Entries of a configuration that the client writes for itself."""
DETAILS = {
    "crashed": "It stopped reporting to W&B without an end.",
    "killed": "It was stopped from W&B's page.",
    "preempting": "Its machine is about to be taken away.",
    "preempted": "Its machine was taken away.",
}


class Description(TypedDict):
    """The fields of a `RunInfo` that change while a run goes on."""

    id: str
    name: str
    state: RunState
    config: Mapping[str, ConfigValue]
    tags: tuple[str, ...]
    group: str
    created: datetime | None
    finished: datetime | None
    detail: str


@dataclass(frozen=True)
class Key:
    """One key of a run's history."""

    name: str
    count: int | None
    """How often it was logged; None where the server does not say."""


def described(node: Node) -> Description:
    """The fields for `node`. Raises `KeyError`, `TypeError` or `ValueError` where it makes no sense."""
    state = STATES.get(node["state"], RunState.LOST)
    detail = DETAILS.get(node["state"], "" if node["state"] in STATES else f"W&B calls it {node['state']!r}.")
    return Description(
        id=node["name"],
        name=node.get("displayName") or node["name"],
        state=state,
        config=config_of(node.get("config")),
        tags=tuple(node.get("tags") or ()),
        group=node.get("group") or "",
        created=moment(node.get("createdAt")),
        finished=moment(node.get("heartbeatAt")) if state.ended else None,
        detail=detail,
    )


def config_of(text: str | Mapping[str, Any] | None) -> dict[str, ConfigValue]:
    """The flat configuration in W&B's JSON, where each entry is wrapped as `{"desc": …, "value": …}`."""
    entries = _loaded(text)
    return flattened({name: _unwrapped(entry) for name, entry in entries.items() if name not in INTERNAL})


def _loaded(text: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What may come as JSON or as it is; control characters in texts are let pass, as W&B's client does."""
    return (json.loads(text, strict=False) if text and isinstance(text, str) else text) or {}


def _unwrapped(entry: object) -> object:
    return entry["value"] if isinstance(entry, dict) and "value" in entry and set(entry) <= {"desc", "value"} else entry


def moment(text: str | None) -> datetime | None:
    """A time that W&B wrote, which is UTC where it does not say; None where it is none."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def keys_of(node: Node) -> Sequence[Key] | None:
    """The keys of a run's scalars, as far as the server says; None where it does not say any."""
    known = (node.get("historyKeys") or {}).get("keys") or {}
    if known:
        return [Key(name, _count(entry)) for name, entry in known.items() if _is_ours(name) and _has_numbers(entry)]
    last = _summary(node)
    if not last:
        return None
    return [Key(name, None) for name, value in flattened(last).items() if _is_ours(name) and _is_number(value)]


def last_step(node: Node) -> int:
    """The highest step of a run's history, -1 where there is none."""
    return int(max((node.get("historyKeys") or {}).get("lastStep", -1), _summary(node).get("_step", -1)))


def _summary(node: Node) -> Mapping[str, Any]:
    """The newest value of each key."""
    return _loaded(node.get("summaryMetrics"))


def _is_ours(name: str) -> bool:
    """Whether the user logged it, and not the client for itself or of the machine."""
    return not name.startswith(("_", "system/", "system."))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or value in ("NaN", "Infinity", "-Infinity")


def _count(entry: Any) -> int | None:
    counts = [kind.get("count") for kind in (entry or {}).get("typeCounts") or ()]
    return sum(counts) if counts and None not in counts else None


def _has_numbers(entry: Any) -> bool:
    """Whether some of its values are numbers; True where the server does not say."""
    kinds = [kind.get("type") for kind in (entry or {}).get("typeCounts") or ()]
    return not kinds or "number" in kinds
