"""Jobs as processes of this machine, each with a supervisor beside it; everything else is read from the directory."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from astuner_nb.core.errors import JobError
from astuner_nb.core.protocols import JobSpec, JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.jobs.environment import job_environment
from astuner_nb.jobs.output import OUTPUT_LIMIT
from astuner_nb.jobs.secret_names import masked_argv
from astuner_nb.jobs.spawn import Child, spawn_adopter, spawn_supervisor, wake
from astuner_nb.recorder import RUN_DIRECTORY_VARIABLE, RunFiles, boot_id, identity, read_json, write_json_atomic
from astuner_nb.store.status import process_lives, read_status

_LOOK_S = 0.02
_LAST_WORDS_S = 1.0
"""A supervisor that has written `exit.json` is gone within milliseconds."""


class LocalLauncher:
    """Starts jobs on this machine. Tested on Linux; macOS goes the same way with psutil in place of /proc.

    Args:
        output_limit: bytes that a job's `output.log` may have before its middle is left out.
    """

    def __init__(self, output_limit: int = OUTPUT_LIMIT) -> None:
        self._output_limit = output_limit

    def start(self, spec: JobSpec, directory: Path) -> LocalJob:
        """Start `spec` in `directory`, which is made where it does not exist. Returns at once.

        Raises:
            JobError: when the command is empty, the directory cannot be used or already holds a job, or no process
                can be made. A command that does not exist is not known yet: the job then fails with code 127.
        """
        if not spec.argv or any("\0" in part for part in spec.argv):
            raise JobError(f"A job needs a command, got {spec.argv!r}. Look at the backbone that prepared it.")
        if os.name != "posix":
            raise JobError(f"Jobs need Linux or macOS, this is {sys.platform}. On Windows use WSL.")
        files = RunFiles(directory.absolute())
        _claim(files)
        try:
            write_json_atomic(files.launch, self._launch(spec))
            env = job_environment(os.environ, spec.env, files.directory)
            return LocalJob(files, spawn_supervisor(spec.argv, files, env))
        except (OSError, ValueError) as error:
            files.launch.unlink(missing_ok=True)
            raise JobError(f"No job can be started in {files.directory}: {error}. Look at disk and limits.") from error

    def attach(self, directory: Path) -> LocalJob:
        """The handle of the job that was started in `directory`, by whomever. Raises `JobError` without a directory."""
        if not directory.is_dir():
            raise JobError(f"There is no run in {directory}. List the runs to see which there are.")
        return LocalJob(RunFiles(directory.absolute()), None)

    def _launch(self, spec: JobSpec) -> dict[str, Any]:
        """The content of `launch.json`: what the supervisor needs to know, and who started it."""
        me = identity(os.getpid(), None)
        return {
            "argv": masked_argv(spec.argv, spec.env),
            "cwd": str(spec.cwd.absolute()) if spec.cwd else None,
            "grace_s": spec.grace_s,
            "output_limit": self._output_limit,
            "launcher": me["supervisor"],
            "host": me["host"],
            "t": me["t"],
        }


class LocalJob:
    """A handle on a job of this machine; all it knows stands in the directory. Made by `LocalLauncher`.

    Args:
        files: of its run.
        supervisor: the process beside it, where this process started that.
    """

    def __init__(self, files: RunFiles, supervisor: Child | None) -> None:
        self._files = files
        self._supervisor = supervisor
        self._adopter: Child | None = None
        self._asked = False

    @property
    def directory(self) -> Path:
        """The run directory."""
        return self._files.directory

    def poll(self) -> JobStatus:
        """The state now. Reads a file or two; never blocks.

        After `stop()` it also notices a supervisor that died before it could act, and sends somebody in its place.
        """
        gone = self._supervisor is not None and self._supervisor.code is not None  # before reading what it wrote
        status = read_status(self._files)
        if gone and status.state is RunState.STARTING:
            return self._never_started()
        if self._asked and self._adopter is None and status.state is RunState.LOST and status.alive:
            self._hurry(read_json(self._files.job) or {})
        return status

    def wait(self, timeout_s: float | None = None) -> JobStatus:
        """The state once it has ended and no process of it is known to live, or at the deadline."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            status = self.poll()
            over = status.state.ended and not status.alive and not self._is_being_adopted()
            if over or (deadline_s is not None and time.monotonic() >= deadline_s):
                return status
            time.sleep(_LOOK_S)

    def stop(self) -> None:
        """Ask it to end: gently, then firmly. Returns at once; stopping an ended job does nothing.

        Works from any process, also when the supervisor has died. A script that records by itself gets
        `stop.request` and one SIGINT, as by Ctrl-C, and is never killed.
        """
        status = self.poll()
        if status.state.ended and status.state is not RunState.LOST:
            return
        self._request_stop()  # first this, then look who is there: a job that is just starting sees it in any case
        self._hurry(read_json(self._files.job) or {})
        self._asked = True

    def close(self) -> None:
        """Let go of the handle. The job goes on; a thread collects its supervisor when that ends."""
        if self._supervisor is not None and self.poll().state.ended:
            self._supervisor.collect(_LAST_WORDS_S)
        self._supervisor = self._adopter = None

    def _request_stop(self) -> None:
        try:
            os.close(os.open(self._files.stop_request, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise JobError(
                f"No stop can be requested in {self.directory}: {error}. Look at disk and rights."
            ) from error

    def _hurry(self, job: dict[str, Any]) -> None:
        """Wake the supervisor, or send somebody in its place. On another host the request alone has to do."""
        supervisor, process = job.get("supervisor") or {}, job.get("job")
        if supervisor != process and process_lives(supervisor, job.get("t")):
            wake(supervisor["pid"], supervisor["start"])
        elif _is_here(job) and not self._is_being_adopted():
            env = {name: value for name, value in os.environ.items() if name != RUN_DIRECTORY_VARIABLE}
            self._adopter = spawn_adopter(self._files, env)

    def _is_being_adopted(self) -> bool:
        return self._adopter is not None and self._adopter.code is None

    def _never_started(self) -> JobStatus:
        """Write that the supervisor died before the job was started, for everybody to see."""
        code = self._supervisor.code if self._supervisor else None
        error = f"Its supervisor ended with code {code} before the job was started; see {self._files.supervisor_log}."
        with suppress(OSError):
            end = {
                "code": code or None,
                "stopped": False,
                "killed": False,
                "swept": 0,
                "error": error,
                "t": time.time(),
            }
            write_json_atomic(self._files.exit, end)
        return JobStatus(RunState.FAILED, code or None, error)


def _claim(files: RunFiles) -> None:
    """Take the directory for one job; of two that try at once, one gets it. Raises `JobError`."""
    try:
        files.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if files.job.exists() or files.exit.exists():
            raise FileExistsError
        os.close(os.open(files.launch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise JobError(f"{files.directory} already holds a job. Start each job in a directory of its own.") from error
    except OSError as error:
        raise JobError(f"{files.directory} cannot be used: {error}. Look at disk and rights.") from error


def _is_here(job: dict[str, Any]) -> bool:
    """Whether the processes in `job.json` are, or were, on this boot of this host."""
    return job.get("host") == socket.gethostname() and job.get("boot_id") == boot_id()
