"""`read_status` on forged directories: each rule, and whatever else a file may hold."""

import os
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.protocols import JobSpec, JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.recorder import RunFiles, identity, write_json_atomic
from astuner_nb.store.status import process_lives, read_status

OLD_S = time.time() - 3600


@pytest.fixture
def files(tmp_path):
    return RunFiles(tmp_path)


@pytest.fixture
def sleeper():
    """A living process that is no zombie and not ours to mistake for anything."""
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def gone():
    """The identity of a process that has ended."""
    process = subprocess.Popen(["sleep", "1000"])
    entry = identity(process.pid, None)["supervisor"]
    process.kill()
    process.wait()
    return entry


def forge(files, **changes):
    """A `job.json` of this host and boot, supervised by this process, with `changes`."""
    write_json_atomic(files.job, {**identity(os.getpid(), os.getpid()), **changes})


@pytest.mark.parametrize(
    ("end", "state", "code", "word"),
    [
        ({"code": 0}, RunState.FINISHED, 0, ""),
        ({"code": 0, "stopped": True}, RunState.STOPPED, 0, ""),
        ({"code": -9, "stopped": True, "killed": True}, RunState.STOPPED, -9, "killed"),
        ({"code": None, "stopped": True}, RunState.STOPPED, None, ""),
        ({"code": 3}, RunState.FAILED, 3, "exit code 3"),
        ({"code": -9}, RunState.FAILED, -9, "SIGKILL"),
        ({"code": -11}, RunState.FAILED, -11, "SIGSEGV"),
        ({"code": -63}, RunState.FAILED, -63, "signal 63"),
        ({"code": 1, "error": "CUDA is not there"}, RunState.FAILED, 1, "CUDA is not there"),
        ({}, RunState.FAILED, None, "nobody learned"),
        ({"code": "no number"}, RunState.FAILED, None, "nobody learned"),
    ],
)
def test_exit_json_tells_the_end(files, end, state, code, word):
    write_json_atomic(files.exit, end)
    status = read_status(files)
    assert (status.state, status.code, status.alive) == (state, code, False)
    assert word in status.detail


def test_exit_json_stands_over_everything_else(files):
    forge(files)
    write_json_atomic(files.exit, {"code": 0})
    assert read_status(files).state is RunState.FINISHED


def test_a_living_supervisor_means_running(files):
    forge(files)
    assert read_status(files) == JobStatus(RunState.RUNNING, alive=True)
    files.stop_request.touch()
    assert "asked to stop" in read_status(files).detail


def test_before_the_job_is_known_it_is_starting(files):
    forge(files, job=None)
    assert read_status(files).state is RunState.STARTING


def test_a_directory_that_nobody_launched_starts_and_is_then_given_up(files):
    assert read_status(files).state is RunState.STARTING
    os.utime(files.directory, (OLD_S, OLD_S))
    assert read_status(files).state is RunState.LOST
    assert "never started" in read_status(files).detail


@pytest.mark.parametrize(("age_s", "state"), [(1, "starting"), (30, "starting"), (90, "lost")])
def test_a_living_launcher_is_given_more_time(files, age_s, state):
    write_json_atomic(files.launch, {"launcher": identity(os.getpid(), None)["supervisor"], "t": time.time()})
    os.utime(files.launch, (time.time() - age_s,) * 2)
    assert read_status(files).state == state


def test_a_dead_launcher_is_not(files):
    write_json_atomic(files.launch, {"launcher": gone(), "t": time.time()})
    os.utime(files.launch, (time.time() - 30,) * 2)
    assert read_status(files).state is RunState.LOST


def test_a_directory_that_has_gone_is_lost_in_words(tmp_path):
    status = read_status(RunFiles(tmp_path / "no-such"))
    assert status.state is RunState.LOST
    assert "no-such" in status.detail


def test_a_reused_pid_is_nobody_we_know(files, sleeper):
    reused = {**identity(sleeper.pid, None)["supervisor"]}
    reused["start"] -= 1
    forge(files, supervisor=reused, job=reused)
    status = read_status(files)
    assert (status.state, status.alive) == (RunState.LOST, False)


def test_a_job_whose_supervisor_has_gone_is_lost_and_alive(files, sleeper):
    forge(files, supervisor=gone(), job=identity(sleeper.pid, None)["supervisor"])
    status = read_status(files)
    assert (status.state, status.alive) == (RunState.LOST, True)


def test_a_zombie_is_not_alive(files):
    process = subprocess.Popen(["sleep", "1000"])
    entry = identity(process.pid, None)["supervisor"]
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    try:
        assert not process_lives(entry, time.time())
    finally:
        process.wait()


def test_where_the_system_tells_no_start_the_age_of_the_process_does(sleeper):
    entry = {"pid": sleeper.pid, "start": None}
    assert process_lives(entry, time.time())
    assert not process_lives(entry, OLD_S)
    assert not process_lives(gone() | {"start": None}, time.time())


def test_another_boot_is_lost(files):
    forge(files, boot_id="another")
    status = read_status(files)
    assert (status.state, status.alive) == (RunState.LOST, False)
    assert "restarted" in status.detail


def test_on_another_host_the_metrics_tell(files):
    forge(files, host="elsewhere")
    files.metrics.touch()
    assert (read_status(files).state, read_status(files).alive) == (RunState.RUNNING, False)
    os.utime(files.metrics, (OLD_S, OLD_S))
    assert read_status(files).state is RunState.LOST
    assert "elsewhere" in read_status(files).detail


@pytest.mark.parametrize("name", ["exit", "job", "launch", "meta"])
def test_a_half_written_file_never_raises(files, name):
    for other in ("exit", "job", "launch", "meta"):
        if other != name:
            write_json_atomic(getattr(files, other), identity(os.getpid(), os.getpid()))
    getattr(files, name).write_text('{"code": 0, "sto')
    assert isinstance(read_status(files), JobStatus)


def test_what_cannot_be_read_is_said(files):
    files.job.write_text("{")
    assert "job.json cannot be read" in read_status(files).detail
    entry = gone()
    forge(files, supervisor=entry, job=entry)
    files.exit.write_text("{")
    assert "exit.json cannot be read" in read_status(files).detail


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["pid", "start", "x"]), inner),
    max_leaves=6,
)


@given(
    job=st.none()
    | st.fixed_dictionaries({}, optional=dict.fromkeys(("supervisor", "job", "t", "boot_id"), json_values)),
    end=st.none()
    | st.fixed_dictionaries({}, optional=dict.fromkeys(("code", "stopped", "error", "killed"), json_values)),
    launch=st.none() | st.fixed_dictionaries({}, optional=dict.fromkeys(("launcher", "t"), json_values)),
)
def test_whatever_json_the_files_hold_it_is_a_status(tmp_path_factory, job, end, launch):
    files = RunFiles(tmp_path_factory.mktemp("run"))
    host = identity(os.getpid(), None)
    for path, content in ((files.job, job), (files.exit, end), (files.launch, launch)):
        if content is not None:
            write_json_atomic(path, {"host": host["host"], "boot_id": host["boot_id"], **content})
    assert isinstance(read_status(files).state, RunState)


def test_an_ended_run_is_read_from_exit_json_alone(files):
    """A listing of a thousand runs must not open four thousand files: here reading another one would hang."""
    write_json_atomic(files.exit, {"code": 0})
    for path in (files.job, files.launch, files.meta, files.metrics):
        os.mkfifo(path)
    assert read_status(files).state is RunState.FINISHED


def test_from_the_start_to_the_end_only_legal_moves_are_seen(launcher, tmp_path):
    for number in range(5):
        job = launcher.start(JobSpec((sys.executable, "-S", "-c", "")), tmp_path / str(number))
        states = [job.poll().state]
        while not states[-1].ended:
            states.append(job.poll().state)
        assert all(earlier.may_become(later) for earlier, later in pairwise(states))
        assert states[-1] is RunState.FINISHED
        job.close()
