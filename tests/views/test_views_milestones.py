"""What happened to a run beside its curves, read from real run directories."""

import shutil
from pathlib import Path

import pytest

import astuner_nb as anb
from astuner_nb.core.run import Parent
from astuner_nb.recorder import Recorder, create_run_directory, request_change
from astuner_nb.store.run import Run
from astuner_nb.views.milestones import Milestones, milestones


def refuse_negative(values):
    if values["lr"] < 0:
        raise ValueError("lr must be positive")


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    files = create_run_directory(tmp_path, "p", "a run", {"lr": 0.1, "seed": 3})
    recorder = Recorder(files.directory)
    for step in (10, 20):
        (recorder.checkpoints / f"step-{step:06}.ckpt").write_text("weights")
    request_change(files, {"lr": 0.01})
    recorder.take_changes(15, refuse_negative)
    request_change(files, {"lr": -1.0})
    recorder.take_changes(16, refuse_negative)
    return recorder


def test_what_was_saved_and_changed_and_how_it_began(recorder):
    found = milestones(Run(recorder.directory))
    assert [one.step for one in found.checkpoints] == [10, 20]
    assert [(one.step, dict(one.values), bool(one.refused)) for one in found.changes] == [
        (15, {"lr": 0.01}, False),
        (16, {"lr": -1.0}, True),
    ]
    assert found.config == {"lr": 0.1}
    assert found.parent is None
    assert found == milestones(Run(recorder.directory))


def test_a_parent_is_part_of_it(tmp_path):
    parent = {"id": "x", "key": "x", "step": 120, "name": "first", "checkpoint": "/gone"}
    run = Run(tmp_path, {"parent": parent})
    assert milestones(run).parent == Parent("x", 120, "first")


def test_nothing_of_a_run_whose_directory_has_gone(recorder):
    run = Run(recorder.directory)
    shutil.rmtree(recorder.directory)
    assert milestones(run) == Milestones()


def test_garbage_is_no_milestone(recorder):
    run = Run(recorder.directory)
    run.files.changes.write_bytes(b'\xff\n{"step": "x"}\n[1]\n{"step": 3, "values": 7, "t": null}\n{"st')
    shutil.rmtree(run.files.checkpoints)
    run.files.checkpoints.write_text("no directory")
    assert milestones(run) == Milestones()


def test_other_trackers_keep_none(tmp_path):
    (tmp_path / "a.csv").write_text("step,reward\n1,0.5\n2,0.6\n")
    [run] = anb.runs(f"csv:{tmp_path}/a.csv")
    assert milestones(run) == Milestones()
