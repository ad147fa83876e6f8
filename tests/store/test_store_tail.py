"""The tail: what is new since the last look, whatever happened to the file in between."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.core.errors import StoreError
from astuner_nb.core.protocols import Chunk
from astuner_nb.recorder import Recorder
from astuner_nb.store import tail as tail_module
from astuner_nb.store.tail import MetricsTail

WRITER = """
import sys
from astuner_nb.recorder import Recorder
with Recorder(sys.argv[1]) as run:
    for step in range(int(sys.argv[2])):
        run.log({"loss": step / 3} if step % 3 else {"val/loss": step / 3, "note": "text"}, step=step)
"""


def append(path: Path, *rows: object) -> None:
    with open(path, "a") as file:
        file.writelines(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def points(tail: MetricsTail, name: str = "x") -> list[tuple[float, float]]:
    series = tail.history[name]
    return list(zip(series.step.tolist(), series.value.tolist(), strict=True))


def fed(chunks: list[dict[str, Chunk]], name: str) -> list[float]:
    """The values of a metric put together from chunks, each of which must start where the last one ended."""
    values: list[float] = []
    for chunk in (poll[name] for poll in chunks if name in poll):
        assert chunk.start == len(values)
        values += chunk.value.tolist()
    return values


def test_a_missing_log_is_an_empty_one(log: Path) -> None:
    tail = MetricsTail(log)
    assert tail.poll() == {}
    assert (dict(tail.history), tail.records, tail.generation, tail.caught_up) == ({}, 0, 0, True)
    append(log, {"step": 1, "t": 2.0, "x": 3.0})
    chunk = tail.poll()["x"]
    assert (chunk.start, chunk.step.tolist(), chunk.value.tolist(), chunk.time.tolist()) == (0, [1], [3], [2])
    assert tail.poll() == {}


def test_what_the_recorder_writes_comes_back(tmp_path: Path, log: Path) -> None:
    tail, chunks = MetricsTail(log), []
    with Recorder(tmp_path) as run:
        for step in range(10):
            run.log({"x": float(step), "t": -1.0, "bad": math.nan if step % 2 else math.inf, "text": "a"}, step=step)
            chunks.append(tail.poll())
    assert fed(chunks, "x") == list(range(10))
    assert set(tail.history) == {"x", "t", "bad"}
    assert tail.history["t"].value.tolist() == [-1.0] * 10
    assert np.isnan(tail.history["bad"].value).tolist() == [False, True] * 5
    assert np.all(tail.history["x"].time > 1e9)


def test_a_torn_last_line_waits(log: Path) -> None:
    append(log, {"step": 1, "x": 1.0}, '{"step": 2, ')
    tail = MetricsTail(log)
    assert list(tail.poll()) == ["x"]
    assert tail.poll() == {}
    append(log, '"x": 2.0}')
    assert tail.poll() == {}
    append(log, "\n")
    assert tail.poll()["x"].value.tolist() == [2.0]
    assert (tail.records, tail.skipped) == (2, 0)


def test_lines_that_are_no_records_are_counted_and_passed(log: Path) -> None:
    garbage = [
        "nonsense\n",
        "[1, 2]\n",
        "5\n",
        '"text"\n',
        "null\n",
        '{"step": 2, "x"\n',
        "\0\0\n",
        "[" * 50_000 + "\n",
    ]
    append(log, {"step": 1, "x": 1.0}, *garbage, "\n", "  \n", {"step": 3, "x": 3.0})
    tail = MetricsTail(log)
    tail.poll()
    assert points(tail) == [(1, 1.0), (3, 3.0)]
    assert (tail.records, tail.skipped) == (2, len(garbage))


def test_lines_of_other_writers_are_read(log: Path) -> None:
    append(
        log,
        '{"step": 1, "x": NaN, "y": 1}\n',
        '{"step": 2, "x": Infinity}\r\n',
        '{"step": 3, "x": -Infinity, "y": null, "z": {"a": [1]}}\n',
        '{"x": 4.5}\n',
        '{"step": "5", "x": 1e999}\n',
        f'{{"step": NaN, "x": {10**400}}}\n',
    )
    tail = MetricsTail(log)
    tail.poll()
    found = points(tail)
    assert [step for step, _ in found] == [1, 2, 3, 4, 5, 6]
    assert str([value for _, value in found]) == "[nan, inf, -inf, 4.5, inf, inf]"
    assert (tail.skipped, set(tail.history)) == (0, {"x", "y"})


def test_a_line_longer_than_the_read_chunk(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "CHUNK_BYTES", 64)
    rows = [{"step": n, "x": float(n), "note": "n" * (n * 37 % 900)} for n in range(60)]
    append(log, *rows)
    tail = MetricsTail(log)
    tail.poll()
    assert points(tail) == [(n, float(n)) for n in range(60)]


def test_one_poll_reads_a_bounded_amount_and_the_next_goes_on(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "CHUNK_BYTES", 200)
    append(log, *({"step": n, "x": float(n)} for n in range(1000)))
    tail = MetricsTail(log)
    chunks = [tail.poll(budget_s=0.0)]
    assert not tail.caught_up
    assert 0 < len(chunks[0]["x"]) < 20
    while not tail.caught_up:
        chunks.append(tail.poll(budget_s=0.0))
    assert fed(chunks, "x") == list(range(1000))


def test_a_truncated_log_is_a_new_generation(log: Path) -> None:
    tail = MetricsTail(log)
    append(log, *({"step": n, "x": float(n), "old": 1.0} for n in range(100)))
    tail.poll()
    log.write_text('{"step": 0, "x": 7.0}\n')
    chunks = tail.poll()
    assert tail.generation == 1
    assert (chunks["x"].start, chunks["x"].value.tolist()) == (0, [7.0])
    assert (set(tail.history), tail.records) == ({"x"}, 1)


def test_a_truncated_log_that_outgrew_the_old_one_is_noticed(log: Path) -> None:
    tail = MetricsTail(log)
    append(log, *({"step": n, "x": 1.0} for n in range(5)))
    tail.poll()
    log.write_text("".join(f'{{"step": {n}, "x": 2.0}}\n' for n in range(50)))
    assert (tail.poll()["x"].value == 2.0).all()
    assert (tail.generation, len(tail.history["x"])) == (1, 50)


def test_a_replaced_log_is_a_new_generation(tmp_path: Path, log: Path) -> None:
    tail = MetricsTail(log)
    append(log, {"step": 1, "x": 1.0})
    tail.poll()
    append(tmp_path / "new", {"step": 1, "x": 2.0})
    os.replace(tmp_path / "new", log)
    assert tail.poll()["x"].value.tolist() == [2.0]
    assert tail.generation == 1


def test_a_log_that_vanished_and_came_back(log: Path) -> None:
    tail = MetricsTail(log)
    append(log, {"step": 1, "x": 1.0})
    tail.poll()
    log.unlink()
    assert tail.poll() == {}
    assert (dict(tail.history), tail.generation) == ({}, 1)
    append(log, {"step": 1, "x": 2.0})
    assert tail.poll()["x"].start == 0
    assert tail.generation == 1


def test_a_moved_copy_of_the_same_log_is_followed_on(tmp_path: Path, log: Path) -> None:
    tail = MetricsTail(log)
    append(log, {"step": 1, "x": 1.0})
    tail.poll()
    (tmp_path / "copy").write_bytes(log.read_bytes())
    os.replace(tmp_path / "copy", log)
    append(log, {"step": 2, "x": 2.0})
    assert tail.poll()["x"].start == 1
    assert tail.generation == 0


def test_a_log_that_cannot_be_read_says_so(log: Path) -> None:
    log.mkdir()
    with pytest.raises(StoreError, match=r"cannot be read: .*metrics\.jsonl \(Is a directory\)"):
        MetricsTail(log).poll()


def test_following_a_process_that_writes(tmp_path: Path, log: Path) -> None:
    tail, chunks = MetricsTail(log), []
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "20000"])
    while process.poll() is None:
        chunks.append(tail.poll())
    assert process.returncode == 0
    chunks.append(tail.poll())
    assert (tail.records, tail.skipped, tail.generation) == (20_000, 0, 0)
    assert fed(chunks, "loss") == [step / 3 for step in range(20_000) if step % 3]
    assert fed(chunks, "val/loss") == [step / 3 for step in range(0, 20_000, 3)]
    assert set(tail.history) == {"loss", "val/loss"}


number = st.floats() | st.integers(-(2**70), 2**70) | st.booleans()
text_names = st.text(st.characters(codec="utf-8"), max_size=8)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(text_names, number, max_size=4), max_size=8), st.integers(1, 4))
def test_what_is_logged_is_what_is_read(rows: list[dict[str, Any]], every: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        tail, chunks = MetricsTail(Path(directory, "metrics.jsonl")), []
        with Recorder(directory) as run:
            for step, row in enumerate(rows):
                assert run.log({**row, "step": 0.5}, step=step)
                if step % every == 0:
                    chunks.append(tail.poll())
        chunks.append(tail.poll())
        names = {name for row in rows for name in row} | ({"step"} if rows else set())
        assert set(tail.history) == names
        for name in names - {"step"}:
            logged = [float(row[name]) for row in rows if name in row]
            assert repr(fed(chunks, name)) == repr(logged)
            assert tail.history[name].step.tolist() == [step for step, row in enumerate(rows) if name in row]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200), st.binary(max_size=40))
def test_no_bytes_stop_the_reader(garbage: bytes, cut: int, more: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "metrics.jsonl")
        tail = MetricsTail(path)
        path.write_bytes(garbage[:cut])
        tail.poll()
        with open(path, "ab") as file:
            file.write(garbage[cut:] + more + b'\n{"step": 1, "x": 0.5}\n')
        tail.poll()
        assert tail.history["x"].value[-1] == 0.5
        assert tail.generation == 0
