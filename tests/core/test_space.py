"""Hyper-parameters as declarations: what is taken, what is refused, and in which words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue
from astuner_nb.core.space import Choice, Float, Int, Space

SPACE = Space(
    {
        "lr": Float(1e-4, 1e-6, 3e-2, log=True),
        "num_repeat": Int(8, 2, 32),
        "width": Choice(32, [16, 32, 64]),
    }
)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("lr", 1e-3, 1e-3),
        ("lr", np.float32(0.001), pytest.approx(1e-3)),
        ("num_repeat", 4.0, 4),
        ("num_repeat", np.int64(5), 5),
        ("width", 64, 64),
    ],
)
def test_takes_numbers_of_any_kind_in_range(name, value, taken):
    assert SPACE.check({name: value}) == {name: taken}


@pytest.mark.parametrize("value", [1, -1, 0, 10**400])
def test_refuses_what_is_out_of_range_with_the_field_the_value_and_the_range(value):
    with pytest.raises(BadValue, match=r"lr.*Give a value from 1e-06 to 0\.03"):
        SPACE.check({"lr": value})


@pytest.mark.parametrize("value", ["0.001", None, True, math.nan, math.inf, [1], 1j])
def test_refuses_what_is_no_number_and_says_so(value):
    with pytest.raises(BadValue, match=r"lr must be a number, got .*Give a value from"):
        SPACE.check({"lr": value})


@pytest.mark.parametrize("value", [2.5, "8", False, math.nan])
def test_refuses_what_is_no_whole_number(value):
    with pytest.raises(BadValue, match="num_repeat must be a whole number"):
        SPACE.check({"num_repeat": value})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "3e-4", 3e-4),
        ("lr", " 0.001 ", 1e-3),
        ("num_repeat", "4", 4),
        ("num_repeat", "4.0", 4),
        ("width", "64", 64),
    ],
)
def test_reads_what_a_person_types(name, text, value):
    read = SPACE.read(name, text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("lr", "fast", "lr must be a number, got 'fast'"),
        ("lr", "nan", "lr must be a number, got nan"),
        ("num_repeat", "2.5", "num_repeat must be a whole number, got 2.5"),
        ("num_repeat", "9" * 5000, "num_repeat"),
        ("width", "17", "width must be one of 16, 32, 64, got '17'"),
        ("lrr", "1", "Did you mean 'lr'"),
    ],
)
def test_refuses_what_it_cannot_read(name, text, words):
    with pytest.raises(BadValue, match=words):
        SPACE.read(name, text)


def test_switches_and_words_are_read_as_they_are_written():
    space = Space({"norm": Choice(True, [True, False]), "kind": Choice("relu", ["relu", "1"])})
    assert (space.read("norm", "false"), space.read("kind", "1")) == (False, "1")


def test_what_is_live_is_declared():
    assert not any(param.live for param in SPACE.values())
    assert Float(1, 0, 2, live=True).live


@pytest.mark.parametrize("value", [17, "32", True])
def test_refuses_what_is_no_option(value):
    with pytest.raises(BadValue, match="width must be one of 16, 32, 64"):
        SPACE.check({"width": value})


def test_an_unknown_name_is_answered_with_the_nearest_known_one():
    with pytest.raises(BadValue, match=r"no hyper-parameter 'num_repeats'. Did you mean 'num_repeat'\?"):
        SPACE.check({"num_repeats": 3})
    with pytest.raises(BadValue, match="Known are lr, num_repeat, width"):
        SPACE.check({"zzz": 3})


@pytest.mark.parametrize(
    "declare",
    [lambda: Float(1, 2, 3), lambda: Int(5, 5, 5), lambda: Float(0, -1, 1, log=True), lambda: Choice(1, [2, 3])],
)
def test_a_declaration_that_makes_no_sense_is_refused_where_it_is_written(declare):
    with pytest.raises(BadValue):
        declare()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_nearest_is_always_in_range_and_keeps_what_is(value):
    near = SPACE.nearest("lr", value)
    assert 1e-6 <= near <= 3e-2
    if 1e-6 <= value <= 3e-2:
        assert near == value


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.lists(st.integers())))
def test_check_returns_a_value_in_range_or_raises_bad_value(value):
    try:
        taken = SPACE.check({"num_repeat": value})["num_repeat"]
    except BadValue:
        return
    assert type(taken) is int
    assert 2 <= taken <= 32
