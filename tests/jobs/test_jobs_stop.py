"""Every way in which a job may take a request to stop; the exit code tells which rung of the ladder ended it."""

import os
import signal
import subprocess
import sys

import pytest

from astuner_nb.core.protocols import JobSpec
from astuner_nb.core.states import RunState
from astuner_nb.recorder import read_json

BEGIN = "import atexit, os, signal, subprocess, sys, time\nsleep = lambda: [time.sleep(0.01) for _ in iter(int, 1)]\n"
IGNORE = "for s in (2, 15): signal.signal(s, signal.SIG_IGN)\n"
SWALLOW = "for s in (2, 15): signal.signal(s, lambda *_: None)\n"
READY = "open('ready', 'w').close()\n"
POLL = "while not os.path.exists('stop.request'): time.sleep(0.2)\n"
HANG = """
def hang():
    while True:
        try: sleep()
        except KeyboardInterrupt: pass
atexit.register(hang)
"""


def child(**options):
    """Starts a child that ignores SIGINT and SIGTERM, and waits until it does."""
    source = BEGIN + IGNORE + "open('child', 'w').close(); sleep()"
    start = f"subprocess.Popen([sys.executable, '-S', '-c', {source!r}], **{options!r})\n"
    return start + "while not os.path.exists('child'): time.sleep(0.01)\n"


JOBS = {
    "polls the flag": (READY + POLL, 0),
    "polls the flag and ends with a code": (READY + POLL + "sys.exit(7)", 7),
    "does not look": (READY + "sleep()", -signal.SIGINT),
    "cleans up": (READY + "try: sleep()\nexcept KeyboardInterrupt: sys.exit(5)", 5),
    "ignores SIGINT": ("signal.signal(2, signal.SIG_IGN)\n" + READY + "sleep()", -signal.SIGTERM),
    "swallows SIGINT": ("signal.signal(2, lambda *_: None)\n" + READY + "sleep()", -signal.SIGTERM),
    "ignores both": (IGNORE + READY + "sleep()", -signal.SIGKILL),
    "swallows both": (SWALLOW + READY + "sleep()", -signal.SIGKILL),
    "hangs at exit": (HANG + READY, -signal.SIGTERM),
    "paused": (READY + "os.kill(os.getpid(), signal.SIGSTOP)\nsleep()", -signal.SIGINT),
    "pauses when it is asked": (READY + POLL + "os.kill(os.getpid(), signal.SIGSTOP)\nsleep()", -signal.SIGINT),
    "has a stubborn child": (child() + READY + "sleep()", -signal.SIGINT),
    "has a stubborn child in its own session": (child(start_new_session=True) + READY + "sleep()", -signal.SIGINT),
    "is as stubborn": (child(start_new_session=True) + IGNORE + READY + "sleep()", -signal.SIGKILL),
    "leaves a stubborn child behind": (child(start_new_session=True) + READY + POLL, 0),
}


@pytest.mark.parametrize("kind", JOBS)
def test_every_job_ends_and_leaves_nothing(start, ends_clean, directory, kind):
    source, code = JOBS[kind]
    job = start(BEGIN + source, grace_s=0.7)
    job.stop()
    status = job.wait(30)
    assert (status.state, status.code) == (RunState.STOPPED, code)
    assert read_json(directory / "exit.json")["killed"] == (code == -signal.SIGKILL)
    ends_clean()


def test_a_job_that_needs_its_grace_gets_it(start, directory):
    """A second of cleaning up is less than the default grace, and more than the flag's."""
    clean = "try: sleep()\nexcept KeyboardInterrupt: time.sleep(1.0); open('clean', 'w').close()"
    job = start(BEGIN + READY + clean)
    job.stop()
    assert job.wait(30).code == 0
    assert (directory / "clean").exists()


def test_a_child_in_its_own_session_may_clean_up_even_beside_a_stubborn_job(start, ends_clean, directory):
    child = (
        BEGIN + "signal.signal(15, lambda *_: (open('clean', 'w').close(), os._exit(0)))\nopen('child', 'w'); sleep()"
    )
    begin = f"subprocess.Popen([sys.executable, '-S', '-c', {child!r}], start_new_session=True)\n" + SWALLOW
    job = start(
        BEGIN + begin + "while not os.path.exists('child'): time.sleep(0.01)\n" + READY + "sleep()", grace_s=0.7
    )
    job.stop()
    assert job.wait(30).code == -signal.SIGKILL
    assert (directory / "clean").exists()
    ends_clean()


@pytest.mark.parametrize("own_session", [False, True])
def test_what_a_job_leaves_behind_is_swept_up_after_a_good_end_too(start, ends_clean, directory, own_session):
    job = start(BEGIN + child(start_new_session=own_session) + READY, grace_s=0.3)
    assert job.wait(30).state is RunState.FINISHED
    assert read_json(directory / "exit.json")["swept"] == 1
    ends_clean()


def test_an_orphan_of_an_orphan_is_swept_up(start, ends_clean, directory):
    fork = "for _ in range(3):\n    if os.fork(): os._exit(0)\n    os.setsid()\nopen('deep', 'w').close(); sleep()"
    wait = "while not os.path.exists('deep'): time.sleep(0.01)\n"
    start(BEGIN + f"subprocess.Popen([sys.executable, '-S', '-c', {BEGIN + fork!r}])\n" + wait + READY).wait(30)
    assert read_json(directory / "exit.json")["swept"] == 1
    ends_clean()


def test_a_signal_to_the_supervisor_is_a_request_to_stop(start, pid_of, directory):
    """As at the shutdown of the machine: the job is told by the flag too."""
    job = start(BEGIN + READY + POLL)
    os.kill(pid_of("supervisor"), signal.SIGTERM)
    assert (job.wait(30).state, job.poll().code) == (RunState.STOPPED, 0)


def test_the_file_alone_is_a_request_to_stop(start, directory):
    """As from another host, which can send no signal."""
    job = start(BEGIN + READY + "sleep()")
    (directory / "stop.request").touch()
    assert job.wait(30).state is RunState.STOPPED


@pytest.mark.parametrize(("code", "state"), [(0, RunState.STOPPED), (3, RunState.FAILED)])
def test_a_job_faster_than_its_supervisor_counts_by_how_it_ended(start, code, state):
    """The request and the end come in one moment: a good end was meant, a crash was not."""
    job = start(BEGIN + READY + f"open('stop.request', 'w').close(); os._exit({code})")
    assert (job.wait(30).state, job.poll().code) == (state, code)


def test_a_request_before_the_start_is_heeded(launcher, directory):
    directory.mkdir()
    (directory / "stop.request").touch()
    job = launcher.start(JobSpec((sys.executable, "-c", "open('started', 'w')")), directory)
    assert (job.wait(30).state, job.poll().code) == (RunState.STOPPED, None)
    assert not (directory / "started").exists()


@pytest.mark.parametrize("_round", range(20))
def test_a_stop_while_it_starts_is_never_lost(launcher, directory, ends_clean, _round):
    job = launcher.start(JobSpec((sys.executable, "-S", "-c", "import time; time.sleep(1000)")), directory)
    job.stop()
    assert job.wait(30).state is RunState.STOPPED
    ends_clean()
    job.close()


def test_a_crash_before_the_stop_is_a_failure(start, pid_of, directory):
    job = start(BEGIN + READY + "sleep()")
    os.kill(pid_of("job"), signal.SIGKILL)
    job.wait(30)
    job.stop()
    assert (job.poll().state, job.poll().code) == (RunState.FAILED, -signal.SIGKILL)
    assert "memory" in job.poll().detail
    assert not (directory / "stop.request").exists()


def test_a_run_that_was_moved_is_still_supervised(start, launcher, directory):
    start(BEGIN + READY + "sleep()").close()
    moved = launcher.attach(directory.rename(directory.with_name("moved")))
    assert moved.poll().state is RunState.RUNNING
    moved.stop()
    assert moved.wait(30).state is RunState.STOPPED


def test_a_job_whose_directory_is_deleted_ends(start, directory, living, wait_for):
    start(BEGIN + READY + "sleep()")
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()
    wait_for(lambda: not living(), what="the end of all processes")


def test_a_script_that_records_by_itself_is_asked_as_by_ctrl_c(launcher, directory, wait_for, pid_of):
    """It is not ours: neither its group nor anything harder than SIGINT, however long it takes to clean up."""
    source = (
        "import os, time, signal; from astuner_nb.recorder import *\n"
        "signal.signal(2, signal.default_int_handler)\n"  # a shell that starts us with & has it ignored
        "d = os.environ['ASTUNER_RUN_DIR']; write_json_atomic(RunFiles(d).job, identity(os.getpid(), os.getpid()))\n"
        "run = Recorder(d, owns_end=True)\n"
        "try:\n    open(d + '/ready', 'w').close()\n    while True: time.sleep(0.01)\n"
        "except KeyboardInterrupt:\n"
        "    signal.signal(15, lambda *_: os._exit(15)); time.sleep(2); run.finish('stopped')"
    )
    directory.mkdir()
    script = subprocess.Popen([sys.executable, "-c", source], env={**os.environ, "ASTUNER_RUN_DIR": str(directory)})
    try:
        wait_for((directory / "ready").exists)
        job = launcher.attach(directory)
        assert job.poll().state is RunState.RUNNING
        job.stop()
        assert job.wait(30).state is RunState.STOPPED
        assert script.wait(30) == 0
    finally:
        script.kill()
        script.wait()
    job.close()
