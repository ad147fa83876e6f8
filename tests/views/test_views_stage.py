"""What a panel shows of runs that a monitor follows, without a widget: only what changed is made anew."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import astuner_nb as anb
from astuner_nb.core.metrics import FIVE
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.monitor import Monitor
from astuner_nb.trackers.run_set import RunSet
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.stage import Stage
from astuner_nb.views.view import View
from tests.trackers.places import MadeRun


def run(number: int, lr: float = 1e-4, **metrics) -> MadeRun:
    """A run with a rising reward."""
    curves = {"reward": {step: step * number for step in range(5)}, **metrics}
    return MadeRun(f"r{number}", curves, config={"lr": lr, "seed": number})


@pytest.fixture
def staged(store):
    """`staged(*runs)`: a monitor that follows them, their view, and the stage after one turn."""
    monitors = []

    def open_one(*runs, options=None, **more):
        monitor = Monitor(LocalLauncher())
        monitors.append(monitor)
        view = View(lambda strict: RunSet(reversed(runs)), options)
        stage = Stage(monitor, view, **more)
        monitor.listen(stage.take)
        for one in runs:
            monitor.follow(one)
        monitor.step()
        return SimpleNamespace(monitor=monitor, view=view, stage=stage)

    yield open_one
    for monitor in monitors:
        monitor.close()


def painted(stage) -> dict[str, int]:
    """Metric → how many of its lines are visible, of the pictures that are due."""
    return {p.metric.name: sum(line.visible for line in p.lines) for p in stage.pictures()}


def test_pictures_come_once_and_again_when_something_changes(staged):
    on = staged(run(1), run(2, kl={0: 0.1}))
    assert painted(on.stage) == {"reward": 2, "kl": 1}
    on.monitor.step()
    assert painted(on.stage) == {}
    on.view.hide(on.view.runs[0])
    on.monitor.step()
    assert painted(on.stage) == {"reward": 1, "kl": 0}


def test_the_table_follows_the_view_and_says_how_each_run_is_drawn(staged):
    first, second, third = run(1), run(2, lr=1e-3), run(3, lr=1e-2)
    on = staged(first, second, third, options=ViewOptions(max_lines=1))
    assert [(row.mark, row.drawn) for row in on.stage.table().rows] == [
        ("#3", "line"), ("#2", "background"), ("#1", "background"),
    ]  # fmt: skip
    on.view.filter(lr=(1e-3, None)).pin(second).select(second).hide(third)
    on.monitor.step()
    rows = on.stage.table().rows
    assert [(row.key, row.drawn, row.pinned, row.selected) for row in rows] == [
        (second.key, "line", True, True), (third.key, "none", False, False),
    ]  # fmt: skip
    assert on.stage.counts().words == "1 of 3 runs are left, 1 hidden."


def test_a_baseline_says_what_changed_in_every_other_run(staged):
    first, second = run(1), run(2, lr=1e-3)
    on = staged(first, second)
    on.view.baseline(first)
    on.monitor.step()
    changed = {row.key: row.what_changed for row in on.stage.table().rows}
    assert changed == {first.key: "", second.key: "lr 1e-4 → 0.001 · seed 1 → 2"}


def test_figures_are_those_from_the_start_those_found_or_those_chosen(staged):
    assert staged(run(1), usual=FIVE).stage.metrics == [metric.name for metric in FIVE]
    on = staged(run(1, own={0: 1.0}), run(2, loss={0: 1.0}))
    assert on.stage.metrics == ["reward", "loss"]
    assert on.stage.known_metrics() == ["reward", "loss", "own"]
    on.view.figures("own")
    on.monitor.step()
    assert painted(on.stage) == {"own": 1}


def test_of_many_runs_at_first_only_the_newest_are_visible(staged):
    on = staged(*map(run, range(1, 6)), visible_at_first=2)
    on.monitor.step()
    assert [row.hidden for row in on.stage.table().rows] == [False, False, True, True, True]


def test_the_legend_names_what_colours_stand_for_and_whose_they_are(staged):
    first, second, third = run(1), run(2), run(3, lr=1e-2)
    on = staged(first, second, third)
    assert on.stage.legend().entries == ()
    on.view.color("lr")
    on.monitor.step()
    entries = on.stage.legend().entries
    assert [(entry.label, set(entry.runs)) for entry in entries] == [
        ("0.0001", {first.key, second.key}), ("0.01", {third.key}),
    ]  # fmt: skip
    on.view.filter(lr=1e-2)
    on.monitor.step()
    assert [entry.label for entry in on.stage.legend().entries] == ["0.01"]


def test_a_view_that_came_as_a_text_finds_its_runs_when_they_come(staged):
    first, second = run(1), run(2)
    text = ViewOptions().with_hidden(first).with_baseline(second).to_text()
    on = staged(first, second, options=ViewOptions.from_text(text))
    on.monitor.step()
    assert on.view.options.baseline == second.key
    assert [row.hidden for row in on.stage.table().rows] == [False, True]


def test_notes_of_another_notebook_are_seen(staged, monkeypatch):
    one = run(1)
    on = staged(one)
    monkeypatch.setattr("astuner_nb.views.stage.NOTES_EVERY_S", 0.0)
    anb.compare([one]).note(one, note="from elsewhere")
    on.monitor.step()
    assert on.stage.is_stale
    assert on.stage.table().rows[0].note == "from elsewhere"


def test_a_metric_that_was_not_read_is_read_when_it_gets_a_figure(staged, store):
    with anb.init(project="p", config={}) as made:
        for step in range(3):
            made.log({"reward": step, "own": step}, step=step)
    (stored,) = anb.runs()
    stored.history()  # makes its cache
    on = staged()
    on.monitor.follow(stored, metrics=["reward"])
    on.monitor.step()
    assert on.stage.known_metrics() == ["reward", "own"]
    on.view.figures("own")
    for _ in range(4):
        on.monitor.step()
    assert painted(on.stage) == {"own": 1}
