"""What a training process uses to write its run: one file, standard library only, Python 3.10 and later.

Training engines live in environments of their own; copy this file there or import it from the package. It is also
the one home of the run directory's format: the names of its files, how a record is encoded, who a process is.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

RUN_DIRECTORY_VARIABLE = "ASTUNER_RUN_DIR"
"""Set by a launcher: `init()` then records into that directory instead of making a new one."""
STORE_VARIABLE = "ASTUNER_RUNS"
"""Where runs are kept; `./runs` where it is not set."""


class RunFiles:
    """The names of the files of one run directory. Pure arithmetic: touches no disk."""

    def __init__(self, directory: "str | os.PathLike[str]") -> None:
        self.directory = Path(directory)
        self.meta = self.directory / "meta.json"
        """Who made the run, with which configuration. Written once, before anything starts."""
        self.config = self.directory / "config.yaml"
        """The whole configuration document, keys of other engines included."""
        self.launch = self.directory / "launch.json"
        """The command, without its environment. Written by the launcher."""
        self.job = self.directory / "job.json"
        """Which processes run it. Written by the supervisor."""
        self.stop_request = self.directory / "stop.request"
        """Its existence is the request to stop."""
        self.exit = self.directory / "exit.json"
        """How it ended; the only proof of an end with a known code. Written last."""
        self.metrics = self.directory / "metrics.jsonl"
        """One JSON object a record: the truth."""
        self.cache = self.directory / "metrics.npz"
        """The same as columns: disposable."""
        self.output = self.directory / "output.log"
        """What the job printed."""
        self.supervisor_log = self.directory / "supervisor.log"
        """What the supervisor itself had to complain about."""
        self.rollouts = self.directory / "rollouts.jsonl"
        """Sample rollouts, one JSON object each."""
        self.function = self.directory / "function.pkl"
        """A function of the user's own, pickled by cloudpickle."""
        self.checkpoints = self.directory / "checkpoints"


def write_json_atomic(path: Path, value: Any) -> None:
    """Write `value` to `path` so that a reader sees the old file or the whole new one, never a part (mode 0600)."""
    temporary = path.with_name(f"{path.name}.tmp.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> "dict[str, Any] | None":
    """The JSON object in `path`; None where it is missing, unreadable or no object."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def boot_id() -> str:
    """What changes when this machine restarts; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_time(pid: int) -> "int | None":
    """When process `pid` started, in clock ticks since boot; None where there is no such process or no /proc.

    A pid is reused; a pid with its start time is not. (Field 22 of /proc/PID/stat, proc(5).)
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(b")")[2].split()[19])


def identity(supervisor: int, job: "int | None") -> "dict[str, Any]":
    """The content of `job.json`: which processes, on which boot of which host."""

    def process(pid: "int | None") -> "dict[str, Any] | None":
        return None if pid is None else {"pid": pid, "start": start_time(pid)}

    return {
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "supervisor": process(supervisor),
        "job": process(job),
        "t": time.time(),
    }
