"""What a person may choose, and that every choice is checked."""

import math

import pytest

from astuner_nb.core.errors import BadValue
from astuner_nb.core.states import RunState
from astuner_nb.trackers.where import Between, OneOf
from astuner_nb.views.options.values import SMOOTHINGS
from astuner_nb.views.options.view_options import ViewOptions

from ..trackers.places import MadeRun

VIEW = ViewOptions()


def test_conditions_stand_beside_each_other_and_the_newer_one_on_a_thing_holds():
    view = VIEW.with_filter(lr=(1e-5, 1e-3), backbone="local").with_filter(state="failed", lr=(None, 1), tag="good")
    assert view.filters == {"lr": Between(-math.inf, 1), "backbone": OneOf(("local",))}
    assert (view.states, view.tags) == ({RunState.FAILED}, ("good",))
    assert view.without_filter("lr").filters == {"backbone": OneOf(("local",))}
    assert view.with_search("x").without_filter() == VIEW
    assert VIEW.filters == {}


def test_what_is_searched_for_stands_anywhere_in_a_name_and_a_pattern_is_one():
    assert VIEW.with_search(" grpo ").name == "*grpo*"
    assert VIEW.with_search("grpo-?").name == "grpo-?"
    assert VIEW.with_search("").name == ""


def test_runs_are_named_by_themselves_or_by_their_keys():
    a, b = MadeRun("a"), MadeRun("b")
    view = VIEW.with_hidden(a, b.key).with_pinned(b).with_pinned(a, b).with_selected(a).with_baseline(b)
    assert view.hidden == {a.key, b.key}
    assert (view.pinned, view.selected, view.baseline) == ((b.key, a.key), (a.key,), b.key)
    assert view.with_hidden(a, hidden=False).hidden == {b.key}
    assert view.with_pinned(b, pinned=False).pinned == (a.key,)
    assert view.with_baseline(None).baseline == ""
    named = VIEW.with_run_name(a, "mine").with_run_color(a, "#0A7BC4")
    assert (named.names, named.colors) == ({a.key: "mine"}, {a.key: "#0a7bc4"})
    assert named.with_run_name(a, "").with_run_color(a.key, "") == VIEW


def test_what_is_not_given_stays():
    view = VIEW.with_x("time", log=True).with_y(log=True).with_group("seed", band="ci95")
    assert view.with_x("tokens").log_x
    assert view.with_y(clip=True).log_y
    assert view.with_group("lr", "source").band == "ci95"
    assert view.with_group().group == ()


@pytest.mark.parametrize("kind", SMOOTHINGS)
def test_every_smoothing_has_a_usual_amount_that_is_allowed(kind):
    assert VIEW.with_smooth(kind).amount == SMOOTHINGS[kind]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: VIEW.with_smooth("ema", 1), "ema.*below 1; got 1"),
        (lambda: VIEW.with_smooth("gaussian", 0), "gaussian.*above 0; got 0"),
        (lambda: VIEW.with_smooth("lowess"), "smooth must be one of none, ema.*got 'lowess'"),
        (lambda: VIEW.with_smooth("ema", math.nan), "amount must be a finite number, got nan"),
        (lambda: VIEW.with_smooth("ema", True), "amount must be a finite number, got True"),
        (lambda: VIEW.with_smooth(["ema"]), "smooth must be one of"),
        (lambda: VIEW.with_group("lr", band="iqr"), "band must be one of std, .*got 'iqr'"),
        (lambda: VIEW.with_group("lr", ""), "each of group must not be empty"),
        (lambda: VIEW.with_group(3), "each of group must be a text, got 3"),
        (lambda: VIEW.with_x(""), "x must not be empty"),
        (lambda: VIEW.with_x("time", log=1), "log_x must be True or False, got 1"),
        (lambda: VIEW.with_color(None), "color must be a text, got None"),
        (lambda: VIEW.with_run_color("k", "red"), "must be a colour like '#0a7bc4', got 'red'"),
        (lambda: VIEW.with_run_color("k", "#0a7bc4\n"), "must be a colour"),
        (lambda: VIEW.with_hidden(7), "A run is needed, got 7"),
        (lambda: VIEW.with_baseline(""), "A run is needed, got ''"),
        (lambda: VIEW.with_filter(lr=(2, 1)), "upside down"),
        (lambda: VIEW.with_filter(state="done"), "no state 'done'"),
        (lambda: VIEW.with_filter(lr=math.nan), "values wanted of 'lr'.*got nan"),
        (lambda: VIEW.with_max_lines(-1), "max_lines must be a whole number from 0"),
        (lambda: VIEW.with_sort("lr", "down"), "whether sort descends must be True or False"),
        (lambda: ViewOptions(filters={"lr": (1, 2)}), "condition on 'lr' must be a range or a list"),
        (lambda: ViewOptions(filters={"lr": Between(math.nan, 1)}), "range of 'lr' must be two numbers"),
        (lambda: ViewOptions(filters={"lr": Between("a", 1)}), "range of 'lr' must be two numbers"),
        (lambda: ViewOptions(filters=[]), "filters must be hyper-parameters"),
        (lambda: ViewOptions(states={"done"}), "each of states must be one of starting"),
        (lambda: ViewOptions(metrics={"a": 1}), "metrics must be a list of texts"),
        (lambda: ViewOptions(metrics=3), "metrics must be a list of texts"),
        (lambda: ViewOptions(names=["a"]), "names must say something for each run"),
        (lambda: ViewOptions(names={"": "a"}), "a run key of names must not be empty"),
        (lambda: ViewOptions(sort="lr"), "sort must be"),
    ],
)
def test_a_value_that_is_none_is_refused_in_one_sentence(change, words):
    with pytest.raises(BadValue, match=words):
        change()


def test_a_number_beyond_all_floats_is_no_amount_and_an_open_end():
    with pytest.raises(BadValue, match="finite"):
        ViewOptions(amount=10**400)
    assert ViewOptions(filters={"a": Between(1, 10**400)}).filters["a"].high == math.inf
