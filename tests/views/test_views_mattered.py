"""What mattered, as data: outcomes, axes, and who is left out."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.analysis.differences import MISSING
from astuner_nb.core.errors import BadValue
from astuner_nb.views.mattered.outcomes import (
    MOST_AXES,
    importance_of,
    importance_series,
    outcomes,
    parallel,
    parallel_frame,
    required_outcomes,
    scatter,
    varying,
)
from astuner_nb.views.mattered.parallel_axis import axis, number_ticks, outcome_axis, tick_text
from astuner_nb.views.tables.summaries import from_extremes

NAN = math.nan


@dataclass(frozen=True)
class Named:
    """As much of a run as is needed."""

    key: str


def made(*configs, rewards=None):
    """Runs `r0`, `r1`, … with these configurations and best rewards: (runs, configs, summaries)."""
    runs = [Named(f"r{place}") for place in range(len(configs))]
    rewards = list(range(len(configs))) if rewards is None else rewards
    summaries = {
        run.key: {"reward": from_extremes(value - 1, -9.0, value, 10, "higher")}
        for run, value in zip(runs, rewards, strict=True)
        if value is not None
    }
    return runs, {run.key: config for run, config in zip(runs, configs, strict=True)}, summaries


def drawn(*configs, rewards=None, **more):
    runs, by_key, summaries = made(*configs, rewards=rewards)
    return parallel(runs, by_key, outcomes(runs, summaries, "reward", "best"), **more)


def one(*values):
    """The axis of a hyper-parameter that has these values; `...` where a run has none."""
    return axis("x", [MISSING if value is ... else value for value in values])


# ---- outcomes


def test_an_outcome_is_the_best_or_the_last_value():
    runs, _, summaries = made({}, {}, rewards=[0.5, 0.75])
    assert outcomes(runs, summaries, "reward", "best").values == {"r0": 0.5, "r1": 0.75}
    assert outcomes(runs, summaries, "reward", "last").values == {"r0": -0.5, "r1": -0.25}


def test_runs_without_a_finite_outcome_are_left_out_and_counted():
    found = drawn({"lr": 1}, {"lr": 2}, {"lr": 3}, {"lr": 4}, rewards=[1.0, NAN, None, math.inf])
    assert found.keys == ("r0",)
    assert found.left_out == "3 of 4 runs are left out: no reward best that is a finite number."
    assert found.varying == ()  # among those that are left
    assert drawn({}, {}).left_out == ""
    assert drawn({}, rewards=[NAN]).left_out.startswith("The run is left out: no reward best")


def test_a_script_is_told_that_no_run_has_the_outcome():
    runs, configs, summaries = made({"lr": 1}, {"lr": 2})
    with pytest.raises(BadValue, match=r"None of 2 runs has a rewrad last .* \(reward\)"):
        required_outcomes(runs, summaries, "rewrad")
    with pytest.raises(BadValue, match="they have none yet"):
        parallel_frame(runs, configs, {}, "reward")
    with pytest.raises(BadValue, match=r"got 'worst'\. Give 'best' or 'last'"):
        importance_series(runs, configs, summaries, "reward", "worst")


def test_a_script_gets_the_best_only_where_a_direction_is_better():
    runs, _, summaries = made({}, {})
    both = {key: {**found, "custom": from_extremes(7.0, 1.0, 9.0, 3, "neither")} for key, found in summaries.items()}
    assert required_outcomes(runs, both, "reward").title == "reward best"
    assert required_outcomes(runs, both, "custom").title == "custom last"
    with pytest.raises(BadValue, match="or 'last'"):
        required_outcomes(runs, both, "custom", "best")


# ---- axes


def test_numbers_have_a_linear_axis_and_two_decades_a_logarithmic_one():
    linear, log = one(1, 4, 2.5), one(1e-5, 1e-3)
    assert (linear.kind, linear.log, linear.low, linear.high) == ("linear", False, 1, 4)
    assert (log.kind, log.log, log.low, log.high) == ("log", True, 1e-5, 1e-3)
    assert linear.values.tolist() == [1, 4, 2.5]


def test_texts_and_what_is_mixed_are_categories_by_name():
    found = one("rloo", "grpo", ..., True, 1, None, "grpo")
    assert found.kind == "category"
    assert [text for _, text in found.ticks] == ["1", "True", "None", "grpo", "rloo"]
    assert found.values[[0, 1, 3, 4, 5, 6]].tolist() == [4, 3, 1, 0, 2, 3]
    assert math.isnan(found.values[2])
    assert found.missing == 1


def test_what_is_no_finite_number_has_no_place_among_numbers():
    found = one(1, ..., None, NAN, math.inf, 10**400, 3)
    assert found.kind == "linear"
    assert np.isnan(found.values).tolist() == [False, True, True, True, True, True, False]
    assert (found.missing, found.low, found.high) == (5, 1, 3)


def test_few_values_are_all_written_and_many_by_round_numbers():
    assert [text for _, text in one(4, 8, 16, 8).ticks] == ["4", "8", "16"]
    ticks = one(*np.linspace(0.1234567, 0.9876543, 50).tolist()).ticks
    assert [text for _, text in ticks] == ["0.123", "0.2", "0.4", "0.6", "0.8", "0.988"]
    log = one(*np.geomspace(2e-7, 3e-2, 50).tolist()).ticks
    assert [text for _, text in log] == ["2e-7", "1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.03"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(16384, "16384"), (3e-4, "3e-4"), (0.96512345, "0.965"), (0, "0"), (1.7976e308, "1.7976e+308"), (-2.5, "-2.5")],
)
def test_a_number_beside_an_axis_is_short(number, text):
    assert tick_text(number) == text


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
def test_ticks_ascend_within_the_axis_whatever_the_numbers(values):
    ticks = number_ticks(np.array(values))
    places = [place for place, _ in ticks]
    assert places[0] == min(values)
    assert places[-1] == max(values)
    assert all(earlier < later for earlier, later in pairwise(places))
    assert len(ticks) <= 26
    assert all(text and len(text) <= 24 for _, text in ticks)


VALUES = st.one_of(st.just(...), st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3))


@given(st.lists(VALUES, min_size=1, max_size=20))
def test_every_run_has_a_place_or_counts_as_missing(values):
    found = one(*values)
    assert len(found.values) == len(values)
    there = found.values[~np.isnan(found.values)]
    assert len(there) + found.missing == len(values)
    assert np.isfinite(there).all()
    assert not len(there) or (found.low == there.min() and found.high == there.max())
    if found.kind == "category":
        assert set(there) == {place for place, _ in found.ticks}


def test_an_outcome_may_span_decades():
    assert outcome_axis("loss last", [1e-3, 10.0]).log
    assert outcome_axis("loss last", [1e-3, 10.0]).kind == "outcome"
    assert not outcome_axis("reward best", [0.1, 0.9]).log


# ---- parallel coordinates and the scatter


def test_canonical_hyper_parameters_come_first_and_the_outcome_last():
    found = drawn({"other": 1, "temperature": 1.0, "lr": 1e-4}, {"other": 2, "temperature": 0.5, "lr": 1e-5, "some": 1})
    assert [each.name for each in found.axes] == ["lr", "temperature", "other", "some", "reward best"]
    assert found.axes[-1].kind == "outcome"
    assert found.axes[-1].values.tolist() == [0, 1]
    assert found.more == ""


def test_of_many_hyper_parameters_twelve_have_an_axis_and_a_person_may_choose():
    configs = [{**{f"p{n}": n * run for n in range(1, 401)}, "seed": run} for run in range(3)]
    found = drawn(*configs)
    assert [each.name for each in found.axes[:2]] == ["seed", "p1"]
    assert len(found.axes) == MOST_AXES + 1
    assert len(found.varying) == 401
    assert found.more == "389 more hyper-parameters vary; choose which have an axis."
    chosen = drawn(*configs, chosen=["p400", "gone", "p7"])
    assert [each.name for each in chosen.axes] == ["p400", "p7", "reward best"]
    assert drawn(*configs, chosen=["gone"]).axes[0].name == "seed"
    assert len(drawn(*configs, chosen=[f"p{n}" for n in range(1, 30)]).axes) == MOST_AXES + 1


def test_paths_and_ids_have_no_axis_unless_chosen():
    configs = [{"lr": run, "path": f"/x/{run}"} for run in range(21)]
    found = drawn(*configs)
    assert [each.name for each in found.axes] == ["lr", "reward best"]
    assert found.varying == ("lr", "path")
    assert found.more == "1 more hyper-parameter varies; choose which have an axis."
    assert drawn(*configs, chosen=["path"]).axes[0].kind == "category"


def test_nothing_to_draw_is_an_axis_without_runs():
    found = drawn()
    assert [len(each.values) for each in found.axes] == [0]
    assert (found.keys, found.axes[0].low, found.axes[0].ticks) == ((), 0, ())


def test_a_scatter_is_one_hyper_parameter_against_the_outcome():
    runs, configs, summaries = made({"lr": 1e-4}, {}, {"lr": 1e-6}, rewards=[0.5, 0.75, NAN])
    found = scatter(runs, configs, outcomes(runs, summaries, "reward", "best"), "lr")
    assert found.keys == ("r0", "r1")
    assert found.y.values.tolist() == [0.5, 0.75]
    assert found.x.values[0] == 1e-4
    assert found.x.missing == 1


def test_a_hyper_parameter_varies_by_what_is_the_same():
    runs, configs, _ = made({"a": 1, "b": 1, "c": NAN}, {"a": 1.0, "b": True, "c": NAN, "d": 1})
    assert varying(runs, configs) == ["b", "d"]


# ---- frames


def test_the_frame_has_a_row_for_each_run_with_an_outcome():
    runs, configs, summaries = made(
        {"lr": 1e-4, "opt": "a", "same": 1}, {"opt": "b", "same": 1}, {"lr": 1e-6, "same": 1}, rewards=[1.0, 2.0, NAN]
    )
    frame = parallel_frame(runs, configs, summaries, "reward")
    assert list(frame.columns) == ["lr", "opt", "reward best"]
    assert list(frame.index) == ["r0", "r1"]
    assert frame["reward best"].tolist() == [1.0, 2.0]
    assert frame["opt"].tolist() == ["a", "b"]
    assert pd.isna(frame.loc["r1", "lr"])


def test_a_hyper_parameter_called_like_the_outcome_makes_room():
    runs, configs, summaries = made({"reward best": 1}, {"reward best": 2})
    assert list(parallel_frame(runs, configs, summaries, "reward").columns) == ["config.reward best", "reward best"]


# ---- importance


def sweep(count):
    rng = np.random.default_rng(0)
    lr = (10 ** rng.uniform(-6, -2, count)).tolist()
    configs = [{"lr": value, "noise": float(rng.normal()), "path": f"/x/{run}"} for run, value in enumerate(lr)]
    return made(*configs, rewards=[-((math.log10(value) + 4) ** 2) for value in lr])


def test_importance_finds_what_the_outcome_goes_with():
    pytest.importorskip("optuna")
    runs, configs, summaries = sweep(60)
    shares = importance_series(runs, configs, summaries, "reward")
    assert isinstance(shares, pd.Series)
    assert list(shares.index) == ["lr", "noise"]  # the path is not worth an axis
    assert (shares.name, shares.index.name) == ("reward best", "hyper-parameter")
    assert shares["lr"] > 0.8
    assert shares.sum() == pytest.approx(1)
    found = outcomes(runs, summaries, "reward", "best")
    assert importance_of(runs, configs, found, chosen=["noise"]) == {"noise": 1.0}


def test_what_is_missing_somewhere_and_has_many_values_is_left_out_of_importance():
    pytest.importorskip("optuna")
    runs, configs, summaries = sweep(60)
    some = {
        key: {**config, **({"some": place / 7} if place else {})} for place, (key, config) in enumerate(configs.items())
    }
    assert set(importance_series(runs, some, summaries, "reward", chosen=["lr", "noise", "some"]).index) == {
        "lr",
        "noise",
    }


def test_importance_refuses_few_runs_in_a_sentence():
    runs, configs, summaries = sweep(5)
    with pytest.raises(BadValue, match=r"needs 8 runs with an outcome, there are 5\. Add runs"):
        importance_series(runs, configs, summaries, "reward")
