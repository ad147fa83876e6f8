"""What a run directory says of its job: `exit.json` first, then which of the processes in `job.json` still live.

Pure reading; needs nothing of the process that started the job. Called ten times a second for each followed run.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.recorder import RunFiles, boot_id, read_json

STARTING_S = 10.0
"""A run that has no `job.json` after this long, and no launcher that could tell why, will never start."""
HOPELESS_S = 60.0
"""… and after this long even if its launcher lives."""
FRESH_S = 120.0
"""A run on another host counts as running while its metrics are younger than this."""

_this_boot = cache(boot_id)


def read_status(files: RunFiles) -> JobStatus:
    """The status of the job in `files`. Never raises: what cannot be read is said in `detail`."""
    if (ended := read_json(files.exit)) is not None:
        return _ended(ended)
    if (job := read_json(files.job)) is None:
        return _before_job(files)
    if job.get("host") != socket.gethostname():
        return _elsewhere(files, job)
    return _here(files, job)


def process_lives(process: object, recorded_s: object) -> bool:
    """Whether `process`, an entry of `job.json`, is the one that was recorded and still runs; a zombie does not.

    Args:
        process: `{"pid": …, "start": …}`, the start in clock ticks since boot; None where the system did not tell.
        recorded_s: when it was recorded, seconds since 1970. A process that began later has only inherited the pid.
    """
    if not isinstance(process, Mapping) or not isinstance(pid := process.get("pid"), int):
        return False
    if (start := process.get("start")) is None:
        return _lives_by_psutil(pid, recorded_s)
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return fields[0] not in (b"Z", b"X") and int(fields[19]) == start


def _lives_by_psutil(pid: int, recorded_s: object) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        born_s = process.create_time()
        return process.status() != psutil.STATUS_ZOMBIE and isinstance(recorded_s, int | float) and born_s <= recorded_s
    except (psutil.Error, ValueError, OverflowError):
        return False


def _ended(end: Mapping[str, Any]) -> JobStatus:
    code = end.get("code") if isinstance(end.get("code"), int) else None
    error = str(end.get("error") or "")
    if end.get("stopped"):
        hard = "It did not end by itself and was killed." if end.get("killed") else ""
        return JobStatus(RunState.STOPPED, code, error or hard)
    if code == 0:
        return JobStatus(RunState.FINISHED, code, error)
    return JobStatus(RunState.FAILED, code, error or _why(code))


def _why(code: int | None) -> str:
    """What the exit code of a failed job means, in words."""
    if code is None:
        return "It ended, but nobody learned with which code."
    if code >= 0:
        return f"It ended with exit code {code}; its last words are in output.log."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " Often the system does that when memory runs out." if name == "SIGKILL" else ""
    return f"It was killed by {name}.{hint}"


def _before_job(files: RunFiles) -> JobStatus:
    """The status while there is no (readable) `job.json`."""
    if files.job.exists():  # damaged, or written just after we looked
        damaged = JobStatus(RunState.LOST, detail="Its job.json cannot be read, so nobody knows its process.")
        return damaged if read_json(files.job) is None else read_status(files)
    launch = read_json(files.launch) or {}
    age_s = _age_s(files.launch, files.meta, files.directory)
    if age_s is None:
        return JobStatus(RunState.LOST, detail=f"Its directory has gone: {files.directory}")
    if age_s < STARTING_S or (age_s < HOPELESS_S and process_lives(launch.get("launcher"), launch.get("t"))):
        return JobStatus(RunState.STARTING)
    if files.exit.exists():
        return JobStatus(RunState.LOST, detail="Its exit.json cannot be read, so nobody knows how it ended.")
    return JobStatus(RunState.LOST, detail=f"It never started: no process reported within {age_s:.0f} s.")


def _elsewhere(files: RunFiles, job: Mapping[str, Any]) -> JobStatus:
    """The status of a job on another host, whose processes cannot be seen: judged by how fresh its metrics are."""
    age_s, host = _age_s(files.metrics, files.job), job.get("host")
    if age_s is not None and age_s < FRESH_S:
        return JobStatus(RunState.RUNNING, detail=f"It runs on {host}.")
    return JobStatus(RunState.LOST, detail=f"It ran on {host}, which has written nothing for {FRESH_S:.0f} s or more.")


def _here(files: RunFiles, job: Mapping[str, Any]) -> JobStatus:
    """The status of a job on this host."""
    if job.get("boot_id") != _this_boot():
        return JobStatus(RunState.LOST, detail="This machine was restarted while it ran.")
    supervisor, process, recorded_s = job.get("supervisor"), job.get("job"), job.get("t")
    if process_lives(supervisor, recorded_s):
        return _watched(files, process)
    if (ended := read_json(files.exit)) is not None:  # written since we looked first, then the supervisor went
        return _ended(ended)
    if process_lives(process, recorded_s):
        return JobStatus(RunState.LOST, detail="Its supervisor has gone; it can still be stopped.", alive=True)
    if files.exit.exists():
        return JobStatus(RunState.LOST, detail="Its exit.json cannot be read, so nobody knows how it ended.")
    if process is None:
        return JobStatus(RunState.LOST, detail="Its supervisor has gone while it was starting it.")
    return JobStatus(RunState.LOST, detail="It has gone, and nobody wrote how it ended.")


def _watched(files: RunFiles, process: object) -> JobStatus:
    if process is None:
        return JobStatus(RunState.STARTING, alive=True)
    asked = files.stop_request.exists()
    return JobStatus(RunState.RUNNING, detail="It was asked to stop." if asked else "", alive=True)


def _age_s(*paths: Path) -> float | None:
    """Seconds since the first of `paths` that exists was written; None where none does."""
    for path in paths:
        with suppress(OSError):
            return max(0.0, time.time() - os.stat(path).st_mtime)
    return None
