"""Tables and JSON lines: every shape they come in, growing, torn and broken; never a traceback, never half a number."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import astuner_nb as anb
from astuner_nb.core.errors import BadFile, NotFound, TrackerError
from astuner_nb.core.protocols import Chunk
from astuner_nb.core.states import RunState
from astuner_nb.trackers.file_state import QUIET_S
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import FileTail, TrackedRun
from astuner_nb.trackers.source import Source
from astuner_nb.trackers.tables import verl
from astuner_nb.trackers.tables.cells import STEPS, TIMES
from astuner_nb.trackers.tables.csv_file import CsvFile
from astuner_nb.trackers.tables.curves import RUNS
from astuner_nb.trackers.tables.parquet_file import ParquetFile
from astuner_nb.trackers.tables.verl import VerlFile, VerlTail
from astuner_nb.trackers.where import Where, where

Points = dict[str, list[tuple[float, float]]]

VERL_WRITER = """
import sys, orjson
import numpy as np
with open(sys.argv[1], "wb", buffering=0) as file:  # as verl's FileLogger does
    for step in range(5_000):
        data = {"critic/rewards/mean": np.float64(step / 3), "actor/loss": np.float32("nan" if step % 2 else step)}
        file.write(orjson.dumps({"step": step, "data": data}, option=orjson.OPT_SERIALIZE_NUMPY) + b"\\n")
"""


def listed(source: Source, wanted: Where | None = None, limit: int = 100) -> list[TrackedRun]:
    return list(source.list(wanted or Where(), limit, Patience(30)).runs)  # type: ignore[arg-type]


def from_csv(path: Path, text: str | bytes) -> list[TrackedRun]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return listed(CsvFile(str(path)))


def points(run: TrackedRun) -> Points:
    """Metric → step and value; NaN as None, so that it equals itself."""
    return {
        name: [
            (step, None if math.isnan(value) else value)  # type: ignore[misc]
            for step, value in zip(series.step.tolist(), series.value.tolist(), strict=True)
        ]
        for name, series in run.history().items()
    }


def all_points(runs: Sequence[TrackedRun]) -> dict[str, Points]:
    return {run.name: points(run) for run in runs}


def fed(polls: Sequence[dict[str, Chunk]], name: str) -> list[float]:
    values: list[float] = []
    for chunk in (poll[name] for poll in polls if name in poll):
        assert chunk.start == len(values)
        values += chunk.value.tolist()
    return values


def rested(path: Path) -> None:
    """Make `path` older than a file that may still be written to."""
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - QUIET_S - 1))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "some 'run'.csv"


# --- CSV: shapes


@pytest.mark.parametrize("step", STEPS[:-1])
def test_one_run_in_columns(table: Path, step: str) -> None:
    (run,) = from_csv(table, f"{step},reward,loss,note\n1,0.5,2,a\n3,0.75,,b\n4,,1e-3,c\n")
    assert points(run) == {"reward": [(1, 0.5), (3, 0.75)], "loss": [(1, 2.0), (4, 0.001)]}
    assert (run.source, run.id, run.name, run.project) == ("csv", "some 'run'", "some 'run'", table.parent.name)
    assert (run.place, run.state) == (str(table), RunState.RUNNING)


def test_without_a_step_the_rows_are_counted(table: Path) -> None:
    (run,) = from_csv(table, "loss\n0.5\n0.25\n")
    assert points(run) == {"loss": [(0, 0.5), (1, 0.25)]}


def test_the_preferred_step_counts_and_the_other_is_a_metric(table: Path) -> None:
    (run,) = from_csv(table, "epoch,step,loss\n0.1,10,1\n0.2,20,2\n")
    assert points(run) == {"epoch": [(10, 0.1), (20, 0.2)], "loss": [(10, 1), (20, 2)]}


def test_a_step_column_of_texts_is_none(table: Path) -> None:
    (run,) = from_csv(table, "step,epoch,loss\nfirst,1,1\nsecond,2,2\n")
    assert points(run) == {"loss": [(1, 1), (2, 2)]}


def test_the_index_of_pandas_is_a_step(table: Path) -> None:
    pd.DataFrame({"loss": [0.5, 0.25]}, index=[5, 6]).to_csv(table)
    (run,) = listed(CsvFile(str(table)))
    assert points(run) == {"loss": [(5, 0.5), (6, 0.25)]}


def test_nan_and_infinities_are_points_and_empty_cells_are_none(table: Path) -> None:
    (run,) = from_csv(table, "step,a,b\n1,nan,inf\n2,,-Infinity\n3,0.1,NaN\n4,N/A,null\n")
    assert points(run) == {"a": [(1, None), (3, 0.1)], "b": [(1, math.inf), (2, -math.inf), (3, None)]}


def test_times_are_taken_where_they_are(table: Path) -> None:
    (run,) = from_csv(table, "step,_timestamp,loss\n1,1700000000.5,1\n2,1700000001,2\n")
    assert run.history()["loss"].time.tolist() == [1700000000.5, 1700000001.0]
    (run,) = from_csv(table, "Wall time,Step,Value\n1700000000,1,5\n")
    assert points(run) == {"Value": [(1, 5)]}
    (run,) = from_csv(table, "step,loss\n1,1\n")
    assert np.isnan(run.history()["loss"].time).all()


@pytest.mark.parametrize("column", RUNS)
def test_several_runs_in_rows(table: Path, column: str) -> None:
    runs = from_csv(table, f"{column},step,loss\na,1,0.5\nb,1,0.25\na,2,0.75\n")
    assert all_points(runs) == {"a": {"loss": [(1, 0.5), (2, 0.75)]}, "b": {"loss": [(1, 0.25)]}}
    assert {(run.id, run.project) for run in runs} == {("a", "some 'run'"), ("b", "some 'run'")}
    assert len({run.key for run in runs}) == 2


def test_what_a_chart_of_wandb_exports(table: Path) -> None:
    header = ["Step"]
    for run in ("grpo - 1", "grpo-2"):
        for name in ("_step", "critic/reward"):
            header += [f"{run} - {name}{end}" for end in ("", "__MIN", "__MAX")]
    rows = [[0, *[0] * 3, *[0.5] * 3, *[""] * 6], [1, *[1] * 3, *[0.75] * 3, *[1] * 3, *[0.25] * 3]]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    assert all_points(from_csv(table, text.getvalue())) == {
        "grpo - 1": {"critic/reward": [(0, 0.5), (1, 0.75)]},
        "grpo-2": {"critic/reward": [(1, 0.25)]},
    }


def test_an_export_over_another_axis(table: Path) -> None:
    names = ["a - loss", "a - loss__MIN", "a - loss__MAX"]
    runs = from_csv(table, ",".join(["train/global_step", *names]) + "\n10,1,1,1\n20,2,2,2\n")
    assert all_points(runs) == {"a": {"loss": [(10, 1), (20, 2)]}}


def test_what_a_chart_of_swanlab_exports(table: Path) -> None:
    pairs = [f"{run}-{name}" for run in ("grpo-1", "grpo-2") for name in ("reward", "train/loss")]
    header = ["step", *(f"{pair}{end}" for pair in pairs for end in ("_step", "_timestamp"))]
    rows = ["0,0.5,1700000000500,2,1700000000500,,,,", "1,0.75,1700000001000,,,0.25,1700000002000,3,1700000002000"]
    runs = from_csv(table, "\n".join([",".join(header), *rows, ""]))
    assert all_points(runs) == {
        "grpo-1": {"reward": [(0, 0.5), (1, 0.75)], "train/loss": [(0, 2)]},
        "grpo-2": {"reward": [(1, 0.25)], "train/loss": [(1, 3)]},
    }
    assert runs[0].history()["reward"].time.tolist() == [1700000000.5, 1700000001.0]


def test_a_dash_in_a_column_alone_makes_no_export(table: Path) -> None:
    (run,) = from_csv(table, "Step,a - b\n1,2\n")
    assert points(run) == {"a - b": [(1, 2)]}


@pytest.mark.parametrize(("separator", "end"), [(",", "\n"), (";", "\n"), ("\t", "\n"), (",", "\r\n")])
def test_separators_line_ends_and_the_mark_of_excel(table: Path, separator: str, end: str) -> None:
    text = end.join(["step,loss", "1,0.5", "2,0.25", ""]).replace(",", separator)
    (run,) = from_csv(table, b"\xef\xbb\xbf" + text.encode())
    assert points(run) == {"loss": [(1, 0.5), (2, 0.25)]}


def test_a_step_twice_counts_once_the_last(table: Path) -> None:
    (run,) = from_csv(table, "step,loss\n1,1\n2,2\n1,3\n")
    assert points(run) == {"loss": [(1, 3), (2, 2)]}


def test_booleans_and_whole_numbers_of_any_size(table: Path) -> None:
    (run,) = from_csv(table, f"step,won,tokens\n1,True,{2**70}\n2,False,1\n")
    assert points(run) == {"won": [(1, 1), (2, 0)], "tokens": [(1, 2.0**70), (2, 1)]}


def test_runs_are_picked_as_wanted(table: Path) -> None:
    table.write_text("run,step,loss\n" + "".join(f"r{index},1,1\n" for index in range(5)))
    found = CsvFile(str(table)).list(Where(), 2, Patience(30))
    assert ([run.name for run in found.runs], found.complete) == (["r4", "r3"], False)
    assert [run.name for run in listed(CsvFile(str(table)), where(name="r[34]"))] == ["r4", "r3"]
    assert listed(CsvFile(str(table)), where(state="failed")) == []


# --- CSV: growing


def test_a_torn_last_line_waits(table: Path) -> None:
    (run,) = from_csv(table, "step,loss\n1,0.5\n2,0.")
    tail = run.tail()
    polls = [tail.poll()]
    assert fed(polls, "loss") == [0.5]
    with open(table, "a") as file:
        file.write("25\n3")
    polls.append(tail.poll())
    assert (fed(polls, "loss"), tail.generation, tail.caught_up) == ([0.5, 0.25], 0, True)
    assert tail.poll() == {}


def test_a_last_line_without_an_end_counts_once_the_file_rests(table: Path) -> None:
    table.write_text("step,a,b\n1,0.5,1\n2,0.25,2")
    rested(table)
    (run,) = listed(CsvFile(str(table)))
    assert (run.state, points(run)["b"]) == (RunState.FINISHED, [(1, 1), (2, 2)])
    assert "do not say how a run ended" in run.detail  # type: ignore[attr-defined]
    table.write_text("step,a,b\n1,0.5,1\n2,0.2")
    rested(table)
    assert points(*listed(CsvFile(str(table))))["a"] == [(1, 0.5)]


def test_a_line_break_in_a_cell_ends_no_row(table: Path) -> None:
    whole = 'step,note,loss\n1,"a\nb",0.5\n2,"c\nd\ne",0.25\n'
    for length in range(len(whole) + 1):
        rows = whole[:length].count("0.5\n") + whole[:length].count("0.25\n")
        assert [len(series) for run in from_csv(table, whole[:length]) for series in run.history().values()] == (
            [rows] if rows else []
        )


def test_a_stray_quote_does_not_hold_up_what_follows(table: Path) -> None:
    rows = "".join(f"{step},note,0.5\n" for step in range(2_000))
    (run,) = from_csv(table, 'step,note,loss\n0,5" pipe,0.5\n' + rows)
    assert len(run.tail().poll()["loss"]) == 2_001


def test_new_rows_are_chunks_and_changed_ones_a_new_generation(table: Path) -> None:
    (run,) = from_csv(table, "step,loss\n1,nan\n")
    tail = run.tail()
    assert len(tail.poll()["loss"]) == 1
    table.write_text("step,loss,kl\n1,nan,1\n2,2,2\n")
    polls = tail.poll()
    assert (polls["loss"].start, polls["kl"].start, tail.generation) == (1, 0, 0)
    table.write_text("step,loss\n1,5\n2,2\n3,4\n")
    assert (tail.poll()["loss"].value.tolist(), tail.generation) == ([5, 2, 4], 1)
    assert list(tail.history) == ["loss"]
    table.unlink()
    with pytest.raises(NotFound, match="has gone"):
        tail.poll()


def test_the_state_follows_the_age_of_the_file(table: Path) -> None:
    (run,) = from_csv(table, "step,loss\n1,1\n")
    tail = run.tail()
    assert tail.poll()
    assert tail.status().state is RunState.RUNNING
    rested(table)
    assert tail.poll() == {}
    assert tail.status().state is RunState.FINISHED


# --- CSV: broken


@pytest.mark.parametrize("text", ["", "\n", "step,loss\n", "step,lo", "step"])
def test_an_empty_table_is_a_run_without_points(table: Path, text: str) -> None:
    (run,) = from_csv(table, text)
    assert (points(run), run.name) == ({}, table.stem)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("step,loss\n1,1\n1,2,3\n", "Expected 2 fields in line 3, saw 3"),
        ("step,loss\n1,2,3\n1,2,3\n", "more cells than its first line names"),
        (b"\x00\x01\x02,\n", "zero bytes"),
        (b"step,l\xff\xfess\n1,1\n", "byte 6 is not UTF-8"),
        ("step,loss\n1,1\n".encode("utf-16"), "zero bytes"),
        ("Dear reader,\nthis is a letter,\nnot a table\n", "not one column of numbers"),
        ('{"a": 1}\n{"a": 2}\n', "not one column of numbers|cannot be read"),
        ("hello\n", "does not name columns"),
        ("step\n1\n2\n", "not one column of numbers besides the step"),
    ],
)
def test_what_is_no_table_says_so(table: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(BadFile, match=why) as caught:
        from_csv(table, text)
    assert str(table) in str(caught.value)
    assert ". Give a " in str(caught.value)


def test_a_quote_that_is_never_closed_says_so(table: Path) -> None:
    table.write_text('step,loss\n1,2\n2,"3\n')
    rested(table)
    with pytest.raises(BadFile, match="EOF inside string"):
        listed(CsvFile(str(table)))


@pytest.mark.parametrize("source", [CsvFile, ParquetFile, VerlFile])
def test_nothing_there_or_a_directory(tmp_path: Path, source: Any) -> None:
    with pytest.raises(NotFound, match=r"nothing stands at .*\. Look at the path"):
        listed(source(str(tmp_path / "none")))
    with pytest.raises(BadFile, match=r"is a directory, not a file: .*\. Give the file"):
        listed(source(str(tmp_path)))
    with pytest.raises(NotFound):
        listed(source(""))


cells = st.floats() | st.integers(-(2**70), 2**70) | st.none()
columns = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8).filter(
    lambda name: name.strip() == name and name not in {*STEPS, *RUNS, *TIMES} and not name.startswith("\ufeff")
)


@given(st.lists(columns, min_size=1, max_size=4, unique=True), st.data())
def test_whatever_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, names: list[str], data: Any) -> None:
    rows = data.draw(st.lists(st.tuples(*[cells] * len(names)), max_size=6))
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["step", *names])
        writer.writerows([step, *("" if cell is None else cell for cell in row)] for step, row in enumerate(rows))
    numbers = {name: [(step, row[index]) for step, row in enumerate(rows)] for index, name in enumerate(names)}
    logged = {name: [(step, float(cell)) for step, cell in row if cell is not None] for name, row in numbers.items()}
    logged = {name: row for name, row in logged.items() if row}
    if rows and not logged:
        with pytest.raises(BadFile, match="not one column of numbers"):
            listed(CsvFile(str(path)))
        return
    (run,) = listed(CsvFile(str(path)))
    history = run.history()
    assert set(history) == set(logged)
    for name, row in logged.items():
        assert history[name].step.tolist() == [step for step, _ in row]
        assert repr(history[name].value.tolist()) == repr([value for _, value in row])


almost_tables = st.text("0123456789.,;\"'\n\r\t -eE+naifstp", max_size=120).map(str.encode)


@given(st.binary(max_size=120) | almost_tables, st.booleans())
def test_no_bytes_stop_the_readers(tmp_path_factory: pytest.TempPathFactory, garbage: bytes, old: bool) -> None:
    path = tmp_path_factory.mktemp("tables") / "garbage"
    for source in (CsvFile, VerlFile, ParquetFile):
        for data in (garbage, b"step,loss\n1,0.5\n" + garbage, b'{"step": 1, "data": {"x": 1}}\n' + garbage):
            path.write_bytes(data)
            if old:
                rested(path)
            try:
                for run in listed(source(str(path))):
                    run.history()
            except TrackerError:
                continue


# --- Parquet


def test_a_parquet_table(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    frame = pd.DataFrame(
        {"_step": [1, 2, 4], "_timestamp": [1.7e9] * 3, "loss": [0.5, None, math.inf], "text": ["a"] * 3}
    )
    frame.to_parquet(path)
    (run,) = listed(ParquetFile(str(path)))
    assert points(run) == {"loss": [(1, 0.5), (4, math.inf)]}
    assert (run.source, run.name) == ("parquet", "run")
    tail = run.tail()
    tail.poll()
    frame.assign(loss=[1.0, 2.0, 3.0]).to_parquet(path)
    assert (tail.poll()["loss"].value.tolist(), tail.generation) == ([1, 2, 3], 1)


def test_kinds_of_parquet_columns(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    pd.DataFrame(
        {
            "timestamp": pd.to_datetime([1_700_000_000, 1_700_000_001], unit="s"),
            "whole": pd.array([1, None], dtype="Int64"),
            "half": np.array([0.5, 1.5], dtype=np.float16),
            "won": [True, False],
            "kind": pd.Categorical(["a", "b"]),
            "list": [[1], [2]],
        },
        index=pd.Index([10, 20], name="step"),
    ).to_parquet(path)
    (run,) = listed(ParquetFile(str(path)))
    assert points(run) == {"whole": [(10, 1)], "half": [(10, 0.5), (20, 1.5)], "won": [(10, 1), (20, 0)]}
    assert run.history()["won"].time.tolist() == [1.7e9, 1.7e9 + 1]


def test_several_runs_in_a_parquet_table(tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    pd.DataFrame({"run": ["a", "b", "a"], "step": [1, 1, 2], "loss": [1.0, 2.0, 3.0]}).to_parquet(path)
    assert all_points(listed(ParquetFile(str(path)))) == {"a": {"loss": [(1, 1), (2, 3)]}, "b": {"loss": [(1, 2)]}}


def test_a_broken_parquet_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    pd.DataFrame({"step": range(1000), "loss": np.random.default_rng(0).random(1000)}).to_parquet(path)
    whole = path.read_bytes()
    for data in (b"", b"PAR1", whole[: len(whole) // 2], whole[:-20], b"nonsense" * 50):
        path.write_bytes(data)
        with pytest.raises(BadFile, match=r"is no Parquet file that can be read: .*\. Write it anew"):
            listed(ParquetFile(str(path)))
    pd.DataFrame({"step": [1], "text": ["a"]}).to_parquet(path)
    with pytest.raises(BadFile, match="1 rows and not one column of numbers"):
        listed(ParquetFile(str(path)))
    pd.DataFrame({"step": [], "loss": []}).to_parquet(path)
    assert points(*listed(ParquetFile(str(path)))) == {}


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None  # as where it is not installed
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.tables.parquet_file import ParquetFile
from astuner_nb.trackers.where import Where
try:
    ParquetFile(sys.argv[1]).list(Where(), 1, Patience(30))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    pd.DataFrame({"step": [1], "loss": [1.0]}).to_parquet(path)
    done = subprocess.run([sys.executable, "-c", WITHOUT_PYARROW, path], capture_output=True, text=True, check=True)
    assert done.stdout == f"BadFile {path} cannot be read: pyarrow is not installed. Run: pip install pyarrow\n"


# --- verl


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "grpo.jsonl"


def write(path: Path, *rows: object) -> None:
    with open(path, "a") as file:
        file.writelines(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def test_what_verl_writes(log: Path) -> None:
    write(
        log, {"step": 1, "data": {"critic/rewards/mean": 0.5, "actor/loss": None, "name": "text", "nested": {"a": 1}}}
    )
    write(log, {"step": 2, "data": {"critic/rewards/mean": 0.75, "actor/loss": 1, "won": True, "step": 7, "t": 8}})
    (run,) = listed(VerlFile(str(log)))
    assert points(run) == {
        "critic/rewards/mean": [(1, 0.5), (2, 0.75)],
        "actor/loss": [(1, None), (2, 1)],
        "won": [(2, 1)],
        "step": [(2, 7)],
        "t": [(2, 8)],
    }
    assert (run.source, run.id, run.name, run.project, run.state) == (
        "verl",
        "grpo",
        "grpo",
        log.parent.name,
        RunState.RUNNING,
    )


def test_our_own_log_is_read_too(log: Path) -> None:
    write(log, {"step": 1, "t": 5.0, "loss": 1.0}, {"step": 2, "t": 6.0, "loss": "NaN", "note": "text"})
    (run,) = listed(VerlFile(str(log)))
    assert points(run) == {"loss": [(1, 1), (2, None)]}
    assert run.history()["loss"].time.tolist() == [5, 6]


def test_every_prefix_of_a_log(log: Path) -> None:
    rows = [{"step": step, "data": {"x": step / 2}} for step in range(3)]
    whole = "".join(json.dumps(row) + "\n" for row in rows).encode()
    log.touch()
    tail, polls = VerlTail(log), []
    for length in range(len(whole) + 1):
        log.write_bytes(whole[:length])
        polls.append(tail.poll())
        assert len(fed(polls, "x")) == whole[:length].count(b"}}")
    assert (fed(polls, "x"), tail.generation, tail.skipped) == ([0, 0.5, 1], 0, 0)


def test_starting_again_truncates_and_is_noticed(log: Path) -> None:
    write(log, *({"step": step, "data": {"x": 1, "old": 1}} for step in range(10)))
    tail = VerlTail(log)
    tail.poll()
    log.write_text("")
    assert (tail.poll(), tail.generation, dict(tail.history)) == ({}, 1, {})
    write(log, *({"step": step, "data": {"x": 2}} for step in range(50)))
    chunk = tail.poll()["x"]
    assert (chunk.start, len(chunk), set(tail.history)) == (0, 50, {"x"})
    log.unlink()
    with pytest.raises(NotFound, match="has gone"):
        tail.poll()


def test_lines_that_are_no_records_are_left_out_and_told(log: Path) -> None:
    write(log, {"step": 1, "data": {"x": 1}}, "nonsense\n", "\n", '{"note": "text"}\n', {"step": 2, "data": {"x": 2}})
    tail = VerlTail(log)
    assert tail.poll()["x"].value.tolist() == [1, 2]
    assert "2 of its lines are no records and were left out." in tail.status().detail


@pytest.mark.parametrize(
    "text", ["nonsense\n", "[\n 1,\n 2\n]\n", '{\n "step": 1\n}\n', "step,loss\n1,2\n", '{"a": "b"}\n']
)
def test_what_is_no_log_of_verl_says_so(log: Path, text: str) -> None:
    write(log, text)
    with pytest.raises(BadFile, match=r"not one record with a number\. Give what"):
        listed(VerlFile(str(log)))


def test_garbage_without_an_end_is_not_waited_for(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verl, "CHUNK_BYTES", 100)
    monkeypatch.setattr(verl, "MAX_LINE_BYTES", 1000)
    log.write_bytes(b"x" * 5000)
    with pytest.raises(BadFile, match="has a line of over"):
        listed(VerlFile(str(log)))


def test_an_empty_log_is_a_run_without_points(log: Path) -> None:
    log.touch()
    (run,) = listed(VerlFile(str(log)))
    assert (points(run), run.state) == ({}, RunState.RUNNING)
    rested(log)
    (run,) = listed(VerlFile(str(log)))
    assert run.state is RunState.FINISHED


def test_following_verl(log: Path) -> None:
    log.touch()
    tail: FileTail = listed(VerlFile(str(log)))[0].tail()  # type: ignore[assignment]
    process, polls = subprocess.Popen([sys.executable, "-c", VERL_WRITER, str(log)]), []
    while process.poll() is None:
        polls.append(tail.poll())
    polls.append(tail.poll())
    assert process.returncode == 0
    assert tail.generation == 0
    assert fed(polls, "critic/rewards/mean") == [step / 3 for step in range(5_000)]
    assert np.isnan(fed(polls, "actor/loss")).sum() == 2_500


texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.none() | texts


@given(st.lists(st.dictionaries(texts, values, max_size=4), max_size=8))
def test_whatever_verl_logs_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    path = tmp_path_factory.mktemp("verl") / "run.jsonl"
    path.touch()
    write(path, *({"step": step, "data": row} for step, row in enumerate(rows)))
    (run,) = listed(VerlFile(str(path)))
    history = run.history()
    for name in {name for row in rows for name in row}:
        logged = [(step, row[name]) for step, row in enumerate(rows) if name in row and not isinstance(row[name], str)]
        numbers = [(step, math.nan if value is None else float(value)) for step, value in logged]
        found = history.get(name)
        assert repr([] if found is None else list(zip(found.step.tolist(), found.value.tolist(), strict=True))) == repr(
            [(float(step), value) for step, value in numbers]
        )


@pytest.mark.parametrize("uri", ["csv:/dev/zero", "verl:/dev/urandom", "parquet:/dev/zero", "csv:/dev/null"])
def test_a_device_is_no_table(uri: str) -> None:
    with pytest.raises(BadFile, match="regular file"):
        anb.runs(uri, timeout_s=20)
