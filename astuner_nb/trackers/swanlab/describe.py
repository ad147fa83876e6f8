"""A run as SwanLab's server describes it, in the words of this house."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState
from astuner_nb.trackers.wire.flat_config import flattened

STATES = {
    "RUNNING": (RunState.RUNNING, ""),
    "FINISHED": (RunState.FINISHED, ""),
    "CRASHED": (RunState.FAILED, "SwanLab says that it crashed."),
    "ABORTED": (RunState.STOPPED, "SwanLab says that it was aborted."),
    "OFFLINE": (RunState.LOST, "SwanLab has not heard of it for some time."),
}
"""The server's word → our state, and a sentence where that says more."""
MOST_SECONDS = 99_999_999_999
"""Greater numbers are milliseconds."""


def state_of(word: object) -> tuple[RunState, str]:
    """The state that the server calls `word`, and a sentence about it; a word that is new means `lost`."""
    return STATES.get(str(word), (RunState.LOST, f"SwanLab says {str(word)[:40]!r}, which is not known here."))


def moment(value: object) -> datetime | None:
    """A time, UTC, from ISO text or a number of seconds or milliseconds; None where it is none."""
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            parsed = datetime.fromisoformat(value.strip())
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        number = float(value)  # type: ignore[arg-type]  # what is no number raises TypeError
        return datetime.fromtimestamp(number / 1000 if number > MOST_SECONDS else number, UTC) if number > 0 else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def labels_of(labels: object) -> tuple[str, ...]:
    """The names of a run's labels."""
    names = [label.get("name") if isinstance(label, Mapping) else label for label in _items(labels)]
    return tuple(name for name in names if isinstance(name, str) and name)


def flat_config(profile: object) -> dict[str, ConfigValue]:
    """The configuration in a run's profile: values alone, nested ones under dotted names, lists as JSON text."""
    config = profile.get("config") if isinstance(profile, Mapping) else None
    return (
        flattened({str(name): _value(entry) for name, entry in config.items()}) if isinstance(config, Mapping) else {}
    )


def _value(entry: object) -> object:
    """What is in an entry of a configuration, which the server wraps together with a description."""
    return entry["value"] if isinstance(entry, Mapping) and "value" in entry else entry


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def number(value: object) -> float | None:
    """A logged value as a float: NaN comes as text ("nan"), an empty one as None, and so is what is no number."""
    if not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:
        return math.inf if not isinstance(value, str) and value > 0 else -math.inf
