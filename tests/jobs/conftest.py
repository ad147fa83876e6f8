"""Real jobs for the tests of this room, and a look at what they leave behind."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

import psutil
import pytest

from astuner_nb.core.protocols import JobSpec
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.recorder import RUN_DIRECTORY_VARIABLE, read_json


def _living(directory):
    """The pids of all living processes that belong to the job in `directory`, its supervisor included."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            tag = process.environ().get(RUN_DIRECTORY_VARIABLE)
            if tag == str(directory) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


@pytest.fixture
def launcher():
    return LocalLauncher()


@pytest.fixture
def directory(tmp_path):
    """A run directory whose name is no easy one for shells. Whatever still runs there afterwards is killed."""
    path = tmp_path / "run 'a'; \"x\" $(touch y)"
    yield path
    for pid in _living(path):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start(launcher, directory, wait_for):
    """`start(source)`: the handle of a job that runs Python `source`, once that has written the file `ready`."""
    jobs = []

    def start_and_wait(source, **options):
        spec = JobSpec((sys.executable, "-S", "-c", source), **options)
        jobs.append(launcher.start(spec, directory))
        wait_for(lambda: (directory / "ready").exists(), what="the job's start")
        return jobs[-1]

    yield start_and_wait
    for job in jobs:
        job.close()


@pytest.fixture
def pid_of(directory):
    """`pid_of("job")`, `pid_of("supervisor")`: as `job.json` has them."""
    return lambda role: read_json(directory / "job.json")[role]["pid"]


@pytest.fixture
def living(directory):
    """`living()`: the pids of all living processes of the job, its supervisor included."""
    return lambda: _living(directory)


@pytest.fixture
def ends_clean(directory, living, wait_for):
    """`ends_clean()`: no process of the job is left and no temporary file."""

    def check():
        wait_for(lambda: not living(), what="the end of all processes")
        assert list(directory.glob("*.tmp.*")) == []

    return check
