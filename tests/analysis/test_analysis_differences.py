"""What differs among configurations, in lists and in one line."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.analysis.differences import MISSING, changes, differing, kind_of, what_changed
from astuner_nb.core.errors import BadValue

VALUE = st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.text(max_size=40)
CONFIG = st.dictionaries(st.sampled_from(["lr", "seed", "model", "kl", "", "a.b"]), VALUE)
NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (1, 1.0, False),
        (0, -0.0, False),
        (NAN, float("nan"), False),
        (None, None, False),
        ("a", "a", False),
        (True, True, False),
        (True, 1, True),
        (False, 0, True),
        (1, "1", True),
        (None, "None", True),
        (NAN, "NaN", True),
        (NAN, 0.0, True),
        (10**400, math.inf, True),
        (0.1 + 0.2, 0.3, True),
    ],
)
def test_what_counts_as_the_same(one, other, differ):
    assert differing([{"key": one}, {"key": other}]) == (["key"] if differ else [])
    assert differing([{"key": one}, {"key": one}, {"key": other}]) == (["key"] if differ else [])
    assert bool(changes({"key": one}, {"key": other})) is differ


def test_keys_stand_in_the_order_in_which_they_come_and_a_missing_one_differs():
    configs = [{"seed": 0, "lr": 1e-4, "model": "a"}, {"lr": 3e-4, "model": "a", "kl": None, "seed": 0}]
    assert differing(configs) == ["lr", "kl"]
    assert changes(configs[1], configs[0]) == {"lr": (1e-4, 3e-4), "kl": (MISSING, None)}
    assert changes(configs[0], configs[1]) == {"lr": (3e-4, 1e-4), "kl": (None, MISSING)}


@pytest.mark.parametrize("configs", [[], [{}], [{"lr": 1}], [{}, {}]])
def test_a_single_configuration_differs_from_none(configs):
    assert differing(configs) == []


@given(st.lists(CONFIG, max_size=5), st.randoms())
def test_the_order_of_the_runs_does_not_matter(configs, random):
    shuffled = random.sample(configs, len(configs))
    assert sorted(differing(configs)) == sorted(differing(shuffled))


@given(CONFIG, CONFIG)
def test_two_configurations_differ_in_what_changed_between_them(one, other):
    assert sorted(differing([one, other])) == sorted(changes(one, other)) == sorted(changes(other, one))
    assert changes(one, dict(reversed(one.items()))) == {}


@given(CONFIG, CONFIG, st.integers(1, 6))
def test_what_changed_is_one_line_that_tells_old_from_new(one, other, limit):
    line = what_changed(one, other, limit)
    assert len(line.splitlines()) <= 1
    assert (line == "no difference") == (not changes(one, other))
    for key, (old, new) in list(changes(one, other).items())[:limit]:
        alone = what_changed({key: new}, {key: old}) if MISSING not in (old, new) else ""
        if alone:
            was, now = alone.removeprefix(f"{key} ").split(" → ", 1)
            assert was != now


def test_the_line_of_the_readme():
    baseline = {"lr": 1e-4, "seed": 0, "kl": 0.02, "batch": 8, "model": "a", "warm": True}
    config = {"lr": 3e-4, "seed": 1, "kl": 0.1, "batch": 16, "model": "a", "warm": True}
    assert what_changed(config, baseline, limit=2) == "lr 1e-4 → 3e-4 · seed 0 → 1 · and 2 more"
    assert what_changed(config, baseline) == "lr 1e-4 → 3e-4 · seed 0 → 1 · kl 0.02 → 0.1 · batch 8 → 16"
    assert what_changed(baseline, baseline) == "no difference"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (1e-6, 2.5e-6, "x 1e-6 → 2.5e-6"),
        (0.001, 1.0, "x 0.001 → 1"),
        (1e6, -1e7, "x 1e+6 → -1e+7"),
        (NAN, -math.inf, "x nan → -inf"),
        (None, True, "x None → True"),
        (1, True, "x 1 → True"),
        (1, "1", "x 1 → '1'"),
        ("a\n b", "c", "x a b → c"),
        ("/models/qwen/" + "a" * 30, "/models/qwen/" + "a" * 29 + "b", "x …a → …b"),
        ("short", "z" * 100, "x short → zzzzzzzzzzzzzzzzzzzzzzz…"),
    ],
)
def test_values_are_short_and_told_apart(old, new, line):
    assert what_changed({"x": new}, {"x": old}) == line


def test_what_is_missing_on_one_side_has_a_dash():
    assert what_changed({"kl": 0.1}, {"seed": 3}) == "kl – → 0.1 · seed 3 → –"


def test_a_line_names_one_key_at_least():
    with pytest.raises(BadValue, match="limit=0"):
        what_changed({"lr": 1}, {"lr": 2}, limit=0)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1e-5, 1e-3], "log"),
        ([1, 100], "log"),
        ([1, 99.9], "number"),
        ([0, 1e-5, 1e-2], "number"),
        ([-1, 1000], "number"),
        ([4], "number"),
        ([1e-5, None, MISSING, NAN, math.inf, 1e-3], "log"),
        ([5e-324, 1e308], "log"),
        ([10**400, 3], "number"),
        (["a", "b"], "choice"),
        ([True, False], "choice"),
        ([1, "auto"], "choice"),
        ([1, True], "choice"),
        ([], "choice"),
        ([None, MISSING], "choice"),
        ([NAN, NAN], "choice"),
    ],
)
def test_the_kind_of_slider(values, kind):
    assert kind_of(values) == kind


def test_four_hundred_keys_of_a_thousand_runs_take_no_time():
    def value(key, run):
        return [7, f"text {key}", run, 0.1 * run, run == 999, NAN, 1 if run else True][key % 7]

    configs = [{f"key.{key}": value(key, run) for key in range(400)} for run in range(1_000)]
    quickest = math.inf
    for _ in range(3):
        start = time.process_time()
        found = differing(configs)
        quickest = min(quickest, time.process_time() - start)
    assert found == [f"key.{key}" for key in range(400) if key % 7 in (2, 3, 4, 6)]
    assert quickest < 0.6  # 0.1 s on a quiet core
