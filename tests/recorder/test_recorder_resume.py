"""What a run that goes on from another one's checkpoint is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from astuner_nb.recorder import Recorder, RunFiles, create_run_directory


def run_with(directory: Path, parent: Any) -> Recorder:
    return Recorder(create_run_directory(directory, "p", "n", {"lr": 0.1}, parent=parent).directory)


def test_a_fresh_run_has_nothing_to_go_on_from(tmp_path: Path) -> None:
    with Recorder(create_run_directory(tmp_path, "p").directory) as run:
        assert (run.resume_from, run.resume_step) == (None, 0)
        run.log(loss=1.0)
    assert json.loads(RunFiles(run.directory).metrics.read_text())["step"] == 0


def test_the_checkpoint_is_the_held_one_where_there_is_one(tmp_path: Path) -> None:
    saved = tmp_path / "step 120"
    saved.mkdir()
    run = run_with(tmp_path, {"id": "x", "step": 120, "checkpoint": str(saved)})
    assert (run.resume_from, run.resume_step) == (saved, 120)
    held = RunFiles(run.directory).resumed / "step 120"
    shutil.copytree(saved, held)
    assert run.resume_from == held


def test_records_without_a_step_begin_behind_it(tmp_path: Path) -> None:
    with run_with(tmp_path, {"step": 120, "checkpoint": "/x/step-120"}) as run:
        run.log(loss=1.0)
        run.log(loss=2.0)
    rows = [json.loads(line) for line in RunFiles(run.directory).metrics.read_text().splitlines()]
    assert [row["step"] for row in rows] == [121, 122]


@pytest.mark.parametrize("parent", [None, 3, "x", [], {}, {"step": "7"}, {"step": -1}, {"step": True, "checkpoint": 5}])
def test_what_is_no_parent_is_none(tmp_path: Path, parent: Any) -> None:
    run = run_with(tmp_path, parent)
    assert (run.resume_from, run.resume_step) == (None, 0)


def test_checkpoints_are_saved_below_the_run(tmp_path: Path) -> None:
    run = run_with(tmp_path, None)
    assert run.checkpoints == run.checkpoints == RunFiles(run.directory).checkpoints
    assert run.checkpoints.stat().st_mode & 0o777 == 0o700


def test_where_none_can_be_saved_a_sentence_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = run_with(tmp_path, None)
    RunFiles(run.directory).checkpoints.write_text("in the way")
    assert run.checkpoints == RunFiles(run.directory).checkpoints
    assert run.checkpoints
    assert capfd.readouterr().err.count("cannot be made") == 1
