"""What the server's answers mean, tried on many: descriptions, rows, exports, and filters that must lose nothing."""

import json
import math
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import AccessDenied, RateLimited, ServerFailed, TrackerError
from astuner_nb.core.states import RunState
from astuner_nb.trackers.wandb.account import Account
from astuner_nb.trackers.wandb.description import config_of, described, keys_of, moment
from astuner_nb.trackers.wandb.failures import failure, sense
from astuner_nb.trackers.wandb.filters import pushed
from astuner_nb.trackers.wandb.rows import history_of, read_exports, sampled_points, scanned
from astuner_nb.trackers.where import Between, OneOf, Where
from tests.servers.wandb_memory import StoredRun, fits, parquet

ACCOUNT = Account("http://127.0.0.1:9", "k" * 40, "a test")
NAMES = st.sampled_from(["a", "b.c", "lr", "grpo-1", "grpo 2", "Grpo-1", "x[1]", "weird$^(", ""])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.sampled_from(["1", "adam", "NaN"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2))
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
RUNS = st.builds(
    StoredRun,
    id=st.sampled_from(["grpo-1", "r1"]),
    name=st.none() | NAMES,
    state=st.sampled_from(["running", "finished", "crashed", "failed", "killed", "pending", "preempted", "dreaming"]),
    config=st.dictionaries(NAMES, VALUES, max_size=4),
    tags=st.lists(NAMES, max_size=2),
)
ENDS = st.sampled_from([-math.inf, -1.0, 0.0, 1e-6, 1.0, math.inf])
CONDITIONS = st.builds(lambda a, b: Between(min(a, b), max(a, b)), ENDS, ENDS) | st.lists(SCALARS, max_size=3).map(
    lambda values: OneOf(tuple(values))
)
WHERES = st.builds(
    Where,
    states=st.frozensets(st.sampled_from(RunState), max_size=2),
    name=st.sampled_from(["", "grpo-*", "*", "?", "grpo?1", "x[[]1]", "x[1]", "weird$^(", "[!g]*"]),
    tags=st.lists(NAMES, max_size=2).map(tuple),
    config=st.dictionaries(NAMES, CONDITIONS, max_size=2),
)


@given(RUNS, WHERES)
def test_no_run_that_fits_is_lost_by_what_the_server_is_asked(run, where):
    description = described(run.node())
    if where.fits(SimpleNamespace(**description), description["config"]):
        assert fits(run, json.loads(json.dumps(pushed(where, Aliases()))))


def test_a_canonical_hyper_parameter_is_not_asked_for_under_one_of_its_keys():
    names = Aliases().with_hyper_parameters({"steepness": ["lr_of_mine"]})
    assert pushed(Where(config={"lr": Between(0, 1)}), names) == {}
    assert pushed(Where(config={"steepness": Between(0, 1)}), names) == {}
    assert pushed(Where(config={"batch": Between(0, math.inf)}), names) == {"config.batch": {"$gte": 0}}


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_any_configuration_becomes_a_flat_one(config):
    wrapped = {name: {"desc": None, "value": value} for name, value in config.items()}
    flat = config_of(json.dumps({**wrapped, "_wandb": {"value": {"secret": 1}}}))
    assert all(value is None or isinstance(value, bool | int | float | str) for value in flat.values())
    assert not any(name.startswith("_wandb") for name in flat.keys() - config.keys())
    assert {name for name, value in config.items() if isinstance(value, str)} <= flat.keys()


def test_configurations_of_all_forms():
    text = '{"lr": {"desc": null, "value": 1e-6}, "old": 3, "x": {"value": NaN}, "wandb_version": 1}'
    assert str(config_of(text)) == "{'lr': 1e-06, 'old': 3, 'x': nan}"
    assert config_of('{"a": {"value": {"value": 1, "desc": "b"}}}') == {"a.value": 1, "a.desc": "b"}
    assert config_of(None) == config_of("") == config_of("null") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T13:00:00.5+01:00", datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_moments(text, expected):
    assert moment(text) == expected


def test_keys_come_from_the_history_else_from_the_summary():
    kinds = {"x": "number", "note": "string", "h": "histogram", "_runtime": "number", "system/gpu": "number"}
    known = {name: {"typeCounts": [{"type": kind, "count": 5}]} for name, kind in kinds.items()}
    keys = keys_of({"historyKeys": {"keys": {**known, "bare": None}}})
    assert [(key.name, key.count) for key in keys] == [("x", 5), ("bare", None)]
    summary = json.dumps({"x": 1, "eval": {"acc": 0.5}, "nan": "NaN", "note": "fine", "_step": 3})
    assert [key.name for key in keys_of({"historyKeys": None, "summaryMetrics": summary})] == ["x", "eval.acc", "nan"]
    assert keys_of({}) is None


LOGGED = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["NaN", "Infinity", "text"])
ROWS = st.lists(
    st.fixed_dictionaries({"_step": st.integers(0, 50)}, optional={"a": LOGGED, "_timestamp": st.floats(0, 9)})
)


@given(ROWS)
def test_scanned_rows_become_curves_in_the_order_of_their_steps(rows):
    series = scanned(rows, ["a"]).get("a")
    expected = {row["_step"]: row["a"] for row in rows if "a" in row and row["a"] is not None and row["a"] != "text"}
    assert ([] if series is None else list(series.step)) == sorted(expected)
    if series is not None:
        given_values = [expected[step] for step in sorted(expected)]
        np.testing.assert_array_equal(series.value, [float(value) for value in given_values])


@given(ROWS.map(lambda rows: [row for row in rows if "a" in row]))
def test_a_null_among_sampled_numbers_is_a_nan(rows):
    points = sampled_points("a", rows)
    if all(row["a"] is None for row in rows):
        assert points == []
    else:
        assert len(points) == sum(row["a"] != "text" for row in rows)
        assert sum(math.isnan(value) for _, value, _ in points) >= sum(row["a"] is None for row in rows)


def test_nested_rows_and_nothing():
    assert sampled_points("eval.acc", [{"_step": 1, "eval": {"acc": 0.5}}, {"_step": 2, "eval.acc": 1}]) == [
        (1.0, 0.5, pytest.approx(math.nan, nan_ok=True)),
        (2.0, 1.0, pytest.approx(math.nan, nan_ok=True)),
    ]
    assert dict(history_of({"a": []})) == {}


@given(st.lists(st.floats() | st.none(), min_size=1, max_size=30), st.integers(1, 30))
def test_an_export_tells_a_nan_from_what_was_not_logged(tmp_path_factory, values, split):
    folder = tmp_path_factory.mktemp("exports")
    rows = [{"_step": step, **({} if value is None else {"a": value})} for step, value in enumerate(values)]
    parts = [part for part in (rows[:split], rows[split:]) if part]
    for index, part in enumerate(parts):
        (folder / f"x_{index}.parquet").write_bytes(parquet(part))
    history = read_exports([folder / f"x_{index}.parquet" for index in range(len(parts))], ["a", "none"])
    logged = [(step, value) for step, value in enumerate(values) if value is not None]
    assert list(history) == ["a"] * bool(logged)
    if logged:
        np.testing.assert_array_equal(history["a"].step, [step for step, _ in logged])
        np.testing.assert_array_equal(history["a"].value, [value for _, value in logged])


def test_an_export_of_any_column_types(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "_step": pa.array([0.0, 1.0, 2.0]),
            "_timestamp": pa.array([1e9, None, 3e9]),
            "flag": pa.array([True, None, False]),
            "whole": pa.array([1, 2, None], pa.int32()),
            "words": pa.array(["NaN", "text", "Infinity"]),
            "eval": pa.array([{"acc": 0.5, "deep": {"er": 1}}, None, {"acc": None, "deep": None}]),
            "list": pa.array([[1], [2], None]),
        }
    )
    pq.write_table(table, tmp_path / "x_0.parquet")
    names = ["flag", "whole", "words", "eval.acc", "eval.deep.er", "list"]
    history = read_exports([tmp_path / "x_0.parquet"], names)
    assert {name: str(series.value.tolist()) for name, series in history.items()} == {
        "flag": "[1.0, 0.0]",
        "whole": "[1.0, 2.0]",
        "words": "[nan, inf]",
        "eval.acc": "[0.5]",
        "eval.deep.er": "[1.0]",
    }
    np.testing.assert_array_equal(history["flag"].time, [1e9, 3e9])


@given(st.text(), st.sampled_from([0, 400, 401, 403, 404, 500, 503]))
def test_every_failure_is_one_of_ours_and_keeps_the_key_to_itself(text, status):
    error = RuntimeError(f"{text} {ACCOUNT.key}")
    error.response = SimpleNamespace(http_status=status)
    told = failure(error, ACCOUNT, "the runs of acme/grpo")
    assert isinstance(told, TrackerError)
    assert ACCOUNT.key not in str(told)
    assert "\n" not in str(told)
    assert "acme/grpo" in str(told) or "does not" in str(told)


def test_a_limit_without_a_server_to_ask():
    told = failure(RuntimeError("giving up after 2 attempt(s)\nwhile retrying: HTTP 429: slow down"), ACCOUNT, "x")
    assert isinstance(told, RateLimited)
    assert told.retry_after_s is None


def test_nonsense_in_an_answer_is_the_servers_and_our_own_errors_pass():
    with pytest.raises(ServerFailed, match="makes no sense"), sense(ACCOUNT, "the runs"):
        {}["edges"]
    with pytest.raises(AccessDenied), sense(ACCOUNT, "the runs"):
        raise AccessDenied("no")
