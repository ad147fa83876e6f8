"""What a person writes about runs stays, and nothing else is touched."""

import json
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue, StoreError
from astuner_nb.store.run_store import RunStore
from astuner_nb.views.tables.notes import NO_NOTES, Notes, RunNotes

from ..trackers.places import MadeRun

WEB = MadeRun("n", source="wandb", place="api.wandb.ai/alice/math", id="../../x#1")


@pytest.fixture(params=["ours", "theirs"])
def run(request, store):
    """A run of the store, and one of another source."""
    return RunStore(store).create("p", "r", {"lr": 1}) if request.param == "ours" else WEB


def file_of(run, store):
    if run is not WEB:
        return run.directory / "notes.json"
    (found,) = (store / ".notes").glob("*.json")
    return found


def test_notes_stay_for_every_other_notebook(run, store):
    assert Notes().of(run) == NO_NOTES
    Notes().set(run, name=" mine ", tags=["a", "b", "a", " "], note="first\n</script>")
    assert Notes().set(run, note="second") == RunNotes("mine", ("a", "b"), "second")
    assert Notes().of(run) == RunNotes("mine", ("a", "b"), "second")
    assert stat.S_IMODE(file_of(run, store).stat().st_mode) == 0o600
    assert Notes().set(run, name="", tags=(), note="") == NO_NOTES


def test_what_others_write_is_seen_at_once(run):
    here, there = Notes(), Notes()
    there.set(run, name="1")
    assert here.of(run).name == "1"
    there.set(run, name="2")
    assert here.of(run).name == "2"


def test_runs_of_one_place_share_a_file_and_runs_of_others_do_not(store):
    other = MadeRun("n", source="wandb", place="api.wandb.ai/alice/math", id="2")
    elsewhere = MadeRun("n", source="wandb", place="api.wandb.ai/bob/math", id="2")
    for run in (WEB, other, elsewhere):
        Notes().set(run, name=run.key)
    assert [Notes().of(run).name for run in (WEB, other, elsewhere)] == [run.key for run in (WEB, other, elsewhere)]
    assert len(list((store / ".notes").iterdir())) == 2
    assert RunStore(store).runs() == []


def test_only_the_notes_are_written(store):
    run = RunStore(store).create("p", "r", {"lr": 1})
    before = {path: path.read_bytes() for path in run.directory.rglob("*") if path.is_file()}
    Notes().set(run, tags="good")
    after = {path: path.read_bytes() for path in run.directory.rglob("*") if path.is_file()}
    assert after.pop(run.directory / "notes.json")
    assert after == before


DAMAGE = [b"", b"{", b"[]", b"\xff", b'{"name": 1, "runs": 3}', b"[" * 100_000]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_reads_as_empty_and_is_kept_when_it_is_written_anew(run, store, damage):
    Notes().set(run, name="x")
    path = file_of(run, store)
    for kept in (".bad", ".bad2"):
        path.write_bytes(damage)
        assert Notes().of(run) == NO_NOTES
        assert Notes().set(run, note="new") == RunNotes(note="new")
        assert path.with_name(path.name + kept).read_bytes() == damage
    Notes().set(run, note="newer")
    assert len(list(path.parent.glob("*.bad*"))) == 2
    assert Notes().of(run) == RunNotes(note="newer")


def test_one_damaged_entry_costs_that_run_alone(store):
    other = MadeRun("n", source="wandb", place="api.wandb.ai/alice/math", id="2")
    Notes().set(WEB, name="x")
    Notes().set(other, name="y")
    path = file_of(WEB, store)
    document = json.loads(path.read_bytes())
    document["runs"][WEB.id] = "?"
    path.write_text(json.dumps(document))
    assert (Notes().of(WEB), Notes().of(other).name) == (NO_NOTES, "y")
    Notes().set(other, name="z")
    assert json.loads(path.read_bytes())["runs"][WEB.id] == "?"


def test_what_a_later_version_wrote_stays(run, store):
    Notes().set(run, name="x")
    path = file_of(run, store)
    path.write_text(path.read_text().replace('"name": "x"', '"name": "x", "stars": 5'))
    Notes().set(run, name="y")
    assert '"stars": 5' in path.read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_place_that_cannot_be_written_is_said_in_one_sentence(run, store):
    folder = store if run is WEB else run.directory
    folder.mkdir(exist_ok=True)
    folder.chmod(0o500)
    with pytest.raises(StoreError, match=r"cannot be kept in .*Permission denied"):
        Notes().set(run, name="x")


def test_a_place_that_is_no_folder_is_said_in_one_sentence(run, store):
    if run is WEB:
        store.mkdir(exist_ok=True)
        (store / ".notes").write_text("")
    else:
        (run.directory / "notes.json").mkdir()
    assert Notes().of(run) == NO_NOTES
    with pytest.raises(
        StoreError, match=r"What you wrote about '.' cannot be kept in .* \(.*\)\. Look at disk and rights"
    ):
        Notes().set(run, name="x")
    assert not list(store.rglob("*.tmp.*"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": 1}, "name of a run must be a text, got 1"),
        ({"tags": [None]}, "tag of a run must be a text"),
        ({"name": "x" * 201}, "may have 200 letters, got 201"),
        ({"note": "x" * 20_001}, "may have 20,000 letters"),
    ],
)
def test_what_is_no_note_is_refused_and_nothing_is_written(store, given, words):
    with pytest.raises(BadValue, match=words):
        Notes().set(WEB, **given)
    assert not store.exists()


@given(st.text(max_size=20), st.lists(st.text(max_size=9)), st.text(max_size=50))
def test_any_text_comes_back(tmp_path_factory, name, tags, note):
    notes = Notes(tmp_path_factory.mktemp("notes"))
    written = notes.set(WEB, name=name, tags=tags, note=note)
    assert notes.of(WEB) == written
    assert (written.name, written.note) == (name.strip(), note)


WRITER = """
import sys
from types import SimpleNamespace
from astuner_nb.views.tables.notes import Notes
for turn in range(20):
    run_id = f"{sys.argv[2]}-{turn}"
    Notes(sys.argv[1]).set(SimpleNamespace(id=run_id, key=f"made:here#{run_id}", name="n"), name="x")
"""


def test_processes_that_write_at_once_lose_nothing(store):
    command = [sys.executable, "-c", WRITER, str(store)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    (path,) = (store / ".notes").iterdir()
    assert len(json.loads(path.read_bytes())["runs"]) == 60
