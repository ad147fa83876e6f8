"""What was acknowledged stays: under kill -9, a full disk, forks and threads."""

from __future__ import annotations

import json
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from astuner_nb.recorder import Recorder

WRITER = """
import mmap, struct, sys
from astuner_nb.recorder import Recorder
with open(sys.argv[2], "r+b") as file:
    acknowledged = mmap.mmap(file.fileno(), 8)
    (step,) = struct.unpack("q", acknowledged[:])
    with Recorder(sys.argv[1]) as run:
        while True:
            if run.log({"loss": step / 7, "text": "x" * (step % 97), "reward": {"mean": 0.5}}, step=step + 1):
                step += 1
                acknowledged[:] = struct.pack("q", step)
"""

FULL = """
import json, os, resource, sys
from pathlib import Path
from astuner_nb.recorder import Recorder
limit = 2_000
soft = lambda n: resource.setrlimit(resource.RLIMIT_FSIZE, (n, resource.RLIM_INFINITY))
soft(limit)
run = Recorder(sys.argv[1])
kept = [step for step in range(100) if run.log({"loss": 0.123456789, "pad": "x" * (step % 13)}, step=step)]
lost = run.lost
rollouts = run.log_rollouts([{"text": "y" * 300}] * 10)
soft(1_000_000)
kept += [step for step in range(100, 110) if run.log({"loss": 0.5}, step=step)]
run.close()
print(json.dumps({"kept": kept, "lost": lost, "rollouts": rollouts, "lost_after": run.lost}))
"""


def steps_in(path: Path) -> list[int]:
    text = path.read_bytes()
    assert text.endswith(b"\n")
    return [json.loads(line)["step"] for line in text.splitlines()]


def acknowledged_by(counter: Path) -> int:
    return int(struct.unpack("q", counter.read_bytes())[0])


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.stress)])
def test_no_acknowledged_record_is_lost_by_a_kill(tmp_path: Path, kills: int) -> None:
    counter, log = tmp_path / "counter", tmp_path / "metrics.jsonl"
    counter.write_bytes(bytes(8))
    pauses = random.Random(0)
    for _ in range(kills):
        before = acknowledged_by(counter)
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(counter)])
        try:
            while acknowledged_by(counter) < before + 50:
                assert process.poll() is None
                time.sleep(0.001)
            time.sleep(pauses.random() * 0.01)  # to be killed at any point of a write
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    with Recorder(tmp_path) as run:  # cuts the torn tail, if the last kill left one
        run.log({"loss": 0.0}, step=0)
    found = set(steps_in(log))
    missing = [step for step in range(1, acknowledged_by(counter) + 1) if step not in found]
    assert missing == []


@pytest.mark.parametrize("torn", [b'{"step":3,"lo', b"x" * 200_000, b"\0" * 70_000, b"{"])
def test_a_torn_tail_is_cut_when_the_log_is_opened_again(tmp_path: Path, torn: bytes) -> None:
    with Recorder(tmp_path) as run:
        run.log({"x": 1.0}, step=1)
        run.log({"x": 1.0, "long": "y" * 150_000}, step=2)
    with open(tmp_path / "metrics.jsonl", "ab") as file:
        file.write(torn)
    with Recorder(tmp_path) as run:
        run.log({"x": 3.0})
    assert steps_in(tmp_path / "metrics.jsonl") == [1, 2, 3]


def test_a_log_that_is_all_torn_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step":3,"lo')
    with Recorder(tmp_path) as run:
        run.log({"x": 3.0})
    assert steps_in(tmp_path / "metrics.jsonl") == [0]


def test_a_full_disk_damages_nothing_and_space_brings_it_back(script: Any, tmp_path: Path) -> None:
    done = script(FULL, tmp_path)
    said = json.loads(done.stdout)
    assert steps_in(tmp_path / "metrics.jsonl") == said["kept"]
    assert 5 < len(said["kept"]) < 60
    assert said["kept"][-10:] == list(range(100, 110))
    assert said["lost"] == 110 - len(said["kept"])
    assert not said["rollouts"]
    rollouts = [json.loads(line) for line in (tmp_path / "rollouts.jsonl").read_bytes().splitlines()]
    assert len(rollouts) == 10 - (said["lost_after"] - said["lost"])
    assert done.stderr.count("\n") == 1
    assert "File too large" in done.stderr or "No space left" in done.stderr


def test_a_forked_child_appends_beside_its_parent(script: Any, tmp_path: Path) -> None:
    source = """
import os, sys
from astuner_nb.recorder import Recorder
run = Recorder(sys.argv[1])
run.log({"x": 1.0}, step=0)
pid = os.fork()
for step in range(1, 300):
    assert run.log({"who": "parent" if pid else "child", "pad": "z" * (step % 50)}, step=step)
run.finish()
if pid:
    assert os.waitpid(pid, 0)[1] == 0
"""
    done = script(source, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(steps_in(tmp_path / "metrics.jsonl")) == sorted([0, *range(1, 300), *range(1, 300)])


def test_a_fork_while_another_thread_logs_does_not_hang(script: Any, tmp_path: Path) -> None:
    source = """
import os, sys, threading, warnings
from astuner_nb.recorder import Recorder
warnings.simplefilter("ignore")
run, going = Recorder(sys.argv[1]), True
def log():
    while going:
        run.log({"thread": 1.0})
thread = threading.Thread(target=log); thread.start()
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if run.log({"child": 1.0}) else 1)
    assert os.waitpid(pid, 0)[1] == 0
going = False; thread.join()
run.close()
"""
    done = script(source, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_bytes().splitlines()]
    assert sum("child" in row for row in rows) == 20


def test_threads_share_a_recorder(tmp_path: Path) -> None:
    with Recorder(tmp_path) as run:
        threads = [
            threading.Thread(target=lambda: [run.log({"x": 1.0, "pad": "p" * 500}) for _ in range(200)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert run.lost == 0
    assert steps_in(tmp_path / "metrics.jsonl") == list(range(800))


def test_logging_goes_on_after_close_and_descriptors_do_not_leak(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for step in range(30):
        run = Recorder(tmp_path)
        run.log({"x": 1.0}, step=step)
        run.close()
        run.close()
    run.log({"x": 1.0})
    run.close()
    assert steps_in(tmp_path / "metrics.jsonl") == list(range(31))
    assert len(os.listdir("/dev/fd")) == before


def test_a_log_that_vanishes_under_us_costs_only_the_log(tmp_path: Path) -> None:
    with Recorder(tmp_path / "gone") as run:
        assert not run.log({"x": 1.0})
        (tmp_path / "gone").mkdir()
        assert run.log({"x": 1.0})
        assert run.lost == 1
