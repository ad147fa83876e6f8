"""What tells runs apart, across trainers and trackers."""

import math

from astuner_nb.views.tables.diff import NOT_SET, diff, what_changed

from ..trackers.places import MadeRun

VERL = MadeRun("v", source="wandb", config={"actor_rollout_ref.actor.optim.lr": "1e-6", "data.path": "a", "same": 1})
TRL = MadeRun("t", source="swanlab", config={"learning_rate": 1e-6, "seed": 3, "data.path": "b", "same": 1.0})
OURS = MadeRun("o", config={"lr": 1e-5, "seed": 3, "same": True, "data.path": "b"})


def test_only_what_differs_under_canonical_names_across_trackers():
    found = diff([VERL, TRL, OURS])
    assert found.index.tolist() == ["lr", "seed", "data.path", "same"]
    assert found.columns.tolist() == [VERL.key, TRL.key, OURS.key]
    assert found.loc["lr"].tolist() == [1e-6, 1e-6, 1e-5]
    assert found.loc["seed"].tolist() == [NOT_SET, 3, 3]
    assert found.loc["same"].tolist()[2] is True


def test_the_baseline_comes_first_and_once():
    assert diff([VERL, TRL], baseline=TRL).columns.tolist() == [TRL.key, VERL.key]
    assert diff([VERL], baseline=TRL).shape == (2, 2)


def test_titles_may_be_given_and_may_even_be_the_same():
    found = diff([VERL, TRL], labels={VERL.key: "x", TRL.key: "x"})
    assert found.columns.tolist() == ["x", "x"]
    assert found.iloc[:, 1].tolist() == [3, "b"]


def test_there_is_no_cap():
    runs = [MadeRun(f"r{n}", config={f"k{key}": n for key in range(400)}) for n in range(50)]
    assert diff(runs).shape == (400, 50)


def test_runs_that_are_the_same_and_none_at_all():
    nan = [MadeRun(name, config={"x": math.nan, "betas": [1, 2]}) for name in "ab"]
    assert diff(nan).shape == (0, 2)
    assert diff([]).shape == (0, 0)
    assert what_changed(nan[0], nan[1]) == "no difference"


def test_what_changed_is_one_line():
    base = MadeRun("a", config={"lr": 1e-4, "seed": 0, "prompt": "be\nkind", "b": 1, "c": 1, "d": 1})
    run = MadeRun("b", config={"lr": 3e-4, "seed": 1, "prompt": "be\nshort", "b": 2, "c": 2, "d": 1})
    line = what_changed(run, base)
    assert line.startswith("lr 1e-4 → 3e-4 · seed 0 → 1 · ")
    assert line.endswith(" · and 1 more")
    assert "\n" not in line


def test_what_only_one_has_is_named_where_it_is_little_and_counted_where_it_is_much():
    assert what_changed(MadeRun("b", config={"x": 1, "y": 2}), MadeRun("a", config={"x": 1})) == "y – → 2"
    other = MadeRun("b", config={"lr": 1, **{f"k{n}": n for n in range(100)}})
    assert what_changed(other, MadeRun("a", config={"lr": 2})) == "lr 2 → 1 · 100 set in one of them only"
    assert what_changed(other, MadeRun("a", config={"lr": 1})) == "100 set in one of them only"
