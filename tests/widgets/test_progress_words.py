"""Whatever may take longer than a moment says so at once, before the monitor's next turn."""

from __future__ import annotations

import ipywidgets as ipw
import pytest

import astuner_nb as anb
from astuner_nb.widgets.later import announced
from astuner_nb.widgets.tree import family

pytestmark = pytest.mark.usefixtures("nothing_left")

QUICK = {"total_steps": 20, "train_batch_size": 2, "num_repeat": 2}


@pytest.fixture
def lab(store):
    """A lab with its panel, whose turns the test takes itself."""
    opened = anb.Lab("math_agent.yaml")
    opened.monitor.start = lambda: None
    opened.set(**QUICK)
    opened.panel  # noqa: B018
    yield opened
    for run in opened.runs:
        opened.stop(run)
        opened.wait(run, timeout_s=20)
    opened.close()


def button(lab: anb.Lab, word: str) -> ipw.Button:
    return next(one for one in family(lab.panel.widget) if isinstance(one, ipw.Button) and one.description == word)


def test_run_says_that_it_starts_and_stop_that_it_stops(lab, wait_for):
    run = button(lab, "Run")
    run.click()
    assert run.description == "Starting …"
    lab.monitor.step()
    assert run.description == "Run"
    stop = button(lab, "Stop")
    wait_for(lambda: lab.monitor.step() and not stop.disabled, what="a run that can be stopped")
    stop.click()
    lab.monitor.step()
    assert stop.description in ("Stopping …", "Stop")  # it may have stopped in the same turn
    wait_for(lambda: lab.monitor.step() and stop.description == "Stop", what="nothing that goes on")
    assert stop.disabled


def test_what_fails_gives_the_button_its_word_back():
    waiting = []
    one = ipw.Button(description="Resume")

    def refuse() -> None:
        raise ValueError("no such step")

    announced(one, "Starting …", lambda act: lambda *given: waiting.append(lambda: act(*given)), refuse)
    one.click()
    assert one.description == "Starting …"
    with pytest.raises(ValueError, match="no such step"):
        waiting.pop()()
    assert one.description == "Resume"


def test_runs_that_are_still_to_be_read_are_not_called_none(store):
    for number in range(2):
        with anb.init(project="math_agent", config={"lr": number}, store=store) as run:
            run.log({"reward": 1.0}, step=1)
    lab = anb.Lab("math_agent.yaml")
    lab.monitor.start = lambda: None
    table = next(one for one in family(lab.panel.widget) if hasattr(one, "rows"))
    assert table.whole()["words"] == "Reading runs …"
    for _ in range(3):
        lab.monitor.step()
    assert table.whole()["words"] == "All 2 runs are shown."
    lab.close()
