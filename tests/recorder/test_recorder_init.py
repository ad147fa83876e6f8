"""`init`: where a run goes, what is known of it, and how it ends."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.recorder import Recorder, RunFiles, create_run_directory, identity, init, read_json, write_json_atomic

HOSTILE = [
    "",
    ".",
    "..",
    "../../etc",
    "/absolute",
    "a b",
    "run 'a'; x",
    'quote"s',
    "<script>alert(1)</script>",
    "数学 agent",
    "🦊🦊",
    "nul\0byte",
    "line\nbreak",
    "x" * 5000,
    "数" * 5000,
    ".hidden",
    "lone \ud800",
]

ENDING = """
import sys
from astuner_nb.recorder import init
run = init(project="p", store=sys.argv[1])
run.log({"x": 1.0})
print(run.directory, flush=True)
"""


def meta_of(run: Recorder) -> dict[str, Any]:
    meta = read_json(run.directory / "meta.json")
    assert meta is not None
    return meta


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_run_gets_a_private_directory_and_says_who_it_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with init("demo", "first", {"lr": 1e-3}, ["a", "b"], tmp_path / "runs") as run:
            run.log({"x": 1.0})
            run.log_rollouts([{"x": 1}])
    finally:
        os.umask(before)
    assert run.directory.parent == tmp_path / "runs" / "demo"
    meta = meta_of(run)
    assert meta["id"] == run.id == run.directory.name
    assert (meta["project"], meta["name"], run.name) == ("demo", "first", "first")
    assert (meta["config"], meta["tags"], meta["backbone"]) == ({"lr": 1e-3}, ["a", "b"], "script")
    job = read_json(run.directory / "job.json")
    assert job is not None
    assert job["job"] == job["supervisor"] == identity(os.getpid(), None)["supervisor"]
    assert mode(run.directory) == mode(run.directory.parent) == mode(tmp_path / "runs") == 0o700
    files = list(run.directory.iterdir())
    assert {path.name for path in files} == {"meta.json", "job.json", "exit.json", "metrics.jsonl", "rollouts.jsonl"}
    assert {mode(path) for path in files} == {0o600}


def test_the_place_is_the_argument_then_the_variable_then_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with init() as here:
        assert here.directory.parent == tmp_path / "runs" / "default"
    monkeypatch.setenv("ASTUNER_RUNS", str(tmp_path / "variable"))
    with init() as run:
        assert run.directory.parent.parent == tmp_path / "variable"
    with init(store=tmp_path / "argument") as run:
        assert run.directory.parent.parent == tmp_path / "argument"


def test_ids_sort_by_time_and_never_collide(tmp_path: Path) -> None:
    ids = [create_run_directory(tmp_path).directory.name for _ in range(200)]
    assert len(set(ids)) == 200
    assert [i[:19] for i in ids] == sorted(i[:19] for i in ids)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_escapes_the_store_and_each_is_kept(tmp_path: Path, name: str) -> None:
    store = tmp_path / "deep" / "store"
    with init(project=name, name=name, config={name: name}, tags=[name], store=store) as run:
        run.log({name: 1.0})
    assert run.directory.parent.parent == store
    assert list(tmp_path.rglob("meta.json")) == [run.directory / "meta.json"]
    meta = meta_of(run)
    assert (meta["project"], meta["name"], meta["config"], meta["tags"]) == (name, name or run.id, {name: name}, [name])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_project_stays_one_directory_below_the_store(name: str) -> None:
    with tempfile.TemporaryDirectory() as store:
        files = create_run_directory(store, name)
        assert files.directory.resolve().parent.parent == Path(store).resolve()
        assert not files.directory.parent.name.startswith(".")


def test_secrets_are_masked_and_hyper_parameters_are_not(tmp_path: Path) -> None:
    config = {
        "api_key": "sk-1",
        "OPENAI_API_KEY": "sk-2",
        "tracker": {"Token": "t", "passwd": 1234, "secrets": ["a"], "url": "https://x"},
        "accounts": [{"password": "p", "user": "u"}],
        "hf_tokens": ["t1"],
        "max_tokens": 512,
        "token_level": True,
        "tokenizer": "qwen",
        "lr": np.float32(0.5),
        "path": Path("/data"),
        "bad": float("nan"),
    }
    files = create_run_directory(tmp_path, config=config)
    assert (read_json(files.meta) or {})["config"] == {
        "api_key": "***",
        "OPENAI_API_KEY": "***",
        "tracker": {"Token": "***", "passwd": "***", "secrets": "***", "url": "https://x"},
        "accounts": [{"password": "***", "user": "u"}],
        "hf_tokens": "***",
        "max_tokens": 512,
        "token_level": True,
        "tokenizer": "qwen",
        "lr": 0.5,
        "path": "/data",
        "bad": "NaN",
    }


def test_the_process_itself_still_knows_its_secrets(tmp_path: Path) -> None:
    with init(config={"api_key": "sk-1", "lr": 0.1}, store=tmp_path) as run:
        assert run.config == {"api_key": "sk-1", "lr": 0.1}


@pytest.mark.parametrize(
    ("source", "end", "returncode"),
    [
        ("run.finish()", {"code": 0, "stopped": False, "error": ""}, 0),
        ("", {"code": 0, "stopped": False, "error": ""}, 0),
        ("raise ValueError('too hot')", {"code": 1, "stopped": False, "error": "ValueError: too hot"}, 1),
        ("raise KeyboardInterrupt", {"code": 0, "stopped": True, "error": ""}, -2),
        ("with run: raise SystemExit(3)", {"code": 1, "stopped": False, "error": "SystemExit: 3"}, 3),
        ("with run: raise SystemExit", {"code": 0, "stopped": False, "error": ""}, 0),
        ("run.finish('stopped')", {"code": 0, "stopped": True, "error": ""}, 0),
        ("run.finish('failed', 'nan loss')", {"code": 1, "stopped": False, "error": "nan loss"}, 0),
        ("run.finish(); raise ValueError", {"code": 0, "stopped": False, "error": ""}, 1),
        ("(run.directory / 'stop.request').touch()", {"code": 0, "stopped": True, "error": ""}, 0),
    ],
)
def test_how_it_ended(script: Any, tmp_path: Path, source: str, end: dict[str, Any], returncode: int) -> None:
    done = script(ENDING + source, tmp_path / "runs")
    assert done.returncode == returncode
    written = read_json(Path(done.stdout.splitlines()[0]) / "exit.json")
    assert written is not None
    assert {name: written[name] for name in end} == end
    assert ("Traceback" in done.stderr) == ("raise" in source and "SystemExit" not in source)


@pytest.mark.parametrize("child", ["raise ValueError", "sys.exit()", "run.log({'x': 1}); run.finish()"])
def test_a_forked_child_does_not_end_its_parents_run(script: Any, tmp_path: Path, child: str) -> None:
    done = script(
        ENDING + f"import os\nif os.fork() == 0: {child}; sys.exit()\nos.wait(); os._exit(7)", tmp_path / "runs"
    )
    assert done.returncode == 7
    assert not (Path(done.stdout.split()[0]) / "exit.json").exists()


def test_a_killed_script_writes_no_end(script: Any, tmp_path: Path) -> None:
    done = script(ENDING + "import os; os.kill(os.getpid(), 9)", tmp_path / "runs")
    assert done.returncode == -9
    assert not (Path(done.stdout.strip()) / "exit.json").exists()


def test_the_hooks_of_others_stay_in_their_places(script: Any, tmp_path: Path) -> None:
    source = """
import sys
from astuner_nb.recorder import init
sys.excepthook = before = lambda *a: print("before", a[1])
first = init(store=sys.argv[1]); second = init(store=sys.argv[1])
first.finish(); second.finish()
third = init(store=sys.argv[1]); third.finish()
ours = sys.excepthook
last = init(store=sys.argv[1])
chained = sys.excepthook
sys.excepthook = lambda *a: (print("after", a[1]), chained(*a))
print(last.directory)
raise ValueError("x")
"""
    done = script(source, tmp_path / "runs")
    directory, *said = done.stdout.splitlines()
    assert said == ["after x", "before x"]
    assert (read_json(Path(directory) / "exit.json") or {})["error"] == "ValueError: x"


def test_finishing_restores_the_hook(tmp_path: Path) -> None:
    hook = sys.excepthook
    run = init(store=tmp_path)
    assert sys.excepthook is not hook
    run.finish()
    assert sys.excepthook is hook


def test_in_a_launched_job_it_attaches_and_leaves_the_end_to_the_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = create_run_directory(tmp_path, "p", "launched", {"lr": 0.1, "key": "sk"}, backbone="function")
    hook = sys.excepthook
    monkeypatch.setenv("ASTUNER_RUN_DIR", str(files.directory))
    with init("other", "ignored", {"lr": 9.0, "key": "sk", "extra": 1}, store=tmp_path / "ignored") as run:
        assert (run.directory, run.id, run.name) == (files.directory, files.directory.name, "launched")
        assert run.config == {"lr": 0.1, "key": "sk", "extra": 1}
        assert sys.excepthook is hook
        assert run.log({"x": 1.0})
    assert not files.exit.exists()
    assert not files.job.exists()
    assert not (tmp_path / "ignored").exists()


@pytest.mark.parametrize("meta", ["", "[]", '{"config": [1]}', '{"config": null, "name": 5}'])
def test_a_damaged_meta_does_not_stop_training(tmp_path: Path, meta: str) -> None:
    (tmp_path / "meta.json").write_text(meta)
    with Recorder(tmp_path, {"lr": 0.1}) as run:
        assert run.log({"x": 1.0})
        assert run.config == {"lr": 0.1}


def test_where_no_run_can_be_made_training_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    with init("p", config={"lr": 0.1}, store=tmp_path / "file" / "runs") as run:
        assert not run.log({"x": 1.0})
        assert not run.log({"x": 1.0})
        assert not run.log_rollouts([{"a": 1}, {"a": 2}])
        assert not run.stop_requested
        assert (run.lost, run.config) == (4, {"lr": 0.1})
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(tmp_path / "file" / "runs") in said


def test_a_directory_that_cannot_be_described_is_not_left_behind(script: Any, tmp_path: Path) -> None:
    source = """
import resource, sys
from astuner_nb.recorder import create_run_directory
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    create_run_directory(sys.argv[1], "p", config={"text": "x" * 1000})
except OSError as error:
    print(error.errno)
"""
    done = script(source, tmp_path / "runs")
    assert done.stdout.strip() == "27", done.stderr
    assert list((tmp_path / "runs" / "p").iterdir()) == []


def test_json_files_are_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert read_json(path) is None
    write_json_atomic(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json_atomic(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    for text in (b"", b"[1]", b'{"a": ', b"\xff\xfe", b"[" * 100_000):
        path.write_bytes(text)
        assert read_json(path) is None


def test_an_identity_names_a_living_process() -> None:
    who = identity(os.getpid(), None)
    assert who["job"] is None
    assert json.loads(json.dumps(who)) == who
    assert identity(2**22 + 1, None)["supervisor"]["start"] is None


def test_the_names_are_arithmetic(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "nowhere")
    assert files.metrics == tmp_path / "nowhere" / "metrics.jsonl"
    assert not files.directory.exists()
