"""Some columns of a run without the others: the same numbers as from the log, whatever happened to the cache."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import astuner_nb as anb
from astuner_nb.core.series import History
from astuner_nb.recorder import Recorder, create_run_directory, write_json_atomic
from astuner_nb.store.cache import MARK_BYTES, TORN_BYTES, Cached, save
from astuner_nb.store.column_file import Columns, load_columns, save_columns
from astuner_nb.store.run import Run
from astuner_nb.store.summary import Summary, as_json, from_json, summarised
from astuner_nb.store.tail import MetricsTail
from astuner_nb.store.zip_members import directory, read_array

COMPACTOR = """
import sys
from pathlib import Path
from astuner_nb.store.cache import save
from astuner_nb.store.tail import MetricsTail
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    tail = MetricsTail(path)
    tail.read_all()
    save(path.with_suffix(".npz"), tail.snapshot())
"""

KEYS = ("critic/rewards/mean", "reward", "actor/kl_loss", "val/loss", "file", "allow_pickle", "a/b c", "Ünï/码")
"""Two of them may stand for the reward: which one does, only all of them tell."""


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    yield
    assert open_files_of_runs() == []


def open_files_of_runs() -> list[str]:
    """The logs and caches that this process holds open, deleted ones too; empty where the system does not tell."""
    found = []
    for descriptor in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        with suppress(OSError):  # of the listing itself
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return [path for path in found if "/metrics." in path or "/x.npz" in path]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """An ended run of `KEYS`, 400 records, read once so that it has a cache."""
    made = made_run(tmp_path / "runs", 400)
    made.history()
    assert made.files.cache.exists()
    return made


def made_run(store: Path, records: int) -> Run:
    files = create_run_directory(store, "p", "r", {})
    write_records(files.directory, records)
    write_json_atomic(files.exit, {"code": 0, "stopped": False, "t": 0})
    return Run(files.directory)


def write_records(directory: Path, records: int, start: int = 0) -> None:
    with Recorder(directory) as recorder:
        for step in range(start, start + records):
            keys = [key for key in KEYS if key != "val/loss" or step % 5 == 0]
            recorder.log({key: value_at(step, place) for place, key in enumerate(keys)}, step=step)


def value_at(step: int, place: int) -> float:
    return math.nan if step % 17 == place else math.inf if step % 19 == place else step / (place + 3)


def as_bits(history: History) -> dict[str, Any]:
    return {
        name: (one.name, one.key, one.step.tobytes(), one.value.tobytes(), one.time.tobytes())
        for name, one in history.items()
    }


def column_bits(columns: Columns) -> dict[str, list[bytes]]:
    return {name: [array.tobytes() for array in column] for name, column in columns.items()}


def flip(path: Path, index: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[index] ^= 1 << bit
    path.write_bytes(data)


def flip_column(run: Run, key: str) -> None:
    """Damage the values of `key` in the cache of `run`, and nothing else."""
    with np.load(run.files.cache) as members:
        series = json.loads(members["meta"].tobytes())["series"]
    index = next(value for name, _, value, _ in series if name == key)
    flip(run.files.cache, run.files.cache.read_bytes().index(f"c{index}.npy".encode()) + 300)


def forget_the_log(run: Run) -> None:
    """Blank all of the log but its mark: what is still read correctly comes from the cache."""
    size = run.files.metrics.stat().st_size
    with open(run.files.metrics, "r+b") as file:
        file.write(b" " * (size - MARK_BYTES))


# ---- columns of a file

names = st.sampled_from(["file", "allow_pickle", "meta", "c0", "a/b", "../x", "", "Ünï/码"]) | st.text(max_size=6)


@st.composite
def shared_columns(draw: st.DrawFn) -> Columns:
    """Columns of one length that share arrays as those of a run do, and columns of other lengths."""
    lengths = draw(st.lists(st.integers(0, 5), min_size=1, max_size=3))
    pool = {
        n: [np.array(draw(st.lists(st.floats(), min_size=n, max_size=n)), float) for _ in range(4)] for n in lengths
    }
    columns = {}
    for name in draw(st.lists(names, unique=True, max_size=6)):
        arrays = pool[draw(st.sampled_from(lengths))]
        columns[name] = tuple(draw(st.sampled_from(arrays)) for _ in range(3))
    return columns  # type: ignore[return-value]


@settings(max_examples=150, deadline=None)
@given(shared_columns(), st.data())
def test_some_columns_are_those_of_the_whole(columns: Columns, data: st.DataObject) -> None:
    only = data.draw(st.sets(st.sampled_from([*columns, "not there"])))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "metrics.npz")
        assert save_columns(path, {"x": 1}, columns)
        _, whole = load_columns(path)
        meta, part = load_columns(path, only)
    assert meta["x"] == 1
    assert column_bits(whole) == column_bits(columns)
    assert list(part) == [name for name in columns if name in only]
    assert column_bits(part) == column_bits({name: columns[name] for name in part})


@pytest.mark.parametrize("count", [1, 12, 200])
def test_what_numpy_wrote_is_read_at_its_place_without_numpy(tmp_path: Path, count: int) -> None:
    arrays = {f"c{index}": np.arange(index + 3, dtype=np.float64) for index in range(count)}
    with open(tmp_path / "x.npz", "wb") as file:
        np.savez(file, meta=np.frombuffer(b"{}", np.uint8), **arrays)  # type: ignore[arg-type]
    with open(tmp_path / "x.npz", "rb") as file:
        members = directory(file.fileno())
        assert read_array(file.fileno(), members, "meta", "|u1").tobytes() == b"{}"
        for name, array in arrays.items():
            read = read_array(file.fileno(), members, name, "<f8")
            assert read.tolist() == array.tolist()
            assert read.flags.writeable
            assert read.flags.aligned


def compressed(path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def with_a_comment(path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"anybody's"


def packed_by_another(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Local headers without the field that numpy leaves room with."""
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("write", [compressed, with_a_comment, packed_by_another])
def test_numpy_is_asked_about_an_archive_of_another_make(
    tmp_path: Path, write: Callable[[Path, dict[str, np.ndarray]], None]
) -> None:
    meta = np.frombuffer(json.dumps({"series": [["x", 0, 1, 0], ["y", 0, 0, 0]]}).encode(), np.uint8)
    write(tmp_path / "x.npz", {"meta": meta, "c0": np.arange(50.0), "c1": np.arange(50.0) / 7})
    _, columns = load_columns(tmp_path / "x.npz", ["x"])
    assert list(columns) == ["x"]
    assert columns["x"][1].tolist() == (np.arange(50.0) / 7).tolist()


def test_an_array_of_another_type_is_no_column(tmp_path: Path) -> None:
    meta = np.frombuffer(json.dumps({"series": [["x", 0, 0, 0]]}).encode(), np.uint8)
    with open(tmp_path / "x.npz", "wb") as file:
        np.savez(file, meta=meta, c0=np.arange(5, dtype=np.int64))
    with pytest.raises(ValueError, match="do not fit"):
        load_columns(tmp_path / "x.npz", ["x"])


def test_of_two_arrays_that_the_directory_mixes_up_none_is_believed(tmp_path: Path) -> None:
    path, one, other = tmp_path / "x.npz", np.zeros(5), np.ones(5)
    save_columns(path, {}, {"x": (one, one, one), "y": (other, other, other)})
    flip(path, path.read_bytes().rindex(b"c1.npy") + 1)  # the last c1 becomes a second c0
    with pytest.raises(zipfile.BadZipFile):
        load_columns(path, ["x"])


# ---- a run

wanted = st.none() | st.lists(st.sampled_from([*KEYS, "kl", "loss", "success_rate", "not there"]), max_size=5)


@settings(max_examples=100, deadline=None)
@given(wanted, st.none() | st.integers(4, 600))
def test_any_selection_is_what_the_log_says(metrics: list[str] | None, points: int | None) -> None:
    with tempfile.TemporaryDirectory() as place:
        made = made_run(Path(place), 30)
        truth = as_bits(made.history(metrics, points))
        tail = MetricsTail(made.files.metrics)
        tail.read_all()
        assert save(made.files.cache, tail.snapshot())
        assert as_bits(made.history(metrics, points)) == truth


def test_names_are_settled_among_all_keys_of_the_run(run: Run) -> None:
    names = anb.Aliases().with_metrics({"reward": ["critic/rewards/mean"]})
    assert run.with_aliases(names).history(["reward"])["reward"].key == "critic/rewards/mean"
    assert run.history(["reward"])["reward"].key == "reward"


def test_a_metric_is_read_from_the_cache_alone_and_the_others_are_not_looked_at(run: Run) -> None:
    truth = as_bits(run.history(["kl"]))
    assert truth
    flip_column(run, "file")
    forget_the_log(run)
    assert as_bits(run.history(["kl"])) == truth
    assert len(run.history(["file"])["file"]) < 400  # that one had to be looked for in what is left of the log


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut by one byte": lambda data: data[:-1],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "cut at the front": lambda data: data[1:],
    "zeros": lambda data: bytes(len(data)),
    "text": lambda data: b"not a zip",
    "the directory alone": lambda data: data[data.index(b"PK\1\2") :],
    "something behind it": lambda data: data + b"x",
    "a number for the number of entries": lambda data: data[:-12] + b"\xff\xff" + data[-10:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_of_a_damaged_cache_nothing_is_believed(run: Run, damage: Callable[[bytes], bytes]) -> None:
    truth, summary = as_bits(run.history(["reward", "file"])), spelt(run.summary())
    data = damage(run.files.cache.read_bytes())
    run.files.cache.write_bytes(data)
    assert as_bits(run.history(["reward", "file"])) == truth
    run.files.cache.write_bytes(data)  # the log's reader has made it whole
    assert spelt(run.summary()) == summary


def test_a_damaged_column_means_that_the_log_is_read_and_cached_anew(run: Run) -> None:
    truth = as_bits(run.history(["file"]))
    flip_column(run, "file")
    assert as_bits(run.history(["file"])) == truth
    forget_the_log(run)
    assert as_bits(run.history(["file"])) == truth


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_flipped_bit_changes_a_number(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        made = made_run(Path(place), 3)
        tail = MetricsTail(made.files.metrics)
        tail.read_all()
        save(made.files.cache, tail.snapshot())
        truth, summary = as_bits(made.history(["reward"])), spelt(made.summary())
        flip(
            made.files.cache,
            data.draw(st.integers(0, made.files.cache.stat().st_size - 1)),
            data.draw(st.integers(0, 7)),
        )
        assert as_bits(made.history(["reward"])) == truth
        assert spelt(made.summary()) == summary


def test_a_log_that_grew_after_its_cache_is_read_on(run: Run) -> None:
    write_records(run.directory, 50, start=400)
    assert run.history(["kl"])["kl"].step.tolist() == list(range(450))
    assert run.summary()["reward"].last_step == 449
    assert run.summary()["reward"].n == 450


@pytest.mark.parametrize("torn_bytes", [1, TORN_BYTES - 1, TORN_BYTES, 3 * TORN_BYTES])
def test_the_torn_record_of_a_killed_job_is_no_record(run: Run, torn_bytes: int) -> None:
    truth = as_bits(run.history(["kl"]))
    with open(run.files.metrics, "ab") as file:
        file.write(b'{"step":400,"kl":1.' + b"1" * (torn_bytes - 19) if torn_bytes > 19 else b"{")
    assert as_bits(run.history(["kl"])) == truth
    with open(run.files.metrics, "ab") as file:
        file.write(b"1}\n" if torn_bytes > 19 else b'"step":400,"kl":1}\n')
    assert run.history(["kl"])["kl"].step[-1] == 400


def test_a_record_behind_a_long_line_is_found(run: Run) -> None:
    with open(run.files.metrics, "ab") as file:
        file.write(b'{"step":400,"text":"' + b"x" * 2 * TORN_BYTES + b'"}\n{"step":401,"kl":1.5}\n')
    assert run.history(["kl"])["kl"].last == 1.5


def test_a_log_that_was_cut_replaced_or_removed_is_believed_more_than_its_cache(run: Run) -> None:
    lines = run.files.metrics.read_bytes().splitlines(keepends=True)
    run.files.metrics.write_bytes(b"".join(lines[:7]))
    assert len(run.history(["kl"])["kl"]) == 7
    run.files.metrics.write_bytes(b"".join(lines[1:]) + lines[0])
    assert run.history(["kl"])["kl"].step[0] == 1
    run.files.metrics.unlink()
    assert not run.history(["kl"])
    assert not run.summary()


def test_a_live_run_is_read_as_far_as_it_is(tmp_path: Path) -> None:
    files = create_run_directory(tmp_path, "p", "r", {})
    live = Run(files.directory)
    assert not live.history(["kl"])
    assert not live.summary()
    write_records(files.directory, 10)
    assert len(live.history(["kl"])["kl"]) == 10
    assert not files.cache.exists()
    tail = MetricsTail(files.metrics)
    tail.read_all()
    save(files.cache, tail.snapshot())
    write_records(files.directory, 1, start=10)
    assert len(live.history(["kl"])["kl"]) == 11


def test_columns_that_were_read_can_be_written_to_as_before(run: Run) -> None:
    run.history(["kl"])["kl"].value[0] = 7.0
    assert run.history(["kl"])["kl"].value[0] != 7.0


def test_a_compactor_at_work_does_no_harm(run: Run) -> None:
    racer = subprocess.Popen([sys.executable, "-c", COMPACTOR, str(run.files.metrics)], stdout=subprocess.PIPE)
    try:
        assert racer.stdout is not None
        assert racer.stdout.readline() == b"ready\n"
        for size in range(400, 460):
            for _ in range(5):
                assert run.history(["kl"])["kl"].step.tolist() == list(range(size))
                assert run.summary(["kl"])["kl"].n == size
            write_records(run.directory, 1, start=size)
    finally:
        racer.send_signal(signal.SIGKILL)
        racer.wait()
        if racer.stdout is not None:
            racer.stdout.close()


# ---- summaries


def spelt(summaries: Any) -> dict[str, list[float | str]]:
    """NaN compares with nothing, its name does."""
    return {name: as_json(summary) for name, summary in summaries.items()}


@given(st.lists(st.floats(), max_size=12))
def test_a_summary_is_what_the_points_say(value: list[float]) -> None:
    finite = [each for each in value if math.isfinite(each)]
    summary = summarised(np.arange(len(value), dtype=float), np.array(value, dtype=float))
    assert summary.n == len(value)
    if value:
        assert as_json(summary)[0] == as_json(Summary(value[-1], 0, 0, 0, 0))[0]
        assert summary.last_step == len(value) - 1
    else:
        assert math.isnan(summary.last)
        assert math.isnan(summary.last_step)
    if finite:
        assert (summary.min, summary.max) == (min(finite), max(finite))
    else:
        assert math.isnan(summary.min)
        assert math.isnan(summary.max)
    assert as_json(from_json(json.loads(json.dumps(as_json(summary), allow_nan=False)))) == as_json(summary)


@pytest.mark.parametrize("row", [[], [1, 2, 3, 4], [1, 2, 3, 4, 5.5], [1, 2, 3, "x", 5], [None] * 5, [1] * 6])
def test_what_is_no_summary_is_refused(row: list[Any]) -> None:
    with pytest.raises(ValueError, match="no summary"):
        from_json(row)


def test_a_table_needs_no_column(run: Run) -> None:
    read = {key: summarised(series.step, series.value) for key, series in run.history().items()}
    for key in KEYS:
        flip_column(run, key)
    forget_the_log(run)
    assert spelt(run.summary()) == spelt(read)
    assert list(run.summary()) == list(read)
    assert spelt(run.summary(["kl", "not there"])) == {"kl": as_json(read["actor/kl_loss"])}


def test_a_cache_of_the_first_schema_is_still_read(run: Run) -> None:
    history, summary = as_bits(run.history(["kl"])), spelt(run.summary())
    meta, columns = load_columns(run.files.cache)
    meta = {key: value for key, value in meta.items() if key not in ("summary", "series")} | {"schema": 1}
    save_columns(run.files.cache, meta, columns)
    forget_the_log(run)
    assert as_bits(run.history(["kl"])) == history
    assert spelt(run.summary()) == summary


@pytest.mark.parametrize("summary", [None, [], [[1, 2, 3]] * len(KEYS), "x" * len(KEYS)])
def test_summaries_of_another_form_are_not_believed(run: Run, summary: Any) -> None:
    truth = spelt(run.summary())
    meta, columns = load_columns(run.files.cache)
    save_columns(run.files.cache, {**meta, "summary": summary}, columns)
    assert spelt(run.summary()) == truth


def test_a_cache_of_a_later_schema_is_not_believed(run: Run) -> None:
    truth, summary = as_bits(run.history(["kl"])), spelt(run.summary())
    meta, columns = load_columns(run.files.cache)
    other = {name: (step, value + 1, time) for name, (step, value, time) in columns.items()}
    later = {**meta, "schema": 99, "summary": [[1, 1, 1, 1, 1]] * len(columns)}
    save_columns(run.files.cache, later, other)
    assert spelt(run.summary()) == summary
    save_columns(run.files.cache, later, other)  # the log's reader has replaced it
    assert as_bits(run.history(["kl"])) == truth


# ---- many runs


def test_many_runs_at_once_are_what_each_of_them_is(tmp_path: Path) -> None:
    made = [made_run(tmp_path, 350 + index) for index in range(20)]
    for each in made:
        each.history()
    runs = anb.runs(f"runs:{tmp_path}")
    histories = runs.histories(["kl"], max_points=50)
    assert len(histories) == 20
    for each in runs:
        assert as_bits(histories[each]) == as_bits(each.history(["kl"]).thinned(50))
        assert len(histories[each]["kl"]) <= 50
    assert os.listdir(made[0].directory).count("metrics.npz") == 1


def test_an_empty_log_has_an_empty_cache(tmp_path: Path) -> None:
    made = made_run(tmp_path, 0)
    made.files.metrics.touch()
    save(made.files.cache, Cached(0, b"", 0, 0, -1.0, {}))
    assert not made.history()
    assert not made.summary()
    write_records(made.directory, 2)
    assert len(made.history(["kl"])["kl"]) == 2
