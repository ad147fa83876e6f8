"""What the curves of followed runs say: read when there is time, said in table and figures, kept while nothing grew."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import astuner_nb as anb
from astuner_nb.core.states import RunState
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.monitor import Monitor
from astuner_nb.trackers.run_set import RunSet
from astuner_nb.views import diagnoses
from astuner_nb.views.stage import Stage
from astuner_nb.views.view import View
from tests.trackers.places import MadeRun, history_of

RNG = np.random.default_rng(5)


def curve(*corners: tuple[float, float], noise: float = 0.02) -> dict[int, float]:
    """Step → value along the corners, with noise."""
    steps = np.arange(corners[0][0], corners[-1][0] + 1)
    values = np.interp(steps, *zip(*corners, strict=True)) + RNG.normal(0, noise, len(steps))
    return dict(zip(steps.tolist(), values.tolist(), strict=True))


def collapsing(name: str = "hot", **more) -> MadeRun:
    """A run whose reward and success fall at step 60 and stay down."""
    corners = [(1, 0.1), (40, 0.8), (59, 0.85), (63, 0.05), (150, 0.05)]
    return MadeRun(name, {"reward": curve(*corners), "success_rate": curve(*corners)}, config={"lr": 1e-2}, **more)


def learning(name: str = "good", **more) -> MadeRun:
    """A run that learns and stays."""
    corners = [(1, 0.1), (10, 0.1), (50, 0.9), (150, 0.92)]
    return MadeRun(name, {"reward": curve(*corners), "success_rate": curve(*corners)}, config={"lr": 1e-4}, **more)


@pytest.fixture
def staged(store):
    """`staged(*runs)`: the monitor, the view and the stage of these runs, after a few turns."""
    monitors = []

    def open_one(*runs, turns=5):
        monitor = Monitor(LocalLauncher())
        monitors.append(monitor)
        view = View(lambda strict: RunSet(reversed(runs)))
        stage = Stage(monitor, view)
        monitor.listen(stage.take)
        for one in runs:
            monitor.follow(one)
        for _ in range(turns):
            monitor.step()
        return SimpleNamespace(monitor=monitor, view=view, stage=stage)

    yield open_one
    for monitor in monitors:
        monitor.close()


def marks(on) -> dict[str, set[str]]:
    """Metric → the kinds of marks on its figure, of the pictures that are due."""
    found = {picture.metric.name: {mark.kind for mark in picture.marks} for picture in on.stage.pictures()}
    assert found, "no figure was painted anew"
    return found


def test_the_table_says_of_each_run_what_its_curves_say(staged):
    on = staged(learning(), collapsing())
    rows = {row.name: (row.reading.split()[0], row.severity) for row in on.stage.table().rows}
    assert rows == {"good": ("converged", "note"), "hot": ("collapsed", "alarm")}


def test_the_only_run_is_read_on_its_figures_and_a_switch_takes_it_off(staged):
    on = staged(collapsing())
    assert on.stage.focus is not None
    assert {"phase", "alarm", "best"} <= marks(on)["success_rate"]
    on.view.read(False)
    on.monitor.step()
    assert on.stage.focus is None
    assert all(kinds == set() for kinds in marks(on).values())
    assert [(row.reading, row.severity) for row in on.stage.table().rows] == [("", "")]


def test_of_many_runs_the_one_that_is_picked_is_read(staged):
    good, hot = learning(), collapsing()
    on = staged(good, hot)
    assert on.stage.focus is None
    assert all(kinds == set() for kinds in marks(on).values())
    on.view.select(hot)
    on.monitor.step()
    assert on.stage.focus.key == hot.key
    assert "alarm" in marks(on)["success_rate"]
    on.view.group("lr")
    on.monitor.step()
    assert all(kinds == set() for kinds in marks(on).values())  # a group's mean is nobody's curve


def test_reading_many_runs_takes_many_turns_and_no_turn_long(staged, monkeypatch):
    monkeypatch.setattr(diagnoses, "TURN_S", 0.0)
    on = staged(*(learning(f"r{number}") for number in range(6)), turns=0)
    counts = []
    for _ in range(7):
        on.monitor.step()
        counts.append(sum(row.reading != "" for row in on.stage.table().rows))
    assert counts == [1, 2, 3, 4, 5, 6, 6]


def test_a_run_is_read_once_while_nothing_grows(staged):
    on = staged(collapsing())
    report = on.stage.focus.report
    for _ in range(3):
        on.monitor.step()
    assert on.stage.focus.report is report


def test_findings_of_all_runs_shown_are_one_frame(store):
    good, hot = learning(), collapsing()
    frame = anb.compare([good, hot]).findings()
    assert set(frame["key"]) == {good.key, hot.key}
    assert {"collapse"} <= set(frame[frame["name"] == "hot"]["kind"])
    assert {"name", "kind", "start", "end", "severity", "text", "advice"} <= set(frame.columns)


def test_a_single_run_s_pictures_are_marked_without_a_panel_too(store):
    (reward, _) = anb.compare([collapsing()]).figures("reward", "success_rate").pictures()
    assert "best" in {mark.kind for mark in reward.marks}


def test_a_report_says_what_the_curves_say_the_gravest_first_and_nothing_where_they_are_not_read(store, tmp_path):
    view = anb.compare([learning(), collapsing("<b>hot</b>")])
    text = view.to_html(tmp_path / "report.html").read_text()
    said = text.partition("What the curves say")[2].partition("</table>")[0]
    assert said.index("collapse") < said.index("converged")
    assert "&lt;b&gt;hot" in said
    assert "<b>hot" not in said
    assert "What the curves say" not in view.read(False).to_html(tmp_path / "report.html").read_text()
    empty = anb.compare([]).to_html(tmp_path / "report.html").read_text()
    assert "The curves say nothing." in empty


def test_in_the_end_it_says_what_diagnose_says_whatever_was_held_on_to(store):
    def kl(level):
        steps = range(40)
        reward = dict.fromkeys(steps, 0.0)
        return history_of({"reward": reward, "kl": {step: 0.01 if step < 20 else level for step in steps}})

    read = diagnoses.Diagnoses()
    tail, key = SimpleNamespace(caught_up=True), "made:one"

    def says(level, state):
        one = SimpleNamespace(history=kl(level), tail=tail, status=SimpleNamespace(state=RunState(state)))
        read._read_at.clear()  # it may be read again at once
        read.work({key: one}, {})
        return bool(read.of(key).of("kl_runaway"))

    assert says(0.5, "running")
    assert says(0.35, "running")  # not over the limit, and not clearly below it
    assert not says(0.35, "finished")
