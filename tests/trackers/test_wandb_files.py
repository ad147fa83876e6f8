"""W&B's run files: what its clients of three versions wrote, what its own reader reads, and what nobody should meet."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from astuner_nb.core.errors import BadFile, NotFound
from astuner_nb.core.states import RunState
from astuner_nb.trackers.wandb.files import WandbFiles
from astuner_nb.trackers.where import where

from .make_run_files import CONFIG, GROUP, NAME, TAGS
from .run_file_checks import (
    RUN_FILES,
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
from .run_file_writer import WANDB, field, framed, varint, wandb_exit, wandb_history, wandb_item, wandb_run

WHOLE = [folder for folder in folders("wandb") if "sigkill" not in folder]
STATES = {"sigint": "stopped", "sigkill": "lost", "failed": "failed"}
LIVE = """
import sys, wandb
settings = wandb.Settings(console="off", silent=True, x_disable_stats=True)
run = wandb.init(project="live", mode="offline", dir=sys.argv[1], config={"lr": 0.5}, settings=settings)
for step in range(300):
    run.log({"reward": step / 3, "nested": {"kl": float("nan") if step % 7 == 0 else -step}}, step=step)
print("logged", flush=True)
sys.stdin.readline()
run.finish()
"""
EXAMPLE = bytes.fromhex(
    "3a572642e1be00"
    "50e14e7b34000108018a012f0a0861626331323334351a046772706f220e0a0c0a026c72820105"
    + "31652d3036420464656d6f8a010608b9ce8fd806"
    "1a31813266000108021262" + "0a0b12055f73746570820101300a1b120a5f74696d657374616d7082010c313739353431373931342e35"
    "0a1012085f72756e74696d65820103302e350a0f120672657761726482010430"
    + "2e32350a1112046576616c12036163638201034e614e1200"
    "f6cbd7bf0500010803920100"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run-x.wandb"


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def written(path: Path, *records: bytes) -> WandbFiles:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(framed(WANDB, records))
    return WandbFiles(str(path))


def described(name: str = "demo", config: dict[str, object] | None = None) -> bytes:
    return wandb_run("x", "grpo", name, config or {})


def rows(count: int, key: str = "x") -> list[bytes]:
    return [wandb_history(n + 2, {"_step": n, "_timestamp": 1.8e9 + n, key: n / 2}) for n in range(count)]


# --- what real clients wrote


@pytest.mark.parametrize("folder", WHOLE)
def test_every_point_that_was_logged_is_read(folder: str, tmp_path: Path) -> None:
    run = the_run(WandbFiles(str(copied(folder, tmp_path))))
    assert same(points(run.history()), wanted(folder))
    assert all(1.7e9 < moment < 2e9 for series in run.history().values() for moment in series.time)


@pytest.mark.parametrize("folder", folders("wandb", "sigkill"))
def test_of_a_killed_run_the_beginning_is_read(folder: str, tmp_path: Path) -> None:
    found = points(the_run(WandbFiles(str(copied(folder, tmp_path)))).history())
    assert begins({key: [(float(s), float(v)) for s, v in series] for key, series in wanted(folder).items()}, found)
    assert len(found["reward"]) >= 28


@pytest.mark.parametrize("folder", folders("wandb"))
def test_a_run_is_described_as_it_was_begun_and_changed(folder: str, tmp_path: Path) -> None:
    run = the_run(WandbFiles(str(copied(folder, tmp_path))))
    assert (run.source, run.name, run.project, run.tags, run.group) == ("wandb", NAME, "grpo", tuple(TAGS), GROUP)
    assert run.place == str(tmp_path / folder / "wandb")
    assert run.id in str(run_file(tmp_path / folder))
    assert run.created is not None
    assert (run.finished is None) == ("sigkill" in folder)
    assert run.finished is None or run.created <= run.finished
    assert run.config == {
        "lr": 1e-6, "seed": 4, "model.name": "qwen", "model.layers": "[1, 2, 3]", "use_kl": True,
        "note": CONFIG["note"], "late.batch": 8,
    }  # fmt: skip


@pytest.mark.parametrize("folder", folders("wandb"))
def test_its_state_is_how_it_ended(folder: str, tmp_path: Path) -> None:
    run = the_run(WandbFiles(str(copied(folder, tmp_path))))
    assert run.state == STATES.get(folder.rpartition("-")[2], "finished")
    tail = run.tail()
    tail.read_all()
    assert (tail.status().state, tail.status().detail) == (run.state, run.detail)
    if run.state is RunState.FAILED:
        assert run.detail == "It ended with exit code 1."
    if run.state is RunState.LOST:
        assert run.detail.endswith("Its file was last written 60 minutes ago, without an end.")


@pytest.mark.parametrize("folder", folders("wandb"))
def test_w_and_b_s_own_reader_reads_the_same(folder: str, tmp_path: Path) -> None:
    file = run_file(copied(folder, tmp_path))
    wandb = Path(sys.executable).with_name("wandb")
    done = subprocess.run([wandb, "leet", "inspect", "--json", file], capture_output=True, text=True, check=True)
    theirs: dict[str, list[tuple[float, float]]] = {}
    for record in map(json.loads, done.stdout.splitlines()):
        row = record.get("history", {}).get("item", {})
        for key, value in row.items():
            if (
                not key.startswith("_")
                and not isinstance(value, list)
                and (value in NUMBERS or not isinstance(value, str))
            ):
                theirs.setdefault(key, []).append(
                    (float(row["_step"]), float(value) + 0.0)
                )  # it drops the sign of zero
    ours = points(the_run(WandbFiles(str(file))).tail().read_all())
    assert same({key: [(step, value + 0.0) for step, value in series] for key, series in ours.items()}, theirs)


NUMBERS = ("NaN", "Infinity", "-Infinity")


@pytest.mark.parametrize("folder", ["wandb-0.31.0-finished", "wandb-0.31.0-typed"])
def test_a_growing_file_is_read_as_it_grows(folder: str, tmp_path: Path) -> None:
    file = run_file(copied(folder, tmp_path))
    whole = file.read_bytes()
    cuts = sorted(random.Random(0).sample(range(len(whole)), 300))
    grows_by_prefixes(whole, file, the_run(WandbFiles(str(file))).tail, cuts)


@pytest.mark.stress
@pytest.mark.parametrize("folder", WHOLE)
def test_every_prefix_is_read_as_a_beginning(folder: str, tmp_path: Path) -> None:
    file = run_file(copied(folder, tmp_path))
    whole = file.read_bytes()
    grows_by_prefixes(whole, file, the_run(WandbFiles(str(file))).tail, list(range(len(whole))))


def test_a_resumed_run_is_one_run(tmp_path: Path) -> None:
    folder = copied("wandb-0.31.0-resumed", tmp_path)
    assert len(list((folder / "wandb").iterdir())) == 2
    run = the_run(WandbFiles(str(folder)))
    assert run.history()["reward"].step.tolist() == [*range(30), *range(100, 130)]
    run_file(folder, 1).write_bytes(run_file(folder, 1).read_bytes()[:9_000])
    os.utime(run_file(folder, 1), (1, 1))
    assert the_run(WandbFiles(str(folder))).state is RunState.LOST


def test_a_live_run_is_followed_to_its_end(tmp_path: Path, wait_for) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    env = {**kept, "WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL": "0.2", "WANDB_ERROR_REPORTING": "false",
           "WANDB_CONFIG_DIR": str(tmp_path / "home"), "WANDB_CACHE_DIR": str(tmp_path / "cache")}  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(tmp_path)],
        cwd=tmp_path, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdin is not None
    try:
        source = WandbFiles(str(tmp_path))
        wait_for(lambda: (tmp_path / "wandb").is_dir() and listed(source).runs, what="the run")
        run, chunks = the_run(source), []
        assert run.state is RunState.RUNNING
        tail = run.tail()
        wait_for(lambda: (chunks.append(tail.poll()), len(tail.history.get("reward", ())) > 250)[1], what="its points")
        assert tail.status().state is RunState.RUNNING
        child.stdin.write("\n")
        child.stdin.flush()
        wait_for(lambda: (chunks.append(tail.poll()), tail.status().state.ended)[1], what="its end")
        assert child.wait(30) == 0
    finally:
        child.kill()
        child.communicate()
    assert tail.status().state is RunState.FINISHED
    expected = {
        "reward": [(step, step / 3) for step in range(300)],
        "nested.kl": [(step, math.nan if step % 7 == 0 else -step) for step in range(300)],
    }
    assert same(joined(chunks), expected)
    assert the_run(source).config == {"lr": 0.5}


# --- records


def test_the_worked_example(path: Path) -> None:
    path.write_bytes(EXAMPLE)
    assert len(EXAMPLE) == 187
    run = the_run(WandbFiles(str(path)))
    assert (run.id, run.name, run.project, run.state) == ("abc12345", "demo", "grpo", RunState.FINISHED)
    assert run.config == {"lr": 1e-6}
    assert run.created is not None
    assert run.created.timestamp() == 1795417913
    history = run.history()
    assert same(points(history), {"reward": [(0, 0.25)], "eval.acc": [(0, math.nan)]})
    assert history["reward"].time.tolist() == [1795417914.5]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2.0), ("-0", -0.0), ("1e-06", 1e-6), ("1.7954179134136288e+09", 1795417913.4136288), ("NaN", math.nan),
        ("Infinity", math.inf), ("-Infinity", -math.inf), ('"NaN"', math.nan), ('"Infinity"', math.inf),
        ('"-Infinity"', -math.inf), ("true", 1.0), ("false", 0.0), ("1" * 400, math.inf), (str(2**63), 2.0**63),
        ("null", None), ('"text"', None), ('"5"', None), ("[1, 2]", None), ('{"a": 1}', None), ("", None),
        ("\xff", None), ('{"_type": "histogram", "values": [1]}', None), ("[" * 100_000, None),
    ],
)  # fmt: skip
def test_values_of_all_kinds(path: Path, text: str, value: float | None) -> None:
    run = the_run(written(path, wandb_history(1, {"_step": 3, "x": text})))
    assert same(points(run.history()), {} if value is None else {"x": [(3, value)]})


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        (field(6, 0.5), 0.5), (field(6, math.nan), math.nan), (field(5, 7), -4.0), (field(5, 8), 4.0),
        (field(4, 1), 1.0), (field(4, 0), 0.0), (field(3, 1), None), (field(7, "text"), None),
        (field(8, "{}"), None), (b"", None),
        (field(6, 0.5) + field(16, "0.25"), 0.25), (field(7, "text") + field(16, '"text"'), None),
    ],
)  # fmt: skip
def test_typed_values(path: Path, fields: bytes, value: float | None) -> None:
    """Of 0.31, where it was told to write them; beside the JSON, or without."""
    items = field(1, field(2, "x") + fields) + field(1, wandb_item("_step", 3))
    run = the_run(written(path, field(1, 1) + field(2, items)))
    assert same(points(run.history()), {} if value is None else {"x": [(3, value)]})


KEYS = [
    ("train/loss",), ("eval", "acc"), ("a", "b", "c"), ("a.b",), ("k" * 90,), ("k" * 127,), ("k" * 128,), ("k" * 300,),
    ("é", "𝔘" * 20), ("a\nb",), ("""<img src=x onerror="alert('1')">""",), ("",),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_keys_of_all_kinds(path: Path, key: tuple[str, ...]) -> None:
    records = [wandb_history(n + 1, {key: n / 2, "_step": n}) for n in range(300)]
    run = the_run(written(path, *records))
    assert same(points(run.history()), {".".join(key): [(n, n / 2) for n in range(300)]})


def test_w_and_b_s_own_keys_are_no_metrics(path: Path) -> None:
    row = {"_step": 1, "_runtime": 0.5, "_timestamp": 5.0, ("_wandb", "runtime"): 3, "_other": 1, "x": 2.0, "x_": 1}
    stats = field(1, 2) + field(7, field(3, field(1, "cpu") + field(16, "5")))
    summary = field(1, 3) + field(3, field(1, wandb_item("y", 5)))
    tail = the_run(written(path, wandb_history(1, row), stats, summary)).tail()
    assert points(tail.read_all()) == {"x": [(1, 2.0)], "x_": [(1, 1.0)]}
    assert tail.damaged == 0


def test_the_numbers_in_pictures_and_histograms_are_no_metrics(path: Path) -> None:
    picture: dict[str | tuple[str, ...], object] = {
        ("image", "width"): 32, ("image", "_type"): '"image-file"', ("image", "size"): 9, ("eval", "acc"): 0.5,
        "_step": 1,
    }  # fmt: skip
    tail = the_run(written(path, wandb_history(1, picture), wandb_history(2, {**picture, "_step": 2}))).tail()
    assert points(tail.read_all()) == {"eval.acc": [(1, 0.5), (2, 0.5)]}


def test_steps_come_from_the_item_or_from_the_field(path: Path) -> None:
    item = field(1, wandb_item("x", 1))
    records = [
        field(1, 1) + field(2, item + field(2, field(1, 7))),
        field(1, 2) + field(2, item + field(2, b"")),
        field(1, 3) + field(2, item),
        field(1, 4) + field(2, field(2, field(1, 8)) + field(1, wandb_item("_step", 9)) + item),
        wandb_history(5, {"_step": "NaN", "x": 1}),
        wandb_history(6, {"_step": 2**40, "x": 1}),
    ]
    tail = the_run(written(path, *records)).tail()
    assert [step for step, _ in points(tail.read_all())["x"]] == [7, 0, 9, 2**40]
    assert all(map(math.isnan, tail.history["x"].time))


def test_fields_in_another_order_and_unknown_ones(path: Path) -> None:
    item = field(99, b"new") + field(16, "2.5") + field(2, "x")
    record = field(200, field(1, "x")) + field(2, field(1, item) + field(5, 1) + field(1, wandb_item("_step", 4)))
    plain = field(1, 1) + field(2, field(7, "what") + field(1, wandb_item("x", 1)) + field(1, wandb_item("_step", 5)))
    by_key = field(1, 2) + field(2, field(1, field(1, "x") + field(16, "3")) + field(1, wandb_item("_step", 6)))
    tail = the_run(written(path, record, plain, by_key)).tail()
    assert points(tail.read_all()) == {"x": [(4, 2.5), (5, 1.0), (6, 3.0)]}


def test_of_one_step_the_last_value_stands(path: Path) -> None:
    records = [wandb_history(n, {"_step": step, "x": float(n)}) for n, step in enumerate([1, 2, 2, 5, 3], 1)]
    run = the_run(written(path, *records))
    assert points(run.history()) == {"x": [(1, 1.0), (2, 3.0), (3, 5.0), (5, 4.0)]}


def test_a_row_that_is_broken_is_left_out_whole_and_counted(path: Path) -> None:
    good = field(1, wandb_item("_step", 5)) + field(1, wandb_item("x", 5))
    bad = [
        b"", b"\xff" * 20, field(1, 1) + field(2, good + b"\x0a\x40abc"), field(1, 1) + b"\x12\x7f" + good,
        field(1, 1) + field(2, good + field(1, field(16, 5))), field(1, 1) + field(2, good + b"\x0a" + varint(2**63)),
    ]  # fmt: skip
    tail = the_run(written(path, *rows(2), *bad, *[wandb_history(9, {"_step": 9, "x": 9.0})])).tail()
    assert points(tail.read_all()) == {"x": [(0, 0.0), (1, 0.5), (9, 9.0)]}
    assert tail.damaged == len(bad)
    assert f"Its files are damaged in {len(bad)} places, which were passed over." in tail.status().detail
    assert tail.damage in repr(the_run(WandbFiles(str(path))).history())


def test_configurations_are_changed_by_later_records(path: Path) -> None:
    def update(*items: bytes, remove: tuple[str, ...] = ()) -> bytes:
        removed = b"".join(field(2, field(1, key)) for key in remove)
        return field(1, 2) + field(5, b"".join(field(1, item) for item in items) + removed)

    def item(key: str, text: str) -> bytes:
        return field(1, key) + field(16, text)

    run = the_run(
        written(
            path,
            described(config={"lr": 1, "gone": 1, "_wandb": {"v": 1}, "deep": {"a": {"b": [1, None]}, "c": {}}}),
            update(item("lr", "2"), item("bad", "{"), item("nan", "NaN"), remove=("gone", "never there")),
            update(
                field(2, "deep") + field(2, "new") + field(16, '"<b>"'), field(2, "lr") + field(2, "x") + field(16, "1")
            ),
            field(1, 9) + field(5, b"\xff"),
        )
    )
    expected = {"lr.x": 1, "deep.a.b": "[1, null]", "deep.c": "{}", "deep.new": "<b>", "bad": "{", "nan": math.nan}
    assert repr(run.config) == repr(expected)


@pytest.mark.parametrize(
    ("code", "state", "detail"),
    [
        (0, "finished", ""), (255, "stopped", ""), (-2, "stopped", ""), (1, "failed", "It ended with exit code 1."),
        (137, "failed", "It ended with exit code 137."),
    ],
)  # fmt: skip
def test_exit_codes(path: Path, code: int, state: str, detail: str) -> None:
    run = the_run(written(path, described(), wandb_exit(2, code)))
    assert (run.state, run.detail) == (state, detail)


def test_a_run_without_an_end_is_running_while_its_file_is_fresh(path: Path) -> None:
    source = written(path, described(), *rows(3))
    assert the_run(source).state is RunState.RUNNING
    os.utime(path, (time.time() - 200_000,) * 2)
    run = the_run(source)
    assert run.state is RunState.LOST
    assert run.detail == "Nothing tells which process wrote it. Its file was last written 2 days ago, without an end."
    tail = run.tail()
    tail.read_all()
    path.unlink()
    tail.poll()
    assert (tail.status().state, tail.generation, dict(tail.history)) == (RunState.LOST, 1, {})
    assert "Its file has gone" in tail.status().detail


@pytest.mark.parametrize("content", [b"", WANDB[:3], WANDB])
def test_a_run_that_has_written_nothing_yet_is_there(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wandb" / "offline-run-20260101_000000-abc" / "run-abc.wandb"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    run = the_run(WandbFiles(str(tmp_path)))
    assert (run.id, run.name, run.state, dict(run.history())) == ("abc", "abc", RunState.RUNNING, {})


# --- where to look


def test_a_run_is_found_from_every_side(tmp_path: Path) -> None:
    folder = copied("wandb-0.31.0-finished", tmp_path)
    file = run_file(folder)
    (folder / "wandb" / "latest-run").symlink_to(file.parent.name)
    (folder / "wandb" / "debug.log").symlink_to("nowhere")
    keys = {the_run(WandbFiles(str(where))).key for where in
            (folder, folder / "wandb", file.parent, file, folder / "wandb" / "latest-run")}  # fmt: skip
    assert len(keys) == 1


def test_online_runs_and_runs_side_by_side(tmp_path: Path) -> None:
    for folder in WHOLE:
        for path in (copied(folder, tmp_path / "all") / "wandb").iterdir():
            path.rename(tmp_path / path.name.replace("offline-", "" if "failed" in folder else "offline-"))
    listing = listed(WandbFiles(str(tmp_path)))
    assert listing.complete
    assert len(listing.runs) == len(WHOLE)
    created = [run.created for run in listing.runs]
    assert created == sorted(created, reverse=True)  # type: ignore[type-var]
    failed = listed(WandbFiles(str(tmp_path)), 5, where(state="failed", tag="grpo", name="say*", lr=1e-6))
    assert ([run.state for run in failed.runs], failed.complete) == (["failed"], True)
    assert len(listed(WandbFiles(str(tmp_path)), 2).runs) == 2


def test_a_renamed_run_folder_is_read_too(tmp_path: Path) -> None:
    folder = copied("wandb-0.31.0-finished", tmp_path)
    renamed = run_file(folder).parent.rename(tmp_path / "my run 'a'; \"x\"")
    assert the_run(WandbFiles(str(renamed))).name == NAME


def test_a_folder_without_runs_is_empty_and_a_missing_one_an_error(tmp_path: Path) -> None:
    assert listed(WandbFiles(str(tmp_path))).runs == []
    (tmp_path / "run-20260101_000000-swanlab").mkdir()
    assert listed(WandbFiles(str(tmp_path))).runs == []
    with pytest.raises(NotFound, match=r"There is no .*nowhere to look for runs of W&B in\. Give a folder"):
        listed(WandbFiles(str(tmp_path / "nowhere")))


def test_what_looks_like_a_run_and_is_none_is_said(tmp_path: Path) -> None:
    folder = copied("wandb-0.31.0-finished", tmp_path) / "wandb"
    other = folder / "run-20260101_000000-other"
    other.mkdir()
    shutil.copy(run_file(RUN_FILES / "swanlab-0.10.3-finished"), other / "run-other.wandb")
    (good,) = folder.glob("offline-run-*")
    (folder / "offline-run-20260101_000000-empty" / "logs").mkdir(parents=True)
    (folder / "offline-run-20260101_000000-empty" / "logs" / "debug-internal.log").touch()
    listing = listed(WandbFiles(str(folder)))
    assert "holds no run file" not in "".join(listing.skipped)  # its file may still come
    os.utime(folder / "offline-run-20260101_000000-empty", (0, 0))
    listing = listed(WandbFiles(str(folder)))
    assert len(listing.runs) == 1
    text = "\n".join(listing.skipped)
    assert "run-other.wandb is not a run file of W&B: it begins with b':SWL" in text
    assert "offline-run-20260101_000000-empty holds no run file of W&B" in text
    shutil.rmtree(good)
    with pytest.raises(BadFile, match="None of 2 runs can be read"):
        listed(WandbFiles(str(folder)))


def test_listing_reads_the_ends_of_a_long_file(path: Path, request: pytest.FixtureRequest) -> None:
    row = wandb_history(2, {f"key {n}": n for n in range(20)})
    source = written(path, described(), *[row] * 20_000, wandb_exit(9, 3))
    assert path.stat().st_size > 5 << 20
    request.getfixturevalue("traced")
    run = the_run(source)
    assert (run.name, run.state) == ("demo", RunState.FAILED)
    assert tracemalloc.get_traced_memory()[1] < 2 << 20


def test_a_file_that_was_written_anew_is_a_new_generation(path: Path) -> None:
    source = written(path, described(), *rows(50))
    tail = the_run(source).tail()
    tail.poll()
    written(path, described(), wandb_history(2, {"_step": 1, "y": 7.0}))
    chunk = tail.poll()["y"]
    assert (chunk.start, chunk.value.tolist(), tail.generation, set(tail.history)) == (0, [7.0], 1, {"y"})


def test_a_poll_reads_a_bounded_amount_and_the_next_goes_on(tmp_path: Path) -> None:
    """Also where the run stands in several files."""
    for second in range(3):
        path = tmp_path / f"offline-run-20260101_00000{second}-x" / "run-x.wandb"
        written(path, described(), *[wandb_history(n, {"_step": n, "x": n, "y": "0" * 300}) for n in range(5_000)])
    tail = the_run(WandbFiles(str(tmp_path))).tail()
    chunks = [tail.poll(budget_s=0.0)]
    assert not tail.caught_up
    assert 0 < len(chunks[0]["x"]) < 5_000
    while not tail.caught_up:
        assert len(chunks) < 20
        chunks.append(tail.poll(budget_s=0.0))
    assert joined(chunks)["x"] == [(n, n) for n in [*range(5_000)] * 3]


# --- damage


@pytest.mark.parametrize("mend", [False, True])
@pytest.mark.parametrize("folder", ["wandb-0.31.0-finished", "wandb-0.31.0-typed"])
def test_no_damage_does_harm(folder: str, path: Path, mend: bool, traced: None) -> None:
    mutate(folder, path, mend, 60)


@pytest.mark.stress
@pytest.mark.parametrize("mend", [False, True])
@pytest.mark.parametrize("folder", ["wandb-0.31.0-finished", "wandb-0.31.0-typed"])
def test_no_damage_does_harm_in_the_long_run(folder: str, path: Path, mend: bool, traced: None) -> None:
    mutate(folder, path, mend, 5_000)


def mutate(folder: str, path: Path, mend: bool, times: int) -> None:
    whole, rng = run_file(RUN_FILES / folder).read_bytes(), random.Random(folder)
    found = [survives(mutated(whole, rng, mend), path, WandbFiles) for _ in range(times)]
    assert max(found) > 10


def test_a_file_of_many_keys_takes_bounded_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from astuner_nb.trackers.wandb import file_history

    monkeypatch.setattr(file_history, "MAX_METRICS", 1_000)
    source = written(path, *(wandb_history(n, {"_step": n, f"k{n}": 1}) for n in range(5_000)))
    assert 990 < len(the_run(source).tail().read_all()) <= 1_000
