"""The table of a view: what it has, how it is sorted, and what becomes of odd runs."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.series import Series
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.configs import canonical_configs
from astuner_nb.views.tables.notes import NO_NOTES, RunNotes
from astuner_nb.views.tables.summaries import (
    SPARK_POINTS,
    from_extremes,
    spark,
    step_column,
    steps_asked,
    summaries,
    summary,
    table_metrics,
)
from astuner_nb.views.tables.table import DESCRIPTION, MOST_PARAMETERS, NO_LOOK, Look, changes, rows, table

from ..trackers.places import MadeRun

NAMES = Aliases()
VIEW = ViewOptions()
A = MadeRun("a", {"reward": {0: 1.0, 10: 3.0, 20: 2.0}, "loss": {0: 5.0, 10: 4.0}}, config={"lr": 1e-4, "seed": 1})
B = MadeRun("b", {"reward": {0: 2.0, 5: 0.5}}, config={"lr": 1e-5, "seed": 1, "name": "inner"}, tags=("good",))
ODD = MadeRun("odd", {"reward": {0: math.nan, 1: math.nan}}, config={"lr": "schedule"}, url="javascript:alert(1)")
NONE = MadeRun("none", {}, config={"lr": 1e-4, "seed": 2}, created=None, url="https://x.y/z")
RUNS = [A, B, ODD, NONE]


def summarised(runs, view=VIEW, names=NAMES):
    histories = {run.key: run.aliases.canonicalised(run.history()) for run in runs}
    return summaries(histories, table_metrics(histories, view, names), names, steps_asked(view))


def frame(view=VIEW, runs=RUNS, **more):
    return table(runs, view, summarised(runs, view), **more)


def page(view=VIEW, runs=RUNS, **more):
    return rows(runs, view, summarised(runs, view), **more)


def test_columns_are_the_description_what_differs_and_the_metrics():
    found = frame()
    assert list(found.columns) == [
        *DESCRIPTION, "lr", "seed", "config.name", "reward last", "reward best", "loss last"
    ]  # fmt: skip
    assert found.index.name == "key"
    assert list(found.index) == [run.key for run in RUNS]
    assert found.loc[A.key, ["reward last", "reward best", "loss last"]].tolist() == [2, 3, 4]
    assert str(found["created"].dtype).endswith(", UTC]")
    assert found["reward last"].dtype == np.float64


def test_runs_without_the_metric_or_with_nan_alone_have_no_number():
    found = frame()
    assert found.loc[[ODD.key, NONE.key], ["reward last", "reward best", "loss last"]].isna().all(axis=None)
    cells = {row.name: dict(zip(page().columns, row.cells, strict=True)) for row in page().rows}
    assert (cells["odd"]["reward last"], cells["odd"]["reward best"]) == ("NaN", None)
    assert cells["none"]["reward last"] is None


def test_the_best_is_the_lowest_where_lower_is_better_as_a_persons_own_table_says_too():
    names = NAMES.with_metrics({"cost": {"keys": ["my/cost"], "better": "lower"}})
    run = MadeRun("r", {"my/cost": {0: 3.0, 1: 1.0, 2: 2.0}}, aliases=names)
    view = VIEW.with_metrics("cost")
    found = summarised([run], view, names)
    assert table([run], view, found, names=names)[["cost last", "cost best"]].to_numpy().tolist() == [[2.0, 1.0]]


def test_only_what_differs_among_the_runs_shown_is_a_column():
    assert "lr" not in frame(VIEW.with_filter(lr=1e-4)).columns
    assert "seed" in frame(VIEW.with_filter(lr=1e-4)).columns
    assert "lr" in frame(VIEW.with_filter(lr=1e-4).with_columns("lr")).columns


def test_columns_that_are_asked_for():
    found = frame(VIEW.with_columns("reward @ 5", "kl @ 3", "project", "finished", "nothing", "id"))
    assert found["reward @ 5"].tolist()[:2] == [1.0, 0.5]
    assert found["reward @ 5"].isna().tolist()[2:] == [True, True]
    assert found["kl @ 3"].isna().all()
    assert (found["project"].tolist(), found["id"].tolist()) == (["p"] * 4, ["a", "b", "odd", "none"])
    assert found["finished"].isna().all()
    assert found["nothing"].isna().all()


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("reward @ 100", ("reward", 100)),
        ("val/acc/mean@8 @ 2.5", ("val/acc/mean@8", 2.5)),
        ("val/acc/mean@8", None),
        ("reward @ x", None),
        ("@ 1", None),
    ],
)
def test_a_step_is_asked_for_with_spaces_around_the_sign(column, found):
    assert step_column(column) == found


def test_with_a_baseline_the_differences_stand_behind_each_metric_shown_or_not():
    view = VIEW.with_baseline(A).with_hidden(A).with_columns("reward @ 5")
    found = frame(view)
    assert A.key not in found.index
    assert found.loc[B.key, ["Δ reward last", "Δ reward best", "Δ reward @ 5"]].tolist() == [-1.5, -1.0, -0.5]
    assert math.isnan(found.loc[NONE.key, "Δ reward last"])
    assert not any("Δ" in column for column in frame(VIEW.with_baseline("gone")).columns)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (("reward last", False), ["b", "a", "odd", "none"]),
        (("reward last", True), ["a", "b", "odd", "none"]),
        (("lr", False), ["b", "a", "none", "odd"]),
        (("lr", True), ["odd", "a", "none", "b"]),
        (("name", False), ["a", "b", "none", "odd"]),
        (("tags", False), ["b", "a", "odd", "none"]),
        (("created", True), ["a", "b", "odd", "none"]),
        (("there is none", True), ["a", "b", "odd", "none"]),
    ],
)
def test_sorted_by_any_column_what_is_missing_last_either_way(sort, order):
    view = VIEW.with_sort(*sort)
    assert frame(view)["name"].tolist() == order
    assert [row.name for row in page(view).rows] == order


def test_pinned_runs_stay_at_the_top():
    view = VIEW.with_sort("reward last", True).with_pinned(NONE, B)
    assert frame(view)["name"].tolist() == ["none", "b", "a", "odd"]


def test_notes_and_names_of_a_person():
    written = {B.key: RunNotes("mine", ("good", "mine"), "why")}
    view = VIEW.with_run_name(A, "here").with_filter(tag="mine")
    found = frame(view, notes_of=lambda run: written.get(run.key, NO_NOTES))
    assert found[["name", "tags", "note"]].to_numpy().tolist() == [["mine", ["good", "mine"], "why"]]
    assert frame(view.without_filter())["name"].tolist()[0] == "here"


def test_runs_of_one_name_keep_a_row_each():
    same = [MadeRun("a", id=str(number), config={"n": number}) for number in range(3)]
    assert frame(runs=same)["name"].tolist() == ["a", "a", "a"]


@pytest.mark.parametrize("view", [VIEW.with_filter(lr=(5, 6)), VIEW.with_filter(name="nobody").with_sort("lr")])
def test_a_view_of_no_runs_is_an_empty_table_with_its_columns(view):
    assert frame(view).shape[0] == 0
    assert {*DESCRIPTION, "reward last"} <= set(frame(view).columns)
    assert page(view).rows == ()
    assert table([], VIEW, {}).shape == (0, len(DESCRIPTION))
    assert rows([], VIEW, {}).rows == ()


def test_a_page_gets_plain_values_and_hidden_runs_marked():
    view = VIEW.with_hidden(A).with_selected(B).with_baseline(B).with_run_color(B, "#0a7bc4")
    found = page(view)
    assert [(row.name, row.hidden, row.selected, row.baseline, row.color) for row in found.rows[:2]] == [
        ("a", True, False, False, ""), ("b", False, True, True, "#0a7bc4")
    ]  # fmt: skip
    assert [row.url for row in found.rows] == ["", "", "", "https://x.y/z"]
    assert found.rows[3].created == ""
    assert all(len(row.cells) == len(found.columns) == len(found.kinds) == len(found.better) for row in found.rows)
    assert found.better[found.columns.index("reward last")] == "higher"
    json.dumps(found.to_json(), allow_nan=False)


def test_columns_of_a_page_stay_while_sliders_move():
    assert page(VIEW.with_filter(lr=1e-4)).columns == page().columns


def test_of_400_hyper_parameters_a_frame_has_all_and_a_page_a_few():
    many = [MadeRun(f"r{n}", config={f"k{key}": n + key for key in range(400)}) for n in range(3)]
    assert sum(column.startswith("k") for column in frame(runs=many).columns) == 400
    assert page(runs=many).kinds.count("config") == MOST_PARAMETERS


def test_odd_values_of_configurations_reach_the_page():
    values = [math.nan, math.inf, -math.inf, 2**60, "x" * 1000, None, True, [1], "</script>"]
    odd = [MadeRun(f"r{place}", config={"odd": value}) for place, value in enumerate(values)]
    cells = [row.cells[0] for row in page(VIEW.with_columns("odd"), odd, parameters=()).rows]
    expected = ["NaN", "∞", "−∞", str(2**60), "x" * 199 + "…", "None", True, "[1]", "</script>"]
    assert cells == expected
    assert len(frame(runs=odd)) == len(odd)


def test_other_metrics_by_name_and_the_first_five_of_a_run_without_any_of_ours():
    run = MadeRun("r", {f"m{number}": {0: 1.0} for number in range(7)})
    assert [column for column in frame(runs=[run]).columns if column.startswith("m")] == [
        f"m{n} last" for n in range(5)
    ]
    view = VIEW.with_metrics("m6")
    assert [column for column in frame(view, [run]).columns if column.startswith("m")] == ["m6 last"]


numbers = arrays(np.float64, st.integers(0, 200), elements=st.floats(-1e6, 1e6) | st.just(math.nan) | st.just(math.inf))


@given(numbers)
def test_a_sparkline_has_24_points_at_most_between_the_extremes(values):
    found = spark(values)
    assert len(found) == min(len(values), SPARK_POINTS)
    if len(values) > SPARK_POINTS and (finite := values[np.isfinite(values)]).size:
        inside = [value for value in found if value == value]
        assert inside
        assert finite.min() - 1e-6 <= min(inside) <= max(inside) <= finite.max() + 1e-6


@given(numbers, st.sampled_from(["higher", "lower", "neither"]))
def test_last_and_best_are_those_of_all_points(values, better):
    steps = np.arange(len(values), dtype=float)
    found = summary(Series("m", steps, values, steps), better, at=(0.0, 3.5, 1e9))
    finite = values[np.isfinite(values)]
    best = {"higher": max, "lower": min}.get(better)
    assert np.array_equal(found.last, values[-1] if len(values) else math.nan, equal_nan=True)
    assert np.array_equal(found.best, best(finite) if best and finite.size else math.nan, equal_nan=True)
    if finite.size:
        short = from_extremes(found.last, float(finite.min()), float(finite.max()), len(values), better)
        assert repr((short.last, short.best)) == repr((found.last, found.best))
    assert set(found.at) == ({0.0, 3.5} if len(values) > 4 else {0.0} if len(values) else set())


def test_at_a_step_that_was_logged_twice_the_last_value_stands():
    steps = np.array([0.0, 1, 2, 1, 2, 3])
    series = Series("m", steps, np.array([0.0, 1, 2, 10, 20, 30]), steps)
    assert summary(series, "higher", at=(2.0,)).at == {2.0: 20}


def test_texts_and_numbers_of_one_hyper_parameter_are_one_column():
    assert frame()["lr"].tolist() == [1e-4, 1e-5, "schedule", 1e-4]
    assert pd.isna(frame()["seed"].tolist()[2])


def test_a_row_says_how_its_run_is_drawn_and_how_it_goes():
    said = ["#1", "#0a7bc4", "line", True, "why", "3/9", "drops", "warning", "from #2 @ 3"]
    looks = {A.key: Look(*said)}
    first, second = page(looks=lambda run: looks.get(run.key, NO_LOOK)).rows[:2]
    assert [getattr(first, part) for part in vars(looks[A.key])] == said
    assert (second.mark, second.drawn, second.alive) == ("", "none", False)
    assert re.fullmatch("#[0-9a-f]{6}", second.swatch)


def test_a_row_says_what_changed_against_the_baseline():
    said = {row.name: row.what_changed for row in page(VIEW.with_baseline(A)).rows}
    assert said["a"] == ""
    assert said["b"].startswith("lr 1e-4 → 1e-5")
    assert (
        {row.what_changed for row in page().rows}
        == {row.what_changed for row in page(VIEW.with_baseline("gone")).rows}
        == {""}
    )


def test_what_changed_is_looked_up_once_while_view_and_runs_stay():
    asked = []
    configs = canonical_configs(RUNS)
    changed = changes(RUNS, A.key, configs)
    page(VIEW.with_baseline(A), changed=lambda run: asked.append(run.key) or changed(run))
    assert asked == [run.key for run in RUNS]
    configs.clear()
    assert changed(B).startswith("lr")


@pytest.mark.parametrize("words", ["grpo", "a*", "*", "", "[x]", "with space", "**"])
def test_the_page_has_what_was_searched_for(words):
    view = VIEW.with_search(words)
    assert page(view).search == words
    assert VIEW.with_search(page(view).search) == view


@pytest.mark.parametrize(
    ("title", "descends"),
    [("reward last", True), ("loss last", True), ("lr", False), ("name", False), ("created", True)],
)
def test_clicks_on_a_title_go_round_the_better_end_first(title, descends):
    view = VIEW
    for expected in [(title, descends), (title, not descends), ("", False), (title, descends)]:
        view = view.with_sort(*page(view).sort_after(title))
        assert view.sort == expected
    assert page(view.with_sort("gone")).sort_after(title) == (title, descends)


def test_where_lower_is_better_the_lowest_come_first():
    names = NAMES.with_metrics({"cost": {"keys": ["my/cost"], "better": "lower"}})
    run = MadeRun("r", {"my/cost": {0: 3.0}}, aliases=names)
    view = VIEW.with_metrics("cost")
    found = summarised([run], view, names)
    assert rows([run], view, found, names=names).sort_after("cost last") == ("cost last", False)
