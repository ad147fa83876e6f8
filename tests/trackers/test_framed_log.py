"""The framing that SwanLab's and W&B's run files share: whole records, torn ends, damage, files that are replaced."""

from __future__ import annotations

import os
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.core.errors import BadFile
from astuner_nb.trackers.wire import framed_log as framed_log_module
from astuner_nb.trackers.wire import frames as frames_module
from astuner_nb.trackers.wire.framed_log import FramedLog, last_records
from astuner_nb.trackers.wire.frames import BLOCK_BYTES, Frames

from .run_file_writer import SWANLAB, WANDB, chunk, framed, framed_record

records_of_all_sizes = st.lists(
    st.integers(0, 200) | st.integers(32_740, 32_790) | st.integers(65_500, 65_540) | st.just(100_000), max_size=8
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run-x.wandb"


def log(path: Path) -> FramedLog:
    return FramedLog(path, (WANDB,), "a run file of W&B")


def read_all(log: FramedLog) -> list[bytes]:
    records = log.read()
    while not log.at_end:
        records += log.read()
    return records


def records_of(sizes: list[int]) -> list[bytes]:
    return [random.Random(index).randbytes(size) for index, size in enumerate(sizes)]


@settings(max_examples=60)
@given(records_of_all_sizes, st.lists(st.integers(0, 400_000), max_size=5))
def test_records_come_back_in_any_pieces(sizes: list[int], cuts: list[int]) -> None:
    records = records_of(sizes)
    data = framed(WANDB, records)
    frames, found = Frames(7), []
    for cut in [*sorted(cuts), len(data)]:
        found += frames.feed(data[frames.position : cut])
        assert found == records[: len(found)]
    assert (found, frames.damaged, frames.position) == (records, 0, len(data))


def test_every_end_of_a_block(path: Path) -> None:
    """Seven bytes left take an empty FIRST chunk; fewer are filled with zeros."""
    for left in range(12):
        first = bytes(BLOCK_BYTES - 7 - 7 - left)
        data = framed(WANDB, [first, b"abc"])
        path.write_bytes(data)
        assert read_all(log(path)) == [first, b"abc"]
    seven = framed(WANDB, [bytes(BLOCK_BYTES - 7 - 7 - 7), b"abc"])
    assert seven[-17:].hex() == "a18e0c3c000002" + "9bd04364030004616263"


def test_a_torn_record_waits(path: Path) -> None:
    data = framed(WANDB, [b"first", bytes(70_000), b"last"])
    reader, found = log(path), []
    for cut in (0, 3, 7, 12, 20, 40_000, 70_020, len(data) - 1, len(data)):
        path.write_bytes(data[:cut])
        found += reader.read()
        assert reader.at_end
        assert reader.read() == []
    assert found == [b"first", bytes(70_000), b"last"]
    assert (reader.damaged, reader.generation, reader.offset) == (0, 0, len(data))


def test_a_damaged_chunk_costs_the_rest_of_its_block(path: Path) -> None:
    records = [bytes([index]) * 1_000 for index in range(200)]
    data = bytearray(framed(WANDB, records))
    data[BLOCK_BYTES + 10_000] ^= 1
    path.write_bytes(data)
    reader = log(path)
    found = read_all(reader)
    assert (reader.damaged, reader.at_end) == (1, True)
    lost = [record for record in records if record not in found]
    assert 0 < len(lost) <= 33
    assert found == [record for record in records if record in found]
    assert found[-1] == records[-1]


def test_damage_in_the_last_block_waits_until_the_block_is_whole(path: Path) -> None:
    """It may be a write under way, seen half through a network file system."""
    data = framed(WANDB, [b"first", b"second"])
    path.write_bytes(data[:-3] + bytes(3))
    reader = log(path)
    assert reader.read() == [b"first"]
    assert reader.damaged == 0
    path.write_bytes(data)
    assert reader.read() == [b"second"]


def test_zeros_are_not_records(path: Path) -> None:
    path.write_bytes(WANDB + bytes(200_000))
    reader = log(path)
    assert read_all(reader) == []
    assert reader.damaged == 6


@pytest.mark.parametrize("kind", [0, 5, 255])
def test_chunks_of_no_known_type_are_damage(path: Path, kind: int) -> None:
    path.write_bytes(WANDB + chunk(kind, b"abc") + bytes(BLOCK_BYTES))
    reader = log(path)
    assert read_all(reader) == []
    assert reader.damaged == 1


def test_parts_that_do_not_belong_together(path: Path) -> None:
    parts = [
        chunk(3, b"m"),
        chunk(4, b"l"),
        chunk(2, b"f"),
        chunk(1, b"one"),
        chunk(2, b"g"),
        chunk(2, b"h"),
        chunk(4, b"i"),
    ]
    path.write_bytes(WANDB + b"".join(parts))
    reader = log(path)
    assert read_all(reader) == [b"one", b"hi"]
    assert reader.damaged == 2


def test_a_file_of_another_kind_says_what_it_is(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")
    with pytest.raises(BadFile, match=r"run-x.wandb is not a run file of W&B: it begins with b'SQLite"):
        log(path).read()
    path.write_bytes(b"S")
    with pytest.raises(BadFile, match="begins with b'S'"):
        log(path).read()
    path.write_bytes(WANDB[:-1] + b"\x09")
    with pytest.raises(BadFile, match=r"of version 9, which is not known here\. Known are: 0\. Look for a newer"):
        log(path).read()


def test_a_missing_or_short_file_holds_nothing_yet(path: Path) -> None:
    reader = log(path)
    for content in (None, b"", WANDB[:4], WANDB):
        if content is not None:
            path.write_bytes(content)
        assert reader.read() == []
        assert (reader.at_end, reader.generation) == (True, 0)
    assert reader.header == WANDB


def test_a_file_that_cannot_be_read_says_so(path: Path) -> None:
    path.mkdir()
    with pytest.raises(BadFile, match=r"cannot be read: .*\(Is a directory\)\. Look at its rights"):
        log(path).read()


@pytest.mark.parametrize("outgrown", [False, True])
def test_a_file_that_was_written_anew_is_noticed(path: Path, outgrown: bool) -> None:
    path.write_bytes(framed(WANDB, [b"old" * 20] * 5))
    reader = log(path)
    assert len(reader.read()) == 5
    path.write_bytes(framed(WANDB, [b"new" * 21] * (50 if outgrown else 1)))
    assert set(read_all(reader)) == {b"new" * 21}
    assert reader.generation == 1


def test_a_replaced_or_vanished_file_is_noticed(path: Path, tmp_path: Path) -> None:
    path.write_bytes(framed(WANDB, [b"old" * 30]))
    reader = log(path)
    reader.read()
    (tmp_path / "new").write_bytes(framed(WANDB, [b"new" * 30]))
    os.replace(tmp_path / "new", path)
    assert reader.read() == [b"new" * 30]
    path.unlink()
    assert reader.read() == []
    assert reader.generation == 2


def test_a_moved_copy_is_followed_on(path: Path, tmp_path: Path) -> None:
    path.write_bytes(framed(WANDB, [b"one" * 30]))
    reader = log(path)
    reader.read()
    (tmp_path / "copy").write_bytes(framed(WANDB, [b"one" * 30, b"two"]))
    os.replace(tmp_path / "copy", path)
    assert (reader.read(), reader.generation) == ([b"two"], 0)


def test_a_long_file_is_read_in_pieces(path: Path) -> None:
    records = records_of([1_000] * 300 + [150_000] + [10] * 50)
    path.write_bytes(framed(WANDB, records))
    reader = log(path)
    pieces = [reader.read(2 * BLOCK_BYTES)]
    while not reader.at_end:
        pieces.append(reader.read(2 * BLOCK_BYTES))
    assert [record for piece in pieces for record in piece] == records
    assert max(map(len, pieces)) < 100


def test_nothing_new_costs_no_reading(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(framed(WANDB, [b"one"]))
    reader = log(path)
    reader.read()
    monkeypatch.setattr(framed_log_module.os, "open", lambda *_: pytest.fail("it was opened"))
    assert reader.read() == []


def test_the_last_records(path: Path) -> None:
    records = records_of([500] * 1_000 + [40_000, 3])
    path.write_bytes(framed(WANDB, records))
    last = last_records(path, 2 * BLOCK_BYTES)
    assert last == records[-len(last) :]
    assert 2 <= len(last) < 200
    path.write_bytes(framed(WANDB, [b"only"]))
    assert last_records(path, 2 * BLOCK_BYTES) == [b"only"]


def test_an_endless_record_takes_little_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames_module, "MAX_RECORD_BYTES", 1 << 20)
    body = WANDB + chunk(2, b"begin")
    with open(path, "wb") as file:
        file.write(body)
        position = len(body)
        part = chunk(3, bytes(BLOCK_BYTES - 7))
        file.write(chunk(3, bytes(BLOCK_BYTES - position - 7)))
        for _ in range(400):
            file.write(part)
        file.write(framed_record(b"after", 401 * BLOCK_BYTES))
    reader = log(path)
    tracemalloc.start()
    try:
        assert read_all(reader) == [b"after"]
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert reader.damaged == 1


def test_empty_parts_without_end_take_no_memory(path: Path) -> None:
    per_block = BLOCK_BYTES // 7 * 7
    block = (chunk(3, b"") * (per_block // 7)).ljust(BLOCK_BYTES, b"\0")
    path.write_bytes((WANDB + chunk(2, b"") + block)[:BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0") + block * 20)
    tracemalloc.start()
    try:
        assert read_all(log(path)) == []
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@settings(max_examples=150)
@given(st.binary(max_size=300), st.integers(0, 300), st.binary(max_size=40))
def test_no_bytes_stop_the_reader(garbage: bytes, cut: int, more: bytes) -> None:
    """Whatever stands in one block, the next one is read."""
    frames = Frames(7)
    data = garbage + more
    found = frames.feed(data[:cut])
    data = data.ljust(BLOCK_BYTES - 7, b"\xff") + framed_record(b"after", BLOCK_BYTES)
    found += frames.feed(data[frames.position - 7 :])
    assert found[-1] == b"after"
    assert frames.position == 7 + len(data)


@pytest.mark.stress
def test_many_flipped_bytes() -> None:
    rng = random.Random(0)
    records = [rng.randbytes(rng.choice((10, 100, 3_000, 40_000))) for _ in range(60)]
    whole = framed(SWANLAB, records)
    known = set(records)
    for _ in range(10_000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(7, len(data))] ^= 1 << rng.randrange(8)
        frames = Frames(7)
        assert set(frames.feed(bytes(data[7:]))) <= known
