"""What stands beside a run file of SwanLab: its configuration, and which process wrote it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
import yaml

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState
from astuner_nb.recorder import read_json
from astuner_nb.trackers.file_state import status_without_end
from astuner_nb.trackers.wire.flat_config import flattened

_MAX_CONFIG_BYTES = 4 << 20
_SLACK_S = 2.0
"""A process may look a little younger than its run: clocks are set, ticks are coarse."""


class _PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, and without merge keys (`<<`): SwanLab writes none, and a few lines of them unfold to gigabytes."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge nothing; a merge key then is an error of the file."""


def read_config(path: Path, skipped: list[str]) -> dict[str, ConfigValue]:
    """The flat configuration in `path`; empty where there is none. What cannot be read is said in `skipped`."""
    try:
        with open(path, "rb") as file:
            text = file.read(_MAX_CONFIG_BYTES + 1)
        if len(text) > _MAX_CONFIG_BYTES:
            raise ValueError(f"it has more than {_MAX_CONFIG_BYTES >> 20} MB")
        entries = yaml.load(text, Loader=_PlainLoader)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        skipped.append(f"The configuration of a run cannot be read: {path} ({_first_line(error)}). Its curves can.")
        return {}
    if not isinstance(entries, Mapping):
        return {}
    return flattened({str(name): _unwrapped(entry) for name, entry in entries.items()})


def _unwrapped(entry: object) -> object:
    return entry["value"] if isinstance(entry, Mapping) and "value" in entry else entry


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


@dataclass(frozen=True)
class Writer:
    """The process that wrote a run; all unknown where nothing was noted."""

    host: str = ""
    pid: int = 0
    noted_s: float = 0.0
    """When that was noted, seconds since 1970."""


def read_metadata(path: Path) -> Writer:
    """The process that `path` names."""
    metadata = read_json(path) or {}
    runtime = metadata.get("runtime")
    told = runtime if isinstance(runtime, Mapping) else metadata
    host, pid = told.get("hostname"), told.get("pid")
    if not isinstance(host, str) or not isinstance(pid, int) or isinstance(pid, bool) or not 0 < pid < 1 << 31:
        return Writer()
    try:
        return Writer(host, pid, os.stat(path).st_mtime)
    except OSError:
        return Writer()


class Unended:
    """Tells the status of a run as long as its file `path` has no finish record.

    Args:
        path: its run file.
        began: when it began, as the file says.
    """

    def __init__(self, path: Path, began: datetime | None) -> None:
        self._path, self._began = path, began
        self._writer = Writer()

    def __call__(self) -> JobStatus:
        """The status now. Never raises."""
        if not self._writer.host:
            self._writer = read_metadata(self._path.parent / "files" / "swanlab-metadata.json")
        writer = self._writer
        if not writer.host:
            return status_without_end(self._path, "Nothing tells which process wrote it.")
        if writer.host != socket.gethostname():
            return status_without_end(self._path, f"It ran on {writer.host}, whose processes cannot be seen from here.")
        if _lives(writer.pid, self._began.timestamp() if self._began else writer.noted_s):
            return JobStatus(RunState.RUNNING, alive=True)
        return JobStatus(RunState.LOST, detail=f"Its process {writer.pid} has gone, and nobody wrote how it ended.")


def _lives(pid: int, began_s: float) -> bool:
    """Whether `pid` still is the process that began the run, and not a later one that inherited its number."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= began_s + _SLACK_S
    except (psutil.Error, ValueError, OverflowError, OSError):
        return False
