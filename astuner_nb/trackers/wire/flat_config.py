"""A nested configuration as the flat one that a run has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from astuner_nb.core.run import ConfigValue

MAX_ENTRIES = 10_000
"""Entries and list elements that are looked at: a YAML file of a few lines may unfold to billions."""


def flattened(config: Mapping[str, object]) -> dict[str, ConfigValue]:
    """`config` with nested entries under dotted names and lists as their JSON text; of a huge one the beginning."""
    found: dict[str, ConfigValue] = {}
    left = MAX_ENTRIES
    for name, value, size in _leaves(config):
        if (left := left - size) < 0:
            break
        found[name] = value
    return found


def _leaves(config: Mapping[str, object]) -> Iterator[tuple[str, ConfigValue, int]]:
    """Dotted name, value, and how many entries went into it."""
    ahead: list[tuple[str, object]] = [(str(name), value) for name, value in config.items()][::-1]
    walked = 0
    while ahead and walked < MAX_ENTRIES:
        walked += 1
        name, value = ahead.pop()
        if isinstance(value, Mapping) and value:
            room = MAX_ENTRIES - walked
            inner = [(f"{name}.{key}", each) for _, (key, each) in zip(range(room), value.items(), strict=False)]
            ahead += reversed(inner)
        else:
            yield name, *_plain(value)


def _plain(value: object) -> tuple[ConfigValue, int]:
    if value is None or isinstance(value, bool | int | float | str):
        return value, 1
    if isinstance(value, list | tuple | dict):
        size = _size(value)
        return (_json(value), size) if size < MAX_ENTRIES else ("…", 1)
    return str(value), 1


def _size(value: object) -> int:
    """How many elements are in `value` at any depth; `MAX_ENTRIES` where there are more, or it contains itself."""
    ahead, count = [value], 0
    while ahead and count < MAX_ENTRIES:
        each = ahead.pop()
        count += 1
        if isinstance(each, list | tuple | dict):
            count += len(each) // 2
            if count < MAX_ENTRIES:
                ahead += each.values() if isinstance(each, dict) else each
    return min(count, MAX_ENTRIES)


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return "…"
