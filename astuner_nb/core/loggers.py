"""The names of the loggers: where the metrics of a run go besides its directory."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import entry_points

from astuner_nb.core.errors import BadValue

CONSOLE = "console"
"""Lines in the job's own output; every other logger is a tracker, which gets a process of its own."""
LOGGERS = (CONSOLE, "swanlab", "wandb", "tensorboard")
GROUP = "astuner_nb.sinks"
"""Entry points of other packages: logger name → a class that keeps `tests/contracts/sink.py`."""


def logger_names() -> tuple[str, ...]:
    """Ours, then those that other packages announce."""
    return (*LOGGERS, *sorted({point.name for point in entry_points(group=GROUP)} - set(LOGGERS)))


def checked_loggers(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """`given` as names of loggers, each once, in the order given; none for None.

    Raises:
        BadValue: for an unknown one; the message names the nearest.
    """
    several = [given] if isinstance(given, str) else list(given or ())
    return tuple(dict.fromkeys(map(_checked, several)))


def _checked(name: object) -> str:
    known = logger_names()
    wanted = name.strip().lower() if isinstance(name, str) else ""
    if wanted in known:
        return wanted
    near = get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Give one or several of {', '.join(known)}."
    raise BadValue(f"There is no logger {name!r}. {hint}")
