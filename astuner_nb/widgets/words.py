"""The panel's words: state, notices and log as HTML. Whatever a run brings along is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

LOG_LINES = 40
"""How many of the last lines of output.log are shown."""


def headline(project: str, backbone: str, live: Iterable[str]) -> str:
    """The line above the panel: what is tuned, and what goes on."""
    states = "".join(f"<span class='astuner-live'>{words}</span>" for words in live)
    return f"<span class='astuner-title'>{escape(project)} <small>· {escape(backbone)}</small></span>{states}"


def live(state: str, *words: str) -> str:
    """A state with its dot, and what else there is to say of it."""
    more = " &nbsp; ".join(escape(word) for word in words if word)
    return f"<span class='astuner-state astuner-{escape(state)}'>{escape(state)}</span> &nbsp; {more}"


def problem(text: str) -> str:
    """A sentence about what could not be done."""
    return f"<p class='astuner-message' role='alert'>{escape(text)}</p>" if text else ""


def notices(texts: Iterable[str]) -> str:
    """Sentences a person should see once."""
    return "".join(f"<p class='astuner-notice'>{escape(text)}</p>" for text in texts)


def log(name: str, text: str, *, opened: bool) -> str:
    """The last lines of a run's output."""
    lines = "\n".join(text.splitlines()[-LOG_LINES:]) or "It has printed nothing."
    start = "<details open>" if opened else "<details>"
    paper = f"<div class='astuner-paper'><pre>{escape(lines)}</pre></div>"
    return f"{start}<summary>log of {escape(name)}</summary>{paper}</details>"
