"""A run is rebuilt from its directory, whoever wrote it and whatever state it is in."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from astuner_nb.core.errors import StoreError
from astuner_nb.core.states import RunState
from astuner_nb.recorder import Recorder, create_run_directory, init
from astuner_nb.store import compact
from astuner_nb.store.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(create_run_directory(tmp_path, "p", "a run", {"lr": 0.1}).directory)


def test_a_run_of_a_script_is_read_back(tmp_path: Path) -> None:
    config = {"lr": 0.1, "model": {"name": "tiny", "api_key": "sk"}, "empty": {}, "layers": [1, 2]}
    with init("math 'agent'", "first <b>", config, ["a", "b"], tmp_path) as recorder:
        run = Run(recorder.directory)
        assert run.state is RunState.RUNNING
        recorder.log({"reward": 0.5}, step=1)
        recorder.log({"reward": math.nan, "t": 3.0, "note": "hm"}, step=2)
    assert (run.id, run.project, run.name, run.backbone) == (recorder.id, "math 'agent'", "first <b>", "script")
    assert run.config == {"lr": 0.1, "model.name": "tiny", "model.api_key": "***", "empty": {}, "layers": [1, 2]}
    assert run.tags == ("a", "b")
    assert abs((datetime.now(UTC) - run.created).total_seconds()) < 60
    assert run.state is RunState.FINISHED
    assert run.status.code == 0
    assert run.history()["reward"].step.tolist() == [1, 2]
    assert str(run.last_record()["reward"]) == "nan"
    assert run.last_record() | {"reward": 0, "t": 0} == {"step": 2, "reward": 0, "t": 0, "note": "hm"}
    assert repr(run) == f"<Run {run.id} \"math 'agent'\" 'first <b>': finished>"


def test_runs_are_equal_by_their_directory(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Run(create_run_directory(tmp_path, "p").directory)
    monkeypatch.chdir(run.directory.parent)
    assert {run, Run(run.directory), Run(run.id), other} == {run, other}
    assert run != other
    assert run != run.directory


@pytest.mark.parametrize("meta", [None, "", "[1]", '{"id": '])
def test_a_directory_without_meta_is_no_run(tmp_path: Path, meta: str | None) -> None:
    if meta is not None:
        (tmp_path / "meta.json").write_text(meta)
    with pytest.raises(StoreError, match=r"No run is kept in .*meta\.json is missing or damaged"):
        Run(tmp_path)


@pytest.mark.parametrize(
    "meta", ['{"name": null, "created": "monday"}', '{"created": 1e99, "tags": null, "config": null}', "{}"]
)
def test_a_poor_meta_is_enough(tmp_path: Path, meta: str) -> None:
    (tmp_path / "meta.json").write_text(meta)
    run = Run(tmp_path)
    assert (run.name, run.config, run.tags) == (tmp_path.name, {}, ())
    assert run.created == datetime.fromtimestamp(0, UTC)


def test_an_empty_run_has_nothing(run: Run) -> None:
    assert len(run.history()) == 0
    assert run.last_record() == {}
    assert run.rollouts() == []
    assert run.log_tail() == ""
    assert run.checkpoints() == []


def test_the_last_record_is_the_last_whole_line(run: Run) -> None:
    with Recorder(run.directory) as recorder:
        recorder.log({"x": 1.0}, step=1)
        recorder.log({"long": "y" * 200_000}, step=2)
    with open(run.files.metrics, "ab") as file:
        file.write(b'nonsense\n{"step": 3, "x')
    assert run.last_record()["step"] == 2


def test_rollouts_come_in_their_order(run: Run) -> None:
    with Recorder(run.directory) as recorder:
        recorder.log_rollouts([{"n": n, "text": "z" * 1000 * n} for n in range(100)])
    with open(run.files.rollouts, "a") as file:
        file.write('nonsense\n{"n": 100}\n{"n": ')
    assert [row["n"] for row in run.rollouts()] == list(range(101))
    assert [row["n"] for row in run.rollouts(last=3)] == [98, 99, 100]
    assert run.rollouts(last=0) == []


def test_the_end_of_the_output(run: Run) -> None:
    run.files.output.write_bytes(b"".join(b"line %d\n" % n for n in range(5000)))
    assert run.log_tail(3) == "line 4997\nline 4998\nline 4999"
    assert run.log_tail().count("\n") == 29
    assert run.log_tail(0) == ""
    run.files.output.write_bytes(b"start\n  0%\r 50%\r100%\rdone \xff <b>\r\nno end")
    assert run.log_tail() == "start\ndone \ufffd <b>\nno end"


def test_the_history_of_an_ended_run_is_cached(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "WORTH_BYTES", 1_000)
    with Recorder(run.directory) as recorder:
        for step in range(100):
            recorder.log({"x": float(step)}, step=step)
    run.history()
    assert not run.files.cache.exists()
    run.files.exit.write_text('{"code": 0, "stopped": false}')
    first = run.history()
    assert run.files.cache.exists()
    assert run.history()["x"].value.tolist() == first["x"].value.tolist() == list(range(100))
    assert os.listdir(run.directory).count("metrics.npz") == 1
