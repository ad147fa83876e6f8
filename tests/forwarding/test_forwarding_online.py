"""The real clients of SwanLab and W&B, online: against a server that is sound, gone, deaf, or that refuses the key."""

from __future__ import annotations

import socket
import time

import pytest

import astuner_nb as anb
from astuner_nb.core.states import RunState
from astuner_nb.forwarding.status import LoggerState, logger_notes

from ..servers.swanlab_server import SwanLabServer
from ..servers.wandb_server import WandbServer

pytestmark = pytest.mark.usefixtures("no_forwarder_left")

QUICK = {"total_steps": 20, "train_batch_size": 2, "num_repeat": 2, "test_freq": 10}


class SwanLab:
    """SwanLab's server, and what is to be known about it."""

    logger = "swanlab"

    def __init__(self, monkeypatch):
        self.server = SwanLabServer()
        self.key = self.server.key
        monkeypatch.setenv("SWANLAB_API_HOST", self.server.url)
        monkeypatch.setenv("SWANLAB_WEB_HOST", self.server.url)
        monkeypatch.setenv("SWANLAB_API_KEY", self.key)

    def wrong_key(self, monkeypatch):
        self.key = "another-secret-key-9876543210"
        monkeypatch.setenv("SWANLAB_API_KEY", self.key)

    def runs(self):
        return [run for project in self.server.projects.values() for run in project.runs.values()]

    def points(self, key):
        return {step: value for run in self.runs() for step, value, _ in run.series.get(key, ())}

    def hang(self):
        self.server.fault("hang")


class Wandb:
    """W&B's server, and what is to be known about it."""

    logger = "wandb"

    def __init__(self, monkeypatch):
        self.server = WandbServer()
        self.key = self.server.key
        monkeypatch.setenv("WANDB_BASE_URL", self.server.url)
        monkeypatch.setenv("WANDB_API_KEY", self.key)
        monkeypatch.setenv("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "1")  # seconds; 15 by default

    def wrong_key(self, monkeypatch):
        self.key = "f" * 40
        monkeypatch.setenv("WANDB_API_KEY", self.key)

    def runs(self):
        return [run for project in self.server.runs.values() for run in project.values()]

    def points(self, key):
        return {row["_step"]: row[key] for run in self.runs() for row in run.rows if key in row}

    def hang(self):
        self.server.fail("*", "hang")


@pytest.fixture(params=[SwanLab, Wandb])
def tracker(request, monkeypatch):
    """A server and the way to it in the environment."""
    tracker = request.param(monkeypatch)
    yield tracker
    tracker.server.close()


@pytest.fixture
def opened(run, tracker, wait_for):
    """A run of this process that is being logged to the tracker."""
    run.start(tracker.logger)
    wait_for(lambda: run.note.state is LoggerState.LOGGING, 30.0, "the opening")
    return run


def test_a_training_arrives_with_its_link(store, tracker, wait_for):
    lab = anb.Lab("math_agent.yaml", logger=tracker.logger)
    run = lab.start(name='a "name" 运行', tags=["one"], **QUICK)
    assert lab.wait(run, timeout_s=60) is RunState.FINISHED
    wait_for(lambda: all(note.state.ended for note in logger_notes(run.directory)), 40.0, "the end")
    (note,) = logger_notes(run.directory)
    assert (note.state, note.error, note.sent, note.online) == (LoggerState.DONE, "", 20, True)
    assert note.text == f"Logged to {note.url}"
    assert note.url.startswith("http")
    truth = run.history()["reward"]
    assert tracker.points("reward") == pytest.approx(dict(zip(truth.step, truth.value, strict=True)))
    (there,) = tracker.runs()
    assert (there.name, list(there.tags), there.id) == ('a "name" 运行', ["one"], run.id)
    assert there.state.lower() == "finished"
    assert note.url in run.files.output.read_text()
    assert not _files_with(run, tracker.key)
    lab.close()


def test_points_arrive_while_the_run_goes_on(opened, tracker, wait_for):
    for step in range(30):
        opened.recorder.log({"x": float(step), "nan": float("nan")}, step=step)
    wait_for(lambda: len(tracker.points("x")) >= 29, 30.0, "the points")
    opened.recorder.finish("failed")
    wait_for(lambda: opened.note.state is LoggerState.DONE, 40.0, "the end")
    assert tracker.points("x") == {step: float(step) for step in range(30)}
    (there,) = tracker.runs()
    assert there.state.lower() in ("crashed", "failed")


def test_a_server_that_goes_away_does_not_hold_the_end(opened, tracker, wait_for, forwarders, monkeypatch):
    opened.log(1, 2, 3)
    wait_for(lambda: opened.note.sent == 3, what="the first records")
    tracker.server.close()
    opened.log(4, 5, 6)
    ended = time.monotonic()
    opened.recorder.finish()
    wait_for(lambda: opened.note.state.ended, 40.0, "the deadline")
    assert opened.note.state is LoggerState.FAILED
    assert "It did not finish within 2 s of the run's end and was left." in opened.note.error
    assert f"upload them with `{tracker.logger} sync " in opened.note.error
    assert time.monotonic() - ended < 10.0
    assert opened.note.sent == 6
    wait_for(lambda: not forwarders(), 5.0, "the end of the process")


@pytest.fixture(autouse=True)
def soon(monkeypatch, request):
    """Trackers are given up soon where that is what is tested."""
    if "goes_away" in request.node.name or "deaf" in request.node.name:
        monkeypatch.setenv("ASTUNER_LOGGER_CLOSE_S", "2")


def test_a_wrong_key_is_said_and_the_run_is_logged_offline(run, tracker, wait_for, monkeypatch):
    tracker.wrong_key(monkeypatch)
    run.start(tracker.logger)
    run.log(1, 2)
    wait_for(lambda: run.note.state is LoggerState.LOGGING, 60.0, "the opening")
    assert "cannot be used online (" in run.note.text
    assert "Logged offline; upload later with `" in run.note.text
    run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.DONE, 40.0, "the end")
    assert (run.note.sent, run.note.online, tracker.runs()) == (2, False, [])
    assert not _files_with(run, tracker.key)


def test_a_deaf_server_does_not_hold_the_training(store, tracker, wait_for):
    tracker.hang()
    lab = anb.Lab("math_agent.yaml", logger=tracker.logger)
    began = time.monotonic()
    run = lab.start(**QUICK)
    assert lab.wait(run, timeout_s=60) is RunState.FINISHED
    assert time.monotonic() - began < 15.0
    assert len(run.history()["loss"]) == 20
    ended = time.monotonic()
    wait_for(lambda: logger_notes(run.directory)[0].state.ended, 20.0, "the deadline")
    assert time.monotonic() - ended < 10.0
    (note,) = logger_notes(run.directory)
    assert note.state is LoggerState.FAILED
    assert "It did not finish within 2 s of the run's end and was left." in note.error
    lab.close()


@pytest.mark.stress
@pytest.mark.parametrize("logger", ["swanlab", "wandb"])
def test_a_dead_host_is_said_and_the_run_is_logged_offline(run, wait_for, monkeypatch, logger):
    """The clients try for 15 to 60 s before they believe it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("SWANLAB_API_HOST", host)
    monkeypatch.setenv("WANDB_BASE_URL", host)
    monkeypatch.setenv("SWANLAB_API_KEY", "k" * 30)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    run.start(logger)
    run.log(1, 2)
    wait_for(lambda: run.note.state is LoggerState.LOGGING, 120.0, "the opening")
    assert "cannot be used online (" in run.note.text
    assert "Logged offline; upload later with `" in run.note.text
    run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.DONE, 40.0, "the end")
    assert run.note.sent == 2


def _files_with(run, secret):
    """The files of the run that hold `secret`."""
    directory = run.directory if hasattr(run, "directory") else run.files.directory
    return [path for path in directory.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
