"""What the panel says of the run in focus, and what can be done with it: resume, branch, change it while it runs."""

from __future__ import annotations

import ipywidgets as ipw
import pytest

import astuner_nb as anb
from astuner_nb.core.run import Checkpoint
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.widgets import reading_words

pytestmark = pytest.mark.usefixtures("nothing_left")

QUICK = {"total_steps": 20, "train_batch_size": 2, "num_repeat": 2, "test_freq": 10, "save_freq": 4}
EVIL = "<img src=x onerror=alert(1)>"


def all_below(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_below(child)


class Seen:
    """The panel's parts as a person finds them."""

    def __init__(self, lab):
        self.lab = lab

    def parts(self):
        return list(all_below(self.lab.panel.widget))

    def button(self, word):
        return next(part for part in self.parts() if isinstance(part, ipw.Button) and part.description.startswith(word))

    def press(self, word):
        self.button(word).click()
        self.lab.monitor.step()

    def is_offered(self, word):
        return any(
            isinstance(part, ipw.Button) and part.description.startswith(word) and part.layout.display != "none"
            for part in self.parts()
        )

    def card(self):
        return next(part for part in self.parts() if "astuner-reading-card" in part._dom_classes)

    def words(self):
        return "".join(part.value for part in all_below(self.card()) if isinstance(part, ipw.HTML))

    def checkpoints(self):
        return next(part for part in all_below(self.card()) if isinstance(part, ipw.Dropdown))

    def problem(self):
        return "".join(
            part.value for part in self.parts() if isinstance(part, ipw.HTML) and "role='alert'" in part.value
        )


@pytest.fixture
def opened(store):
    """A lab with its panel, whose turns the test takes itself."""
    lab = anb.Lab("math_agent.yaml")
    lab.monitor.start = lambda: None
    lab.set(**QUICK)
    lab.panel  # noqa: B018
    lab.monitor.step()
    yield lab, Seen(lab)
    for run in lab.runs:
        lab.stop(run)
        lab.wait(run, timeout_s=20)
    lab.close()


def finished(lab, **more):
    """A run that has ended, read and painted."""
    run = lab.start(**more)
    assert lab.wait(run, timeout_s=60) == "finished"
    for _ in range(3):
        lab.monitor.step()
    return run


def test_the_card_says_what_the_run_s_curves_say_and_goes_when_reading_is_switched_off(opened):
    lab, seen = opened
    assert "Click a run" in seen.words()
    run = finished(lab)
    assert anb.diagnose(run).phrase in seen.words()
    assert "role='status'" in seen.words()
    lab.view.read(False)
    lab.monitor.step()
    assert seen.card().layout.display == "none"


def test_a_branch_goes_on_from_the_chosen_checkpoint_with_the_sliders_values(opened):
    lab, seen = opened
    run = finished(lab, lr=1e-3)
    assert seen.checkpoints().value == next(one.step for one in run.checkpoints() if one.best)
    seen.checkpoints().value = 16
    lab.set(lr=3e-5, total_steps=24)
    seen.press("Branch")
    child = lab.runs[0]
    assert (child.parent.key, child.parent.step) == (run.key, 16)
    assert (child.config["lr"], child.config["total_steps"]) == (3e-5, 24)
    assert lab.wait(child, timeout_s=60) == "finished"
    lab.monitor.step()
    assert child.history(["reward"])["reward"].step.tolist() == list(range(17, 25))
    rows = {row.key: row.parent for row in lab.panel._runs.table.rows}
    assert rows == {run.key: "", child.key: "from #1 @ 16"}


def test_resuming_what_has_made_all_its_steps_is_refused_in_a_sentence(opened):
    lab, seen = opened
    run = finished(lab)
    seen.checkpoints().value = 20
    seen.press("Resume")
    assert lab.runs == [run]
    assert "total_steps" in seen.problem()


def test_its_values_move_the_sliders(opened):
    lab, seen = opened
    finished(lab, lr=2e-3, temperature=0.7)
    assert lab.values["lr"] != 2e-3
    seen.press("Its values")
    assert (lab.values["lr"], lab.values["temperature"]) == (2e-3, 0.7)


def test_a_live_value_is_offered_to_a_job_that_goes_on_and_stands_in_its_record(opened, wait_for):
    lab, seen = opened
    assert not seen.is_offered("Apply")
    run = lab.start(total_steps=1000, min_step_s=0.02)
    lab.monitor.step()
    lab.monitor.step()
    assert not seen.is_offered("Apply")  # it has what the sliders say
    lab.set(lr=5e-4, num_repeat=3)
    lab.monitor.step()
    assert seen.button("Apply").description == "Apply to #1: lr 0.0005"  # num_repeat is not live
    seen.press("Apply")
    wait_for(lambda: run.changes() != [])
    (change,) = run.changes()
    assert (dict(change.values), change.refused) == ({"lr": 5e-4}, "")
    lab.monitor.step()
    assert not seen.is_offered("Apply")
    wait_for(lambda: run.last_record().get("lr") == 5e-4 and run.last_record()["step"] > 10)  # after the warm-up


def test_texts_of_a_report_are_text_and_not_markup():
    finding = Finding("drop", 1, 2, Severity.ALARM, f"{EVIL} fell", {}, f"lower {EVIL}", EVIL, EVIL)
    report = type("R", (), {"findings": (finding,), "phases": (), "phrase": EVIL})()
    text = reading_words.findings(report) + reading_words.phrase(EVIL, report)
    assert "<img" not in text
    assert text.count("&lt;img") == 5


def test_a_checkpoint_that_is_gone_is_chosen_no_longer(opened):
    lab, seen = opened
    run = finished(lab)
    actions = lab.panel._runs._actions
    actions.show(run, (Checkpoint(4, run.files.checkpoints), Checkpoint(8, run.files.checkpoints, best=True)))
    assert seen.checkpoints().value == 8
    actions.choose(4)
    actions.choose(5)  # no such one
    assert seen.checkpoints().value == 4
    actions.show(run, (Checkpoint(12, run.files.checkpoints),))
    assert seen.checkpoints().value == 12
