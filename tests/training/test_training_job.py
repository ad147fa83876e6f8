"""The training process as it is started, stopped, resumed and refused, with the real recorder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from astuner_nb.recorder import RunFiles

Starter = Callable[[RunFiles], subprocess.Popen[str]]
QUICK = {"train_batch_size": 2, "num_repeat": 4, "total_steps": 6, "test_freq": 3, "rollout_freq": 3, "save_freq": 0}
AT_THE_END = {"save_freq": 10**6, "keep_best": "none"}


def prepare(directory: Path, config: object) -> RunFiles:
    directory.mkdir(exist_ok=True)
    files = RunFiles(directory)
    files.meta.write_text(json.dumps({"config": config}))
    return files


def start(files: RunFiles) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "astuner_nb.training.job", str(files.directory)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def started() -> Iterator[Starter]:
    """`start`, whose processes do not outlive the test."""
    processes: list[subprocess.Popen[str]] = []

    def start_and_note(files: RunFiles) -> subprocess.Popen[str]:
        processes.append(start(files))
        return processes[-1]

    yield start_and_note
    for process in processes:
        process.kill()
        process.communicate()


def finish(files: RunFiles) -> tuple[int, str]:
    """Run it to its end. Returns code and stderr."""
    process = start(files)
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def curve(files: RunFiles) -> list[dict[str, object]]:
    return [{name: value for name, value in record.items() if name != "t"} for record in lines(files.metrics)]


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(params=["run", "run 'a'; \"x\" ü"])
def directory(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return tmp_path / str(request.param)


def test_a_run_leaves_its_records_rollouts_and_nothing_else(directory: Path) -> None:
    files = prepare(directory, QUICK)
    assert finish(files) == (0, "")
    records = lines(files.metrics)
    assert [record["step"] for record in records] == [1, 2, 3, 4, 5, 6]
    assert [record["step"] for record in records if "val/success_rate" in record] == [3, 6]
    assert {row["step"] for row in lines(files.rollouts)} == {1, 3, 6}
    assert {path.name for path in directory.iterdir()} == {"meta.json", "metrics.jsonl", "rollouts.jsonl"}


def test_two_processes_draw_the_same_curve(tmp_path: Path) -> None:
    curves = []
    for name in ("a", "b"):
        files = prepare(tmp_path / name, QUICK)
        assert finish(files) == (0, "")
        curves.append(curve(files))
    assert curves[0] == curves[1]


def test_a_run_resumed_in_another_process_is_the_uninterrupted_one(tmp_path: Path) -> None:
    config = QUICK | {"total_steps": 24, "save_freq": 11, "test_freq": 8}
    whole = prepare(tmp_path / "whole", config)
    assert finish(whole) == (0, "")
    resumed = prepare(tmp_path / "resumed", config | {"resume_from": str(whole.checkpoints / "step-000011.npz")})
    assert finish(resumed) == (0, "")
    assert curve(resumed) == curve(whole)[11:]
    ends = [np.load(files.checkpoints / "step-000024.npz") for files in (whole, resumed)]
    assert ends[0].files == ends[1].files
    assert all(np.array_equal(ends[0][name], ends[1][name]) for name in ends[0].files if name != "settings")
    for end in ends:
        end.close()


def test_a_stop_request_ends_it_within_one_step(directory: Path, started: Starter) -> None:
    files = prepare(directory, QUICK | AT_THE_END | {"total_steps": 10**6, "min_step_s": 0.2})
    process = started(files)
    wait_for(lambda: len(lines(files.metrics)) >= 2, process)
    files.stop_request.touch()
    seen = len(lines(files.metrics))
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    steps = [record["step"] for record in lines(files.metrics)]
    assert len(steps) <= seen + 1
    assert [path.name for path in files.checkpoints.iterdir()] == [f"step-{steps[-1]:06}.npz"]


def test_a_stop_request_that_is_there_first_ends_it_before_the_first_step(directory: Path) -> None:
    files = prepare(directory, QUICK)
    files.stop_request.touch()
    assert finish(files) == (0, "")
    assert not lines(files.metrics)


@pytest.mark.skipif(os.name != "posix", reason="signals are sent to one process here")
def test_sigint_ends_it_like_a_stop_request_with_its_own_code(directory: Path, started: Starter) -> None:
    files = prepare(directory, QUICK | AT_THE_END | {"total_steps": 10**6})
    process = started(files)
    wait_for(lambda: len(lines(files.metrics)) >= 2, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    last = lines(files.metrics)[-1]["step"]
    assert [path.name for path in files.checkpoints.iterdir()] == [f"step-{last:06}.npz"]


@pytest.mark.skipif(os.name != "posix", reason="signals are sent to one process here")
def test_a_second_sigint_ends_a_long_step_at_once(tmp_path: Path, started: Starter) -> None:
    files = prepare(tmp_path / "run", {"train_batch_size": 64, "num_repeat": 64, "ppo_epochs": 64})  # minutes a step
    process = started(files)
    wait_for(lambda: _cpu_s(process.pid) > 1, process)  # it is well in its first step
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)  # two at once count as one
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"learning_rate": 1}, "There is no setting 'learning_rate'"),
        ({"num_repeat": 1}, "num_repeat = 1 is out of range. Give a whole number from 2 to 256."),
        ({"base_model": "/nowhere/base.npz"}, "The base model /nowhere/base.npz cannot be read"),
        ({"resume_from": "/nowhere/step.npz"}, "The checkpoint /nowhere/step.npz cannot be read"),
        ([1, 2], "holds no JSON object 'config'"),
        (None, "holds no JSON object 'config'"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, config: object, sentence: str) -> None:
    files = prepare(tmp_path / "run", config)
    code, errors = finish(files)
    assert code == 2
    assert sentence in errors
    assert errors.count("\n") == 1
    assert {path.name for path in files.directory.iterdir()} == {"meta.json"}


def test_a_directory_that_is_no_run_is_refused(tmp_path: Path) -> None:
    code, errors = finish(RunFiles(tmp_path / "nothing"))
    assert code == 2
    assert "meta.json holds no JSON object 'config'" in errors
    bare = [sys.executable, "-m", "astuner_nb.training.job"]
    done = subprocess.run(bare, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Give one run directory")


def test_a_run_that_diverges_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    files = prepare(tmp_path / "run", QUICK | {"lr": 1, "weight_decay": 10, "warmup_steps": 0, "total_steps": 3000})
    code, errors = finish(files)
    assert code == 1
    assert errors.count("\n") == 1
    assert "is not finite (lr 1). Lower the learning rate." in errors
    assert lines(files.metrics)


def test_a_checkpoint_that_cannot_be_written_costs_a_sentence_and_not_the_training(tmp_path: Path) -> None:
    files = prepare(tmp_path / "run", QUICK | {"save_freq": 2})
    files.checkpoints.write_text("a file where the directory should be")
    code, errors = finish(files)
    assert code == 0
    assert errors.startswith("No checkpoint of step 2 was written (")
    assert errors.count("The training goes on.") == len(range(2, QUICK["total_steps"] + 1, 2))
    assert lines(files.metrics)[-1]["step"] == QUICK["total_steps"]


def test_the_process_steps_back_behind_the_notebook(tmp_path: Path) -> None:
    files = prepare(tmp_path / "run", QUICK | {"total_steps": 1})
    program = "import os, sys; from astuner_nb.training.job import main; main(sys.argv[1:]); print(os.nice(0) > 0)"
    command = [sys.executable, "-c", program, str(files.directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"


def test_the_process_loads_nothing_heavy_and_uses_one_thread(tmp_path: Path) -> None:
    files = prepare(tmp_path / "run", QUICK | {"total_steps": 1})
    program = (
        "import os, sys; from astuner_nb.training.job import main; assert 'numpy' not in sys.modules\n"
        "code = main(sys.argv[1:]); heavy = {'pandas', 'plotly', 'ipywidgets', 'pydantic', 'yaml', 'asyncio'}\n"
        "print(code, sorted(heavy & set(sys.modules)), os.environ['OPENBLAS_NUM_THREADS'])"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "4"}
    command = [sys.executable, "-c", program, str(files.directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    spoken, told = done.stdout.splitlines()
    assert spoken.startswith("step 1  reward ")
    assert told == "0 [] 1"
