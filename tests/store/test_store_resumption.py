"""What a resumed run begins with, and what it changes later, is what the other one did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue, StoreError
from astuner_nb.core.run import Change
from astuner_nb.core.space import Choice, Float, Int, Space
from astuner_nb.recorder import request_change
from astuner_nb.store.resumption import Resumption, resumption, values_at
from astuner_nb.store.run import Run
from astuner_nb.store.run_store import RunStore

SPACE = Space(
    {
        "lr": Float(0.1, 0.0, 1.0, live=True),
        "kl": Float(0.0, 0.0, 1.0, live=True),
        "width": Choice(8, [8, 16]),
        "total_steps": Int(100, 1, 1000),
    }
)
CONFIG = {"lr": 0.1, "kl": 0.5, "width": 16, "total_steps": 100, "of another": 3}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def made(store: RunStore, *changes: dict[str, Any], config: Mapping[str, Any] = CONFIG) -> Run:
    """A run with checkpoints of steps 10, 20 and 50, and these lines in its `changes.jsonl`."""
    run = store.create("p", "the first", config, backbone="local")
    run.files.checkpoints.mkdir()
    for step in (10, 20, 50):
        (run.files.checkpoints / f"step-{step:06}.npz").touch()
    run.files.changes.write_text("".join(json.dumps({"t": 1.0, **change}) + "\n" for change in changes))
    return run


def repeated(found: Resumption) -> list[tuple[int, Mapping[str, Any]]]:
    return [(change.step, change.values) for change in found.repeated]


def test_values_are_those_of_the_checkpoint_unless_given(store: RunStore) -> None:
    run = made(
        store,
        {"step": 5, "values": {"lr": 0.5}},
        {"step": 20, "values": {"lr": 0.6, "kl": 0.1}},
        {"step": 20, "values": {"lr": 0.9}, "refused": "It was too high."},
        {"step": 21, "values": {"lr": 0.7, "kl": 0.2}},
        {"step": 30, "values": {"lr": 0.8}},
    )
    at_20 = resumption(run, 20, SPACE, {})
    assert at_20.values == {"lr": 0.6, "kl": 0.1, "width": 16, "total_steps": 100}
    assert repeated(at_20) == [(21, {"lr": 0.7, "kl": 0.2}), (30, {"lr": 0.8})]
    at_10 = resumption(run, 10, SPACE, {"lr": 0.2})
    assert at_10.values == {"lr": 0.2, "kl": 0.5, "width": 16, "total_steps": 100}
    assert repeated(at_10) == [(20, {"kl": 0.1}), (21, {"kl": 0.2})]
    assert (values_at(run)["lr"], values_at(run)["of another"]) == (0.8, 3)


def test_what_was_only_planned_is_planned_again(store: RunStore) -> None:
    run = made(store, {"step": 12, "values": {"lr": 0.3}, "request": "done"})
    run.files.change_requests.write_text('{"id": "done", "values": {"lr": 0.3}, "at_step": 12}\n')
    request_change(run.files, {"lr": 0.4}, at_step=60)
    request_change(run.files, {"lr": 0.5}, at_step=15)
    request_change(run.files, {"lr": 0.6})
    assert [(change.step, change.values["lr"]) for change in run.pending_changes()] == [(60, 0.4), (15, 0.5), (0, 0.6)]
    assert repeated(resumption(run, 20, SPACE, {})) == [(60, {"lr": 0.4})]


def test_it_is_handed_over_in_the_new_run_s_directory(store: RunStore) -> None:
    run = made(store, {"step": 30, "values": {"lr": 0.8}})
    found = resumption(run, "last", SPACE, {})
    child = store.create("p", "the second", found.values, parent=found.origin)
    found = resumption(run, 10, SPACE, {})
    found.hand_over(child.files)
    assert child.parent is not None
    assert (child.parent.key, child.parent.step, child.parent.name) == (run.key, 50, "the first")
    assert json.loads(child.files.meta.read_text())["parent"] == {
        "id": run.id,
        "key": run.key,
        "step": 50,
        "name": "the first",
        "checkpoint": str(run.files.checkpoints / "step-000050.npz"),
    }
    assert [(change.step, change.values) for change in child.pending_changes()] == [(30, {"lr": 0.8})]
    assert (child.files.resumed / "step-000010.npz").exists()


def test_a_directory_that_cannot_be_written_says_so(store: RunStore) -> None:
    found = resumption(made(store, {"step": 30, "values": {"lr": 0.8}}), 10, SPACE, {})
    child = store.create("p", "the second", found.values)
    child.files.change_requests.mkdir()
    with pytest.raises(StoreError, match=r"changes\.requests\.jsonl cannot be written \(.*Look at the disk\."):
        found.hand_over(child.files)


@pytest.mark.parametrize(
    ("at", "given", "words"),
    [
        (15, {}, r"'the first' has no checkpoint of step 15\. The nearest are those of steps 10 and 20\."),
        ("best", {}, "marks no checkpoint as its best"),
        (
            50,
            {"total_steps": 50},
            r"'the first' is at step 50 and total_steps is 50: give a larger total_steps, e\.g\. 100\.",
        ),
        (50, {"total_steps": 3}, r"e\.g\. 100\."),
    ],
)
def test_what_cannot_be_gone_on_from_is_refused(store: RunStore, at: Any, given: Any, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        resumption(made(store), at, SPACE, given)


def test_a_run_at_the_last_step_that_there_can_be_is_refused(store: RunStore) -> None:
    space = Space({"total_steps": Int(10, 1, 50)})
    with pytest.raises(BadValue, match="is at step 50 and total_steps is 50, the most that it can be: go on from an"):
        resumption(made(store, config={"total_steps": 50}), 50, space, {})


def test_a_value_that_is_no_longer_taken_is_refused_unless_another_is_given(store: RunStore) -> None:
    run = made(store, config={"width": 64})
    with pytest.raises(BadValue, match="width must be one of 8, 16, got 64"):
        resumption(run, 10, SPACE, {})
    assert resumption(run, 10, SPACE, {"width": 8}).values == {"width": 8}


def test_masked_secrets_are_no_values(store: RunStore) -> None:
    assert values_at(made(store, config={"api_key": "sk", "lr": 0.1})) == {"lr": 0.1}


GARBAGE = (
    '\nnonsense\n[1]\n{"step": 1}\n{"step": "1", "values": {"lr": 1}, "t": 0}\n{"step": 1, "values": {}, "t": 0}\n'
)


def test_changes_are_read_whatever_stands_between_them(store: RunStore) -> None:
    run = made(store, {"step": 3, "values": {"lr": 0.5}}, {"step": 4, "values": {"lr": -1}, "refused": "No."})
    with open(run.files.changes, "a") as file:
        file.write(GARBAGE + '{"step": 9, "values": {"lr": 0.9}, "t": 2}\n{"step": 10, "va')
    assert run.changes() == [
        Change(3, {"lr": 0.5}, 1.0),
        Change(4, {"lr": -1}, 1.0, "No."),
        Change(9, {"lr": 0.9}, 2.0),
    ]


@given(
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["lr", "kl"]), st.floats(0, 1))),
    st.sampled_from([10, 20, 50]),
)
def test_gone_on_from_or_not_the_values_of_each_step_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, made_changes: list[tuple[int, str, float]], at: int
) -> None:
    ordered = sorted(made_changes, key=lambda change: change[0])
    run = made(
        RunStore(tmp_path_factory.mktemp("runs")), *({"step": step, "values": {name: to}} for step, name, to in ordered)
    )
    found = resumption(run, at, SPACE, {})
    for step in range(at, 61):
        values = dict(found.values)
        for change in found.repeated:
            values |= change.values if change.step <= step else {}
        assert values == {name: value for name, value in values_at(run, step).items() if name in SPACE}


def test_runs_are_found_by_id_name_or_the_beginning_of_the_id(store: RunStore) -> None:
    first, second, third = store.create("p", "a", {}), store.create("q", "b", {}), store.create("q", "b", {})
    assert store.find(first.id) == store.find("a") == first
    assert store.find(second.id[:-1]) == second
    with pytest.raises(
        BadValue, match=rf"2 runs of .* are meant by 'b': {third.id}, {second.id}\. Give one whole id\."
    ):
        store.find("b")
    for nothing in ("", "../q", "c"):
        with pytest.raises(BadValue, match="There is no run"):
            store.find(nothing)
