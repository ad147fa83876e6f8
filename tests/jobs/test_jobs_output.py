"""`output.log` keeps its beginning and its end, and never more than its limit."""

import os
import re
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.protocols import JobSpec
from astuner_nb.core.states import RunState
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.jobs.output import BoundedOutput


@pytest.fixture
def output(tmp_path):
    made = BoundedOutput(tmp_path / "output.log", limit=1000)
    yield made
    os.close(made.fd)


def test_what_is_small_enough_is_left_alone(output, tmp_path):
    os.write(output.fd, b"x" * 1000)
    output.trim()
    assert (tmp_path / "output.log").read_bytes() == b"x" * 1000


def test_the_first_and_the_last_lines_stay_whole(output, tmp_path):
    for number in range(5000):
        os.write(output.fd, b"line %d\n" % number)
        output.trim()
    text = (tmp_path / "output.log").read_bytes()
    head, mark, tail = re.split(rb"\n(\[.*left out here.*\])\n", text)
    assert len(text) <= 1000
    assert head.splitlines() == [b"line %d" % number for number in range(len(head.splitlines()))]
    last = [int(line.split()[1]) for line in tail.splitlines()]
    assert last == list(range(last[0], 5000))
    assert len(last) > 10
    assert b"MB" in mark


@given(parts=st.lists(st.binary(max_size=700), max_size=30))
def test_it_is_bounded_whatever_is_written(tmp_path_factory, parts):
    output = BoundedOutput(tmp_path_factory.mktemp("o") / "output.log", limit=1000)
    try:
        for part in parts:
            os.write(output.fd, part)
            output.trim()
            assert os.fstat(output.fd).st_size <= 1000
    finally:
        os.close(output.fd)


def test_a_job_that_prints_without_end_stays_within_its_limit(directory, wait_for):
    """10 MB/s; between two looks of the supervisor (0.2 s) it may be over the limit by what was printed meanwhile."""
    source = (
        "import sys, time\nprint('first line')\nblock = ('x' * 99 + '\\n') * 1000\n"
        "for _ in range(200): sys.stdout.write(block); sys.stdout.flush(); time.sleep(0.01)\nprint('last line')"
    )
    job = LocalLauncher(output_limit=4 * 10**6).start(JobSpec((sys.executable, "-S", "-c", source)), directory)
    log, sizes = directory / "output.log", [0]
    while not job.poll().state.ended:
        sizes.append(log.stat().st_size if log.exists() else 0)
    assert job.poll().state is RunState.FINISHED
    assert log.stat().st_size <= 4 * 10**6 < 200 * 100_000
    assert any(later < earlier for earlier, later in pairwise(sizes))
    assert max(sizes) < 15 * 10**6  # of 20: it was cut while the job ran
    lines = log.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("first line", "last line")
    job.close()


def test_a_job_that_closes_its_outputs_is_watched_all_the_same(start, directory):
    job = start("import os\nos.close(1); os.close(2)\nopen('ready', 'w').close()\nos._exit(6)")
    assert job.wait(30).code == 6
