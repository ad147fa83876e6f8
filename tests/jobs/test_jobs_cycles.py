"""Many starts and stops: nothing may be left of them, neither processes nor descriptors, files or threads."""

import os
import subprocess
import sys
import threading

import psutil
import pytest

from astuner_nb.core.protocols import JobSpec
from astuner_nb.core.states import RunState

SOURCE = (
    "import subprocess, time\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
    "open('ready', 'w').close()\nwhile True: time.sleep(0.01)"
)


def held():
    """What this process holds: descriptors, children, zombies among them, and threads."""
    me = psutil.Process()
    return me.num_fds(), [child.pid for child in me.children()], threading.active_count()


def cycle(launcher, directory, wait_for):
    job = launcher.start(JobSpec((sys.executable, "-S", "-c", SOURCE)), directory)
    wait_for((directory / "ready").exists)
    job.stop()
    assert job.wait(30).state is RunState.STOPPED
    job.close()


def run_cycles(launcher, tmp_path, directory, wait_for, living, count):
    cycle(launcher, directory, wait_for)
    before = held()
    for number in range(count):
        cycle(launcher, tmp_path / f"{number}", wait_for)
    assert held() == before
    tags = [f"ASTUNER_RUN_DIR={tmp_path}".encode()]
    environments = subprocess.run(["cat", *_environ_files()], capture_output=True, check=False).stdout
    assert not [tag for tag in tags if tag in environments]
    assert not list(tmp_path.rglob("*.tmp.*"))


def _environ_files():
    return [f"/proc/{pid}/environ" for pid in psutil.pids() if pid != os.getpid()]


def test_ten_cycles_leave_nothing(launcher, tmp_path, directory, wait_for, living):
    run_cycles(launcher, tmp_path, directory, wait_for, living, 10)


@pytest.mark.stress
def test_a_hundred_cycles_leave_nothing(launcher, tmp_path, directory, wait_for, living):
    run_cycles(launcher, tmp_path, directory, wait_for, living, 100)


def test_a_handle_that_is_dropped_leaves_no_zombie(launcher, directory, wait_for):
    before = {child.pid for child in psutil.Process().children()}
    launcher.start(JobSpec(("true",)), directory)
    wait_for((directory / "exit.json").exists)
    wait_for(
        lambda: {child.pid for child in psutil.Process().children()} <= before, what="the supervisor to be collected"
    )


def test_the_supervisor_needs_the_standard_library_only():
    """It starts without site-packages, and must be up within milliseconds."""
    code = (
        "import sys; sys.path.append(sys.argv[1]); import astuner_nb.jobs.supervisor\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} - sys.stdlib_module_names - {'__main__'}))\n"
        "print([n for n in ('dataclasses', 'inspect', 'asyncio', 'logging', 'psutil') if n in sys.modules])"
    )
    parent = os.path.dirname(os.path.dirname(sys.modules["astuner_nb"].__file__))
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code, parent], capture_output=True, text=True, check=True)
    assert run.stdout == "['astuner_nb']\n[]\n"
