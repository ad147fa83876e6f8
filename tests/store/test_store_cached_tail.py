"""Following some metrics of an ended run: the same points as from the log, no other column, whatever stands on disk."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import StoreError
from astuner_nb.core.protocols import Chunk
from astuner_nb.core.series import Series
from astuner_nb.core.states import RunState
from astuner_nb.recorder import Recorder, RunFiles, create_run_directory, write_json_atomic
from astuner_nb.store import cached_tail
from astuner_nb.store.cache import save
from astuner_nb.store.cached_tail import CachedTail
from astuner_nb.store.compact import compact_if_worth
from astuner_nb.store.run import Run
from astuner_nb.store.tail import MetricsTail

KEYS = ("critic/rewards/mean", "reward", "actor/kl_loss", "loss", "file", "a/b c", "Ünï/码")
"""`kl` is the third of them here; the first is the reward only where there is no second."""


def made_run(store: Path, records: int = 50, cached: bool = True, offset: float = 0.0) -> Run:
    """An ended run of `KEYS`."""
    files = create_run_directory(store, "p", "r", {})
    log_more(files, range(records), offset)
    write_json_atomic(files.exit, {"code": 0, "stopped": False, "t": 1.7e9})
    if cached:
        keep(files)
    return Run(files.directory)


def log_more(files: RunFiles, steps: range, offset: float = 0.0) -> None:
    with Recorder(files.directory) as recorder:
        for step in steps:
            recorder.log({key: offset + step + place / 8 for place, key in enumerate(KEYS)}, step=step)


def keep(files: RunFiles) -> None:
    tail = MetricsTail(files.metrics)
    tail.read_all()
    assert save(files.cache, tail.snapshot())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run(tmp_path / "runs")


def points(curves: Mapping[str, Series | Chunk]) -> dict[str, list[bytes]]:
    return {key: [part.tobytes() for part in (one.step, one.value, one.time)] for key, one in curves.items()}


def by_log(run: Run) -> dict[str, list[bytes]]:
    return points(MetricsTail(run.files.metrics).read_all())


def test_one_poll_brings_the_wanted_columns_and_it_is_caught_up(run: Run) -> None:
    truth = by_log(run)
    tail = run.tail(["kl", "file", "not there"])
    assert (dict(tail.history), tail.caught_up) == ({}, False)
    news = tail.poll()
    assert points(news) == points(tail.history) == {key: truth[key] for key in ("actor/kl_loss", "file")}
    assert {chunk.start for chunk in news.values()} == {0}
    assert (tail.caught_up, tail.generation, tail.status().state) == (True, 0, RunState.FINISHED)
    assert tail.poll() == {}


def test_no_other_column_is_looked_at(run: Run) -> None:
    truth = by_log(run)
    size = run.files.metrics.stat().st_size
    with open(run.files.metrics, "r+b") as log:
        log.write(b"x" * (size // 2) + b"\n")  # who reads it finds garbage; its end is as it was
    data = bytearray(run.files.cache.read_bytes())
    place = data.index(np.float64(1.75).tobytes() + np.float64(2.75).tobytes())  # of the last of KEYS
    data[place] ^= 1
    run.files.cache.write_bytes(data)
    tail = run.tail(KEYS[1:3])
    assert points(tail.poll()) == {key: truth[key] for key in KEYS[1:3]}
    assert isinstance(tail, CachedTail)
    assert (tail.keys, tail.whole) == (KEYS, False)
    everything = run.tail(KEYS)
    everything.poll()
    assert points(everything.history) != truth  # that one had to read the log


def test_metrics_go_by_canonical_name_among_all_keys_of_the_run(run: Run) -> None:
    assert set(run.tail(["reward"]).poll()) == {"reward"}
    assert set(run.tail(["critic/rewards/mean"]).poll()) == {"critic/rewards/mean"}
    names = Aliases().with_metrics({"reward": ["critic/rewards/mean"]})
    assert set(run.with_aliases(names).tail(["reward"]).poll()) == {"critic/rewards/mean"}


def test_a_run_without_the_metric_is_caught_up_with_nothing(run: Run) -> None:
    tail = run.tail(["not there"])
    assert tail.poll() == {}
    assert isinstance(tail, CachedTail)
    assert (tail.caught_up, dict(tail.history), tail.keys) == (True, {}, KEYS)


def test_who_names_no_metrics_gets_them_all(run: Run) -> None:
    assert points(run.tail().poll()) == by_log(run)


def test_making_one_touches_no_file(run: Run) -> None:
    shutil.rmtree(run.directory)
    tail = run.tail(["reward"])
    assert (tail.poll(), tail.caught_up) == ({}, True)


def test_of_a_run_that_goes_on_the_log_is_followed(tmp_path: Path) -> None:
    files = create_run_directory(tmp_path, "p")
    log_more(files, range(10))
    keep(files)  # reaches to the end of the log for now
    tail = Run(files.directory).tail(["reward"])
    assert set(tail.poll()) == set(KEYS)
    log_more(files, range(10, 12))
    chunk = tail.poll()["reward"]
    assert (chunk.start, chunk.step.tolist(), tail.generation) == (10, [10.0, 11.0], 0)


def test_without_a_cache_the_log_is_read_and_the_cache_made(tmp_path: Path) -> None:
    run = made_run(tmp_path, 1000, cached=False)
    tail = run.tail(["reward"])
    assert points(tail.poll()) == by_log(run)
    assert compact_if_worth(tail, ended=True)
    assert set(run.tail(["reward"]).poll()) == {"reward"}


def test_what_was_read_from_a_cache_is_not_cached_again(run: Run) -> None:
    tail = run.tail(["reward"])
    tail.poll()
    before = run.files.cache.stat().st_mtime_ns
    assert not compact_if_worth(tail, ended=True)
    assert run.files.cache.stat().st_mtime_ns == before


@pytest.fixture
def lost(tmp_path: Path) -> Run:
    """A run that nobody has heard of for a long time, its cache whole."""
    run = made_run(tmp_path / "runs")
    run.files.exit.unlink()
    for path in (run.files.meta, run.directory):
        os.utime(path, (1.6e9, 1.6e9))
    assert run.state is RunState.LOST
    return run


def test_a_log_that_grew_after_all_begins_anew_with_all_of_its_metrics(lost: Run) -> None:
    tail = lost.tail(["reward"])
    assert set(tail.poll()) == {"reward"}
    log_more(lost.files, range(50, 60))
    news = tail.poll()
    assert points(news) == points(tail.history) == by_log(lost)
    assert (tail.generation, {chunk.start for chunk in news.values()}) == (1, {0})
    log_more(lost.files, range(60, 61))
    assert {chunk.start for chunk in tail.poll().values()} == {60}
    assert tail.generation == 1


def test_another_log_in_its_place_begins_anew(lost: Run, tmp_path: Path) -> None:
    tail = lost.tail(["reward"])
    tail.poll()
    other = made_run(tmp_path / "others", offset=1000.0)
    os.replace(other.files.metrics, lost.files.metrics)
    assert points(tail.poll()) == by_log(lost)
    assert tail.history["reward"].value[0] > 1000
    assert tail.generation == 1


def test_a_log_that_vanished_is_an_empty_one(lost: Run) -> None:
    tail = lost.tail(["reward"])
    tail.poll()
    lost.files.metrics.unlink()
    assert (tail.poll(), dict(tail.history), tail.generation, tail.caught_up) == ({}, {}, 1, True)
    assert tail.poll() == {}
    assert tail.generation == 1


def test_a_log_that_could_not_be_seen_for_a_moment_is_read_again(lost: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    tail = lost.tail(["reward"])
    tail.poll()
    monkeypatch.setattr(cached_tail, "_seen", lambda path: ())  # a file server that was away
    assert points(tail.poll()) == by_log(lost)
    assert tail.generation == 1


def test_a_log_that_cannot_be_read_is_an_error(run: Run) -> None:
    run.files.metrics.unlink()
    run.files.metrics.mkdir()
    tail = run.tail(["reward"])
    for _ in range(2):
        with pytest.raises(StoreError, match=r"cannot be read: .*metrics\.jsonl"):
            tail.poll()


@given(st.data())
def test_whatever_is_wrong_with_the_cache_the_points_are_those_of_the_log(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        run = made_run(Path(place), 3)
        truth = by_log(run)
        content = bytearray(run.files.cache.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1), label="at")
        if data.draw(st.booleans(), label="cut"):
            del content[at:]
        else:
            content[at] ^= data.draw(st.integers(1, 255), label="bits")
        run.files.cache.write_bytes(content)
        wanted = data.draw(st.lists(st.sampled_from(KEYS), max_size=3), label="wanted")
        tail = run.tail(wanted)
        tail.read_all()
        found = points(tail.history)
        meant = run.aliases.resolve(KEYS, wanted).values()
        assert {key: found[key] for key in meant} == {key: truth[key] for key in meant}
        assert found == (truth if tail.whole else {key: truth[key] for key in found})  # type: ignore[attr-defined]


def test_equal_steps_are_held_once_and_no_longer_than_needed(tmp_path: Path) -> None:
    runs = [made_run(tmp_path), made_run(tmp_path, offset=5.0), made_run(tmp_path, records=49)]
    tails = [run.tail(["reward", "kl"]) for run in runs]
    for tail in tails:
        tail.poll()
    steps = [series.step for tail in tails for series in tail.history.values()]
    assert [np.shares_memory(steps[0], step) for step in steps] == [True] * 4 + [False] * 2
    assert [step.tolist() for step in steps[3:5]] == [list(range(50)), list(range(49))]
    known = len(cached_tail._steps)
    del tail, tails, steps
    gc.collect()
    assert len(cached_tail._steps) <= known - 2


def test_steps_are_not_taken_for_others_by_their_checksum_alone(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setattr(cached_tail, "crc32", lambda data: 7)
    backwards = np.arange(50.0)[::-1].copy()
    assert cached_tail._shared(backwards) is backwards
    tail = run.tail(["reward"])
    tail.poll()
    assert tail.history["reward"].step.tolist() == list(range(50))
