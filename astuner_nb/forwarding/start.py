"""Starts the forwarders of a run. A tracker that cannot be started costs a sentence, never the run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from astuner_nb.core.errors import BadValue
from astuner_nb.core.loggers import CONSOLE, checked_loggers
from astuner_nb.forwarding.environment import forwarder_environment
from astuner_nb.recorder import RunFiles, start_time, write_json_atomic

_DETACHED = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
"""A shell that leaves the command to itself: it outlives us, and whoever collects orphans collects it."""
_SHELL_S = 10.0


def start_forwarders(
    directory: str | os.PathLike[str], loggers: Iterable[str], env: Mapping[str, str] | None = None
) -> list[str]:
    """Start a process for each tracker among `loggers` that the run in `directory` is not handed on to yet.

    Returns at once, with a sentence for each that could not be started; those stand in the run's `loggers` folder
    and its output.log too. Never raises.

    Args:
        directory: of a run, its `meta.json` written.
        loggers: names; the console is none of ours.
        env: where each tracker's own variables, keys among them, are taken from; this process's where left out.
    """
    files = RunFiles(os.path.abspath(directory))
    base = dict(os.environ if env is None else env)
    return [problem for name in loggers if name != CONSOLE and (problem := _start(files, name, base))]


def _start(files: RunFiles, logger: str, base: Mapping[str, str]) -> str:
    """Start one; returns a sentence where that failed."""
    try:
        checked_loggers(logger)  # its package is loaded over there
        if not _claim(files, logger):
            return ""
        pid = _spawn(files, logger, forwarder_environment(base, logger))
        _register(files, logger, {"state": "starting", "pid": pid, "start": start_time(pid), "since": time.time()})
        return ""
    except (OSError, ValueError, subprocess.SubprocessError, BadValue) as error:
        problem = f"It was not started ({error}). The run itself goes on; every record is in its directory."
        with suppress(OSError):
            _register(files, logger, {"state": "failed", "error": problem})
        sentence = f"{logger}: {problem}"
        append_line(files, sentence)
        return sentence


def append_line(files: RunFiles, sentence: str) -> None:
    """Put a line at the end of the run's output, between the job's own; a full disk is passed over."""
    with suppress(OSError):
        descriptor = os.open(files.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, f"astuner: {sentence}\n".encode(errors="replace"))
        finally:
            os.close(descriptor)


def _claim(files: RunFiles, logger: str) -> bool:
    """Whether this tracker of the run is ours to serve: of two that try, one gets it."""
    files.loggers.mkdir(mode=0o700, exist_ok=True)
    try:
        os.close(os.open(files.logger_status(logger), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def _spawn(files: RunFiles, logger: str, env: Mapping[str, str]) -> int:
    """The pid of a forwarder that nobody has to collect."""
    if os.name != "posix":
        raise OSError(f"trackers need Linux or macOS, this is {sys.platform}")
    program = [sys.executable, "-P", "-m", "astuner_nb.forwarding.process", str(files.directory), logger]
    shell = ["/bin/sh", "-c", _DETACHED, "sh", str(files.logger_log(logger)), *program]
    done = subprocess.run(
        shell,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=files.directory,
        env=dict(env),
        start_new_session=True,
        umask=0o077,
        timeout=_SHELL_S,
        check=True,
    )
    return int(done.stdout)


def _register(files: RunFiles, logger: str, content: dict[str, object]) -> None:
    """Say who serves it: the forwarder waits for this before it writes there itself."""
    write_json_atomic(files.logger_status(logger), {"logger": logger, "sent": 0, "t": time.time(), **content})
