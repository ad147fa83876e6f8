"""How far each tracker of a run is, as its forwarder writes it and a panel reads it: `<run>/loggers/<name>.json`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from astuner_nb.recorder import RunFiles, read_json
from astuner_nb.store.status import process_lives

REGISTERED_S = 10.0
"""A forwarder that is registered no later than this after its file was made may still come."""


class LoggerState(StrEnum):
    """Where a forwarder stands."""

    STARTING = "starting"
    """The tracker is being opened, or its process is on its way."""
    LOGGING = "logging"
    CLOSING = "closing"
    """The run has ended; what is left is being handed on."""
    DONE = "done"
    """All was handed on."""
    FAILED = "failed"
    """Nothing more is handed on; `error` says why."""

    @property
    def ended(self) -> bool:
        """Whether nothing more is expected."""
        return self in (LoggerState.DONE, LoggerState.FAILED)


@dataclass(frozen=True)
class LoggerNote:
    """What a person should know about one tracker of a run."""

    name: str
    """`swanlab`, `wandb`, …"""
    state: LoggerState
    online: bool = False
    """Whether it goes to a server."""
    url: str = ""
    """The run's page on a dashboard; empty where there is none."""
    text: str = ""
    """A sentence about where it goes; empty while that is not known."""
    error: str = ""
    """A sentence about what went wrong; empty where nothing did."""
    sent: int = 0
    """Records handed on."""
    t: float = 0.0
    """When this was written, seconds since 1970."""

    @property
    def sentence(self) -> str:
        """All there is to say, in a line; empty while there is nothing."""
        told = " ".join(part for part in (self.text, self.error) if part)
        return f"{self.name}: {told}" if told else ""


def logger_notes(run_directory: str | os.PathLike[str]) -> list[LoggerNote]:
    """A note for each tracker of the run, by name; empty where it has none. Never raises."""
    folder = RunFiles(run_directory).loggers
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.is_dir())
    except OSError:
        return []
    return [note for path in files if (note := _note(path)) is not None]


def _note(path: Path) -> LoggerNote | None:
    content = read_json(path)
    if content is None:  # claimed this moment, or damaged
        state, error = _unreadable(path)
        return LoggerNote(path.stem, state, error=error)
    if content.get("logger") != path.stem:
        return None  # a file of the tracker's own
    note = _as_written(path.stem, content)
    if note.state.ended or process_lives(content, content.get("since")):
        return note
    if (newer := read_json(path)) != content and newer is not None:  # it said so since we looked, then went
        return _as_written(path.stem, newer)
    gone = "Its process has gone without a word; every record is in the run directory."
    return LoggerNote(note.name, LoggerState.FAILED, note.online, note.url, note.text, gone, note.sent, note.t)


def _unreadable(path: Path) -> tuple[LoggerState, str]:
    try:
        age_s = time.time() - path.stat().st_mtime
    except OSError:
        age_s = 0.0
    if age_s < REGISTERED_S:
        return LoggerState.STARTING, ""
    return LoggerState.FAILED, f"Its status cannot be read: {path}. Look at the disk."


def _as_written(name: str, content: Mapping[str, Any]) -> LoggerNote:
    try:
        state = LoggerState(content.get("state", ""))
    except ValueError:
        state = LoggerState.FAILED
    sent, t = content.get("sent"), content.get("t")
    return LoggerNote(
        name,
        state,
        content.get("online") is True,
        str(content.get("url") or ""),
        str(content.get("text") or ""),
        str(content.get("error") or ""),
        sent if isinstance(sent, int) else 0,
        t if isinstance(t, int | float) else 0.0,
    )
