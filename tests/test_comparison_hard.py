"""What people bring that nobody planned for: odd metrics, many groups, few points, mistyped arguments."""

from __future__ import annotations

import csv

import pytest

import astuner_nb as anb
from tests.trackers.places import MadeRun


def run(name: str, curves: dict[str, dict[float, float]] | None = None, **config) -> MadeRun:
    """A run with these hyper-parameters."""
    return MadeRun(name, curves or {"reward": {0: 0.5, 1: 1.0}}, config=config)


def written(view, path) -> list[dict[str, str]]:
    """The rows of the CSV of `view`."""
    with view.to_csv(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_logged_under_own_names_is_taken_along_as_it_is_shown(store, tmp_path):
    with anb.init(project="p", config={}) as logged:
        for step in range(3):
            logged.log({"reward": 0.1 * step, "my/score": 2.0 * step}, step=step)
    view = anb.compare(f"runs:{store}")
    assert [picture.metric.name for picture in view.pictures()] == ["reward", "my/score"]
    assert {row["metric"] for row in written(view, tmp_path / "a.csv")} == {"reward", "my/score"}
    assert "my/score" in view.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
    view.close()


def test_runs_without_any_canonical_metric_are_taken_along(tmp_path):
    view = anb.compare([run("a", {"my/score": {0: 1.0, 1: 2.0}})])
    assert [picture.metric.name for picture in view.pictures()] == ["my/score"]
    assert [row["value"] for row in written(view, tmp_path / "a.csv")] == ["1.0", "2.0"]


def test_each_reason_for_a_missing_curve_counts_its_own_runs():
    view = anb.compare([run("nan", {"reward": {0: float("nan")}}), run("other", {"kl": {0: 1.0}}), run("whole")])
    (picture,) = view.figures("reward").pictures()
    assert picture.message == "1 of 3 runs has no reward. 1 of 3 runs has no reward here: nothing but NaN was logged."


def test_what_a_logarithmic_axis_cannot_show_is_said():
    view = anb.compare([run("below", {"reward": {0: -1.0, 1: 1.0}}), run("above")]).figures("reward")
    assert view.pictures()[0].message == ""
    assert "1 of 2 runs reaches 0 or less" in view.y(log=True).pictures()[0].message


def test_many_groups_are_all_in_the_legend_and_those_left_out_are_said():
    view = anb.compare([run(f"r{number}", lr=number) for number in range(30)])
    view.group("lr")
    view.panel.widget  # noqa: B018  # made, so that there is a legend
    view.monitor.step()
    view.monitor.step()
    labels = [label for label, _, _ in view.panel._runs._legend.entries]
    assert len(labels) == len(set(labels)) == 30
    assert "24 largest of 30 groups" in view.pictures()[0].message
    view.close()


def test_bands_of_many_groups_on_top_of_one_another_let_light_through():
    view = anb.compare([run(f"r{number}", lr=number % 20, seed=number) for number in range(40)])
    bands = [line for line in view.group("lr").pictures()[0].lines if line.kind == "band"]
    assert len(bands) == 20
    assert 1 - (1 - bands[0].opacity) ** 20 == pytest.approx(0.5)


def test_one_metric_may_be_given_as_it_is():
    assert anb.compare([run("a")], metrics="reward").options.metrics == ("reward",)


@pytest.mark.parametrize(
    "verb",
    [
        lambda view: view.filter(state=3),
        lambda view: view.filter(tag=[3]),
        lambda view: view.filter(config="lr"),
        lambda view: view.filter(lr=(10**400, None)),
        lambda view: view.group(3),
        lambda view: view.note(view.runs[0], tags=3),
        lambda view: view.rename("nowhere", "x"),
        lambda view: view.rename(None, "x"),
        lambda view: view.notes_of(7),
        lambda view: view.bands("rewrd"),
        lambda view: view.bands(7),
        lambda view: anb.compare(view.runs, metrics=3),
    ],
)
def test_nonsense_is_one_sentence_and_changes_nothing(verb):
    view = anb.compare([run("a", lr=1e-3)])
    before = view.options
    with pytest.raises(anb.BadValue) as told:
        verb(view)
    assert view.options is before
    assert "\n" not in str(told.value)


def test_a_run_is_renamed_by_its_key_as_it_is_hidden_by_it(store):
    view = anb.compare([run("a"), run("b")])
    key = view.table().index[0]
    assert view.rename(key, "winner").table().loc[key, "name"] == "winner"
    assert view.notes_of(key).name == "winner"


def test_a_figure_of_many_groups_is_whole_soon_although_no_run_goes_on(wait_for):
    steps = {float(step): float(step) for step in range(400)}
    view = anb.compare([run(f"r{number}", {"reward": steps, "kl": steps}, lr=number) for number in range(24)])
    figures = view.panel._runs._figures
    wait_for(lambda: figures.metrics and not figures.waits)
    view.group("lr")
    wait_for(lambda: all(_means(figure) == 24 for figure in figures.figures.values()), timeout_s=4)
    view.close()


def _means(figure) -> int:
    return sum(bool(trace.visible) and "(n = " in trace.name and trace.fill is None for trace in figure.data)


def test_keys_that_only_one_trainer_writes_are_no_axis_and_do_not_stop_importance():
    pytest.importorskip("optuna")
    foreign = {f"key_{number}": number for number in range(400)}
    runs = [run(f"r{n}", {"reward": {0: 0.0, 1: n}}, lr=10.0**-n, **(foreign if n == 0 else {})) for n in range(12)]
    assert list(anb.compare(runs).importance().index) == ["lr"]
