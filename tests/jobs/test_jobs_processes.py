"""The view on a family of processes, by /proc and by psutil, which has to do elsewhere."""

import signal
import subprocess
import sys

import psutil
import pytest

from astuner_nb.jobs import processes
from astuner_nb.jobs.processes import descendants, ignores, signal_each

FAMILY = "sleep 1000 & sh -c 'sleep 1000 & sleep 1000; true' & echo; wait"


@pytest.fixture
def family(wait_for):
    """A shell with four descendants in two generations."""
    shell = subprocess.Popen(["sh", "-c", FAMILY], stdout=subprocess.DEVNULL)
    wait_for(lambda: len(psutil.Process(shell.pid).children(recursive=True)) == 4)
    yield shell
    signal_each([shell.pid, *descendants(shell.pid)], signal.SIGKILL)
    shell.wait()


@pytest.mark.parametrize("has_proc", [True, False])
def test_all_generations_are_found_but_no_zombie(family, monkeypatch, wait_for, has_proc):
    monkeypatch.setattr(processes, "HAS_PROC", has_proc)
    everybody = {child.pid for child in psutil.Process(family.pid).children(recursive=True)}
    assert set(descendants(family.pid)) == everybody
    family.send_signal(signal.SIGSTOP)  # it collects no child now
    direct = psutil.Process(family.pid).children()[0]
    direct.kill()
    wait_for(lambda: direct.status() == psutil.STATUS_ZOMBIE)
    assert direct.pid not in descendants(family.pid)
    assert len(descendants(family.pid)) == 3


def test_nobody_descends_from_nobody(family):
    leaf = psutil.Process(family.pid).children(recursive=True)[-1]
    assert descendants(leaf.pid) == []


def test_it_is_seen_which_signals_are_ignored():
    source = "import signal, time; signal.signal(2, signal.SIG_IGN); print(flush=True); time.sleep(1000)"
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"\n"
        assert (ignores(process.pid, signal.SIGINT), ignores(process.pid, signal.SIGTERM)) == (True, False)
        process.kill()
    assert not ignores(process.pid, signal.SIGINT)


def test_signals_to_those_who_have_gone_are_passed_over():
    process = subprocess.Popen(["true"])
    process.wait()
    signal_each([process.pid], signal.SIGTERM)
    processes.signal_group(process.pid, signal.SIGTERM)
