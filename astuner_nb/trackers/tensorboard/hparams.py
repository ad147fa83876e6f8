"""Hyper-parameters and the end of a run, as TensorBoard's plugin `hparams` and its texts keep them.

::

    HParamsPluginData  experiment=2 · session_start_info=3 · session_end_info=4
    SessionStartInfo   hparams=1* map {key=1, value=2 {number=2 double, string=3, bool=4}} · start_time_secs=5
    SessionEndInfo     status=1 · end_time_secs=2
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState
from astuner_nb.trackers.wire.flat_config import flattened
from astuner_nb.trackers.wire.protobuf import Message

CONFIG_TEXTS = ("config", "args")
"""Tags under which projects log their configuration as a JSON text; `args` is that of Hugging Face's Trainer."""
SUCCESS, FAILURE, RUNNING = 1, 2, 3
"""The statuses of a session; 0 is not known."""

_STATES = {
    0: JobStatus(RunState.FINISHED, detail="Its session ended; how is not said."),
    SUCCESS: JobStatus(RunState.FINISHED),
    FAILURE: JobStatus(RunState.FAILED, detail="Its session ended with the status FAILURE."),
}


@dataclass(frozen=True)
class SessionStart:
    """The beginning of a session."""

    hparams: Mapping[str, ConfigValue]
    start_s: float
    """Seconds since 1970, 0 where not written."""


@dataclass(frozen=True)
class SessionEnd:
    """The end of a session."""

    status: int
    end_s: float
    """Seconds since 1970, 0 where not written."""


def session_in(content: bytes) -> SessionStart | SessionEnd | None:
    """What an `HParamsPluginData` message says of a session; None for another, or a damaged one."""
    try:
        message = Message(content)
        if 3 in message:
            start = message.message(3)
            values = {entry.text(1): _value(entry.message(2)) for entry in start.messages(1)}
            return SessionStart(values, start.double(5))
        if 4 in message:
            end = message.message(4)
            return SessionEnd(end.integer(1), end.double(2))
    except ValueError:
        pass
    return None


class Session:
    """The session of a run, put together from its messages in the order of their wall times."""

    def __init__(self) -> None:
        self.config: dict[str, ConfigValue] = {}
        self.end: SessionEnd | None = None
        """Its last end, unless it began anew after that."""
        self._latest = 0.0

    def add(self, wall_time: float, content: bytes) -> None:
        """Take in one `HParamsPluginData` message."""
        said = session_in(content)
        if isinstance(said, SessionStart):
            self.config.update(said.hparams)
        if said is not None and wall_time >= self._latest:
            self.end, self._latest = (said if isinstance(said, SessionEnd) else None), wall_time

    @property
    def status(self) -> JobStatus | None:
        """How the run ended; None where it does not say so, or goes on."""
        return _STATES.get(self.end.status) if self.end else None


def config_in(text: str) -> dict[str, ConfigValue]:
    """The flat configuration in a logged text: a JSON object, bare, indented or fenced as markdown; else empty."""
    bare = textwrap.dedent(text).strip().removeprefix("```json").strip("` \t\r\n")
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return {}
    return flattened(value) if isinstance(value, dict) else {}


def _value(value: Message) -> ConfigValue:
    if 2 in value:
        return value.double(2)
    if 3 in value:
        return value.text(3)
    return bool(value.integer(4)) if 4 in value else None
