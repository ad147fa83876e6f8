"""What is another in a trace or a layout than before: that alone has to travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flat(made: Mapping[str, Any]) -> dict[str, Any]:
    """A trace by property paths: `line.color`."""
    found: dict[str, Any] = {}
    for name, value in made.items():
        if isinstance(value, dict):
            found.update({f"{name}.{inner}": each for inner, each in flat(value).items()})
        else:
            found[name] = value
    return found


def instead(before: Any, now: Any) -> Any:
    """`now`; of a part of a layout, and of each in a list as long as before, also None for what it had before."""
    if isinstance(before, dict) and isinstance(now, dict):
        return {**dict.fromkeys(before.keys() - now.keys()), **now}
    if isinstance(before, list) and isinstance(now, list):
        return [instead(old, new) for old, new in zip(before, now, strict=True)]
    return now
