"""One slider for each hyper-parameter that varies."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.configs import canonical_configs, config_of_all
from astuner_nb.views.tables.shown import shown
from astuner_nb.views.tables.sliders import MOST_CHOICES, MOST_MARKS, ChoiceSlider, RangeSlider, sliders

from ..trackers.places import MadeRun


def of(name, *values):
    """The slider for `name` of runs with these values; no value for those with `...`."""
    configs = [{} if value is ... else {name: value} for value in values]
    found = sliders([MadeRun(f"r{place}", config=config) for place, config in enumerate(configs)])
    return found[0] if found else None


def test_numbers_are_a_range():
    assert of("x", 1, 4, 2, 2, None, ..., math.inf) == RangeSlider(
        "x", 1, 4, log=False, whole=False, step=1, marks=(1, 2, 4), missing=3
    )
    assert of("x", 1, 3).whole
    assert of("x", 0.5, 3).step == 2.5


def test_two_decades_of_positive_numbers_are_on_a_log_scale():
    slider = of("lr", 1e-5, 1e-4, "1e-3")
    assert (slider.log, slider.low, slider.high) == (True, 1e-5, 1e-3)
    assert slider.step == pytest.approx(1)
    assert not of("lr", 0, 1, 1000).log
    assert not of("lr", -1, 1000).log
    assert not of("lr", 1, 99).log
    assert of("lr", 5e-324, 1e308).log


def test_other_values_are_choices_the_most_frequent_first():
    assert of("opt", "a", "b", "b", ...) == ChoiceSlider("opt", ("b", "a"), (2, 1), 1)
    assert of("opt", 1, "1", True).choices == (1, "1", True)
    assert of("flag", True, False, True) == ChoiceSlider("flag", (True, False), (2, 1), 0)
    assert of("opt", "a", None).choices == ("a", None)
    assert of("betas", [1, 2], [1, 3]).choices == ("[1, 2]", "[1, 3]")
    assert of("opt", "a", math.nan, "b").missing == 1


@pytest.mark.parametrize(
    "values",
    [
        [1, 1, 1.0], ["a", "a"], ["a", ...], [1, ..., None], [None, ...], [math.nan, 1], [math.nan, math.nan],
        [math.inf, 1], [10**400, 1], [True, True], [],
    ],
)  # fmt: skip
def test_what_does_not_vary_has_none(values):
    assert of("x", *values) is None


def test_texts_that_tell_each_run_apart_have_none():
    assert of("path", *map(str, range(MOST_CHOICES + 1))) is None
    assert len(of("path", *map(str, range(MOST_CHOICES))).choices) == MOST_CHOICES


def test_marks_of_many_values_hold_both_ends():
    marks = of("x", *range(1000)).marks
    assert (len(marks), marks[0], marks[-1]) == (MOST_MARKS, 0, 999)


def test_canonical_names_come_first_in_the_order_of_the_table():
    runs = [MadeRun(str(n), config={"b": n, "a": n, "seed": n, "learning_rate": n, "beta": n}) for n in range(2)]
    assert [slider.name for slider in sliders(runs)] == ["lr", "seed", "b", "a", "beta"]


values = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["a", "b", "1"]) | st.just(...)


@given(st.lists(values, max_size=12))
def test_at_its_ends_a_slider_leaves_out_only_what_it_says_is_missing(given):
    runs = [MadeRun(f"r{n}", config={} if value is ... else {"x": value}) for n, value in enumerate(given)]
    config_of = config_of_all(runs)
    for slider in sliders(runs, canonical_configs(runs)):
        wanted = (slider.low, slider.high) if isinstance(slider, RangeSlider) else list(slider.choices)
        kept = shown(runs, ViewOptions().with_filter(config={slider.name: wanted}), config_of)
        assert len(kept) == len(runs) - slider.missing
        if isinstance(slider, ChoiceSlider):
            assert sum(slider.counts) == len(kept)


def test_400_keys_of_1000_runs_take_no_time():
    runs = [
        MadeRun(f"r{n}", config={f"k{key}": (n * 0.1 if key % 10 == 0 else "x") for key in range(399)} | {"lr": "1e-5"})
        for n in range(1000)
    ]
    begin = time.perf_counter()
    assert len(sliders(runs)) == 40
    assert time.perf_counter() - begin < 1.5  # 0.18 s on a quiet machine
