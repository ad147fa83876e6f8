"""`anb.compare` without a display: verbs, what is read, what is written, and views as texts."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pandas as pd
import pytest

import astuner_nb as anb
from tests.trackers.places import MadeRun, Server, cloud_run

RNG = np.random.default_rng(3)
STEPS = range(0, 60, 2)


def made(lr: float, seed: int, source: str = "made", **more) -> MadeRun:
    """A run whose reward stands in `.curves`."""
    reward = {float(step): float(value) for step, value in zip(STEPS, RNG.normal(size=len(STEPS)), strict=True)}
    config = {"lr": lr, "seed": seed}
    return MadeRun(f"{source} lr {lr:g} seed {seed}", {"reward": reward}, source=source, config=config, **more)


@pytest.fixture(scope="module")
def sweep() -> list[MadeRun]:
    """Three rates by three seeds."""
    return [made(lr, seed) for lr, seed in itertools.product((1e-4, 1e-3, 1e-2), range(3))]


@pytest.fixture
def view(sweep):
    with_runs = anb.compare(sweep)
    yield with_runs
    with_runs.close()


def values(run: MadeRun) -> np.ndarray:
    return np.array(list(run.curves["reward"].values()))


def test_bands_are_what_numpy_says_of_all_points(view, sweep):
    frame = view.group(by=["lr"], band="std").bands("reward")
    assert list(frame.columns) == ["step", "group", "mean", "std", "n"]
    for lr in (1e-4, 1e-3, 1e-2):
        members = np.stack([values(run) for run in sweep if run.config["lr"] == lr])
        part = frame[frame["group"] == f"lr {lr:g}"]
        assert part["step"].tolist() == list(STEPS)
        assert part["mean"].to_numpy() == pytest.approx(members.mean(axis=0))
        assert part["std"].to_numpy() == pytest.approx(members.std(axis=0))
        assert set(part["n"]) == {3}


def test_without_groups_there_is_one_of_all_runs(view, sweep):
    frame = view.bands("reward")
    assert set(frame["group"]) == {"all runs"}
    assert frame["mean"].to_numpy() == pytest.approx(np.stack([values(run) for run in sweep]).mean(axis=0))


def test_smoothing_and_thinning_are_for_the_eye_alone(view):
    before = view.bands("reward")
    pd.testing.assert_frame_equal(view.smooth("ema", 0.9).bands("reward"), before)
    assert view.table()["reward best"].tolist() == [values(run).max() for run in view.shown]


def test_a_filter_leaves_out_and_can_be_lifted(view):
    view.filter(lr=(1e-3, None), seed=[0, 1])
    assert len(view.shown) == 4
    assert view.table().shape[0] == 4
    assert set(view.bands("reward")["n"]) == {4}
    view.unfilter("seed")
    assert len(view.shown) == 6
    assert len(view.unfilter().shown) == 9


def test_a_range_that_selects_nothing_gives_empty_answers_and_a_sentence(view):
    view.filter(lr=(5, 6))
    assert len(view.shown) == 0
    assert view.bands("reward").empty
    assert view.table().empty
    assert view.diff().empty


def test_hyper_parameters_called_like_a_part_of_the_description_are_filtered_by_config(view):
    assert len(view.filter(config={"seed": 1}).shown) == 3


def test_the_diff_has_what_differs_with_the_baseline_first_and_no_limit_of_ten():
    runs = [made(1e-4 * (1 + number), 0) for number in range(25)]
    frame = anb.compare(runs).diff(baseline=runs[7])
    assert frame.index.tolist() == ["lr"]
    assert frame.shape[1] == 25
    assert frame.iloc[0, 0] == runs[7].config["lr"]


def test_a_baseline_has_its_differences_in_the_table(view, sweep):
    frame = view.baseline(sweep[0]).table()
    zero = values(sweep[0]).max()
    assert frame["Δ reward best"].tolist() == pytest.approx([values(run).max() - zero for run in view.shown])


def test_a_baseline_that_is_no_run_of_the_view_is_refused(view):
    with pytest.raises(anb.BadValue, match="is none of the 9 runs"):
        view.diff(baseline="nowhere")


@pytest.mark.parametrize(
    "verb",
    [
        lambda view: view.smooth("magic"),
        lambda view: view.smooth("ema", 2),
        lambda view: view.group("lr", band="wide"),
        lambda view: view.filter(lr=(3, 1)),
        lambda view: view.filter(state="asleep"),
        lambda view: view.x(""),
        lambda view: view.recolor("k", "red; x"),
        lambda view: anb.compare(view.runs, state="anb1.nonsense"),
        lambda view: anb.compare(view.runs, live="no lab"),
    ],
)
def test_what_is_none_of_the_choices_is_one_sentence_and_changes_nothing(view, verb):
    before = view.options
    with pytest.raises(anb.BadValue):
        verb(view)
    assert view.options is before


def test_a_view_as_a_text_is_the_same_view_of_the_same_runs(view, sweep):
    view.filter(lr=(1e-4, 1e-3)).group("lr", "ci95").color("lr").x("time").smooth("ema", 0.8).y(log=True)
    view.hide(sweep[0]).pin(sweep[1]).baseline(sweep[2]).recolor(sweep[3], "#123456").sort("reward best", True)
    text = view.state()
    assert len(text) < 700
    assert "made" not in text
    other = anb.compare(sweep, state=text)
    assert [run.key for run in other.shown] == [run.key for run in view.shown]
    pd.testing.assert_frame_equal(other.table(), view.table())
    pd.testing.assert_frame_equal(other.bands("reward"), view.bands("reward"))
    other.close()


def test_pictures_are_what_the_figures_of_the_panel_show(view):
    (picture,) = view.group("lr").pictures()
    assert picture.metric.name == "reward"
    assert sum(line.id.endswith("/mean") for line in picture.lines) == 3


def test_the_legend_of_a_report_names_what_is_shown_also_where_colours_come_again(tmp_path):
    runs = [MadeRun(f"r{n}", {"reward": {0: n}}, config={"kind": f"kind {n:02d}"}) for n in range(12)]
    view = anb.compare(runs).color("kind").filter(kind=["kind 00", "kind 03"])
    picture = view.to_image(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert [f"kind {n:02d}" in picture for n in range(12)] == [n in (0, 3) for n in range(12)]  # 8 and 11 share colours
    view.close()


def test_the_long_table_has_every_logged_point(view, sweep, tmp_path):
    path = view.filter(seed=0).smooth("ema", 0.9).to_csv(tmp_path / "points.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(STEPS)
    first = [float(row["value"]) for row in rows if row["key"] == sweep[0].key]
    assert first == values(sweep[0]).tolist()


def test_files_are_written_or_a_sentence_says_why_not(view, tmp_path):
    assert "<svg" in view.to_image(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert view.to_svg().startswith("<svg")
    page = view.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
    assert view.state() in page
    assert view.to_parquet(tmp_path / "a.parquet").stat().st_size > 0
    for write in (view.to_html, view.to_csv, view.to_parquet):
        with pytest.raises(anb.StoreError, match="could not be written"):
            write(tmp_path / "missing" / "file")
    with pytest.raises(anb.BadValue, match=r"\.svg or \.png"):
        view.to_image(tmp_path / "a.bmp")


def test_notes_persist_beside_the_runs_and_are_found_by_the_next_view(view, sweep, store):
    view.note(sweep[0], tags=["good"], note="the one to keep").rename(sweep[0], "winner")
    other = anb.compare(sweep)
    assert other.notes_of(sweep[0]).note == "the one to keep"
    row = other.table().loc[sweep[0].key]
    assert (row["name"], row["note"], row["tags"]) == ("winner", "the one to keep", ["good"])
    assert [run.key for run in other.filter(tag="good").shown] == [sweep[0].key]
    other.close()


def test_a_source_that_fails_is_an_error_of_what_is_read_not_an_empty_answer(sweep, tmp_path):
    with pytest.raises(anb.NotFound):
        anb.compare(sweep, f"runs:{tmp_path}/nowhere").table()
    server = Server(fail=anb.ServerFailed("it failed with 500"))
    from astuner_nb.trackers.history_cache import HistoryCache

    with pytest.raises(anb.ServerFailed, match="500"):
        anb.compare([cloud_run(server, HistoryCache(tmp_path), "bad")]).bands("reward")


def test_runs_of_a_lab_are_among_them_while_they_go_on(store, sweep):
    lab = anb.Lab()
    try:
        run = lab.start(total_steps=20, train_batch_size=2, num_repeat=2)
        assert lab.wait(run, 60) == "finished"
        view = anb.compare(sweep, live=lab)
        assert {one.source for one in view.runs} == {"runs", "made"}
        assert len(view.filter(seed=0).bands("reward")) >= 20
        assert [one.key for one in lab.view.runs] == [run.key]
        view.close()
        lab.monitor.step()  # goes on
    finally:
        lab.close()


def test_a_thousand_runs_and_four_hundred_keys_are_no_trouble():
    config = {f"key_{number}": number for number in range(400)}
    runs = [MadeRun(f"r{n}", {"reward": {0: n}}, config={**config, "lr": n, "text": f"t{n}"}) for n in range(1_000)]
    view = anb.compare(runs)
    assert view.table().shape[0] == 1_000
    assert view.diff().shape == (2, 1_000)
    assert len(view.filter(lr=(990, None)).shown) == 10
    view.close()
