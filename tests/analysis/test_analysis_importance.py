"""Importance: what it refuses; and, where Optuna is installed, what it finds."""

import math
import sys

import numpy as np
import pytest

from astuner_nb.analysis.importance import importance
from astuner_nb.core.errors import AstunerError, BadValue, NotInstalled


def sweep(runs, seed=0):
    """Runs whose outcome depends on `lr` (a parabola over its logarithm), a little on `optimizer`, not on the rest."""
    rng = np.random.default_rng(seed)
    lr, adam = 10 ** rng.uniform(-6, -2, runs), rng.random(runs) < 0.5
    params = {
        "noise": rng.normal(size=runs).tolist(),
        "optimizer": ["adam" if yes else "sgd" for yes in adam],
        "lr": lr.tolist(),
        "same": [1] * runs,
        "name": [f"run {index}" for index in range(runs)],
    }
    return params, (-((np.log10(lr) + 4) ** 2) + adam).tolist()


@pytest.mark.parametrize(
    ("params", "outcome", "sentence"),
    [
        ({"lr": [1, 2, 3]}, [1, 2, 3], r"needs 8 runs with an outcome, there are 3\. Add"),
        ({"lr": range(9)}, [1, 2, 3, 4, 5, 6, 7, math.nan, math.inf], r"there are 7\. Add"),
        ({name: range(8) for name in "abcd"}, range(8), "4 hyper-parameters needs more than 8"),
        ({"lr": [3] * 9, "name": list("abcdefghi")}, range(9), "No hyper-parameter varies among these 9 runs"),
        ({"lr": range(9)}, [5] * 9, "outcome is the same in all 9 runs"),
        ({}, range(9), "No hyper-parameter varies"),
        ({"lr": range(8)}, range(9), "lr has 8 values for 9 outcomes"),
    ],
    ids=["few", "few finite", "many parameters", "nothing varies", "one outcome", "no parameters", "lengths"],
)  # fmt: skip
def test_it_refuses_what_says_nothing_in_a_sentence(params, outcome, sentence):
    with pytest.raises(BadValue, match=sentence):
        importance(params, list(outcome))


@pytest.mark.parametrize("absent", ["optuna", "sklearn"])
def test_where_a_package_is_missing_it_says_what_to_install(absent, monkeypatch):
    monkeypatch.setitem(sys.modules, absent, None)
    monkeypatch.setitem(sys.modules, f"{absent}.ensemble", None)
    with pytest.raises(NotInstalled, match=r"Run `pip install optuna scikit-learn`\.") as caught:
        importance(*sweep(20))
    assert isinstance(caught.value, AstunerError)


@pytest.fixture(scope="module")
def optuna():
    pytest.importorskip("sklearn")
    return pytest.importorskip("optuna")


def test_it_finds_what_mattered_and_says_the_same_each_time(optuna):
    params, outcome = sweep(60)
    shares = importance(params, outcome)
    assert list(shares)[:2] == ["lr", "optimizer"]
    assert shares["lr"] > 0.7
    assert set(shares) == {
        "lr",
        "optimizer",
        "noise",
    }  # neither what is the same everywhere nor what is different in each
    assert sum(shares.values()) == pytest.approx(1)
    assert importance(params, outcome) == shares


def test_a_learning_rate_weighs_by_its_logarithm(optuna):
    """Low rates ruin the outcome: four decades of six, but 1 % of the range."""
    rng = np.random.default_rng(1)
    lr, other = 10 ** rng.uniform(-6, 0, 80), rng.random(80)
    outcome = (lr > 1e-2) * 1.0 + 0.3 * other
    shares = importance({"other": other.tolist(), "lr": lr.tolist()}, outcome.tolist())
    assert shares["lr"] > 0.8


def test_runs_without_an_outcome_are_left_out(optuna):
    params, outcome = sweep(40)
    with_failed = {name: [*values, values[0], values[1]] for name, values in params.items()}
    assert importance(with_failed, [*outcome, math.nan, -math.inf]) == importance(params, outcome)


def test_mixed_missing_and_enormous_values_do_no_harm(optuna):
    params, outcome = sweep(40)
    odd = [None, True, 1, 1.0, "auto", math.nan, math.inf, 10**400]
    params["odd"] = [odd[index % 8] for index in range(40)]
    params["huge"] = [(-1) ** index * 1.7e308 for index in range(40)]
    shares = importance(params, [value * 1e305 for value in outcome])
    assert set(shares) == {"lr", "optimizer", "noise", "odd", "huge"}
    assert shares["lr"] == max(shares.values())


def test_optuna_is_left_as_loud_as_it_was(optuna, capfd):
    before = optuna.logging.get_verbosity()
    importance(*sweep(20))
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")
