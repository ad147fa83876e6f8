"""What is pure of `swanlab://`: filters, descriptions, points, tables and waits, tried on many examples."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from astuner_nb.core.states import RunState
from astuner_nb.trackers.swanlab.curves import ends_early, history_of
from astuner_nb.trackers.swanlab.describe import STATES, flat_config, labels_of, moment, number, state_of
from astuner_nb.trackers.swanlab.failures import retry_after_s
from astuner_nb.trackers.swanlab.filters import filters_of
from astuner_nb.trackers.swanlab.shapes import RULES, complaint, table_complaint
from astuner_nb.trackers.where import Between, OneOf, Where

from ..servers.swanlab_runs import StoredRun

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)

# Filters: whatever is asked, the server never keeps back a run that fits.

names = st.sampled_from(["grpo-1", "grpo_1", "grpo 1", "ppo", "a.b", "GRPO-1", "x", "100%", "é"])
patterns = st.sampled_from(
    ["", "*", "grpo-*", "grpo?1", "*1", "[g]*", "gr*1", "ppo", "100%", "grpo 1", "?", "é", "a.b"]
)
tag_lists = st.lists(st.sampled_from(["small", "large", "s", "a b", "x,y"]), unique=True, max_size=3).map(tuple)
scalars = st.sampled_from(
    [0, 1, 1.0, True, False, None, "1", "adamw", "true", "", 1e-5, 0.1, 1e16, -3, math.inf, "[1]"]
)
conditions = st.one_of(
    st.builds(
        lambda ends: Between(min(ends), max(ends)),
        st.tuples(*[st.sampled_from([-math.inf, -3.0, 0.0, 1e-5, 0.1, 1.0, 1e16, math.inf])] * 2),
    ),
    st.builds(OneOf, st.lists(scalars, min_size=1, max_size=3).map(tuple)),
)
configs = st.fixed_dictionaries({}, optional=dict.fromkeys(("lr", "learning_rate", "optim"), scalars))


@st.composite
def asked(draw: st.DrawFn, config: dict[str, Any], tags: tuple[str, ...]) -> Where:
    """A question of one part, close to what a run has."""
    kind = draw(st.sampled_from(["states", "name", "tags", "config"]))
    if kind == "states":
        return Where(states=draw(st.frozensets(st.sampled_from(list(RunState)), min_size=1, max_size=4)))
    if kind == "name":
        return Where(name=draw(patterns))
    if kind == "tags":
        return Where(tags=tags[:1] or draw(tag_lists))
    name = draw(st.sampled_from([*config, "lr", "model.size"]))
    values = st.just(config.get(name, 1)) | scalars
    one_of = st.builds(OneOf, st.lists(values, min_size=1, max_size=2).map(tuple))
    return Where(config={name: draw(conditions | one_of)})


CANONICAL = {"lr": "learning_rate"}


class Ours:
    """What a condition looks at."""

    def __init__(self, stored: StoredRun) -> None:
        self.state, _ = state_of(stored.state)
        self.name, self.tags = stored.name, tuple(stored.tags)
        self.config = flat_config(stored.as_json("P")["profile"])


@given(names, st.sampled_from([*STATES, "NEW"]), tag_lists, configs, st.data())
@settings(max_examples=500, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_the_server_never_keeps_back_a_run_that_fits(
    name: str, state: str, tags: tuple[str, ...], config: dict[str, Any], data: st.DataObject
) -> None:
    stored = StoredRun("r", name, state, {**config, "model": {"size": 1.0}}, tags)
    run = Ours(stored)
    where = data.draw(asked(config, tags))
    canonical = {name: run.config[own] for name, own in CANONICAL.items() if own in run.config}
    assume(where.fits(run, {**run.config, **canonical}))  # type: ignore[arg-type]  # what it looks at is there
    assert stored.fits(filters_of(where, CANONICAL))


def test_what_a_server_might_misread_is_not_asked_of_it() -> None:
    assert filters_of(Where(name="[ab]*"), ()) == []
    assert filters_of(Where(tags=("a b",)), ()) == []
    assert filters_of(Where(states=frozenset({RunState.LOST, RunState.RUNNING})), ()) == []
    assert filters_of(Where(states=frozenset({RunState.STARTING})), ()) == []
    for condition in (OneOf((True,)), OneOf((None,)), OneOf(("a", 1)), OneOf(("[1]",)), Between(-math.inf, math.inf)):
        assert filters_of(Where(config={"x": condition}), ()) == []
    assert filters_of(Where(config={"lr": OneOf((1.0,)), "a.b": OneOf((1.0,))}), {"lr"}) == []


# Descriptions


@given(json_values)
def test_any_profile_becomes_a_flat_configuration(value: Any) -> None:
    for profile in (value, {"config": value}, {"config": {"x": {"value": value}}}):
        for entry in flat_config(profile).values():
            assert isinstance(entry, float | int | bool | str | None)
    labels_of(value)
    state_of(value)


@given(json_values)
def test_any_value_is_a_time_or_none(value: Any) -> None:
    found = moment(value)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-02T03:04:05.000Z",
        "2026-01-02T03:04:05",
        "2026-01-02T11:04:05+08:00",
        1767323045,
        "1767323045",
        1767323045000,
        1767323045.0,
    ],
)
def test_all_spellings_of_a_time(value: Any) -> None:
    assert moment(value) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "yesterday", 0, -5, "0", math.nan, math.inf, 10**30, [], "²"])
def test_what_is_no_time(value: Any) -> None:
    assert moment(value) is None


@given(json_values | st.integers(min_value=10**300))
def test_any_value_is_a_number_or_none(value: Any) -> None:
    found = number(value)
    assert found is None or isinstance(found, float)


def test_a_number_beyond_all_floats() -> None:
    assert number(10**400) == math.inf
    assert number(-(10**400)) == -math.inf
    assert number("1e999") == math.inf


# Points

points = st.dictionaries(st.sampled_from(["index", "step", "data", "value", "timestamp"]), json_values, max_size=5)
answers = st.lists(st.fixed_dictionaries({"key": st.sampled_from("ab"), "metrics": st.lists(points, max_size=5)}))


@given(answers, st.sampled_from([None, 1, 3]))
def test_any_points_become_curves(answer: list[dict[str, Any]], count: int | None) -> None:
    history = history_of({"list": answer}, count)
    for series in history.values():
        assert len(series.step) == len(series.value) == len(series.time) > 0
        assert all(map(math.isfinite, series.step))
    assert history.sampled == any(count is not None and len(one["metrics"]) >= count for one in answer)
    assert ends_early({"list": answer}, history) == ""  # there are no statistics


@given(st.lists(st.tuples(st.integers(0, 10**9), st.floats(), st.integers(0, 10**13)), unique_by=lambda one: one[0]))
def test_both_shapes_of_points_are_the_same_curve(rows: list[tuple[int, float, int]]) -> None:
    sampled = [{"index": step, "data": value, "timestamp": ms} for step, value, ms in rows]
    full = [{"step": step, "value": str(value), "timestamp": ms} for step, value, ms in rows]
    left, right = (history_of({"list": [{"key": "k", "metrics": shape}]}, None) for shape in (sampled, full))
    assert set(left) == set(right) == ({"k"} if rows else set())
    if rows:
        assert np.array_equal(left["k"].value, right["k"].value, equal_nan=True)
        assert left["k"].step.tolist() == right["k"].step.tolist() == [step for step, _, _ in rows]
        assert left["k"].time.tolist() == [ms / 1000 for _, _, ms in rows]


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        ({"index": 9, "data": 1.0}, ""),
        ({"index": 10, "data": 1.0}, "k"),
        ({"index": 10, "data": "nan"}, ""),
        (None, ""),
    ],
)
def test_a_curve_that_lacks_its_newest_point(latest: Any, expected: str) -> None:
    metrics = [{"step": step, "value": 0.0} for step in range(10)]
    answer = {"list": [{"key": "k", "metrics": metrics, "latest": latest}]}
    assert ends_early(answer, history_of(answer, None)) == expected


# Tables and other answers


@given(st.integers(1, 4), st.integers(1, 5), st.data())
def test_a_table_that_was_cut_within_a_row_is_noticed(keys: int, rows: int, data: st.DataObject) -> None:
    head = ",".join(["step", *(f'"a, b-{i}"' for i in range(2 * keys))])  # names with commas stand in quotes
    body = "".join(",".join(map(str, [step, *[0.5, 1_700_000_000_000] * keys])) + "\n" for step in range(rows))
    assert table_complaint(f"{head}\n{body}".encode()) == ""
    assert table_complaint(f"{head}\n{body.strip()}".encode()) == ""
    cut = body[: data.draw(st.integers(1, len(body) - 1))]
    last = cut.rpartition("\n")[2]
    half = bool(last) and last.count(",") < 2 * keys
    assert table_complaint(f"{head}\n{cut}".encode()) == ("half a table of points" if half else "")


@given(st.binary(max_size=60))
def test_any_bytes_are_judged(content: bytes) -> None:
    table_complaint(content)
    for path in ("", "/login/api_key", "/project/a/b"):
        complaint(path, content, lambda: content.decode())


@given(json_values)
def test_any_answer_is_judged(answer: Any) -> None:
    for _, (_, fits) in RULES:
        assert fits(answer) in (True, False)


@given(st.none() | st.text(max_size=12) | st.integers().map(str) | st.floats().map(str))
def test_any_header_is_a_wait_or_none(header: str | None) -> None:
    found = retry_after_s(header)
    assert found is None or (found >= 0 and math.isfinite(found))
