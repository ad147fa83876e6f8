"""What `Recorder.log` keeps, and under which names and steps."""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.recorder import Recorder

NAN = float("nan")


class Colour(IntEnum):
    RED = 3


class Tensor:
    """As a tensor of torch behaves: one value has `item`, several refuse it."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def item(self) -> float:
        if len(self.values) != 1:
            raise RuntimeError(f"a Tensor with {len(self.values)} elements cannot be converted to Scalar")
        return self.values[0]


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __float__(self) -> float:
        raise SystemError("no")


def logged(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_bytes().splitlines()]


def log_one(directory: Path, value: object) -> Any:
    with Recorder(directory) as run:
        assert run.log({"x": value}, step=1)
    (record,) = logged(directory)
    return record["x"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.25, 0.25),
        (NAN, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.float16("nan"), "NaN"),
        (np.longdouble("0.5"), 0.5),
        (np.int64(-7), -7),
        (np.uint8(200), 200),
        (np.bool_(True), True),
        (np.array([2.5]), 2.5),
        (Tensor(1.5), 1.5),
        (Decimal("0.125"), 0.125),
        (Colour.RED, 3),
        (True, True),
        (None, None),
        (2**62, 2**62),
        (2**64, float(2**64)),
        (-(10**30), -1e30),
        (10**400, "Infinity"),
        (-(10**4000), "-Infinity"),
        ("a text with \n, ü and \ud800", "a text with \n, ü and \ud800"),
        ("", ""),
        (Path("/x/y"), "/x/y"),
    ],
)
def test_values_are_kept_as_json_can_hold_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: object, written: object
) -> None:
    kept = log_one(tmp_path, value)
    assert kept == written
    assert type(kept) is type(written)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("value", [[1, 2], (1,), np.zeros(3), Tensor(1, 2), 1j, object(), {1, 2}, b"1.5", Rude()])
def test_anything_else_is_kept_as_its_repr_with_one_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: object
) -> None:
    with Recorder(tmp_path) as run:
        for step in range(3):
            assert run.log({"odd": value, "loss": 0.5}, step=step)
        assert run.lost == 0
    assert all(isinstance(record["odd"], str) and record["loss"] == 0.5 for record in logged(tmp_path))
    errors = capsys.readouterr().err
    assert errors.count("'odd'") == errors.count("\n") == 1


def test_a_huge_repr_is_cut(tmp_path: Path) -> None:
    assert len(log_one(tmp_path, ["x" * 10_000] * 10_000)) < 3_000


def test_nested_metrics_become_slashed_names(tmp_path: Path) -> None:
    with Recorder(tmp_path) as run:
        run.log({"reward": {"mean": 0.5, "by": {"task": 1}}, 7: 0.1, "empty": {}}, step=1)
    record = logged(tmp_path)[0]
    assert {name: record[name] for name in record if name != "t"} == {
        "step": 1,
        "reward/mean": 0.5,
        "reward/by/task": 1,
        "7": 0.1,
    }


def test_a_mapping_that_holds_itself_does_not_hang(tmp_path: Path) -> None:
    loop: dict[str, Any] = {"loss": 0.5}
    loop["self"] = loop
    with Recorder(tmp_path) as run:
        assert run.log(loop, step=1)
    assert logged(tmp_path)[0]["loss"] == 0.5


def test_keywords_and_a_mapping_are_the_same_and_keywords_win(tmp_path: Path) -> None:
    with Recorder(tmp_path) as run:
        run.log({"loss": 0.5}, step=1)
        run.log(step=2, loss=0.5)
        run.log({"loss": 9.0}, step=3, loss=0.5)
        run.log({"step": 4, "loss": 0.5})
    assert [(record["step"], record["loss"]) for record in logged(tmp_path)] == [(n, 0.5) for n in (1, 2, 3, 4)]


def test_metrics_called_like_the_records_own_names_do_not_clash(tmp_path: Path) -> None:
    with Recorder(tmp_path) as run:
        run.log({"step": 0.5, "t": 0.25, "t_": 0.125, "step_given": 1.0, "t/x": 2.0}, step=9)
    record = logged(tmp_path)[0]
    assert record["step"] == 9
    assert abs(record["t"] - time.time()) < 60
    own = {"step_": 0.5, "t_": 0.25, "t__": 0.125, "step_given_": 1.0, "t/x": 2.0}
    assert {name: record[name] for name in own} == own
    assert set(record) == {"step", "t", *own}


def test_steps_count_on_by_themselves_and_duplicates_stay(tmp_path: Path) -> None:
    with Recorder(tmp_path) as run:
        for step in (None, None, 10, None, 10, 3, None, np.int64(20), 21.0, Tensor(22.0)):
            run.log({"x": 1.0}, step=step)
    assert [record["step"] for record in logged(tmp_path)] == [0, 1, 10, 11, 10, 3, 4, 20, 21, 22]


@pytest.mark.parametrize("step", [-1, 1.5, "7", NAN, math.inf, True, 2**53, [3], object(), 1j, -0.5])
def test_a_bad_step_keeps_the_record_at_the_next_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], step: object
) -> None:
    with Recorder(tmp_path) as run:
        run.log({"x": 1.0}, step=5)
        assert run.log({"x": 2.0}, step=step)
        assert run.log({"x": 3.0}, step=step)
    first, second, third = logged(tmp_path)
    assert [first["step"], second["step"], third["step"]] == [5, 6, 7]
    assert "step_given" in second
    assert "step_given" not in first
    if isinstance(step, int | str) or step in (1.5, -0.5):
        assert second["step_given"] == step
    assert capsys.readouterr().err.count("step must be a whole number") == 1


def test_a_resumed_run_counts_on_from_its_log(tmp_path: Path) -> None:
    with Recorder(tmp_path) as run:
        run.log({"x": 1.0}, step=41)
    with Recorder(tmp_path) as run:
        run.log({"x": 1.0})
    assert [record["step"] for record in logged(tmp_path)] == [41, 42]


@pytest.mark.parametrize("metrics", [3, "loss", [("loss", 1.0)], object()])
def test_what_is_no_mapping_is_counted_and_never_raises(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], metrics: Any
) -> None:
    with Recorder(tmp_path) as run:
        assert not run.log(metrics, step=1)
        assert not run.log(metrics, step=2)
        assert run.log({"x": 1.0}, step=3)
        assert run.lost == 2
    assert [record["step"] for record in logged(tmp_path)] == [3]
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_stderr_nothing_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with Recorder(tmp_path) as run:
        assert run.log({"x": [1]}, step=-1)


def test_rollouts_keep_their_shape(tmp_path: Path) -> None:
    rows = [
        {"step": 1, "prompt": "2+3", "tokens": [1, 2], "reward": np.float32(0.5), "info": {"kl": NAN}},
        {"step": 2, "text": "<b>ü\n"},
    ]
    with Recorder(tmp_path) as run:
        assert run.log_rollouts(rows)
        assert run.log_rollouts(iter([]))
        assert not run.log_rollouts([{"ok": 1}, 5, {"ok": 2}])  # type: ignore[list-item]
        assert run.lost == 1
    kept = [json.loads(line) for line in (tmp_path / "rollouts.jsonl").read_bytes().splitlines()]
    first = {"step": 1, "prompt": "2+3", "tokens": [1, 2], "reward": 0.5, "info": {"kl": "NaN"}}
    assert kept == [first, rows[1], {"ok": 1}, {"ok": 2}]


def test_stop_requested_is_the_file(tmp_path: Path) -> None:
    with Recorder(tmp_path) as run:
        assert not run.stop_requested
        (tmp_path / "stop.request").touch()
        assert run.stop_requested


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
metrics = st.dictionaries(st.text(max_size=12), scalars | st.dictionaries(st.text(max_size=5), scalars), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(metrics, max_size=5))
def test_any_metrics_become_whole_strict_json_lines(rows: list[dict[str, Any]]) -> None:
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    with tempfile.TemporaryDirectory() as directory:
        with Recorder(directory) as run:
            assert all(run.log(row, step=index) for index, row in enumerate(rows))
        lines = Path(directory, "metrics.jsonl").read_bytes().split(b"\n") if rows else [b""]
        assert lines.pop() == b""
        kept = [json.loads(line, parse_constant=refuse) for line in lines]
    assert [record["step"] for record in kept] == list(range(len(rows)))
