"""Which runs fit: states, names, tags, hyper-parameters."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue
from astuner_nb.core.run import RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.trackers.where import Between, OneOf, where


def run(**more):
    info = {"source": "x", "place": "p", "id": "1", "name": "grpo-1", "project": "p", "state": RunState.FINISHED}
    return RunInfo(**{**info, **more})


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"state": "finished"}, True),
        ({"state": ["failed", "stopped"]}, False),
        ({"name": "grpo-*"}, True),
        ({"name": "GRPO-*"}, False),
        ({"tag": "good"}, True),
        ({"tag": ["good", "bad"]}, False),
        ({"lr": 1e-4}, True),
        ({"lr": (1e-5, 1e-3)}, True),
        ({"lr": (None, 1e-5)}, False),
        ({"lr": (1e-4, 1e-4)}, True),
        ({"backbone": ["local", "verl"]}, True),
        ({"backbone": "verl"}, False),
        ({"use_kl": True}, True),
        ({"use_kl": 1}, False),
        ({"missing": 0}, False),
        ({"missing": None}, False),
        ({"config": {"name": "inner"}}, True),
        ({"backbone": (0, 1)}, False),
    ],
)
def test_what_fits(wanted, fits):
    config = {"lr": 1e-4, "backbone": "local", "use_kl": True, "name": "inner"}
    assert where(**wanted).fits(run(tags=("good",)), config) is fits


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"state": "done"}, "no state 'done'.*finished"),
        ({"lr": (1, 2, 3)}, "lr must be a range"),
        ({"lr": ("a", "b")}, "lr must be a range"),
        ({"lr": (True, 2)}, "lr must be a range"),
        ({"lr": (2, 1)}, "upside down"),
        ({"lr": (math.nan, 1)}, "upside down"),
        ({"lr": {"a": 1}}, "cannot be compared"),
    ],
)
def test_what_is_no_filter_is_refused_in_one_sentence(wanted, words):
    with pytest.raises(BadValue, match=words):
        where(**wanted)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_range_holds_what_lies_between_its_ends(low, high, value):
    low, high = sorted((low, high))
    assert Between(low, high).fits(value) is (low <= value <= high)


@given(st.lists(st.one_of(st.integers(), st.booleans(), st.text(), st.none())), st.one_of(st.integers(), st.text()))
def test_values_are_compared_by_type_too(values, value):
    assert OneOf(tuple(values)).fits(value) is any(each == value and not isinstance(each, bool) for each in values)


def test_the_narrower_of_two_filters_is_asked_for():
    both = where(state="failed").or_else(where(state="finished", name="a*", lr=1))
    assert both.states == {RunState.FAILED}
    assert (both.name, set(both.config)) == ("a*", {"lr"})
