"""What happens to a job, and what can still be done with it, when somebody beside it dies."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from astuner_nb.core.errors import JobError
from astuner_nb.core.protocols import JobSpec
from astuner_nb.core.states import RunState
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.recorder import read_json

READY = "import os, subprocess, sys, time\nopen('ready', 'w').close()\n"
FOREVER = READY + "while True: time.sleep(0.01)"
BEATS = READY + "while True:\n    open('beats', 'a').write('x'); time.sleep(0.01)"
LAUNCH_AND_HANG = """
import sys, time
from pathlib import Path
from astuner_nb.core.protocols import JobSpec
from astuner_nb.jobs.local import LocalLauncher
job = LocalLauncher().start(JobSpec((sys.executable, "-S", "-c", sys.argv[2])), Path(sys.argv[1]))
print("started", flush=True)
time.sleep(1000)
"""


def test_the_job_outlives_its_kernel_and_another_takes_over(launcher, directory, ends_clean, wait_for):
    kernel = subprocess.Popen(
        [sys.executable, "-c", LAUNCH_AND_HANG, str(directory), BEATS], stdout=subprocess.PIPE, start_new_session=True
    )
    with kernel:
        assert kernel.stdout.readline() == b"started\n"
        wait_for((directory / "beats").exists)
        os.killpg(kernel.pid, signal.SIGKILL)  # as a provisioner ends a kernel: with its whole group
    size = (directory / "beats").stat().st_size
    wait_for(lambda: (directory / "beats").stat().st_size > size + 3, what="a sign of life")
    job = launcher.attach(directory)
    assert job.poll().state is RunState.RUNNING
    job.stop()
    assert job.wait(30).state is RunState.STOPPED
    assert job.poll().code in (-signal.SIGINT, -signal.SIGTERM)  # the second where the machine is slow
    ends_clean()


def test_the_end_of_a_job_is_known_though_nobody_waited(launcher, directory, wait_for):
    source = READY + "while not os.path.exists('go'): time.sleep(0.01)\nsys.exit(4)"
    kernel = subprocess.Popen(
        [sys.executable, "-c", LAUNCH_AND_HANG, str(directory), source], stdout=subprocess.PIPE, start_new_session=True
    )
    with kernel:
        assert kernel.stdout.readline() == b"started\n"
        kernel.kill()
    (directory / "go").touch()
    assert (launcher.attach(directory).wait(30).code) == 4


def test_a_job_without_supervisor_is_lost_but_can_be_stopped(start, launcher, pid_of, directory, ends_clean, wait_for):
    start(FOREVER)
    os.kill(pid_of("supervisor"), signal.SIGKILL)
    job = launcher.attach(directory)
    lost = wait_for(lambda: (status := job.poll()).state is RunState.LOST and status)
    assert lost.alive
    assert "can still be stopped" in lost.detail
    assert job.wait(0.0).state is RunState.LOST
    job.stop()
    job.stop()
    assert (job.wait(30).state, job.poll().code, job.poll().alive) == (RunState.STOPPED, None, False)
    ends_clean()


def test_a_supervisor_that_dies_of_the_stop_itself_is_replaced(start, pid_of, ends_clean):
    """It is stopped (paused) when it is woken, so it cannot act, and then killed."""
    job = start(FOREVER)
    os.kill(pid_of("supervisor"), signal.SIGSTOP)
    job.stop()
    os.kill(pid_of("supervisor"), signal.SIGKILL)
    assert job.wait(30).state is RunState.STOPPED
    ends_clean()


def test_a_stubborn_family_without_supervisor_is_stopped(start, launcher, pid_of, ends_clean, directory):
    ignore = "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]\n"
    child = ignore + "open('child', 'w').close(); time.sleep(1000)"
    source = (
        ignore
        + f"import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', {child!r}], start_new_session=True)\n"
        + "while not __import__('os').path.exists('child'): time.sleep(0.01)\n"
        + FOREVER
    )
    job = start(source, grace_s=0.3)
    os.kill(pid_of("supervisor"), signal.SIGKILL)
    job.stop()
    assert job.wait(30).state is RunState.STOPPED
    assert read_json(directory / "exit.json")["killed"]
    ends_clean()


def test_children_that_lost_both_parents_are_still_found(start, pid_of, living, ends_clean, wait_for):
    job = start("import subprocess, sys; subprocess.Popen(['sleep', '1000'], start_new_session=True)\n" + FOREVER)
    for role in ("supervisor", "job"):
        os.kill(pid_of(role), signal.SIGKILL)
    wait_for(lambda: job.poll().state is RunState.LOST and not job.poll().alive)
    assert len(living()) == 1
    job.stop()
    assert job.wait(30).state is RunState.STOPPED
    ends_clean()


def test_stopping_a_lost_run_of_which_nothing_is_left_leaves_it_lost(start, pid_of, directory, wait_for):
    job = start(FOREVER)
    for role in ("supervisor", "job"):
        os.kill(pid_of(role), signal.SIGKILL)
    wait_for(lambda: job.poll().state is RunState.LOST and not job.poll().alive)
    job.stop()
    assert job.wait(30).state is RunState.LOST
    assert not (directory / "exit.json").exists()


def _kill_supervisor_after(delay_s, launcher, directory):
    """Start a job and kill its supervisor `delay_s` later, wherever that is then. Returns the handle."""
    job = launcher.start(JobSpec((sys.executable, "-S", "-c", FOREVER)), directory)
    time.sleep(delay_s)  # no wait for a condition: every moment shall be hit
    os.kill(job._supervisor._process.pid, signal.SIGKILL)
    job._supervisor.collect(30)
    return job


@pytest.mark.parametrize("delay_ms", range(0, 100, 10))
def test_a_supervisor_killed_at_any_moment_leaves_no_job_unseen(launcher, directory, living, delay_ms, wait_for):
    _no_job_unseen(_kill_supervisor_after(delay_ms / 1000, launcher, directory), living, wait_for)


@pytest.mark.stress
@pytest.mark.parametrize("delay_ms", [moment / 2 for moment in range(200)])
def test_a_supervisor_killed_at_any_moment_in_fine_steps(launcher, directory, living, delay_ms, wait_for):
    _no_job_unseen(_kill_supervisor_after(delay_ms / 1000, launcher, directory), living, wait_for)


def _no_job_unseen(job, living, wait_for):
    """Whatever lives is either seen as alive, so that it can be stopped, or nothing lives."""
    wait_for(lambda: job.poll().alive or not living(), what="the job to be seen")
    assert job.poll().state in (RunState.LOST, RunState.FAILED)
    job.stop()
    assert job.wait(30).state in (RunState.STOPPED, RunState.FAILED, RunState.LOST)
    wait_for(lambda: not living(), what="the end of all processes")


def test_a_supervisor_that_cannot_begin_is_a_failure_in_words(launcher, directory, monkeypatch, tmp_path):
    """Here its interpreter finds no room for itself; everybody else learns of it too."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no room >&2\nexit 9\n")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    job = launcher.start(JobSpec(("true",)), directory)
    status = job.wait(30)
    assert (status.state, status.code) == (RunState.FAILED, 9)
    assert "supervisor.log" in status.detail
    assert (directory / "supervisor.log").read_text() == "no room\n"
    assert launcher.attach(directory).poll() == status


def test_an_interpreter_that_is_none_is_refused_and_leaves_the_directory_free(launcher, directory, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/no/such-python")
        with pytest.raises(JobError, match="No job can be started"):
            launcher.start(JobSpec(("true",)), directory)
    assert launcher.start(JobSpec(("true",)), directory).wait(30).state is RunState.FINISHED


def test_the_end_is_written_when_the_disk_takes_it_again(start, directory, wait_for):
    """A directory in its place stands for the full disk: both refuse the rename, even to root."""
    job = start(READY + "while not os.path.exists('go'): time.sleep(0.01)")
    (directory / "exit.json").mkdir()
    (directory / "go").touch()
    wait_for(lambda: "exit.json cannot be written" in (directory / "supervisor.log").read_text())
    assert job.poll().state is RunState.RUNNING
    (directory / "exit.json").rmdir()
    assert job.wait(30).state is RunState.FINISHED
    assert list(directory.glob("*.tmp.*")) == []


def test_of_launchers_that_race_for_a_directory_one_gets_it(directory):
    def outcome(_):
        try:
            return LocalLauncher().start(JobSpec(("true",)), directory).wait(30).state
        except JobError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(outcome, range(8)))
    assert RunState.FINISHED in outcomes
    assert sum("already holds a job" in outcome for outcome in outcomes) == 7


def test_launch_json_tells_what_was_started(launcher, directory):
    launcher.start(JobSpec(("true", "--lr", "1e-3", "--api-key", "abc"), grace_s=2.5), directory).wait(30)
    launch = json.loads((directory / "launch.json").read_text())
    assert launch["argv"] == ["true", "--lr", "1e-3", "--api-key", "***"]
    assert (launch["grace_s"], launch["launcher"]["pid"]) == (2.5, os.getpid())
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700
