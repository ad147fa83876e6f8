"""SwanLab's run files: what clients of five versions wrote, what its own reader reads, and what nobody should meet."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from astuner_nb.core.errors import BadFile, Cancelled, NotFound
from astuner_nb.core.states import RunState
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.swanlab.files import SwanLabFiles
from astuner_nb.trackers.where import Where, where

from .make_run_files import CONFIG, GROUP, NAME, TAGS
from .run_file_checks import (
    begins,
    copied,
    folders,
    grows_by_prefixes,
    joined,
    listed,
    mutated,
    points,
    run_file,
    same,
    survives,
    the_run,
    wanted,
)
from .run_file_writer import SWANLAB, SWANLAB_V1, field, framed, stamp, swanlab_record, swanlab_scalar

WHOLE = [folder for folder in folders("swanlab") if "sigkill" not in folder]
STATES = {"finished": "finished", "resumed": "finished", "failed": "failed", "sigint": "stopped", "sigkill": "lost"}
OWN_READER = """
import json, sys
from swanlab.proto.swanlab.record.v1.record_pb2 import Record
from swanlab.sdk.internal.core_python.store import DataStoreReader
points = {}
reader = DataStoreReader()
reader.open(sys.argv[1])
for data in reader:
    record = Record()
    record.ParseFromString(data)
    if record.WhichOneof("record_type") == "scalar":
        scalar = record.scalar
        at = scalar.timestamp.seconds + scalar.timestamp.nanos / 1e9
        points.setdefault(scalar.key, []).append([scalar.step, scalar.value.number, at])
print(json.dumps(points))
"""
LIVE = """
import os, sys, time, swanlab
run = swanlab.init(project="live", mode="offline", log_dir=sys.argv[1], config={"lr": 0.5})
for step in range(400):
    run.log({"reward": step / 3, "nested": {"kl": float("nan") if step % 7 == 0 else -step}}, step=step)
    if step % 40 == 0:
        time.sleep(0.05)
print("logged", flush=True)
sys.stdin.readline()
swanlab.finish()
"""
QUIET = {"SWANLAB_PROBE_MONITOR": "false", "SWANLAB_TERMINAL_PROXY_TYPE": "none", "SWANLAB_INTERACTIVE": "0"}
EXAMPLE = bytes.fromhex(
    "3a53574cd6e102"
    "491667802b000108ffffffffffffffffff01521e0a046772706f220464656d6f520861626364313233346206" + "08d9cd8fd806"
    "44fb69e31200010801620e080110011a067265776172643003"
    "dafee9722900010802" + "6a250a0672657761726410031801220c08dacd8fd8061080cab5ee012a0909000000000000d03f"
    "7e2d077a17000108feffffffffffffffff015a0a08011a0608dbcd8fd806"
)
STEP_0 = bytes.fromhex(
    "0802120c08dacd8fd80610f0f8888001" + "6a220a067265776172641801220b08dacd8fd80610b8c39e7c2a09097c74e14ecc619a3f"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run-x.swanlab"


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def started(name: str = "demo", identity: str = "x", **more: bytes) -> bytes:
    return swanlab_record(-1, 10, field(1, "grpo") + field(4, name) + field(10, identity) + b"".join(more.values()))


def finished(state: int = 1, error: str = "") -> bytes:
    return swanlab_record(-2, 11, field(1, state) + field(2, error) + field(3, stamp(1.8e9)))


def written(path: Path, *records: bytes) -> SwanLabFiles:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(framed(SWANLAB, records))
    return SwanLabFiles(str(path))


def metadata(path: Path, host: str, pid: int) -> None:
    (path.parent / "files").mkdir()
    note = {"_version": 2, "runtime": {"hostname": host, "pid": pid}}
    (path.parent / "files" / "swanlab-metadata.json").write_text(json.dumps(note))


# --- what real clients wrote


@pytest.mark.parametrize("folder", WHOLE)
def test_every_point_that_was_logged_is_read(folder: str, tmp_path: Path) -> None:
    run = the_run(SwanLabFiles(str(copied(folder, tmp_path))))
    assert same(points(run.history()), wanted(folder))
    assert all(1.7e9 < moment < 2e9 for series in run.history().values() for moment in series.time)
    assert run.history(["reward"]).keys() == {"reward"}


@pytest.mark.parametrize("folder", folders("swanlab", "sigkill"))
def test_of_a_killed_run_the_beginning_is_read(folder: str, tmp_path: Path) -> None:
    found = points(the_run(SwanLabFiles(str(copied(folder, tmp_path)))).history())
    assert begins({key: [(float(s), float(v)) for s, v in series] for key, series in wanted(folder).items()}, found)
    assert len(found["reward"]) > 10


@pytest.mark.parametrize("folder", folders("swanlab"))
def test_a_run_is_described_as_it_was_begun(folder: str, tmp_path: Path) -> None:
    run = the_run(SwanLabFiles(str(copied(folder, tmp_path))))
    assert (run.source, run.name, run.project, run.tags) == ("swanlab", NAME, "grpo", tuple(TAGS))
    assert run.group == ("" if "0.7" in folder else GROUP)
    assert run.place == str(tmp_path / folder / "swanlog")
    assert run.id in str(run_file(tmp_path / folder))
    assert run.created is not None
    assert datetime(2026, 1, 1, tzinfo=UTC) < run.created
    assert (run.finished is None) == ("sigkill" in folder)
    assert run.finished is None or run.created <= run.finished
    assert run.config == {
        "lr": 1e-6, "seed": 3, "model.name": "qwen", "model.layers": "[1, 2, 3]", "use_kl": True, "note": CONFIG["note"]
    }  # fmt: skip


@pytest.mark.parametrize("folder", folders("swanlab"))
def test_its_state_is_how_it_ended(folder: str, tmp_path: Path) -> None:
    run = the_run(SwanLabFiles(str(copied(folder, tmp_path))))
    assert run.state == STATES[folder.rpartition("-")[2]]
    tail = run.tail()
    tail.read_all()
    assert tail.status().state is run.state
    assert tail.status().detail == run.detail
    if folder == "swanlab-0.10.3-failed":
        assert run.detail == "RuntimeError: CUDA out of memory <b>&"
    if run.state is RunState.LOST:
        assert run.detail.startswith("It ran on somewhere, whose processes cannot be seen from here. Its file was")


@pytest.mark.parametrize("folder", [folder for folder in folders("swanlab") if "0.7" not in folder])
def test_swanlab_s_own_reader_reads_the_same(folder: str, tmp_path: Path) -> None:
    file = run_file(copied(folder, tmp_path))
    done = subprocess.run([sys.executable, "-c", OWN_READER, file], capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    history = the_run(SwanLabFiles(str(file))).tail().read_all()
    for key, rows in theirs.items():
        steps, values, moments = zip(*rows, strict=True)
        assert history[key].step.tolist() == list(steps)
        assert repr(history[key].value.tolist()) == repr(list(values))
        assert history[key].time.tolist() == pytest.approx(moments, abs=1e-6)
    assert set(history) == set(theirs)


@pytest.mark.parametrize("folder", ["swanlab-0.10.3-finished", "swanlab-0.7.20-failed"])
def test_a_growing_file_is_read_as_it_grows(folder: str, tmp_path: Path) -> None:
    file = run_file(copied(folder, tmp_path))
    whole = file.read_bytes()
    run = the_run(SwanLabFiles(str(file)))
    cuts = sorted(random.Random(0).sample(range(len(whole)), 300))
    grows_by_prefixes(whole, file, run.tail, cuts)


@pytest.mark.stress
@pytest.mark.parametrize("folder", WHOLE)
def test_every_prefix_is_read_as_a_beginning(folder: str, tmp_path: Path) -> None:
    file = run_file(copied(folder, tmp_path))
    whole = file.read_bytes()
    grows_by_prefixes(whole, file, the_run(SwanLabFiles(str(file))).tail, list(range(len(whole))))


def test_a_resumed_run_is_one_run(tmp_path: Path) -> None:
    folder = copied("swanlab-0.10.3-resumed", tmp_path)
    assert len(list((folder / "swanlog").iterdir())) == 2
    run = the_run(SwanLabFiles(str(folder)))
    assert run.history()["reward"].step.tolist() == [*range(30), *range(100, 130)]
    run_file(folder, 1).unlink()
    assert the_run(SwanLabFiles(str(folder))).history()["reward"].step.tolist() == list(range(30))


def test_a_live_run_is_followed_to_its_end(tmp_path: Path, wait_for) -> None:
    env = {**os.environ, **QUIET, "SWANLAB_ROOT": str(tmp_path / "home")}
    child = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(tmp_path / "swanlog")],
        cwd=tmp_path, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdin is not None
    try:
        source = SwanLabFiles(str(tmp_path))
        wait_for(lambda: (tmp_path / "swanlog").is_dir() and listed(source).runs, what="the run")
        run, chunks = the_run(source), []
        assert run.state is RunState.RUNNING
        tail = run.tail()
        wait_for(lambda: (chunks.append(tail.poll()), len(tail.history.get("reward", ())) > 100)[1], what="its points")
        assert tail.status().state is RunState.RUNNING
        assert tail.status().alive
        child.stdin.write("\n")
        child.stdin.flush()
        wait_for(lambda: (chunks.append(tail.poll()), tail.status().state.ended)[1], what="its end")
        assert child.wait(30) == 0
    finally:
        child.kill()
        child.communicate()
    assert tail.status().state is RunState.FINISHED
    expected = {
        "reward": [(step, step / 3) for step in range(400)],
        "nested/kl": [(step, math.nan if step % 7 == 0 else -step) for step in range(400)],
    }
    assert same(joined(chunks), expected)
    assert the_run(source).config == {"lr": 0.5}


# --- records


def test_the_worked_example(path: Path) -> None:
    path.write_bytes(EXAMPLE)
    assert len(EXAMPLE) == 160
    run = the_run(SwanLabFiles(str(path)))
    assert (run.id, run.name, run.project, run.state) == ("abcd1234", "demo", "grpo", RunState.FINISHED)
    assert run.created is not None
    assert run.created.timestamp() == 1795417817
    assert run.finished is not None
    assert run.finished.timestamp() == 1795417819
    series = run.history()["reward"]
    assert (series.step.tolist(), series.value.tolist(), series.time.tolist()) == ([3], [0.25], [1795417818.5])


def test_a_first_step_has_no_step_field(path: Path) -> None:
    series = the_run(written(path, STEP_0)).history()["reward"]
    assert (series.step.tolist(), series.value.tolist()) == ([0], [0.025763695063109257])
    assert (
        datetime.fromtimestamp(series.time[0], UTC)
        .isoformat(timespec="microseconds")
        .startswith("2026-11-23T07:10:18.26054")
    )


STEPS = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 2**40, 2**53]


def test_steps_and_values_of_all_sizes(path: Path) -> None:
    values = [0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 5e-324, 1.8e308, -1.0, 1e-6]
    rows = list(zip(STEPS, values, strict=True))
    run = the_run(written(path, *(swanlab_scalar(2**index, "x", *row) for index, row in enumerate(rows))))
    assert same(points(run.history()), {"x": rows})


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1.0, 2e8, 1.8e9 + 0.000000001, 1.8e9 + 0.999999, 2e10])
def test_times_of_all_sizes(path: Path, seconds: float) -> None:
    run = the_run(written(path, swanlab_scalar(1, "x", 1, 1.0, seconds), swanlab_scalar(2, "x", 2, 1.0, 1.8e9)))
    first, second = run.history()["x"].time.tolist()
    assert second == 1.8e9
    assert math.isnan(first) if seconds == 0 else first == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "key", ["k" * 80, "k" * 90, "k" * 300, "é", "a\nb", """<img src=x onerror="alert('1')">""", "𝔘" * 30]
)
def test_keys_of_all_kinds(path: Path, key: str) -> None:
    run = the_run(written(path, *(swanlab_scalar(step + 1, key, step, step / 2) for step in range(300))))
    assert same(points(run.history()), {key: [(step, step / 2) for step in range(300)]})


def test_fields_in_another_order_and_unknown_ones(path: Path) -> None:
    scalar = field(5, field(1, 2.5)) + field(99, b"new") + field(4, stamp(1.8e9)) + field(1, "x") + field(2, 9)
    record = field(13, scalar) + field(77, 1) + field(2, stamp(1.8e9)) + field(1, 5)
    assert points(the_run(written(path, record)).history()) == {"x": [(9, 2.5)]}


def test_of_one_step_the_first_value_stands(path: Path) -> None:
    steps = [1, 2, 2, 3, 2, 5, 4, 5, 6]
    records = [swanlab_scalar(n + 1, "x", step, float(n)) for n, step in enumerate(steps)]
    tail = the_run(written(path, *records)).tail()
    expected = [(1, 0.0), (2, 1.0), (3, 3.0), (5, 5.0), (4, 6.0), (6, 8.0)]
    assert same(points(tail.read_all()), {"x": expected})
    path.write_bytes(b"")
    tail = the_run(SwanLabFiles(str(path))).tail()
    for end in range(1, len(records) + 1):
        path.write_bytes(framed(SWANLAB, records[:end]))
        tail.poll()
    assert same(points(tail.history), {"x": expected})


def test_system_metrics_media_and_logs_are_no_points(path: Path) -> None:
    column = swanlab_record(1, 12, field(1, 2) + field(2, 1) + field(3, "gpu"))
    axis = swanlab_record(2, 12, field(1, 1) + field(2, 1) + field(3, "x") + field(13, "epoch"))
    media = swanlab_record(3, 14, field(1, "image") + field(2, 1) + field(5, field(1, field(1, "a.png"))))
    log = swanlab_record(4, 16, field(1, "hello") + field(4, 1))
    scalars = [swanlab_scalar(n, key, n, 1.0) for n, key in enumerate(["gpu", "__swanlab__.cpu.pct", "x"], 5)]
    without = swanlab_record(9, 13, field(1, "y") + field(2, 1))
    tail = the_run(written(path, column, axis, media, log, *scalars, without)).tail()
    assert points(tail.read_all()) == {"x": [(7, 1.0)]}
    assert tail.damaged == 0


def test_records_that_make_no_sense_are_counted(path: Path) -> None:
    bad = [
        b"",
        b"\xff" * 20,
        field(13, b"\xff"),
        field(13, field(1, 5) + field(5, b"")),
        swanlab_scalar(1, "x", 1, 1.0)[:-3],
    ]
    tail = the_run(written(path, swanlab_scalar(1, "x", 1, 1.0), *bad, swanlab_scalar(2, "x", 2, 2.0))).tail()
    assert points(tail.read_all()) == {"x": [(1, 1.0), (2, 2.0)]}
    assert tail.damaged == len(bad) - 1  # nothing at all is a record without fields
    assert "Its files are damaged in 4 places, which were passed over." in tail.status().detail
    assert the_run(SwanLabFiles(str(path))).history(["x"], max_points=4).damage == tail.damage


def test_version_1(path: Path) -> None:
    metric = {"index": 0, "create_time": "2026-11-23T07:27:04.538465+00:00"}
    rows: list[object] = [
        {"model_type": "Header", "data": {"create_time": "2026-11-23T07:27:00+00:00"}},
        {"model_type": "Experiment", "data": {"id": "x", "name": "n", "tags": ["a", 1]}},
        {"model_type": "Column", "data": {"key": "gpu", "cls": "SYSTEM"}},
        *({"model_type": "Scalar", "data": {"metric": {**metric, "data": v}, "key": "x", "step": s}}
          for s, v in enumerate([0.5, math.nan, "NaN", "inf", True, "text", None, [1]])),
        {"model_type": "Scalar", "data": {"metric": {**metric, "data": 1.0}, "key": "gpu", "step": 1}},
        {"model_type": "Scalar", "data": {"metric": 5, "key": "x", "step": 1}},
        {"model_type": "Scalar", "data": {"metric": {"data": 2.0, "create_time": "never"}, "key": "x", "step": 9}},
        {"model_type": "Unknown", "data": {}}, 7, {"model_type": []},
        {"model_type": "Footer", "data": {"success": False, "create_time": "x", "error": "Traceback\nValueError: bad"}},
    ]  # fmt: skip
    path.write_bytes(framed(SWANLAB_V1, [json.dumps(row).encode() + b"\n" for row in rows]))
    run = the_run(SwanLabFiles(str(path)))
    assert (run.name, run.tags, run.state, run.detail) == ("n", ("a", "1"), RunState.FAILED, "ValueError: bad")
    tail = run.tail()
    expected = [(0, 0.5), (1, math.nan), (2, math.nan), (3, math.inf), (4, 1.0), (9, 2.0)]
    assert same(points(tail.read_all()), {"x": expected})
    assert tail.history["x"].time[0] == pytest.approx(1795418824.538465)
    assert math.isnan(tail.history["x"].time[-1])
    assert tail.damaged == 3


# --- state


def test_a_run_whose_process_lives_here_is_running(path: Path) -> None:
    source = written(path, started())
    metadata(path, socket.gethostname(), os.getpid())
    os.utime(path, (1, 1))  # SwanLab may write nothing for a long time
    run = the_run(source)
    assert (run.state, run.detail, run.finished) == (RunState.RUNNING, "", None)


def test_a_process_that_inherited_the_number_is_another(path: Path) -> None:
    source = written(path, started(began=field(12, stamp(1.7e9))))
    metadata(path, socket.gethostname(), os.getpid())
    run = the_run(source)
    assert run.state is RunState.LOST
    assert run.detail == f"Its process {os.getpid()} has gone, and nobody wrote how it ended."


def test_a_run_that_is_killed_is_lost_at_the_next_poll(path: Path, wait_for) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    source = written(path, started())
    metadata(path, socket.gethostname(), child.pid)
    tail = the_run(source).tail()
    try:
        tail.poll()
        assert tail.status().state is RunState.RUNNING
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    tail.poll()
    assert tail.status().state is RunState.LOST


@pytest.mark.parametrize(
    "note", ["", "{", "[]", '{"runtime": {"hostname": 5}}', '{"runtime": {"hostname": "h", "pid": true}}']
)
def test_without_a_known_process_freshness_decides(path: Path, note: str) -> None:
    source = written(path, started())
    (path.parent / "files").mkdir()
    (path.parent / "files" / "swanlab-metadata.json").write_text(note)
    assert the_run(source).state is RunState.RUNNING
    os.utime(path, (time.time() - 7_300,) * 2)
    run = the_run(source)
    assert run.state is RunState.LOST
    assert run.detail == "Nothing tells which process wrote it. Its file was last written 2 hours ago, without an end."


def test_a_run_elsewhere_is_running_while_its_file_is_fresh(path: Path) -> None:
    source = written(path, started())
    metadata(path, "elsewhere", os.getpid())
    assert the_run(source).state is RunState.RUNNING
    os.utime(path, (1, 1))
    assert "It ran on elsewhere" in the_run(source).detail


def test_a_run_that_has_written_nothing_yet_is_there(tmp_path: Path) -> None:
    path = tmp_path / "run-20260101_000000-abc" / "run-abc.swanlab"
    for content in (b"", SWANLAB[:3], SWANLAB):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        run = the_run(SwanLabFiles(str(tmp_path)))
        assert (run.id, run.name, run.state, dict(run.history())) == ("abc", "abc", RunState.RUNNING, {})


# --- configuration


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("lr: {desc: '', sort: 0, value: 1.0e-06}\na: {value: {b: {c: [1, {d: null}], e: {}}}}",
         {"lr": 1e-6, "a.b.c": '[1, {"d": null}]', "a.b.e": "{}"}),
        ("lr: 5\n1: {value: x}\nt: {value: 2024-01-01}\nn: {value: null}\nnan: {value: .nan}",
         {"lr": 5, "1": "x", "t": "2024-01-01", "n": None, "nan": math.nan}),
        ("[1, 2]", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_configurations(path: Path, text: str, config: dict[str, object]) -> None:
    source = written(path, started())
    (path.parent / "files").mkdir()
    (path.parent / "files" / "config.yaml").write_text(text)
    assert repr(the_run(source).config) == repr(config)


@pytest.mark.parametrize(
    "text",
    [
        "a: [1",
        "a: !!python/object:os.system x",
        "a: *b",
        "\x00",
        "a: 2024-99-99",
        "a: " + "[" * 50_000,
        "x: &x {k: 1}\ny: {<<: *x}",
    ],
)
def test_a_configuration_that_cannot_be_read_is_said(path: Path, text: str) -> None:
    source = written(path, started(), swanlab_scalar(1, "x", 1, 1.0))
    (path.parent / "files").mkdir()
    (path.parent / "files" / "config.yaml").write_text(text)
    listing = listed(source)
    assert listing.runs[0].config == {}
    assert len(listing.runs[0].history()) == 1
    (sentence,) = listing.skipped
    assert sentence.startswith(f"The configuration of a run cannot be read: {path.parent}")


def test_a_configuration_that_unfolds_to_billions_takes_little(path: Path, traced: None) -> None:
    bombs = ["a0: &a0 {value: [x, x]}"]
    bombs += [f"a{n}: &a{n} {{value: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    bombs += ["d0: &d0 {value: {x: 1}}"]
    bombs += [f"d{n}: &d{n} {{value: {{{', '.join(f'k{k}: *d{n - 1}' for k in range(9))}}}}}" for n in range(1, 12)]
    bombs += ["me: &me {value: [*me]}", "self: &self {value: {again: *self}}"]
    source = written(path, started())
    (path.parent / "files").mkdir()
    (path.parent / "files" / "config.yaml").write_text("\n".join(bombs))
    config = the_run(source).config
    assert config["a0"] == '["x", "x"]'
    assert config["a11"] == "…"
    assert len(config) <= 10_000
    assert tracemalloc.get_traced_memory()[1] < 40 << 20


# --- where to look


def test_a_run_is_found_from_every_side(tmp_path: Path) -> None:
    folder = copied("swanlab-0.10.3-finished", tmp_path)
    file = run_file(folder)
    (tmp_path / "link").symlink_to(folder / "swanlog")
    keys = {the_run(SwanLabFiles(str(where))).key for where in
            (folder, folder / "swanlog", file.parent, file, tmp_path / "link", f"{folder}/./swanlog/")}  # fmt: skip
    assert len(keys) == 1


def test_a_relative_path_and_a_home_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied("swanlab-0.10.3-finished", tmp_path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    assert the_run(SwanLabFiles("swanlog")).key == the_run(SwanLabFiles("~/swanlog")).key


def test_runs_come_newest_first_and_up_to_the_limit(tmp_path: Path) -> None:
    for folder in WHOLE:
        for path in (copied(folder, tmp_path / "all") / "swanlog").iterdir():
            path.rename(tmp_path / path.name)
    listing = listed(SwanLabFiles(str(tmp_path)))
    assert listing.complete
    created = [run.created for run in listing.runs]
    assert created == sorted(created, reverse=True)  # type: ignore[type-var]
    first = listed(SwanLabFiles(str(tmp_path)), limit=3)
    assert ([run.key for run in first.runs], first.complete) == ([run.key for run in listing.runs[:3]], False)
    assert listed(SwanLabFiles(str(tmp_path)), limit=len(listing.runs)).complete
    failed = listed(SwanLabFiles(str(tmp_path)), 1, where(state="failed"))
    assert ([run.state for run in failed.runs], failed.complete) == (["failed"], False)
    assert not listed(SwanLabFiles(str(tmp_path)), 100, where(lr=(1, 2))).runs
    assert len(listed(SwanLabFiles(str(tmp_path)), 100, where(lr=(0, 1), unheard_of=5)).runs) == len(listing.runs)


def test_links_and_other_things_are_passed_over(tmp_path: Path) -> None:
    folder = copied("swanlab-0.10.3-finished", tmp_path)
    log = folder / "swanlog"
    (log / "run-20300101_000000-linked00").symlink_to(run_file(folder).parent)
    (log / "runs.swanlab").write_bytes(b"SQLite format 3\0")
    (log / "run-notes").mkdir()
    (log / "run-20300101_000000-wandb").mkdir()
    listing = listed(SwanLabFiles(str(log)))
    assert (len(listing.runs), list(listing.skipped)) == (1, [])


def test_a_folder_without_runs_is_empty_and_a_missing_one_an_error(tmp_path: Path) -> None:
    assert listed(SwanLabFiles(str(tmp_path))).runs == []
    for missing in ("nowhere", "nowhere/at/all"):
        with pytest.raises(NotFound, match=r"There is no .*nowhere.* to look for runs of SwanLab in\. Give a folder"):
            listed(SwanLabFiles(str(tmp_path / missing)))


def test_what_looks_like_a_run_and_is_none_is_said(tmp_path: Path) -> None:
    folder = copied("swanlab-0.10.3-finished", tmp_path) / "swanlog"
    for name, content in (("other", b"something else"), ("newer", b":SWL\xd6\xe1\x03")):
        path = folder / f"run-20260101_000000-{name}" / f"run-{name}.swanlab"
        path.parent.mkdir()
        path.write_bytes(content)
    empty = folder / "run-20260101_000000-empty" / "files"
    empty.mkdir(parents=True)
    (empty / "swanlab-metadata.json").write_text("{}")
    os.utime(empty.parent, (0, 0))
    listing = listed(SwanLabFiles(str(folder)))
    assert len(listing.runs) == 1
    text = "\n".join(listing.skipped)
    assert "begins with b'somethi'" in text
    assert "of version 3, which is not known here. Known are: 2, 1." in text
    assert "run-20260101_000000-empty holds no run file of SwanLab" in text


def test_when_nothing_can_be_read_it_is_an_error(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = tmp_path / f"run-20260101_000000-{name}" / f"run-{name}.swanlab"
        path.parent.mkdir()
        path.write_bytes(b"something else")
    with pytest.raises(
        BadFile, match=r"None of 2 runs can be read\. .*run-(one|two)\.swanlab is not a run file of SwanLab"
    ):
        listed(SwanLabFiles(str(tmp_path)))
    with pytest.raises(BadFile, match="begins with"):
        listed(SwanLabFiles(str(path)))


def test_opening_costs_nothing_and_nobody_waits_for_a_cancelled_one(tmp_path: Path) -> None:
    source = SwanLabFiles(str(tmp_path / "nowhere"))
    patience = Patience(10)
    patience.cancel()
    with pytest.raises(Cancelled):
        source.list(Where(), 10, patience)


def test_listing_reads_the_ends_of_a_long_file(path: Path, request: pytest.FixtureRequest) -> None:
    source = written(path, started(), *[swanlab_scalar(1, "x", 1, 1.0)] * 60_000, finished())
    assert path.stat().st_size > 5 << 19
    request.getfixturevalue("traced")
    run = the_run(source)
    assert (run.name, run.state) == ("demo", RunState.FINISHED)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20


def test_a_file_that_was_written_anew_is_a_new_generation(path: Path) -> None:
    source = written(path, started(), *(swanlab_scalar(n, "x", n, 1.0) for n in range(1, 50)))
    tail = the_run(source).tail()
    tail.poll()
    written(path, started(), swanlab_scalar(1, "x", 1, 7.0))
    chunk = tail.poll()["x"]
    assert (chunk.start, chunk.value.tolist(), tail.generation) == (0, [7.0], 1)


# --- damage


@pytest.mark.parametrize("mend", [False, True])
@pytest.mark.parametrize("folder", ["swanlab-0.10.3-finished", "swanlab-0.7.20-finished"])
def test_no_damage_does_harm(folder: str, path: Path, mend: bool, traced: None) -> None:
    mutate(folder, path, mend, 60)


@pytest.mark.stress
@pytest.mark.parametrize("mend", [False, True])
@pytest.mark.parametrize("folder", ["swanlab-0.10.3-finished", "swanlab-0.7.20-finished"])
def test_no_damage_does_harm_in_the_long_run(folder: str, path: Path, mend: bool, traced: None) -> None:
    mutate(folder, path, mend, 5_000)


def mutate(folder: str, path: Path, mend: bool, times: int) -> None:
    from .run_file_checks import RUN_FILES

    whole, rng = run_file(RUN_FILES / folder).read_bytes(), random.Random(folder)
    found = [survives(mutated(whole, rng, mend), path, SwanLabFiles) for _ in range(times)]
    assert max(found) > 10


def test_a_file_of_many_keys_takes_bounded_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from astuner_nb.trackers.swanlab import records_v2
    from astuner_nb.trackers.wire import points as points_module

    monkeypatch.setattr(records_v2, "MAX_METRICS", 1_000)
    monkeypatch.setattr(points_module, "MAX_METRICS", 1_000)
    source = written(path, *(swanlab_scalar(n, f"k{n}", n, 1.0) for n in range(5_000)))
    assert len(the_run(source).tail().read_all()) == 1_000
