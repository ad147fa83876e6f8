"""Going on from a checkpoint, and changing values on the way, with real jobs in real processes."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

import astuner_nb as anb
from astuner_nb.core.states import RunState
from astuner_nb.recorder import init, read_json

pytestmark = pytest.mark.usefixtures("nothing_left")

QUICK = {"total_steps": 20, "train_batch_size": 2, "num_repeat": 4, "test_freq": 8, "save_freq": 4, "keep_last": 0}


@pytest.fixture
def lab(store):
    lab = anb.Lab("math_agent.yaml")
    yield lab
    for run in lab.runs:
        if run.backbone == "local" and run.files.job.exists():
            lab.stop(run)
            lab.wait(run, timeout_s=20)
    lab.close()


def finished(lab, run):
    assert lab.wait(run, timeout_s=90) is RunState.FINISHED, run.log_tail()
    return run


def curves(run, after=0):
    """Every logged value of the steps behind `after`, as bits."""
    history = run.history()
    return {
        name: (series.step[series.step > after].tolist(), series.value[series.step > after].tobytes())
        for name, series in history.items()
    }


def weights(run, step):
    with np.load(run.files.checkpoints / f"step-{step:06}.npz") as arrays:
        return {name: arrays[name].tobytes() for name in arrays.files if name != "settings"}


def steps(run):
    return [one.step for one in run.checkpoints()]


def changes(run):
    return [(change.step, dict(change.values)) for change in run.changes() if not change.refused]


def test_a_run_that_is_changed_goes_on_the_same_before_and_behind_the_change(lab):
    whole = lab.start(**QUICK)
    lab.change(whole, at_step=10, lr=1e-3, temperature=0.8)
    finished(lab, whole)
    assert changes(whole) == [(10, {"lr": 1e-3, "temperature": 0.8})]
    for at_step, again in ((8, [(10, {"lr": 1e-3, "temperature": 0.8})]), (12, [])):
        child = finished(lab, lab.start(resume=whole, at_step=at_step))
        assert changes(child) == again
        assert curves(child) == curves(whole, after=at_step)
        assert weights(child, 20) == weights(whole, 20)
        assert (child.parent.key, child.parent.step, child.parent.name) == (whole.key, at_step, whole.name)
    assert child.config["lr"] == 1e-3
    assert child.name.endswith("· temperature 0.8 · total_steps 20 · from 12")


def test_a_killed_run_goes_on_as_if_it_had_not_been(lab, wait_for):
    killed = lab.start(**QUICK, min_step_s=0.05)
    lab.change(killed, at_step=6, lr=1e-3)
    wait_for(lambda: 8 in steps(killed), what="a checkpoint behind the change")
    os.kill(read_json(killed.files.job)["job"]["pid"], signal.SIGKILL)
    assert lab.wait(killed, timeout_s=20) is RunState.FAILED
    whole = lab.start(**QUICK)
    lab.change(whole, at_step=6, lr=1e-3)
    child = finished(lab, lab.start(resume=killed.id, min_step_s=0.0))
    assert curves(child) == curves(finished(lab, whole), after=steps(killed)[-1])
    assert changes(child) == []
    assert child.config["lr"] == 1e-3


def test_a_lineage_of_three(lab):
    first = finished(lab, lab.start(**QUICK))
    second = finished(lab, lab.start(resume=first, at_step=8, lr=3e-4, name="warmer"))
    assert steps(second) == [12, 16, 20]
    third = finished(lab, lab.start(resume="warmer", at_step="best", total_steps=24))
    best = next(one.step for one in second.checkpoints() if one.best)
    assert (second.parent.key, third.parent.key, third.parent.step) == (first.key, second.key, best)
    assert third.config["lr"] == 3e-4
    assert third.history()["reward"].step.tolist() == list(range(best + 1, 25))
    later = second.history()["reward"]
    assert third.history()["reward"].value[: 20 - best].tolist() == later.value[later.step > best].tolist()


def test_a_run_goes_on_from_one_that_is_still_going_on_and_has_deleted_its_checkpoint(lab, wait_for):
    quick = {**QUICK, "keep_last": 1, "keep_best": "none", "save_freq": 1}
    parent = lab.start(**{**quick, "total_steps": 400})
    wait_for(lambda: parent.checkpoints(), what="a checkpoint")
    child = lab.start(resume=parent, total_steps=400)
    wait_for(lambda: len(child.history()), what="a record of the child")
    assert child.last_record()["step"] > child.parent.step
    wait_for(lambda: child.parent.step not in steps(parent), what="its deletion")
    assert child.history()["reward"].step[0] == child.parent.step + 1


@anb.experiment(lr=anb.Float(0.5, low=0.0, high=1.0, live=True), total_steps=anb.Int(6, low=1, high=100))
def summing(run, lr, total_steps):
    total = float(run.resume_from.read_text()) if run.resume_from else 0.0
    for step in range(run.resume_step + 1, total_steps + 1):
        lr = run.take_changes(step).get("lr", lr)
        total += lr * step
        run.log(total=total)
        (run.checkpoints / f"step-{step:03}.txt").write_text(str(total))


def test_a_function_of_one_s_own_is_changed_and_gone_on_with(store):
    lab = summing.lab()
    whole = lab.start()
    lab.change(whole, lr=1.0, at_step=4)
    finished(lab, whole)
    child = finished(lab, lab.start(resume=whole, at_step=2, total_steps=8))
    assert changes(whole) == changes(child) == [(4, {"lr": 1.0})]
    assert child.history()["total"].step.tolist() == [3, 4, 5, 6, 7, 8]
    assert child.history()["total"].value[:4].tolist() == whole.history()["total"].value[2:].tolist()
    other = finished(lab, lab.start(resume=whole, at_step=2, lr=0.25))  # a given value is not changed any more
    assert (changes(other), other.history()["total"].last) == ([], 1.5 + 0.25 * 18)
    lab.close()


def test_two_notebooks_change_the_same_run_and_nonsense_is_refused(lab, wait_for):
    run = lab.start(**{**QUICK, "total_steps": 1000}, min_step_s=0.02)
    wait_for(lambda: run.last_record(), what="a record")
    other = anb.Lab("math_agent.yaml")
    lab.change(run, lr=1e-3)
    other.change(other.runs[0], temperature=0.5)
    with open(run.files.change_requests, "ab") as file:
        file.write(b'{"values": {"lr": -1}}\n{"values": {"num_repeat": 8}}\nnonsense\n{"values": {"lr": "')
    lab.change(run, kl_loss_coef=0.1)
    wait_for(lambda: len(run.changes()) == 5, what="all changes")
    other.close()
    asked = {name: change for change in run.changes() for name in change.values}
    assert {name for name, change in asked.items() if not change.refused} == {"temperature", "kl_loss_coef"}
    assert [c.values["lr"] for c in run.changes() if "lr" in c.values and not c.refused] == [1e-3]
    assert asked["lr"].refused == "lr = -1 is out of range. Give a number from 0 to 1."
    assert asked["num_repeat"].refused.startswith("num_repeat cannot be changed while a run goes on.")
    assert all(change.step > 1 and change.time > 0 for change in run.changes())
    assert run.pending_changes() == []
    now = lab.values_of(run)
    assert (now["lr"], now["temperature"], now["kl_loss_coef"], now["num_repeat"]) == (1e-3, 0.5, 0.1, 4)


@pytest.fixture
def resting(lab):
    """A run that has just been made: nothing runs, and its state is `starting`."""
    run = lab.store.create("math_agent", "resting", lab.values, backbone="local")
    run.files.checkpoints.mkdir()
    for step in (5, 10):
        (run.files.checkpoints / f"step-{step:06}.npz").touch()
    return run


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lr": 7}, r"lr = 7\.0 is out of range"),
        ({"lrr": 1}, "Did you mean 'lr'"),
        (
            {"num_repeat": 4},
            r"num_repeat is not live: a running job does not take it\. Stop and branch: start\(resume=",
        ),
        ({"lr": 1e-3, "save_freq": 4}, "save_freq is not live"),
        ({}, "There is nothing to change. Give one of lr, kl_loss_coef, temperature, clip_ratio"),
        ({"lr": 1e-3, "at_step": -1}, "at_step = -1 is out of range"),
        ({"lr": 1e-3, "at_step": 1.5}, "at_step must be a whole number"),
    ],
)
def test_a_change_that_cannot_be_asks_for_nothing(lab, resting, values, words):
    with pytest.raises(anb.BadValue, match=words):
        lab.change(resting, **values)
    assert not resting.files.change_requests.exists()


def test_a_change_of_what_does_not_go_on_or_is_not_ours(lab, resting):
    resting.files.exit.write_text('{"code": 0}')
    with pytest.raises(anb.JobError, match=r"'resting' does not go on, it is finished\. Start one from it: start\("):
        lab.change(resting, lr=1e-3)
    script = lab.store.create("math_agent", "mine", {}, backbone="script")
    with pytest.raises(anb.BadValue, match=r"'mine' is a run of 'script', this is 'local'\. Give one of 'local'\."):
        lab.change(script, lr=1e-3)
    with pytest.raises(anb.BadValue, match="is no run of a store"):
        lab.change(object(), lr=1e-3)
    with pytest.raises(anb.BadValue, match="There is no run 'nobody'"):
        lab.change("nobody", lr=1e-3)


def test_a_change_that_cannot_be_written_says_so(lab, resting):
    resting.files.change_requests.mkdir()
    with pytest.raises(anb.StoreError, match=r"'resting' cannot be asked to change \(.*Look at the disk"):
        lab.change(resting, lr=1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"at_step": 7}, r"'resting' has no checkpoint of step 7\. The nearest are those of steps 5 and 10\."),
        ({"at_step": "best"}, "'resting' marks no checkpoint as its best"),
        ({"lrr": 1}, "Did you mean 'lr'"),
        (
            {"resume": None, "at_step": 5},
            r"at_step = 5 says where to go on, but not of which run\. Give resume=run too\.",
        ),
        ({"resume": "nobody"}, "There is no run 'nobody'"),
    ],
)
def test_what_cannot_be_gone_on_from_starts_nothing(lab, resting, options, words):
    with pytest.raises(anb.BadValue, match=words):
        lab.start(**{"resume": resting, **options})
    assert lab.runs == [resting]


def test_a_run_of_another_backbone_or_tracker_is_no_parent(lab):
    with init("math_agent", "mine", store=lab.store.root) as script:
        (script.checkpoints / "step-5").touch()
    with pytest.raises(anb.BadValue, match="'mine' is a run of 'script', this is 'local'"):
        lab.start(resume=script.id)


def test_the_values_at_a_step(lab, resting):
    resting.files.changes.write_text(
        '{"step": 6, "values": {"lr": 0.01}, "t": 1}\n{"step": 8, "values": {"x": 1}, "t": 1}\n'
    )
    assert lab.values_of(resting, 5) == lab.values
    assert (
        lab.values_of(resting, 6)
        == lab.values_of(resting)
        == lab.values_of(resting, "last")
        == lab.values | {"lr": 0.01}
    )
    with pytest.raises(anb.BadValue, match="marks no checkpoint"):
        lab.values_of(resting, "best")
