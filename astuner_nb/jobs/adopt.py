"""Stops a job whose supervisor has died: a short-lived process that goes up the ladder in its place.

Its exit code is beyond reach then (only a parent learns it), so `exit.json` says "stopped" with the code unknown.
Does nothing where no process of the job is left.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from astuner_nb.jobs.ladder import Climb, Rung, rungs
from astuner_nb.jobs.processes import ignores, signal_each, signal_group
from astuner_nb.recorder import RUN_DIRECTORY_VARIABLE, RunFiles, boot_id, read_json, write_json_atomic
from astuner_nb.store.status import process_lives

LOOK_S = 0.03
"""Seconds between two looks at what still lives. Nobody tells a process about the end of another's children."""
GIVE_UP_S = 30.0
"""Seconds after SIGKILL until a process that hangs in the kernel is given up."""


class Orphan:
    """What is left of a job without a supervisor.

    Args:
        files: of the run.
        job: the content of its `job.json`.
    """

    def __init__(self, files: RunFiles, job: dict[str, Any]) -> None:
        self._tag = str(files.directory)
        self._job, self._recorded_s = job.get("job"), job.get("t")
        self._known: dict[int, psutil.Process] = {}
        self._strangers: set[psutil.Process] = set()

    @property
    def leader(self) -> int | None:
        """The pid of the job's first process; None where that has ended."""
        return int(self._job["pid"]) if self._job and process_lives(self._job, self._recorded_s) else None

    def pids(self) -> list[int]:
        """All living processes of the job, also those in sessions of their own."""
        leader = self.leader
        for process in psutil.process_iter():  # in the order of pids: mostly parents before their children
            if process.pid in self._known or process in self._strangers:
                continue
            if process.pid != os.getpid() and self._owns(process, leader):
                self._known[process.pid] = process
            else:
                self._strangers.add(process)
        return [pid for pid, process in self._known.items() if _lives(process)]

    def send(self, signum: int) -> None:
        """Signal the job: its group, and beyond SIGINT every process of it."""
        if (leader := self.leader) is not None:
            signal_group(leader, signum)
        if signum != signal.SIGINT:
            signal_each(self.pids(), signum)

    def ignores(self, signum: int) -> bool:
        """Whether there is no use in waiting after `signum`: it is ignored, or went to a group that has no leader."""
        if (leader := self.leader) is None:
            return signum == signal.SIGINT
        return ignores(leader, signum)

    def _owns(self, process: psutil.Process, leader: int | None) -> bool:
        """Whether `process` is the job, in its group, below it, or has its run directory in the environment."""
        try:
            if leader is not None and (process.pid == leader or os.getpgid(process.pid) == leader):
                return True
            return process.ppid() in self._known or process.environ().get(RUN_DIRECTORY_VARIABLE) == self._tag
        except (psutil.Error, OSError):
            return False


def stop_orphan(files: RunFiles, grace_s: float) -> None:
    """Stop what is left of the job in `files` and write how it ended."""
    job = read_json(files.job) or {}
    if job.get("boot_id", boot_id()) != boot_id():
        return
    orphan = Orphan(files, job)
    if found := orphan.pids():
        leader = orphan.leader
        if leader is not None:
            signal_group(leader, signal.SIGCONT)
        climb = Climb(rungs(grace_s), orphan.send, orphan.ignores)
        left = _climb(climb, orphan)
        error = f"These processes cannot be killed: {left}." if left else "Its supervisor had gone: code unknown."
        end = {"code": None, "stopped": True, "killed": climb.killed, "swept": len(found), "error": error}
        if read_json(files.exit) is None:
            write_json_atomic(files.exit, {**end, "t": time.time()})


def stop_script(files: RunFiles, grace_s: float) -> None:
    """Ask a script that records by itself to end, as Ctrl-C would; it is not ours to kill, and writes its own end."""
    job = read_json(files.job) or {}
    script, recorded_s = job.get("job"), job.get("t")

    def send(signum: int) -> None:
        if isinstance(script, dict) and process_lives(script, recorded_s):
            os.kill(script["pid"], signum)

    climb = Climb((rungs(grace_s)[0], Rung(signal.SIGINT, 0.0)), send, lambda _: False)
    while process_lives(script, recorded_s) and (wait_s := climb.step(time.monotonic())) > 0.0:
        time.sleep(min(wait_s, LOOK_S))


def _climb(climb: Climb, orphan: Orphan) -> list[int]:
    """Go up until nothing lives. Returns what could not be killed."""
    give_up_s = None
    while left := orphan.pids():
        now_s = time.monotonic()
        climb.step(now_s)
        if climb.killed:
            orphan.send(signal.SIGKILL)  # again and again: they may have forked meanwhile
            give_up_s = give_up_s or now_s + GIVE_UP_S
            if now_s > give_up_s:
                return left
        time.sleep(LOOK_S)
    return []


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def main(argv: list[str]) -> None:
    """Stop the job in the run directory `argv[0]`."""
    files = RunFiles(Path(argv[0]))
    job, launch = read_json(files.job) or {}, read_json(files.launch)
    grace_s = float((launch or {}).get("grace_s", 5.0))
    is_script = launch is None and job.get("job") == job.get("supervisor")
    (stop_script if is_script else stop_orphan)(files, grace_s)
