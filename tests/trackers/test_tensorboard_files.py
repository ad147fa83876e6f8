"""Event files: what every writer wrote is read, as TensorBoard and tbparse read it, and nothing stops the reader."""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadFile, Cancelled, NotFound, TrackerError
from astuner_nb.core.language import language_of
from astuner_nb.core.protocols import Chunk
from astuner_nb.core.states import RunState
from astuner_nb.trackers.file_state import QUIET_S
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import TrackedRun
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.tensorboard import event_file
from astuner_nb.trackers.tensorboard.encoding import VERSION, event, nested, scalars, text
from astuner_nb.trackers.tensorboard.event_file import EventFile, framed, masked_crc
from astuner_nb.trackers.tensorboard.files import TensorBoardFiles
from astuner_nb.trackers.tensorboard.hparams import config_in
from astuner_nb.trackers.tensorboard.tail import EventTail, event_files
from astuner_nb.trackers.where import Where, where

FILES = Path(__file__).parent / "event_files"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FILES / "expected.json").read_text())
NAME = "events.out.tfevents.1700000000.host"
T = 1_700_000_000.0

WORKED = bytes.fromhex(
    "1800000000000000a37f4b2209000060b6f9c0da411a0d627261696e2e4576656e743a32335a98f1"
    "2700000000000000bbe1b14609 0000a0b6f9c0da4110012a1a0a0d0a06726577617264150000003f0a090a026b6c150000803e47a66284"
    "300000000000000095f5d05f090000e0b6f9c0da4110022a230a210a06726577617264420a080112002a040000403f4a0b0a090a07"
    "7363616c617273adf4a59d"
    "620000000000000079fd606f09000020b7f9c0da412a570a550a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f"
    "4206080112021200 4a2d0a2b0a07687061 72616d7312201a1e0a0f0a026c721209118dedb5a0f7c6b03e2202743129000000b7f9c0da41"
    "3487c3cd"
)

WRITER = """
import sys
from astuner_nb.trackers.tensorboard.encoding import VERSION, event, scalars
from astuner_nb.trackers.tensorboard.event_file import framed
import random
data = framed(event(1.0, version=VERSION))
data += b"".join(
    framed(event(1.7e9 + n, step=n, summary=scalars({"x": n / 2} if n % 3 else {"x": n / 2, "y": 1.0})))
    for n in range(20_000)
)
draw = random.Random(0)
with open(sys.argv[1], "ab", buffering=0) as file:
    at = 0
    while at < len(data):
        if draw.randrange(20) == 0:
            sys.stdin.readline()
        end = at + draw.randrange(1, 9_000)
        file.write(data[at:end])
        at = end
"""


def listed(place: Path, wanted: Where | None = None, limit: int = 100) -> Listing:
    return TensorBoardFiles(str(place)).list(wanted or Where(), limit, Patience(30))


def runs(place: Path) -> dict[str, TrackedRun]:
    found = listed(place)
    assert found.skipped == []
    return {run.id: run for run in found.runs}  # type: ignore[misc]


def points(run: TrackedRun) -> dict[str, list[tuple[float, str]]]:
    """Tag → step and value, as texts so that NaN equals itself."""
    return {
        tag: [(step, repr(value)) for step, value in zip(series.step.tolist(), series.value.tolist(), strict=True)]
        for tag, series in run.history().items()
    }


def expected(name: str) -> dict[str, list[tuple[float, str]]]:
    doubles = {"double", "double raw", "int64 raw", "int64", "uint32", "uint64"}

    def kept(tag: str, value: float) -> str:
        return repr(value if tag in doubles else float(np.float32(value)))

    scalars = EXPECTED[name]["scalars"]
    return {tag: [(step, kept(tag, float(value))) for step, value in rows] for tag, rows in scalars.items()}


def record(step: int, values: dict[str, float], at_s: float | None = None) -> bytes:
    return framed(event(T + step if at_s is None else at_s, step=step, summary=scalars(values)))


def write(place: Path, *records: bytes, name: str = NAME) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    path = place / name
    path.write_bytes(framed(event(T, version=VERSION)) + b"".join(records))
    return path


def tail_of(place: Path) -> EventTail:
    return EventTail(lambda: event_files(place))


def fed(polls: Sequence[dict[str, Chunk]], tag: str) -> list[float]:
    """The values of a tag put together from chunks, each of which must start where the last one ended."""
    values: list[float] = []
    for chunk in (poll[tag] for poll in polls if tag in poll):
        assert chunk.start == len(values)
        values += chunk.value.tolist()
    return values


@pytest.mark.parametrize("name", EXPECTED)
def test_what_every_writer_wrote_is_read(name: str) -> None:
    run = runs(FILES)[name]
    assert points(run) == expected(name)
    assert run.config == EXPECTED[name]["config"]
    assert (run.source, run.place, run.name, run.project) == ("tensorboard", str(FILES), name, "event_files")


UNKNOWN_TO_TENSORBOARD = {"two", "bfloat16", "uint16", "uint32", "uint64"}
"""Its reader fails on these: types that it does not know, and a scalar of two numbers, which is none here either."""


def accumulated(place: Path) -> dict[str, list[tuple[int, str, float]]]:
    """Tag → step, value, wall time as TensorBoard's own reader has them, in both shapes of scalars."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    reader = EventAccumulator(str(place), size_guidance={"scalars": 0, "tensors": 0})
    reader.Reload()
    found = {
        tag: [(each.step, repr(each.value), each.wall_time) for each in reader.Scalars(tag)]
        for tag in reader.Tags()["scalars"]
    }
    for tag in reader.Tags()["tensors"]:
        if reader.SummaryMetadata(tag).plugin_data.plugin_name == "scalars" and tag not in UNKNOWN_TO_TENSORBOARD:
            found[tag] = []
            for each in reader.Tensors(tag):
                value = tensor_util.make_ndarray(each.tensor_proto).item()
                found[tag].append((each.step, repr(float(value)), each.wall_time))
    return found


@pytest.mark.parametrize("name", ["tensorboardx", "several_tags", "hparams_of_tensorboard", "started_again"])
def test_the_reader_of_tensorboard_agrees(name: str) -> None:
    history = tail_of(FILES / name).read_all()
    ours = {
        tag: list(
            zip(series.step.astype(int).tolist(), map(repr, series.value.tolist()), series.time.tolist(), strict=True)
        )
        for tag, series in history.items()
    }
    assert ours == accumulated(FILES / name)


def test_the_reader_of_tensorboard_agrees_on_tensors() -> None:
    theirs = accumulated(FILES / "tensors")
    history = tail_of(FILES / "tensors").read_all()
    assert set(theirs) == set(history) - UNKNOWN_TO_TENSORBOARD
    for tag, events in theirs.items():
        assert [repr(value) for value in history[tag].value.tolist()] == [value for _, value, _ in events], tag


@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("name", ["tensorboardx", "several_tags", "started_again"])
def test_tbparse_agrees(name: str) -> None:
    from tbparse import SummaryReader

    frame = SummaryReader(str(FILES / name)).scalars
    for tag, series in tail_of(FILES / name).read_all().items():
        rows = frame[frame["tag"] == tag]
        assert sorted(rows["step"]) == sorted(series.step.tolist())
        assert sorted(map(repr, rows["value"].tolist())) == sorted(map(repr, series.value.tolist()))


def test_the_worked_example_byte_for_byte(tmp_path: Path) -> None:
    assert len(WORKED) == 273
    assert masked_crc(b"123456789") == (((0xE3069283 >> 15) | (0xE3069283 << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    written = framed(event(1795417817.5, version=VERSION))
    written += framed(event(1795417818.5, step=1, summary=scalars({"reward": 0.5, "kl": 0.25})))
    assert WORKED.startswith(written)
    (tmp_path / NAME).write_bytes(WORKED)
    run = runs(tmp_path)["."]
    assert points(run) == {"reward": [(1.0, "0.5"), (2.0, "0.75")], "kl": [(1.0, "0.25")]}
    assert run.history()["reward"].time.tolist() == [1795417818.5, 1795417819.5]
    assert run.config == {"lr": 1e-06}
    assert run.created == datetime.fromtimestamp(1795417817.5, UTC)
    assert (run.name, run.project) == (tmp_path.name, tmp_path.name)


def test_every_prefix_of_a_file_gives_what_is_whole_in_it(tmp_path: Path) -> None:
    path, polls = tmp_path / NAME, []
    path.touch()
    tail = tail_of(tmp_path)
    ends = [40, 40 + 55, 40 + 55 + 64, 273]
    for length in range(len(WORKED) + 1):
        path.write_bytes(WORKED[:length])
        polls.append(tail.poll())
        assert len(tail.history.get("reward", ())) == sum(length >= end for end in ends[1:3])
    assert (fed(polls, "reward"), fed(polls, "kl")) == ([0.5, 0.75], [0.25])
    assert (tail.generation, tail.damaged) == (0, 0)


def test_the_tags_come_in_the_order_in_which_they_were_logged(tmp_path: Path) -> None:
    write(tmp_path, *(record(step, {"long name": 1.0, "a": 2.0}) for step in range(3)), record(4, {"b": 1.0}))
    assert list(tail_of(tmp_path).read_all()) == ["long name", "a", "b"]


def test_records_of_one_length_and_many_shapes(tmp_path: Path) -> None:
    """Tags and steps trade bytes, so that records of one length differ in where their numbers stand."""
    draw, logged, records = random.Random(1), {}, []
    for _ in range(3000):
        step = draw.choice([3, 127, 128, 200, 16_383, 16_384, 2**21, -1])
        row = {
            draw.choice("abc") * draw.randrange(1, 6): float(draw.randrange(99)) for _ in range(draw.randrange(1, 4))
        }
        records.append(record(step, row, at_s=draw.random()))
        for tag, value in row.items():
            logged.setdefault(tag, []).append((step, value))
    write(tmp_path, *records)
    history = tail_of(tmp_path).read_all()
    assert set(history) == set(logged)
    for tag, series in history.items():
        assert list(zip(series.step.tolist(), series.value.tolist(), strict=True)) == logged[tag]


def test_a_hundred_tags_of_one_length(tmp_path: Path) -> None:
    write(tmp_path, *(record(step, {f"layer/{tag:03}": step * tag}) for step in range(50) for tag in range(100)))
    history = tail_of(tmp_path).read_all()
    assert len(history) == 100
    assert all(
        series.value.tolist() == [step * tag for step in range(50)] for tag, series in enumerate(history.values())
    )


def test_one_tag_twice_in_an_event(tmp_path: Path) -> None:
    twice = scalars({"x": 1.0}) + scalars({"x": 2.0})
    write(tmp_path, *(framed(event(T, step=step, summary=twice)) for step in range(3)))
    assert tail_of(tmp_path).read_all()["x"].value.tolist() == [1.0, 2.0] * 3
    assert points(runs(tmp_path)["."]) == {"x": [(step, "2.0") for step in (0.0, 1.0, 2.0)]}


def test_of_a_step_logged_twice_the_later_wall_time_stands(tmp_path: Path) -> None:
    write(tmp_path, record(1, {"x": 1.0}, at_s=50), record(2, {"x": 2.0}, at_s=60), record(1, {"x": 3.0}, at_s=10))
    assert points(runs(tmp_path)["."]) == {"x": [(1.0, "1.0"), (2.0, "2.0")]}


def test_a_record_longer_than_a_chunk_and_one_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "CHUNK_BYTES", 100)
    monkeypatch.setattr(event_file, "MAX_RECORD_BYTES", 10_000)
    graph = [framed(event(T) + nested(4, bytes(size))) for size in (5_000, 50_000)]
    path = write(tmp_path, record(1, {"x": 1.0}), graph[0], record(2, {"x": 2.0}), graph[1], record(3, {"x": 3.0}))
    assert tail_of(tmp_path).read_all()["x"].value.tolist() == [1.0, 2.0, 3.0]
    file = EventFile(path)
    file.file.look()
    while file.read()[1]:
        pass
    assert file.oversized == 1


def test_one_poll_reads_a_bounded_amount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "CHUNK_BYTES", 500)
    write(tmp_path, *(record(step, {"x": float(step)}) for step in range(500)))
    tail = tail_of(tmp_path)
    polls = [tail.poll(budget_s=0.0)]
    assert not tail.caught_up
    while not tail.caught_up:
        polls.append(tail.poll(budget_s=0.0))
    assert len(polls) > 20
    assert fed(polls, "x") == list(range(500))


def test_a_truncated_replaced_or_removed_file_is_a_new_generation(tmp_path: Path) -> None:
    path = write(tmp_path, *(record(step, {"x": 1.0}) for step in range(50)))
    second = write(tmp_path, record(50, {"x": 1.0}), name="events.out.tfevents.1800000000.host")
    tail = tail_of(tmp_path)
    assert len(tail.poll()["x"]) == 51
    assert (tail.poll(), tail.generation) == ({}, 0)
    write(tmp_path, record(1, {"x": 2.0}))
    chunk = tail.poll()["x"]
    assert (chunk.start, chunk.value.tolist(), tail.generation) == (0, [2.0, 1.0], 1)
    write(tmp_path, *(record(step, {"x": 3.0}) for step in range(90)))
    assert (len(tail.poll()["x"]), tail.generation) == (91, 2)
    second.unlink()
    assert (len(tail.poll()["x"]), tail.generation) == (90, 3)
    path.unlink()
    with pytest.raises(NotFound, match="No event file is left in"):
        tail.poll()


def test_a_file_that_comes_later_is_read_on(tmp_path: Path) -> None:
    write(tmp_path, record(1, {"x": 1.0}))
    tail = tail_of(tmp_path)
    polls = [tail.poll()]
    write(tmp_path, record(2, {"x": 2.0}), name="events.out.tfevents.1700000009.host")
    polls.append(tail.poll())
    assert (fed(polls, "x"), tail.generation) == ([1.0, 2.0], 0)


def test_following_a_process_that_writes_in_torn_pieces(tmp_path: Path, wait_for: Callable[..., Any]) -> None:
    """The process waits for a line now and then, so that there is something between two polls."""
    path = tmp_path / NAME
    path.touch()
    tail, polls, size = tail_of(tmp_path), [], 0
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        while process.poll() is None:
            wait_for(lambda seen=size: path.stat().st_size > seen or process.poll() is not None)
            size = path.stat().st_size
            polls.append(tail.poll())
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(b"\n")
    polls.append(tail.poll())
    assert process.returncode == 0
    assert len([poll for poll in polls if poll]) > 3
    assert fed(polls, "x") == [n / 2 for n in range(20_000)]
    assert (len(fed(polls, "y")), tail.generation, tail.damaged) == (6_667, 0, 0)


def test_damage_ends_the_reading_and_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, *(record(step, {"x": float(step)}) for step in range(10)))
    data = path.read_bytes()
    path.write_bytes(data[:-40] + bytes(60))
    run = runs(tmp_path)["."]
    assert run.history()["x"].value.tolist() == list(range(9))
    assert "is damaged at byte" in run.history(["x"]).damage
    tail = run.tail()
    tail.poll()
    assert "is damaged at byte" in tail.status().detail


def test_a_record_that_is_no_message_is_left_out_and_counted(tmp_path: Path) -> None:
    write(tmp_path, record(1, {"x": 1.0}), framed(b"\x09\x01"), framed(b""), record(2, {"x": 2.0}))
    tail = tail_of(tmp_path)
    assert tail.read_all()["x"].value.tolist() == [1.0, 2.0]
    assert tail.damaged == 1
    assert "1 of its records are damaged" in tail.status().detail


@pytest.mark.parametrize("garbage", [b"nonsense and more of it", bytes(64), b"\xff" * 5000])
def test_what_is_no_event_file_says_so(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / NAME).write_bytes(garbage)
    with pytest.raises(BadFile, match=r"is no event file: it does not begin with a record\. Give another"):
        listed(tmp_path)
    write(tmp_path / "good", record(1, {"x": 1.0}))
    found = listed(tmp_path)
    assert [run.id for run in found.runs] == ["good"]
    assert len(found.skipped) == 1
    assert "is no event file" in found.skipped[0]


def test_an_empty_event_file_is_a_run_without_points(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    run = runs(tmp_path)["."]
    assert (dict(run.history()), run.state, run.created) == ({}, RunState.RUNNING, None)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing stands at"):
        listed(tmp_path / "none")
    with pytest.raises(NotFound, match="There is no event file below"):
        listed(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(BadFile, match="is no event file"):
        listed(tmp_path / "notes.txt")


def test_one_event_file_is_one_run() -> None:
    path = next((FILES / "several_tags").iterdir())
    (run,) = listed(path).runs
    assert (run.id, run.name, run.project) == (path.name, "several_tags", "event_files")
    assert points(run) == expected("several_tags")  # type: ignore[arg-type]


def test_what_is_being_listed_is_a_sentence_that_a_language_may_know() -> None:
    told: list[str] = []
    patience = Patience(30, progress=lambda what, done, total: told.append(what))
    TensorBoardFiles(str(FILES)).list(Where(), 10, patience)
    assert "运行" in map(language_of("zh").of, told)


def test_a_cancelled_listing_ends(tmp_path: Path) -> None:
    patience = Patience(30)
    patience.cancel()
    with pytest.raises(Cancelled):
        TensorBoardFiles(str(FILES)).list(Where(), 10, patience)


def test_the_newest_come_first_as_many_as_were_asked_for(tmp_path: Path) -> None:
    for second in range(5):
        write(tmp_path / f"run {second}", name=f"events.out.tfevents.{1_700_000_000 + second}.host")
    found = listed(tmp_path, limit=2)
    assert ([run.id for run in found.runs], found.complete) == (["run 4", "run 3"], False)
    found = listed(tmp_path, where(name="run [01]"), limit=2)
    assert ([run.id for run in found.runs], found.complete) == (["run 1", "run 0"], True)
    assert [run.id for run in listed(FILES, where(config={"lr": (1e-7, 1e-5)})).runs] == [
        "tensorboardx_hparams",
        "hparams_of_tensorboard",
    ]


def test_links_that_go_round_are_followed_once(tmp_path: Path) -> None:
    write(tmp_path / "a")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert set(runs(tmp_path)) == {"a"}


def aged(place: Path, age_s: float) -> None:
    for path in place.rglob("*tfevents*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age_s))


def test_the_state_is_told_by_the_session_or_else_by_the_age(tmp_path: Path) -> None:
    assert runs(FILES)["hparams_of_tensorboard"].state is RunState.FAILED
    assert runs(FILES)["hparams_of_tensorboard"].finished == datetime.fromtimestamp(T + 9, UTC)
    write(tmp_path, record(1, {"x": 1.0}, time.time()))
    run = runs(tmp_path)["."]
    tail = run.tail()
    assert tail.status().state is RunState.STARTING
    tail.poll()
    assert (run.state, tail.status().state) == (RunState.RUNNING, RunState.RUNNING)
    aged(tmp_path, QUIET_S + 1)
    tail.poll()
    assert (runs(tmp_path)["."].state, tail.status().state) == (RunState.FINISHED, RunState.FINISHED)
    assert "do not say how a run ended" in runs(tmp_path)["."].detail


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FILES / "tensorboardx_hparams", tmp_path / "logs" / "run"))


def test_hyper_parameters_in_a_folder_of_their_own_belong_to_the_run_above(tmp_path: Path) -> None:
    place = copied(tmp_path)
    assert set(runs(tmp_path / "logs")) == {"run"}
    shutil.copytree(place / "trial", place / "other")
    assert set(runs(tmp_path / "logs")) == {"run", "run/trial", "run/other"}
    assert runs(tmp_path / "logs")["run/trial"].config == EXPECTED["tensorboardx_hparams"]["config"]


def test_final_figures_do_not_mix_with_the_curve(tmp_path: Path) -> None:
    copied(tmp_path)
    history = runs(tmp_path / "logs")["run"].history()
    assert len(history["reward"]) == 5
    assert history["hparam/best"].value.tolist() == [0.75]


def test_a_folder_of_curves_stays_a_run_of_its_own(tmp_path: Path) -> None:
    place = copied(tmp_path)
    write(place / "eval", *(record(step, {"x": 1.0}) for step in range(2)))
    assert set(runs(tmp_path / "logs")) == {"run", "run/eval"}


@pytest.mark.parametrize(
    ("logged", "config"),
    [
        ('{"a": 1, "b": {"c": "x", "d": [1]}, "e": null}', {"a": 1, "b.c": "x", "b.d": "[1]", "e": None}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('\t{\n\t  "a": 1\n\t}', {"a": 1}),
        ("| a | b |", {}),
        ("[1, 2]", {}),
        ("[" * 50_000, {}),
    ],
)
def test_a_configuration_logged_as_a_text(logged: str, config: dict[str, object]) -> None:
    assert config_in(logged) == config


def test_max_points_and_single_metrics() -> None:
    run = runs(FILES)["tensorboardx"]
    assert list(run.history(["train/loss", "nothing"])) == ["train/loss"]
    assert len(run.history(max_points=10)["train/loss"]) <= 12


names = st.text(st.characters(codec="utf-8"), max_size=6)
rows = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.dictionaries(names, st.floats(width=32), max_size=4)), max_size=30
)


@given(rows, st.integers(1, 200))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: Any, cut: int) -> None:
    place = tmp_path_factory.mktemp("events")
    data = framed(event(T, version=VERSION)) + b"".join(record(step, row, at_s=1.0) for step, row in rows)
    tail, polls = tail_of(place), []
    with open(place / NAME, "ab", buffering=0) as file:
        for at in range(0, len(data), max(1, len(data) * cut // 400)):
            file.write(data[at : at + max(1, len(data) * cut // 400)])
            polls.append(tail.poll())
    polls.append(tail.poll())
    for name in {name for _, row in rows for name in row}:
        assert repr(fed(polls, name)) == repr([row[name] for _, row in rows if name in row])
        assert tail.history[name].step.tolist() == [float(step) for step, row in rows if name in row]


def mutated(data: bytes, draw: random.Random) -> bytes:
    """`data` with something changed, cut out, doubled or put in."""
    changed = bytearray(data)
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(changed)) if changed else 0
        kind = draw.randrange(4)
        if kind == 0 and changed:
            changed[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del changed[at : at + draw.randrange(1, 40)]
        elif kind == 2:
            changed[at:at] = draw.randbytes(draw.randrange(1, 20))
        else:
            changed[at:at] = changed[at : at + draw.randrange(1, 80)]
    return bytes(changed)


def reframed(data: bytes, draw: random.Random) -> bytes:
    """A mutated record in a sound frame, so that the mutation gets as far as the parser."""
    at, records = 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        records.append(data[at + 12 : at + 12 + length])
        at += length + 16
    index = draw.randrange(len(records))
    records[index] = mutated(records[index], draw)
    return b"".join(map(framed, records))


def fuzz(place: Path, count: int) -> int:
    """Read `count` mutated files; how many of them gave points."""
    draw, read = random.Random(count), 0
    originals = [path.read_bytes()[:6000] for path in sorted(FILES.rglob("*tfevents*"))] + [WORKED]
    mutate: list[Callable[[bytes, random.Random], bytes]] = [mutated]
    whole = [data for data in originals if len(data) < 6000]
    for index in range(count):
        sound = index % 2 == 0
        data = reframed(draw.choice(whole), draw) if sound else mutate[0](draw.choice(originals), draw)
        (place / NAME).write_bytes(data)
        try:
            found = listed(place)
            history = found.runs[0].history()
        except TrackerError:
            continue
        else:
            read += bool(history)
            for series in history.values():
                assert len(series.step) == len(series.value) == len(series.time)
    return read


def test_no_mutation_stops_the_reader(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        assert fuzz(tmp_path, 300) > 100
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


@pytest.mark.stress
def test_no_mutation_stops_the_reader_for_long(tmp_path: Path) -> None:
    assert fuzz(tmp_path, 20_000) > 5_000


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_no_bytes_stop_the_reader(tmp_path_factory: pytest.TempPathFactory, garbage: bytes, more: bytes) -> None:
    place = tmp_path_factory.mktemp("events")
    write(place, record(1, {"x": 0.5}), framed(garbage), framed(event(T) + nested(5, nested(1, more))), garbage)
    assert tail_of(place).read_all()["x"].value[0] == 0.5


def test_a_length_nobody_could_have_meant_is_not_waited_for_nor_read(tmp_path: Path) -> None:
    head = struct.pack("<Q", 2**62)
    path = write(tmp_path, record(1, {"x": 1.0}))
    path.write_bytes(path.read_bytes() + head + struct.pack("<I", masked_crc(head)) + b"data")
    assert math.isclose(tail_of(tmp_path).read_all()["x"].last, 1.0)
    assert text("\ud800") == b"?"


@pytest.mark.parametrize("count", [1, 3, 3_000])
def test_a_copied_file_is_as_old_as_its_last_event(tmp_path: Path, count: int) -> None:
    write(tmp_path / "log" / "a", *[record(step, {"x": 1.0}) for step in range(count)])
    (run,) = TensorBoardFiles(str(tmp_path / "log")).list(Where(), 9, Patience(9)).runs
    tail = run.tail()
    tail.poll()
    assert (run.state, tail.status().state) == (RunState.FINISHED, RunState.FINISHED)
    write(tmp_path / "log" / "a", *[record(step, {"x": 1.0}, time.time()) for step in range(count)])
    (run,) = TensorBoardFiles(str(tmp_path / "log")).list(Where(), 9, Patience(9)).runs
    tail = run.tail()
    tail.poll()
    assert (run.state, tail.status().state) == (RunState.RUNNING, RunState.RUNNING)
