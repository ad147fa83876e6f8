"""The store lists what its directories hold, and says so where one cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from astuner_nb.core.errors import BadValue, StoreError
from astuner_nb.core.states import RunState
from astuner_nb.recorder import init
from astuner_nb.store.run_store import RunStore

CREATOR = """
import sys
from astuner_nb.store.run_store import RunStore
store = RunStore(sys.argv[1])
for n in range(50):
    store.create("shared", f"{sys.argv[2]} {n}", {"n": n})
    store.runs()
"""

FULL = """
import resource, sys
from astuner_nb.core.errors import StoreError
from astuner_nb.store.run_store import RunStore
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
try:
    RunStore(sys.argv[1]).create("p", "n", {}, document="x" * 1000)
except StoreError as error:
    print(error)
"""


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert RunStore().root == tmp_path / "runs"
    assert RunStore("other").root == tmp_path / "other"
    monkeypatch.setenv("ASTUNER_RUNS", "elsewhere")
    assert RunStore().root == tmp_path / "elsewhere"
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_is_empty(store: RunStore) -> None:
    assert (store.runs(), store.skipped) == ([], ())


def test_a_created_run_is_what_was_asked_for(store: RunStore) -> None:
    run = store.create("demo", "first", {"lr": 0.1, "api_key": "sk"}, ["x"], "local", "a: 1\n# ü\n")
    assert (run.project, run.name, run.backbone, run.tags) == ("demo", "first", "local", ("x",))
    assert run.config == {"lr": 0.1, "api_key": "***"}
    assert run.files.config.read_text(encoding="utf-8") == "a: 1\n# ü\n"
    assert run.files.config.stat().st_mode & 0o777 == 0o600
    assert run.state is RunState.STARTING
    assert store.runs() == [run]
    assert store.get(run.id) == run


def test_runs_come_newest_first_whoever_made_them(store: RunStore) -> None:
    made = [store.create("a" if n % 2 else "b", str(n), {}) for n in range(6)]
    with init("a", store=store.root) as recorder:
        pass
    assert [run.id for run in store.runs()] == [recorder.id, *(run.id for run in reversed(made))]
    assert [run.name for run in store.runs("b")] == ["4", "2", "0"]


def test_projects_that_slug_alike_stay_apart(store: RunStore) -> None:
    first, second = store.create("a b", "1", {}), store.create("a/b", "2", {})
    assert first.directory.parent == second.directory.parent
    assert (store.runs("a b"), store.runs("a/b"), store.runs("a-b")) == ([first], [second], [])


def test_what_cannot_be_read_is_left_out_and_named(store: RunStore) -> None:
    run = store.create("p", "good", {})
    project = run.directory.parent
    half, garbled = project / "half", project / "garbled"
    half.mkdir()
    garbled.mkdir()
    (garbled / "meta.json").write_text('{"id": ')
    (project / ".cache").mkdir()
    (project / "a file").touch()
    (store.root / "another file").touch()
    (project / "dangling").symlink_to("nowhere")
    assert store.runs() == [run]
    assert store.skipped == (garbled, half)
    half.rmdir()
    store.runs()
    assert store.skipped == (garbled,)


def test_an_unknown_run_is_answered_with_the_nearest(store: RunStore) -> None:
    with pytest.raises(BadValue, match=r"There is no run 'x' in .*runs\. It holds no run yet\."):
        store.get("x")
    run = store.create("p", "baseline", {})
    with pytest.raises(BadValue, match=rf"Did you mean '{run.id}'\?"):
        store.get(run.id[:-1] + "?")
    with pytest.raises(BadValue, match=rf"'baseline' has the id '{run.id}'"):
        store.get("base-line")
    with pytest.raises(BadValue, match=rf"The newest is '{run.id}'"):
        store.get("#")


@pytest.mark.parametrize("run_id", ["", ".", "..", "../p", "/"])
def test_no_id_leads_out_of_the_store(store: RunStore, run_id: str) -> None:
    store.create("p", "n", {})
    with pytest.raises(BadValue):
        store.get(run_id)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"No run can be made: .*file \(File exists\)\. Look at"):
        RunStore(tmp_path / "file").create("p", "n", {})
    with pytest.raises(StoreError, match=r"Runs cannot be listed: .*file \(Not a directory\)\. Look at"):
        RunStore(tmp_path / "file").runs()


def test_a_full_disk_says_so_and_leaves_no_half_run(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("No run can be made: "), done.stderr
    assert "(File too large)" in done.stdout
    assert list((tmp_path / "p").iterdir()) == []


def test_two_notebooks_share_a_store(store: RunStore) -> None:
    creators = [
        subprocess.Popen([sys.executable, "-c", CREATOR, str(store.root), who], stderr=subprocess.PIPE) for who in "ab"
    ]
    for creator in creators:
        assert creator.communicate(timeout=60)[1] == b""
        assert creator.returncode == 0
    runs = store.runs("shared")
    assert sorted(run.name for run in runs) == sorted(f"{who} {n}" for who in "ab" for n in range(50))
    assert [run.created for run in runs] == sorted((run.created for run in runs), reverse=True)
    assert store.skipped == ()
    assert len(os.listdir(store.root)) == 1
