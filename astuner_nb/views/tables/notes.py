"""What a person wrote about runs: a name, tags, a note. Kept beside the runs; no tracker's own file is ever touched.

A run of our store has it in its directory, `notes.json`. Those of other sources have it in the default store, one file
for each place of a source, `.notes/<digest>.json`: `{"place": "wandb:…", "runs": {"<id>": {"name": …}}}`.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from astuner_nb.core.errors import BadValue, StoreError
from astuner_nb.core.protocols import Run
from astuner_nb.recorder import default_store, write_json_atomic
from astuner_nb.store.run import Run as StoredRun

MOST_CHARACTERS = {"name": 200, "tag": 100, "note": 20_000}
WORDS = ("name", "tags", "note")
FILE = "notes.json"
FOLDER = ".notes"


@dataclass(frozen=True)
class RunNotes:
    """What a person wrote about one run."""

    name: str = ""
    """What they call it; empty where the run's own name will do."""
    tags: tuple[str, ...] = ()
    """Words beside those that the tracker has."""
    note: str = ""
    """Any text."""


NO_NOTES = RunNotes()


class Notes:
    """Notes on runs, read when asked for. Any number of notebooks may keep them at once.

    Args:
        store: where those on runs of other sources are kept; the default store where not given.
    """

    def __init__(self, store: str | os.PathLike[str] | None = None) -> None:
        self._store = None if store is None else Path(store).absolute()
        self._read: dict[Path, tuple[tuple[int, ...], dict[str, Any] | None]] = {}
        self._guard = threading.Lock()

    def of(self, run: Run) -> RunNotes:
        """What was written about `run`; nothing where that cannot be read. Never raises."""
        path = self._path(run)
        document = self._document(path)
        return NO_NOTES if document is None else _notes(_entry(document, run))

    def set(
        self, run: Run, *, name: str | None = None, tags: Iterable[str] | None = None, note: str | None = None
    ) -> RunNotes:
        """Write about `run`; what is not given stays as it is, what is empty is taken away.

        A damaged file is kept under another name, `.bad`, before it is written anew.

        Raises:
            BadValue: for what is no text, or too long.
            StoreError: where it cannot be written.
        """
        given = _given(name, tags, note)
        path = self._path(run)
        with self._guard, _said(run, path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _alone(path):
                document = self._document(path)
                if document is None or not _sound(document, run):
                    _keep_damaged(path)
                document = _changed(document or {}, run, given)
                write_json_atomic(path, document)
        return _notes(_entry(document, run))

    def _path(self, run: Run) -> Path:
        if isinstance(run, StoredRun):
            return run.directory / FILE
        digest = hashlib.sha256(_place(run).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return (self._store or default_store()) / FOLDER / f"{digest}.json"

    def _document(self, path: Path) -> dict[str, Any] | None:
        """What stands in `path`, read again only when it has changed; None where it is damaged."""
        try:
            stat = path.stat()
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            return None
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = self._read[path] = (stamp, _json_object(path))
        return known[1]


def _place(run: Run) -> str:
    """What tells the place of `run` from every other: its key without its id."""
    return run.key.removesuffix(f"#{run.id}")


def _json_object(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _entry(document: Mapping[str, Any], run: Run) -> Any:
    """What `document` says of `run`, as it stands there; None where nothing."""
    if isinstance(run, StoredRun):
        return document
    runs = document.get("runs")
    return runs.get(run.id) if isinstance(runs, dict) else None


def _notes(entry: Any) -> RunNotes:
    """`entry` as notes; what is of the wrong kind counts as not there."""
    if not isinstance(entry, dict):
        return NO_NOTES
    name, tags, note = entry.get("name"), entry.get("tags"), entry.get("note")
    return RunNotes(
        name if isinstance(name, str) else "",
        tuple(dict.fromkeys(tag for tag in tags if isinstance(tag, str))) if isinstance(tags, list | tuple) else (),
        note if isinstance(note, str) else "",
    )


def _sound(document: Mapping[str, Any], run: Run) -> bool:
    """Whether what `document` says of `run` is what we write, so that nothing is lost when it is written anew."""
    runs = document.get("runs", {})
    entry = document if isinstance(run, StoredRun) else runs.get(run.id, {}) if isinstance(runs, dict) else None
    if not isinstance(entry, dict):
        return False
    tags = entry.get("tags", [])
    whole = isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)
    return whole and isinstance(entry.get("name", ""), str) and isinstance(entry.get("note", ""), str)


def _changed(document: dict[str, Any], run: Run, given: Mapping[str, Any]) -> dict[str, Any]:
    """`document` with what is `given` about `run`; all else, what a later version wrote too, stays."""
    old = _entry(document, run)
    unknown = {key: value for key, value in old.items() if key not in WORDS} if isinstance(old, dict) else {}
    entry = unknown | {key: value for key, value in {**asdict(_notes(old)), **given}.items() if value}
    if isinstance(run, StoredRun):
        return entry
    runs = document.get("runs")
    others = {key: value for key, value in (runs if isinstance(runs, dict) else {}).items() if key != run.id}
    return {**document, "place": _place(run), "runs": {**others, **({run.id: entry} if entry else {})}}


def _given(name: str | None, tags: Iterable[str] | None, note: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if name is not None:
        given["name"] = _text("name", name).strip()
    if tags is not None:
        if not isinstance(tags, Iterable):
            raise BadValue(f"The tags of a run must be texts, got {tags!r:.60}.")
        several = [tags] if isinstance(tags, str) else list(tags)
        given["tags"] = list(dict.fromkeys(tag for one in several if (tag := _text("tag", one).strip())))
    if note is not None:
        given["note"] = _text("note", note)
    return given


def _text(what: str, value: object) -> str:
    most = MOST_CHARACTERS[what]
    if not isinstance(value, str):
        raise BadValue(f"The {what} of a run must be a text, got {value!r}.")
    if len(value) > most:
        raise BadValue(
            f"The {what} of a run may have {most:,} letters, got {len(value):,}: {value[:20]!r}…. Shorten it."
        )
    return value


def _keep_damaged(path: Path) -> None:
    """Give what stands in `path` another name; a name that is taken is left alone."""
    if not path.is_file():
        return  # a directory: writing says so
    for number in count(1):
        kept = path.with_name(f"{path.name}.bad{'' if number == 1 else number}")
        try:
            with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(path.read_bytes())
            return
        except FileExistsError:
            continue


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Between reading and writing `path` no other process does; where the system has no such locks they might."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(path.parent, os.O_RDONLY)  # the directory itself: no file is left behind
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _said(run: Run, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        place = "" if isinstance(run, StoredRun) else ", or name another store with ASTUNER_RUNS"
        raise StoreError(
            f"What you wrote about {run.name!r} cannot be kept in {path} ({reason}). Look at disk and rights{place}."
        ) from error
