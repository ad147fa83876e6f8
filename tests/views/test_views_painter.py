"""Pictures as data: which run is a line, what is smoothed, grouped, thinned, faint, in front, or said to be missing."""

from __future__ import annotations

import numpy as np
import pytest

from astuner_nb.core.metrics import describe
from astuner_nb.core.series import History, Series
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.composition import POOL
from astuner_nb.views.pictures.curves import points_for
from astuner_nb.views.pictures.painter import Painter
from astuner_nb.views.pictures.scene import Drawn

RNG = np.random.default_rng(7)


def run(number: int, y=None, step=None, grows=False, more=(), **config) -> Drawn:
    """Run `number` with a reward."""
    values = np.linspace(0, 1, 50) if y is None else np.asarray(y, np.float64)
    steps = np.arange(len(values), dtype=np.float64) if step is None else np.asarray(step, np.float64)
    series = {"reward": Series("reward", steps, values, steps + 1.7e9), **dict(more)}
    return Drawn(f"k{number}", f"#{number}", f"run {number}", "#0a7bc4", config, History(series), grows)


def painted(runs, options=None, shown=None, lines=None, metric="reward", painter=None):
    """The picture of `runs`, all shown and all lines where nobody says otherwise."""
    keys = [one.key for one in runs]
    painter = painter or Painter(describe)
    return painter.picture(
        metric, runs, set(keys if shown is None else shown), keys if lines is None else lines, options or ViewOptions()
    )


def by_id(picture):
    return {line.id: line for line in picture.lines}


def test_a_line_has_all_points_of_its_run_and_the_baseline_is_dashed():
    picture = painted([run(1), run(2)], ViewOptions(baseline="k2"))
    first, second = by_id(picture)["k1/reward"], by_id(picture)["k2/reward"]
    assert first.y.tolist() == np.linspace(0, 1, 50).tolist()
    assert (first.dashed, second.dashed) == (False, True)
    assert (first.name, first.mark, first.visible) == ("#1 run 1", "#1 run 1", True)
    assert picture.message == ""


def test_the_key_of_the_tracker_stands_in_the_mark():
    steps = np.arange(3.0)
    kept = Drawn(
        "k", "#1", "a", "#0a7bc4", {}, History({"reward": Series("reward", steps, steps, steps, "critic/score")})
    )
    assert painted([kept]).lines[0].mark == "#1 a · critic/score"


def test_selected_runs_stand_in_front_and_the_others_are_faint():
    lines = by_id(painted([run(1), run(2), run(3)], ViewOptions(selected=("k2", "k3"))))
    layers = {line.run: (line.layer, line.opacity) for line in lines.values()}
    assert layers["k2"] == layers["k3"] == (3, 1.0)
    assert layers["k1"][0] < 3
    assert layers["k1"][1] < 0.5


def test_what_is_selected_but_not_shown_makes_nothing_faint():
    lines = painted([run(1), run(2)], ViewOptions(selected=("k2",)), shown={"k1"}, lines=["k1"]).lines
    assert [line.opacity for line in lines if line.visible] == [1.0]


def test_smoothing_leaves_the_logged_curve_faint_behind():
    noisy = RNG.normal(size=200)
    lines = by_id(painted([run(1, noisy)], ViewOptions(smooth="ema", amount=0.9)))
    assert lines["k1/reward/raw"].y.tolist() == noisy.tolist()
    assert lines["k1/reward/raw"].opacity < 0.5
    assert np.std(lines["k1/reward"].y[50:]) < 0.5 * np.std(noisy)
    assert not lines["k1/reward"].grows


def test_validation_stays_points_and_is_neither_smoothed_nor_filled_in():
    held_out = Series("val/reward", np.array([0.0, 40.0]), np.array([0.1, 0.9]), np.array([0.0, 40.0]))
    options = ViewOptions(smooth="mean", amount=9)
    line = by_id(painted([run(1, more={"val/reward": held_out}.items())], options))["k1/val/reward"]
    assert (line.kind, line.x.tolist(), line.y.tolist()) == ("points", [0.0, 40.0], [0.1, 0.9])


@pytest.mark.parametrize("band", ["std", "minmax", "sem", "ci95"])
def test_groups_are_a_mean_and_a_band_of_all_points_and_members_are_faint(band):
    curves = RNG.normal(size=(3, 5_000))
    runs = [run(number, curves[number], seed=number, lr=1e-4) for number in range(3)]
    picture = painted(runs, ViewOptions(group=("lr",), band=band))
    lines = by_id(picture)
    mean = lines["group/lr 0.0001/reward/mean"]
    places = mean.x.astype(int)
    assert len(places) <= 300
    assert mean.y == pytest.approx(curves.mean(axis=0)[places])  # of all points, whatever is drawn of them
    assert mean.name == "lr 0.0001 (n = 3)"
    edge = lines["group/lr 0.0001/reward/band"]
    upper, lower = edge.y[: len(places)], edge.y[len(places) :][::-1]
    if band == "minmax":
        assert upper == pytest.approx(curves.max(axis=0)[places])
    if band == "std":
        assert upper - mean.y == pytest.approx(curves.std(axis=0)[places])
    assert (upper >= mean.y).all()
    assert (lower <= mean.y).all()
    members = [line for line in picture.lines if line.id.endswith("/member")]
    assert len(members) == 3
    assert all(line.opacity < 0.5 for line in members)


def test_a_mean_is_of_the_runs_that_are_shown_only():
    runs = [run(1, np.zeros(10), lr=1), run(2, np.ones(10), lr=1)]
    mean = by_id(painted(runs, ViewOptions(group=("lr",)), shown={"k2"}, lines=["k2"]))["group/lr 1/reward/mean"]
    assert mean.y.tolist() == [1.0] * 10
    assert mean.name == "lr 1 (n = 1)"


def test_of_many_runs_some_are_lines_and_the_others_a_background_with_a_sentence():
    runs = [run(number, np.full(20, number)) for number in range(101)]
    picture = painted(runs, lines=["k3"])
    visible = [line for line in picture.lines if line.visible]
    assert [line.id for line in visible if line.run] == ["k3/reward"]
    wide, narrow = (line for line in visible if line.kind == "band")
    others = np.array([number for number in range(101) if number != 3])
    half = len(narrow.x) // 2
    assert narrow.y[:half] == pytest.approx(np.quantile(others, 0.75))
    assert narrow.y[half:] == pytest.approx(np.quantile(others, 0.25))
    assert wide.y[:half] == pytest.approx(np.quantile(others, 0.95))
    assert picture.message == "1 runs are lines; the grey bands hold 90 % and 50 % of the other 100."


def test_a_filter_only_shows_and_hides_what_the_page_has():
    runs, painter = [run(number) for number in range(POOL + 5)], Painter(describe)
    before = by_id(painted(runs, painter=painter, lines=["k1", "k2"]))
    after = by_id(painted(runs, painter=painter, shown={"k2", "k200"}, lines=["k2", "k200"]))
    assert len([line for line in before.values() if line.run]) == POOL
    assert {id for id, line in after.items() if line.visible and line.run} == {"k2/reward", "k200/reward"}
    assert after["k2/reward"].x is before["k2/reward"].x
    assert after["k200/reward"].y is before["k200/reward"].y


def test_hidden_runs_are_not_sent_in_advance():
    picture = painted([run(1), run(2)], ViewOptions(hidden=frozenset({"k2"})), shown={"k1"}, lines=["k1"])
    assert [line.run for line in picture.lines] == ["k1"]


def test_long_curves_are_thinned_by_how_many_runs_there_are_and_keep_their_extremes():
    wild = RNG.normal(size=20_000)
    wild[12_345] = 99
    for count in (1, 20, 60, 100):
        picture = painted([run(number, wild) for number in range(count)])
        drawn = picture.lines[-1]
        assert len(drawn.y) <= points_for(count) + 2
        assert drawn.y.max() == 99
    live = painted([run(1, wild, grows=True)]).lines[0]
    assert len(live.y) == 20_000
    assert live.grows


@pytest.mark.parametrize(
    ("y", "words"),
    [([], "The run has no reward here: nothing but NaN was logged."), ([np.nan] * 3, "nothing but NaN was logged.")],
)
def test_a_run_without_numbers_is_a_sentence(y, words):
    picture = painted([run(1, y)])
    assert picture.lines == []
    assert words in picture.message


def test_runs_without_the_metric_are_counted():
    assert painted([run(1), run(2)], metric="loss").message == "2 of 2 runs have no loss."


def test_one_point_is_a_point():
    assert painted([run(1, [0.5])]).lines[0].kind == "points"


def test_steps_that_restart_count_once_and_the_later_values_stand():
    line = painted([run(1, [1, 2, 3, 9, 8], step=[0, 1, 2, 1, 2])]).lines[0]
    assert line.x.tolist() == [0, 1, 2]
    assert line.y.tolist() == [1, 9, 8]


def test_what_an_axis_needs_and_a_run_has_not_is_said():
    picture = painted([run(1)], ViewOptions(x="tokens"))
    assert picture.lines == []
    assert "cannot be drawn over tokens" in picture.message
    assert picture.axis.title == "tokens"


def test_dates_and_logarithms_are_axes_of_the_picture():
    assert painted([run(1)], ViewOptions(x="wall")).axis.scale == "date"
    assert painted([run(1)], ViewOptions(log_x=True)).axis.scale == "log"
    assert painted([run(1)], ViewOptions(x="time")).axis.title == "seconds since the start"


def test_outliers_leave_the_range_when_asked():
    spiky = np.concatenate([RNG.normal(size=500), [1e6]])
    assert painted([run(1, spiky)]).y_range is None
    low, high = painted([run(1, spiky)], ViewOptions(clip=True)).y_range
    assert -10 < low < high < 10


def test_colours_follow_a_hyper_parameter_and_stay_while_others_are_hidden():
    runs = [run(1, lr=1e-4), run(2, lr=1e-3), run(3, lr=1e-4)]
    colours = {line.run: line.colour for line in painted(runs, ViewOptions(color="lr")).lines}
    assert colours["k1"] == colours["k3"] != colours["k2"]
    fewer = painted(runs, ViewOptions(color="lr"), shown={"k2"}, lines=["k2"]).lines
    assert [line.colour for line in fewer if line.visible] == [colours["k2"]]


def test_many_numbers_get_a_scale_from_one_end_to_the_other():
    runs = [run(number, lr=10.0**-number) for number in range(12)]
    colours = [line.colour for line in painted(runs, ViewOptions(color="lr")).lines]
    assert len(set(colours)) == 12
    assert {colours[0], colours[-1]} == {"#d9730a", "#2f6fd0"}
