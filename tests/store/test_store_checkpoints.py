"""Checkpoints are found by their names, chosen by step, and held on to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue
from astuner_nb.core.run import Checkpoint, Parent
from astuner_nb.recorder import RunFiles, create_run_directory
from astuner_nb.store.checkpoints import checkpoint_at, hold, step_in
from astuner_nb.store.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(create_run_directory(tmp_path, "p", "a run").directory)


def save(run: Run, *names: str, best: object = None) -> None:
    run.files.checkpoints.mkdir(exist_ok=True)
    for name in names:
        (run.files.checkpoints / name).touch()
    if best is not None:
        run.files.best.write_text(json.dumps(best))


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("step-000120.npz", 120), ("global_step_40", 40), ("checkpoint-500", 500), ("iter_0000100", 100),
        ("epoch3-step20.ckpt", 20), ("step-10.h5", 10), ("step_10.tar.gz", 10), ("v1.20", 20), ("step-7.7z", 7),
        ("latest_checkpointed_iteration.txt", None), ("best", None), ("model.h5", None), ("", None), ("٣", None),
    ],
)  # fmt: skip
def test_the_step_is_the_last_number_of_the_name(name: str, step: int | None) -> None:
    assert step_in(name) == step


def test_they_come_in_the_order_of_their_steps(run: Run) -> None:
    save(run, "step_100", "step_20", "step_3", ".hidden_4", "step_200.tmp.77", "latest.txt", best={"step": 20})
    (run.files.checkpoints / "global_step_40").mkdir()
    assert [(one.step, one.path.name, one.best) for one in run.checkpoints()] == [
        (3, "step_3", False),
        (20, "step_20", True),
        (40, "global_step_40", False),
        (100, "step_100", False),
    ]


@pytest.mark.parametrize("best", [[], "x", {"step": "20"}, {"step": None}, {"step": 21}, {"step": True}])
def test_a_note_that_says_nothing_marks_none(run: Run, best: object) -> None:
    save(run, "step_1", "step_20", best=best)
    assert [one.best for one in run.checkpoints()] == [False, False]


def test_a_run_without_a_directory_has_none(run: Run) -> None:
    assert run.checkpoints() == []
    run.files.checkpoints.touch()
    assert run.checkpoints() == []
    run.files.checkpoints.unlink()
    run.files.meta.unlink()
    run.directory.rmdir()
    assert (run.checkpoints(), run.changes(), run.pending_changes()) == ([], [], [])


def some(*steps: int, best: int | None = None) -> list[Checkpoint]:
    return [Checkpoint(step, Path(f"step-{step}"), best=step == best) for step in steps]


def test_one_is_chosen_by_step_or_word() -> None:
    found = some(5, 10, 20, best=10)
    assert [checkpoint_at("it", found, at).step for at in (None, "last", "best", 5, 20)] == [20, 20, 10, 5, 20]


@pytest.mark.parametrize(
    ("found", "at", "words"),
    [
        ([], None, "It has no checkpoint to go on from"),
        (some(5, 10), 7, r"has no checkpoint of step 7\. The nearest are those of steps 5 and 10\."),
        (some(5, 10), 4, r"The nearest is that of step 5\."),
        (some(5, 10), -1, r"The nearest is that of step 5\."),
        (some(5, 10), 11, r"The nearest is that of step 10\."),
        (some(5, 10), "best", r"marks no checkpoint as its best\. Give a step that has one; the last is 10\."),
        (some(5, 10), "first", r"at_step must be a step, 'best' or 'last', got 'first'\."),
        (some(5, 10), 5.0, r"got 5\.0"),
        (some(5, 10), True, r"got True"),
        (some(5, 10), "", r"got ''"),
    ],
)
def test_where_there_is_none_the_nearest_are_named(found: list[Checkpoint], at: int | str | None, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        checkpoint_at("It", found, at)


@given(st.sets(st.integers(0, 100), min_size=1), st.integers(-10, 110))
def test_a_step_is_found_or_its_neighbours_are_named(steps: set[int], wanted: int) -> None:
    try:
        assert checkpoint_at("It", some(*sorted(steps)), wanted).step == wanted
        assert wanted in steps
    except BadValue as error:
        assert wanted not in steps
        near = {
            max((s for s in steps if s < wanted), default=None),
            min((s for s in steps if s > wanted), default=None),
        }
        named = str(error).partition("The nearest")[2]
        assert {int(word) for word in named.replace(".", "").split() if word.isdigit()} == near - {None}


def test_a_held_checkpoint_outlives_its_run(tmp_path: Path, run: Run) -> None:
    theirs, folder = tmp_path / "step-000005.npz", tmp_path / "global_step_5"
    theirs.write_text("weights")
    (folder / "actor").mkdir(parents=True)
    (folder / "actor" / "rank0.pt").write_text("shard")
    hold(theirs, run.files)
    assert os.stat(run.files.resumed / theirs.name).st_nlink == 2  # no room is taken
    theirs.unlink()
    assert (run.files.resumed / theirs.name).read_text() == "weights"

    other = RunFiles(create_run_directory(tmp_path, "p").directory)
    hold(folder, other)
    (folder / "actor" / "rank0.pt").unlink()
    assert (other.resumed / "global_step_5" / "actor" / "rank0.pt").read_text() == "shard"


def test_where_it_cannot_be_held_the_path_has_to_do(tmp_path: Path, run: Run) -> None:
    theirs = tmp_path / "step-5"
    theirs.touch()
    run.files.resumed.write_text("in the way")
    hold(theirs, run.files)
    with pytest.raises(BadValue, match=r"step-6 has just been deleted by its run\. Give a later step\."):
        hold(tmp_path / "step-6", run.files)


@pytest.mark.parametrize(
    "parent", [None, "x", {}, {"step": 5}, {"key": "k"}, {"key": "k", "step": -1}, {"key": "k", "step": "5"}]
)
def test_a_run_without_a_readable_parent_has_none(tmp_path: Path, parent: object) -> None:
    assert Run(tmp_path, {"parent": parent}).parent is None


def test_a_parent_is_read_back(tmp_path: Path) -> None:
    assert Run(tmp_path, {"parent": {"id": "a", "key": "k", "step": 5, "name": "<b>"}}).parent == Parent("k", 5, "<b>")
    assert Run(tmp_path, {"parent": {"id": "a", "step": 0}}).parent == Parent("a", 0)
