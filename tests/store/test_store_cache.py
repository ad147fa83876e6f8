"""The cache: exact, disposable, and harmless whatever happens to it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.recorder import Recorder
from astuner_nb.store import column_file, compact
from astuner_nb.store.cache import Cached, load, save
from astuner_nb.store.column_file import sweep
from astuner_nb.store.compact import compact_if_worth
from astuner_nb.store.tail import MetricsTail

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

Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "empty": lambda data: b"",
    "cut by one byte": lambda data: data[:-1],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "text": lambda data: b"not a zip",
    "a flipped bit in a column": lambda data: _flipped(data, data.index(b"c0.npy") + 200),
    "a flipped bit in the directory": lambda data: _flipped(data, data.rindex(b"c0.npy")),
}


def _flipped(data: bytes, index: int) -> bytes:
    return data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


def write_log(path: Path, records: int, start: int = 0) -> None:
    with Recorder(path.parent) as run:
        for step in range(start, start + records):
            run.log({"loss": step / 3, **({"val/loss": float(step)} if step % 5 == 0 else {})}, step=step)


def as_bits(cached: Cached) -> dict[str, list[bytes]]:
    return {name: [array.tobytes() for array in column] for name, column in cached.columns.items()}


def read(log: Path) -> MetricsTail:
    tail = MetricsTail(log)
    tail.read_all()
    return tail


columns = st.integers(0, 6).flatmap(
    lambda n: st.tuples(*[st.lists(st.floats(), min_size=n, max_size=n).map(np.array) for _ in range(3)])
)
hostile_names = st.sampled_from(["file", "allow_pickle", "meta", "c0", "a/b", "../x", ""]) | st.text(max_size=6)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(hostile_names, columns, max_size=5))
def test_any_columns_come_back_bit_by_bit(found: dict[str, Any]) -> None:
    found = {name: tuple(array.astype(np.float64) for array in column) for name, column in found.items()}
    cached = Cached(3, b"abc", 7, 2, 5.0, found)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "metrics.npz")
        assert save(path, cached)
        back = load(path)
        assert back is not None
        assert as_bits(back) == as_bits(cached)
        assert (back.size, back.mark, back.records, back.skipped, back.last_step) == (3, b"abc", 7, 2, 5.0)
        assert os.listdir(directory) == ["metrics.npz"]


def test_numpy_alone_opens_it_and_equal_axes_stand_once(log: Path) -> None:
    with Recorder(log.parent) as run:
        for step in range(50):
            run.log({"a": step / 3, "b": step / 5, "c": step / 7}, step=step)
    tail = read(log)
    save(log.with_suffix(".npz"), tail.snapshot())
    with np.load(log.with_suffix(".npz")) as members:
        assert set(members) == {"meta", *(f"c{n}" for n in range(5))}  # step, time and three values
        assert json.loads(members["meta"].tobytes())["records"] == 50
    assert log.with_suffix(".npz").stat().st_mode & 0o777 == 0o600


def test_a_reader_starts_from_the_cache_and_goes_on_with_the_log(log: Path) -> None:
    write_log(log, 100)
    whole = read(log)
    save(log.with_suffix(".npz"), whole.snapshot())
    write_log(log, 50, start=100)
    tail = MetricsTail(log)
    chunks = tail.poll()
    assert tail.cached_bytes == whole.offset
    assert (tail.records, chunks["loss"].start, len(chunks["loss"])) == (150, 0, 150)
    log.with_suffix(".npz").unlink()
    assert as_bits(tail.snapshot()) == as_bits(read(log).snapshot())


def test_counts_and_the_last_step_survive(log: Path) -> None:
    log.write_text('{"step": 4, "x": 1}\nnonsense\n')
    save(log.with_suffix(".npz"), read(log).snapshot())
    with open(log, "a") as file:
        file.write('{"x": 2}\n')
    tail = read(log)
    assert (tail.cached_bytes > 0, tail.records, tail.skipped) == (True, 2, 1)
    assert tail.history["x"].step.tolist() == [4, 5]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_cache_is_passed_over(log: Path, damage: Damage) -> None:
    write_log(log, 60)
    path, truth = log.with_suffix(".npz"), as_bits(read(log).snapshot())
    save(path, read(log).snapshot())
    path.write_bytes(damage(path.read_bytes()))
    tail = read(log)
    assert tail.cached_bytes == 0
    assert as_bits(tail.snapshot()) == truth


def meta_bytes(**changes: Any) -> np.ndarray:
    meta = {"schema": 1, "size": 3, "mark": b"abc".hex(), "records": 1, "skipped": 0, "last_step": 0.0, "series": []}
    return np.frombuffer(json.dumps({**meta, **changes}).encode(), dtype=np.uint8)


@pytest.mark.parametrize(
    "members",
    [
        {"x": np.zeros(3)},
        {"meta": np.array([{"pickled": 1}], dtype=object)},
        {"meta": meta_bytes(schema=99)},
        {"meta": meta_bytes(mark="")},
        {"meta": meta_bytes(size=-5)},
        {"meta": meta_bytes(series=[["x", 0, 1, 2]])},
        {"meta": meta_bytes(series=[["x", 0, 0, 1]]), "c0": np.zeros(3), "c1": np.zeros(2)},
        {"meta": meta_bytes(series=[["x", 0, 0, 0]]), "c0": np.zeros(3, dtype=np.float32)},
        {"meta": meta_bytes(series=[["x", 0, 0]]), "c0": np.zeros(3)},
    ],
)
def test_a_foreign_archive_is_no_cache(tmp_path: Path, members: dict[str, Any]) -> None:
    with open(tmp_path / "metrics.npz", "wb") as file:
        np.savez(file, **members)
    assert load(tmp_path / "metrics.npz") is None


def test_a_cache_of_another_log_is_not_believed(log: Path) -> None:
    write_log(log, 60)
    save(log.with_suffix(".npz"), read(log).snapshot())
    log.unlink()
    write_log(log, 80)  # longer, at other times
    tail = read(log)
    assert (tail.cached_bytes, tail.records) == (0, 80)


def test_a_log_shorter_than_its_cache_is_read_itself(log: Path) -> None:
    write_log(log, 60)
    save(log.with_suffix(".npz"), read(log).snapshot())
    whole_lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(whole_lines[:10]))
    tail = read(log)
    assert (tail.cached_bytes, tail.records) == (0, 10)


def test_racing_compactors_that_are_killed_do_no_harm(log: Path) -> None:
    write_log(log, 2000)
    pauses = random.Random(1)
    for round_ in range(4):
        racers = [
            subprocess.Popen([sys.executable, "-c", COMPACTOR, str(log)], stdout=subprocess.PIPE) for _ in range(2)
        ]
        try:
            for racer in racers:
                assert racer.stdout is not None
                assert racer.stdout.readline() == b"ready\n"
            write_log(log, 200, start=2000 + 200 * round_)
            time.sleep(pauses.random() * 0.05)  # to be killed at any point of a compaction
        finally:
            for racer in racers:
                racer.send_signal(signal.SIGKILL)
                racer.wait()
                assert racer.stdout is not None
                racer.stdout.close()
        assert read(log).history["loss"].step.tolist() == list(range(2200 + 200 * round_))
    assert log.with_suffix(".npz").exists()
    sweep(log.with_suffix(".npz"))
    assert list(log.parent.glob("*.tmp.*")) == []


def test_sweeping_spares_the_living(tmp_path: Path) -> None:
    host = column_file.socket.gethostname()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [f"{host}.{os.getpid()}", f"{host}.{dead.pid}", "other.1", "old-host.1", f"{host}.x"]
    paths = [tmp_path / f"metrics.npz.tmp.{name}" for name in names]
    for path in paths:
        path.touch()
    os.utime(paths[3], (0, 0))
    sweep(tmp_path / "metrics.npz")
    assert [path.exists() for path in paths] == [True, False, True, False, True]


def test_two_threads_of_one_process_do_not_share_a_temporary_file(log: Path) -> None:
    write_log(log, 10)
    path = log.with_suffix(".npz")
    other = path.with_name(f"{path.name}.tmp.{column_file.socket.gethostname()}.{os.getpid()}")
    other.write_text("being written")
    assert not save(path, read(log).snapshot())
    assert other.read_text() == "being written"


def test_saving_sweeps(log: Path) -> None:
    write_log(log, 10)
    stale = log.with_name("metrics.npz.tmp.old-host.1")
    stale.touch()
    os.utime(stale, (0, 0))
    assert save(log.with_suffix(".npz"), read(log).snapshot())
    assert not stale.exists()


def test_where_nothing_can_be_written_nothing_is_lost(tmp_path: Path, log: Path) -> None:
    write_log(log, 10)
    (tmp_path / "file").touch()
    assert not save(tmp_path / "file" / "metrics.npz", read(log).snapshot())
    log.with_suffix(".npz").mkdir()
    assert not save(log.with_suffix(".npz"), read(log).snapshot())
    assert list(tmp_path.glob("*.tmp.*")) == []
    assert read(log).records == 10


def test_compaction_waits_until_it_is_worth_it(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "WORTH_BYTES", 2_000)
    monkeypatch.setattr(compact, "LIVE_BYTES", 10_000)
    write_log(log, 10)
    tail = read(log)
    assert not compact_if_worth(tail, ended=True)
    write_log(log, 40, start=10)
    tail.poll()
    assert 2_000 < tail.offset < 10_000
    assert not compact_if_worth(tail, ended=False)
    assert compact_if_worth(tail, ended=True)
    assert not compact_if_worth(tail, ended=True)
    write_log(log, 200, start=50)
    tail.poll()
    assert compact_if_worth(tail, ended=False)
    assert read(log).cached_bytes == tail.offset
