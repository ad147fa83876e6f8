"""The process that stands beside a job: starts it, notices a request to stop, sweeps up after it, writes how it ended.

Runs in the run directory, in a session of its own, so that it outlives the kernel that started it; talks through the
files there alone. Standard library only and few imports: it must be up within milliseconds. It names its files
relative to the directory, so a run that is moved while it runs still gets its `exit.json`.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from astuner_nb.jobs.ladder import Climb, rungs
from astuner_nb.jobs.output import OUTPUT_LIMIT, BoundedOutput
from astuner_nb.jobs.processes import adopt_orphans, descendants, ignores, signal_each, signal_group
from astuner_nb.jobs.spared import forwarders
from astuner_nb.recorder import RunFiles, identity, read_json, write_json_atomic

LOOK_S = 0.2
"""Seconds between two looks at `stop.request` and the size of `output.log`; signals wake it at once."""
LEFTOVER_S = 1.0
"""Seconds that processes left behind by the job are given after SIGTERM."""
EMPTY_LOOKS = 3
"""Looks in a row that find nothing but forwarders until nothing else is taken to be there."""
UNKILLABLE_S = 5.0
"""Seconds after SIGKILL until a process that hangs in the kernel is given up."""
REPORT_S = 300.0
"""How long writing `exit.json` is tried, e.g. on a full disk."""
NOT_STARTED = 127
"""The exit code of a command that could not be executed, as in a shell."""


class Supervisor:
    """Runs one command in the current directory, from its start to its `exit.json`."""

    def __init__(self, argv: list[str]) -> None:
        self._argv = argv
        self._files = RunFiles("")
        launch = read_json(self._files.launch) or {}
        self._cwd: str | None = launch.get("cwd")
        self._grace_s = float(launch.get("grace_s", 5.0))
        self._limit = int(launch.get("output_limit", OUTPUT_LIMIT))
        self._wake = _wake_on_signals(self._on_stop_signal)
        self._asked = False
        self._climb: Climb | None = None
        self._swept: set[int] = set()

    def run(self) -> None:
        """Start the job, see it through to its end, report."""
        adopt_orphans()
        try:
            write_json_atomic(self._files.job, identity(os.getpid(), None))
            if self._files.stop_request.exists():
                self._report({"code": None, "stopped": True, "error": "It was stopped before it had started."})
                return
            output = BoundedOutput(self._files.output, self._limit)
            job = self._start(output.fd)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._report({"code": NOT_STARTED, "stopped": False, "error": self._not_started(error)})
            return
        self._watch(job, output)
        stopped = self._climb is not None or (job.returncode == 0 and self._files.stop_request.exists())
        left = self._sweep()
        self._trim(output)
        self._report({"code": job.returncode, "stopped": stopped, "error": left})

    def _start(self, output: int) -> subprocess.Popen[bytes]:
        supervisor, job_file = os.getpid(), self._files.job.absolute()

        def publish() -> None:
            """Say who the job is, in the job's own process before it becomes the command: it never runs unseen."""
            write_json_atomic(job_file, identity(supervisor, os.getpid()))

        return subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=self._cwd,
            process_group=0,
            preexec_fn=publish,  # safe: this process has one thread
        )

    def _watch(self, job: subprocess.Popen[bytes], output: BoundedOutput) -> None:
        """Return when the job's first process has ended; its `returncode` is set then."""
        while not _reap(job):
            pause_s = LOOK_S
            self._trim(output)
            if self._climb is None and self._is_asked():
                self._climb = self._begin_stop(job)
            if self._climb is not None:
                pause_s = min(LOOK_S, self._climb.step(time.monotonic()))
            self._pause(pause_s)

    def _is_asked(self) -> bool:
        """Whether the job shall end: by the file, by a signal to this process, or because its directory was deleted."""
        if self._asked and not self._files.stop_request.exists():
            with suppress(OSError):
                self._files.stop_request.touch(mode=0o600)  # the job polls this file
        return self._asked or self._files.stop_request.exists() or _is_deleted()

    def _begin_stop(self, job: subprocess.Popen[bytes]) -> Climb:
        signal_group(job.pid, signal.SIGCONT)  # a paused job sees neither flag nor signal

        def send(signum: int) -> None:
            signal_group(job.pid, signum)
            if signum != signal.SIGINT:
                signal_each(self._left()[0], signum)  # also those in sessions of their own

        return Climb(rungs(self._grace_s), send, lambda signum: ignores(job.pid, signum))

    def _sweep(self) -> str:
        """End what the job left behind. Returns a sentence about what could not be ended."""
        kill_s = time.monotonic() + (0.0 if self._climb and self._climb.killed else min(LEFTOVER_S, self._grace_s))
        empty = 0
        while _reap_orphans() and empty < EMPTY_LOOKS:
            now_s = time.monotonic()
            left, spared = self._left()
            empty = empty + 1 if spared and not left else 0
            if now_s > kill_s + UNKILLABLE_S:
                return f"These processes cannot be killed: {sorted(left)}. They hang in the system; look at its disks."
            fresh = left if now_s >= kill_s else [pid for pid in left if pid not in self._swept]
            signal_each(fresh, signal.SIGKILL if now_s >= kill_s else signal.SIGTERM)
            self._swept.update(left)
            time.sleep(0.01)
        return ""

    def _left(self) -> tuple[list[int], set[int]]:
        """The living processes of the job, and those below us that are not its own: the run's forwarders."""
        spared = forwarders(self._files)
        return descendants(os.getpid(), spared), spared

    def _trim(self, output: BoundedOutput) -> None:
        try:
            output.trim()
        except OSError as error:
            _complain(f"output.log cannot be cut back: {error}")

    def _report(self, end: dict[str, Any]) -> None:
        """Write `exit.json`, the last thing there is to do; on a full disk wait for room."""
        killed = self._climb is not None and self._climb.killed
        end = {**end, "killed": killed, "swept": len(self._swept), "t": time.time()}
        give_up_s = time.monotonic() + REPORT_S
        pause_s = 0.05
        while True:
            try:
                return write_json_atomic(self._files.exit, end)
            except OSError as error:
                _complain(f"exit.json cannot be written: {error}; it would say {end}")
                if time.monotonic() > give_up_s or _is_deleted():
                    return None
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 5.0)

    def _not_started(self, error: Exception) -> str:
        if isinstance(error, subprocess.SubprocessError):
            return "The job was not started because job.json could not be written. Look at disk and rights."
        reason = getattr(error, "strerror", None) or str(error)
        where = f" in {self._cwd}" if self._cwd else ""
        return f"The command {self._argv[0]!r} could not be started{where}: {reason}. Check that it is installed."

    def _on_stop_signal(self, *_: object) -> None:
        self._asked = True

    def _pause(self, seconds: float) -> None:
        """Wait until a signal or the end of a child wakes us, at most `seconds`."""
        if select.select([self._wake], [], [], max(0.0, seconds))[0]:
            os.read(self._wake, 512)


def _wake_on_signals(on_stop: Any) -> int:
    """Have signals noticed. Returns the descriptor that becomes readable with each.

    SIGHUP gets a handler instead of being ignored because handlers, unlike that, are not inherited by the job.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, on_stop)
    for signum in (signal.SIGHUP, signal.SIGCHLD):
        signal.signal(signum, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    return reading


def _reap(job: subprocess.Popen[bytes]) -> bool:
    """Collect every child that has ended, orphans too. Returns whether the job is one of them."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == job.pid:
                job.returncode = os.waitstatus_to_exitcode(ended[1])
    return job.returncode is not None


def _reap_orphans() -> bool:
    """Collect orphans that have ended. Returns whether there may be others: no child at all means no descendant."""
    if sys.platform == "linux":
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return False
        return True
    return bool(descendants(os.getpid()))


def _is_deleted() -> bool:
    """Whether the run directory was deleted (not only moved): nobody could find or stop the job any more."""
    with suppress(OSError):
        return sys.platform == "linux" and os.stat(".").st_nlink == 0
    return False


def _complain(sentence: str) -> None:
    """Into supervisor.log, which is our stderr; on a full disk not even that."""
    with suppress(OSError):
        sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {sentence}\n")
        sys.stderr.flush()


def main(argv: list[str]) -> None:
    """Supervise `argv` in the current directory."""
    Supervisor(argv).run()
