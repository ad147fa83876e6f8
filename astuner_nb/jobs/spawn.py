"""Starting the programs of this room in a process of their own, and waking a supervisor safely."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from astuner_nb.jobs.processes import HAS_PROC
from astuner_nb.recorder import RunFiles, start_time

_PARENT = str(Path(__file__).resolve().parents[2])
_CODE = "import sys; sys.path.append(sys.argv[1]); from astuner_nb.jobs.{} import main; main(sys.argv[2:])"


class Child:
    """A process of ours, collected by a thread when it ends: no zombie is left where a handle is dropped."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._collector = threading.Thread(target=process.wait, name=f"astuner-collect-{process.pid}", daemon=True)
        self._collector.start()

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.returncode

    def collect(self, timeout_s: float) -> None:
        """Wait until it has ended and the thread too, `timeout_s` at most."""
        self._collector.join(timeout_s)


def spawn_supervisor(argv: Sequence[str], files: RunFiles, env: Mapping[str, str]) -> Child:
    """A process that runs `argv` in the directory of `files`; without site-packages where it needs no psutil."""
    return _spawn("supervisor", argv, files, env, bare=HAS_PROC)


def spawn_adopter(files: RunFiles, env: Mapping[str, str]) -> Child:
    """A process that stops the job of `files` in its dead supervisor's place."""
    return _spawn("adopt", [str(files.directory)], files, env, bare=False)


def wake(pid: int, start: int | None) -> None:
    """Tell the supervisor `pid` that started at `start` to look at `stop.request` now; by itself it may take 0.2 s.

    The pid may belong to another process meanwhile: a pidfd keeps hold of the one whose start time is compared.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if start_time(pid) == start:
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        finally:
            os.close(descriptor)


def _spawn(
    module: Literal["supervisor", "adopt"], argv: Sequence[str], files: RunFiles, env: Mapping[str, str], bare: bool
) -> Child:
    """`module`'s main with `argv`, in a session of its own and in the run directory, complaining to supervisor.log."""
    python = [sys.executable, "-I", *(["-S"] if bare else []), "-c", _CODE.format(module), _PARENT, *argv]
    log = os.open(files.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return Child(
            subprocess.Popen(
                python,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=files.directory,
                env=dict(env),
                start_new_session=True,
            )
        )
    finally:
        os.close(log)
