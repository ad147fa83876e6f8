"""`anb.runs` and what it returns: a sequence that is filtered, put together, tabulated and read at once."""

import math
import subprocess
import sys

import pandas as pd
import pytest

import astuner_nb as anb
from astuner_nb.recorder import Recorder, create_run_directory, write_json_atomic
from astuner_nb.trackers.registry import SOURCES, entries, source_for

from .places import MadeRun


@pytest.fixture
def made(tmp_path):
    """Three runs in a store: lr 0.1, 0.01 and 0.001, rewards that end at 1, 2 and 3."""
    for index, lr in enumerate((0.1, 0.01, 0.001), start=1):
        files = create_run_directory(tmp_path / "s", "p", f"run-{index}", {"lr": lr, "nested": {"deep": index}})
        with Recorder(files.directory) as run:
            for step in range(4):
                run.log(reward=index if step == 3 else 9 - step, kl=-step, step=step)
        write_json_atomic(files.exit, {"code": 0, "stopped": False, "t": 0})
    return anb.runs(f"runs:{tmp_path}/s")


def test_it_is_a_sequence_and_its_slices_are_sets(made):
    assert len(made) == 3
    assert isinstance(made[:2], anb.RunSet)
    assert [run.name for run in made] == ["run-3", "run-2", "run-1"]
    assert made[-1].name == "run-1"
    assert made[0] in made


def test_sets_are_put_together_and_no_run_comes_twice(made):
    assert [run.name for run in made[1:] + made] == ["run-2", "run-1", "run-3"]
    assert isinstance([made[0]] + made[1:], anb.RunSet)  # noqa: RUF005
    assert len(sum([made[:1], made[1:2]], anb.RunSet())) == 2


def test_filters_by_range_pattern_and_nested_key(made):
    assert [run.name for run in made.filter(lr=(0.005, None))] == ["run-2", "run-1"]
    assert [run.name for run in made.filter(name="*-[12]", **{"nested.deep": 2})] == ["run-2"]
    assert len(made.filter(state="failed")) == 0


def test_a_frame_has_a_row_a_run_with_last_and_best(made):
    frame = made.to_frame(["reward", "kl"])
    assert list(frame["name"]) == ["run-3", "run-2", "run-1"]
    assert list(frame["lr"]) == [0.001, 0.01, 0.1]
    assert list(frame["reward last"]) == [3, 2, 1]
    assert list(frame["reward best"]) == [9, 9, 9]
    assert frame["kl best"].isna().all()  # a KL divergence has no better
    assert frame.index.is_unique
    assert isinstance(made.filter(state="failed").to_frame(), pd.DataFrame)
    assert list(made.to_frame(()).columns) == list(frame.columns[:-4])


def test_histories_are_read_all_at_once_and_an_error_is_no_gap(made):
    histories = made.histories(["reward"], max_points=4)
    assert [len(history["reward"]) for history in histories.values()] == [4, 4, 4]
    broken = MadeRun("x", fail=anb.ServerFailed("it is broken"))
    with pytest.raises(anb.ServerFailed, match="it is broken"):
        (made + anb.RunSet([broken])).histories(["reward"])
    some = (made + anb.RunSet([broken])).histories(["reward"], strict=False)
    assert len(some) == 3
    assert [str(error) for error in some.errors.values()] == ["it is broken"]


def test_it_shows_itself_without_running_anybodys_html(tmp_path):
    create_run_directory(tmp_path / "s", "p", "<script>alert(1)</script>", {"<b>": "<i>"})
    runs = anb.runs(f"runs:{tmp_path}/s")
    html = (
        runs + anb.RunSet([MadeRun("y", url="javascript:alert(2)"), MadeRun("z", url="https://x.y/'><b>")])
    )._repr_html_()
    assert "<script" not in html
    assert "<i>" not in html
    assert "href='javascript" not in html
    assert "href='https://x.y/&#x27;&gt;&lt;b&gt;'" in html
    assert repr(runs) == "<RunSet of 1 runs of runs>"


def test_names_of_ones_own_line_up(tmp_path):
    files = create_run_directory(tmp_path / "s", "p", "x")
    with Recorder(files.directory) as run:
        run.log({"env/return": 0.5}, step=1)
    assert "reward" not in anb.runs(f"runs:{tmp_path}/s")[0].history(["reward"])
    runs = anb.runs(f"runs:{tmp_path}/s", names={"reward": ["env/return"]})
    series = runs[0].history(["reward"])["reward"]
    assert (series.key, series.last) == ("env/return", 0.5)
    assert "reward" in runs.histories(["reward"])[runs[0]]


def test_hyper_parameters_of_ones_own_names_are_filtered_by(tmp_path):
    for index in range(3):
        create_run_directory(tmp_path / "s", "p", f"run-{index}", {"my.rate": index})
    names = anb.Aliases().with_hyper_parameters({"lr": ["my.rate"]})
    assert [run.name for run in anb.runs(f"runs:{tmp_path}/s", names=names, lr=(1, 1))] == ["run-1"]


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("wanbd://team/project", "did you mean wandb://team/project"),
        ("nothing", "give one of .*swanlab://WORKSPACE/PROJECT"),
        ("", "give one of"),
        ("https://wandb.ai/a/b", "give one of"),
    ],
)
def test_a_uri_that_is_none_is_refused_with_what_could_be_meant(uri, words):
    with pytest.raises(anb.BadValue, match=words):
        anb.runs(uri)


def test_a_bare_path_is_told_which_scheme_it_needs(tmp_path):
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "x.swanlab").touch()
    with pytest.raises(anb.BadValue, match=r"swanlab:"):
        anb.runs(str(tmp_path))


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "many"])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(anb.BadValue, match="limit"):
        anb.runs(limit=limit)


@pytest.mark.parametrize("max_points", [0, 3, -1, True, 4.0, "some"])
def test_points_that_are_none_are_refused(made, max_points):
    with pytest.raises(anb.BadValue, match="max_points"):
        made[0].history(max_points=max_points)


def test_no_store_yet_means_no_runs_yet(store):
    assert len(anb.runs()) == 0


def test_a_run_set_loads_no_vendor_and_no_pandas(tmp_path):
    create_run_directory(tmp_path / "s", "p", "x")
    code = (
        f"import sys, astuner_nb as anb; runs = anb.runs('runs:{tmp_path}/s'); runs.histories(); repr(runs)\n"
        "print([m for m in ('pandas', 'swanlab', 'wandb', 'plotly', 'ipywidgets', 'tensorboard') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_entry_of_the_registry_opens_without_doing_anything():
    for entry in SOURCES:
        rest = "a/b" if entry.scheme.endswith("//") else "/no/such/place"
        assert hasattr(source_for(entry.scheme + rest), "list"), entry
    assert len({entry.scheme for entry in entries()}) == len(list(entries()))


def test_two_halves_of_a_trinity_training_are_one_run():
    trainer = MadeRun("math_trainer", {"actor/kl_loss": {0: 0.5, 1: 0.25}, "shared": {0: 1}}, state="running")
    explorer = MadeRun("math_explorer", {"rollout/accuracy/mean": {0: 0.0, 7: 1.0}, "shared": {3: 2}})
    other, lone = MadeRun("other"), MadeRun("lone_trainer")
    (both, *rest) = anb.RunSet([explorer, other, trainer, lone]).merged()
    assert rest == [other, lone]
    assert (both.name, both.state) == ("math", "running")
    history = both.history()
    assert history["rollout/accuracy/mean"].step.tolist() == [0, 7]
    assert history["shared"].value.tolist() == [1]
    assert history["explorer/shared"].value.tolist() == [2]
    assert set(both.history(["kl", "success_rate"])) == {"kl", "success_rate"}
    tail = both.tail()
    assert set(tail.poll()) == set(history)
    assert not tail.poll()
    assert tail.status().state == "running"


def test_two_trainings_of_one_name_stay_apart():
    runs = [MadeRun(name) for name in ("m_trainer", "m_trainer", "m_explorer")]
    runs = [MadeRun(run.name, id=str(index)) for index, run in enumerate(runs)]
    assert len(anb.RunSet(runs).merged()) == 2


def test_best_follows_the_direction_of_a_metric():
    runs = anb.RunSet([MadeRun("a", {"reward": {0: 2.0, 1: math.nan, 2: 1.0}, "loss": {0: 1.0}})])
    frame = runs.to_frame(["reward", "loss"])
    assert frame["reward best"].item() == 2.0
    assert math.isnan(frame["loss best"].item())  # a policy-gradient loss has no better
