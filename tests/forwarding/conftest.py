"""What the tests of forwarding need: runs to follow, sinks of another package, and no forwarder left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from astuner_nb.forwarding.start import start_forwarders
from astuner_nb.forwarding.status import logger_notes
from astuner_nb.recorder import Recorder, RunFiles, create_run_directory, identity, read_json, write_json_atomic

ACCOUNTS = ("SWANLAB_", "WANDB_", "NETRC")
SINKS = '''
import json, os, time
from pathlib import Path
from astuner_nb.core.errors import AccessDenied
from astuner_nb.core.protocols import SinkNote

FOREVER_S = 1000


class Filing:
    """Writes what it is told into a file; `MODE` says what goes wrong."""

    def __init__(self):
        self.mode = os.environ.get(f"{self.name.upper()}_MODE", "")

    name = "filing"

    def open(self, run, directory):
        self.file = open(Path(directory) / f"{self.name}.txt", "a")
        self._add("open", run.name, dict(run.config), list(run.tags))
        if self.mode == "raise in open":
            raise AccessDenied("The filing cabinet is locked: no key fits. Look for another.")
        if self.mode == "hang in open":
            time.sleep(FOREVER_S)
        if self.mode == "die in open":
            os._exit(3)
        print("opened with", os.environ.get("FILING_API_KEY"), file=open(os.devnull, "w"))
        return SinkNote("http://filing/1", f"Filed in {directory}")

    def write(self, step, time_s, values):
        if self.mode == "raise in write" or (self.mode == "raise now and then" and step % 3 == 0):
            raise ValueError(f"no room for step {step}, says {os.environ.get('FILING_API_KEY')}")
        if self.mode == "hang in write" and step == 3:
            time.sleep(FOREVER_S)
        if self.mode == "slow":
            time.sleep(0.05)
        self._add(step, time_s, {name: repr(value) for name, value in values.items()})

    def flush(self):
        self.file.flush()
        if self.mode == "raise in flush":
            raise OSError("no water")

    def close(self, state):
        self._add("close", str(state))
        self.file.close()
        if self.mode == "hang in close":
            time.sleep(FOREVER_S)
        if self.mode == "raise in close":
            raise RuntimeError("the cabinet fell over")

    def _add(self, *what):
        self.file.write(json.dumps(what) + "\\n")
        self.file.flush()


class Broken:
    def __init__(self):
        raise ImportError("no filing at all")
'''
ENTRY_POINTS = "[astuner_nb.sinks]\nfiling = a_filing_package:Filing\nmissing = a_filing_package:NotThere\n"


@pytest.fixture(autouse=True)
def no_account(monkeypatch, tmp_path):
    """No test sees an account of whoever runs it, and every tracker is given up soon."""
    for name in list(os.environ):
        if name.startswith(ACCOUNTS):
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASTUNER_LOGGER_CLOSE_S", "20")


@pytest.fixture
def filing(tmp_path, monkeypatch):
    """Another package that announces the sinks `filing` and `missing`; `filing("hang in open")` breaks it."""
    place = tmp_path / "site"
    info = place / "a_filing_package-1.0.dist-info"
    info.mkdir(parents=True)
    (place / "a_filing_package.py").write_text(SINKS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-filing-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv("PYTHONPATH", str(place))
    return lambda mode: monkeypatch.setenv("FILING_MODE", mode)


class FollowedRun:
    """A run of this process, as a script would have it, and its forwarders."""

    def __init__(self, store):
        self.files = create_run_directory(store, "p", "a run", {"lr": 0.1, "optim": {"b": 2}}, ["tag"])
        write_json_atomic(self.files.job, identity(os.getpid(), os.getpid()))
        self.recorder = Recorder(self.files.directory, owns_end=True)

    def start(self, *loggers, **options):
        """Start forwarders; returns the sentences about those that were not."""
        return start_forwarders(self.files.directory, loggers, **options)

    def log(self, *steps):
        for step in steps:
            self.recorder.log({"x": float(step)}, step=step)

    @property
    def note(self):
        """Of its one tracker."""
        (note,) = logger_notes(self.files.directory)
        return note

    def lines(self, name="filing"):
        """What the filing sink was told."""
        path = self.files.loggers / f"{name}.txt"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def steps(self):
        return [line[0] for line in self.lines() if isinstance(line[0], int)]

    def pid(self, name="filing"):
        return (read_json(self.files.logger_status(name)) or {}).get("pid")

    def output(self):
        return self.files.output.read_text() if self.files.output.exists() else ""


@pytest.fixture
def run(store, no_forwarder_left):
    """A run that goes on until `run.recorder.finish()`."""
    followed = FollowedRun(store)
    yield followed
    followed.recorder.finish()


@pytest.fixture
def no_forwarder_left(store, wait_for):
    """Waits for the end of every forwarder below the store, by pid; one that stays is killed and is a failure."""
    yield
    try:
        wait_for(lambda: not _forwarders(store), 40.0, "the end of all forwarders")
    finally:
        for pid in _forwarders(store):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _forwarders(store):
    """The pids of all living forwarders of runs below `store`."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        is_ours = "astuner_nb.forwarding.process" in line and any(part.startswith(str(store)) for part in line)
        if is_ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


@pytest.fixture
def forwarders(store):
    """`forwarders()`: the pids of all living ones below the store."""
    return lambda: _forwarders(store)


@pytest.fixture
def script(tmp_path, store):
    """`script(source)`: a training script that has run in a process of its own, with its stdout and stderr."""

    def run_script(source, **env):
        path = tmp_path / "script.py"
        path.write_text(source)
        return subprocess.run(
            [sys.executable, str(path)],
            env={**os.environ, **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_script


@pytest.fixture
def files_of():
    """`files_of(directory)`: the `RunFiles` of a run."""
    return RunFiles
