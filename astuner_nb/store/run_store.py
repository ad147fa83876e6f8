"""The place where runs are kept: `<store>/<project>/<run id>/`. No index: the directories are the list."""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from astuner_nb.core.errors import BadValue, StoreError
from astuner_nb.recorder import SCRIPT, RunFiles, create_run_directory, default_store, read_json
from astuner_nb.store.run import Run


class RunStore:
    """The runs under `root`; any number of notebooks and jobs may use one store at once.

    Args:
        root: a directory, made when the first run is. By default $ASTUNER_RUNS, else `./runs`.
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        self.root = default_store() if root is None else Path(root).absolute()
        self.skipped: tuple[Path, ...] = ()
        """Run directories that the last listing could not read: half made, or with a damaged `meta.json`."""

    def create(
        self,
        project: str,
        name: str,
        config: Mapping[str, Any],
        tags: Iterable[str] = (),
        backbone: str = SCRIPT,
        document: str | None = None,
        loggers: Iterable[str] = (),
        parent: Mapping[str, Any] | None = None,
    ) -> Run:
        """A new run, in a directory of its own.

        Args:
            project: any text; the directory gets a slug of it.
            name: any text; where empty, the run's id.
            config: hyper-parameters; texts under keys that look like a secret's are masked.
            tags: words to find it by.
            backbone: what runs.
            document: the whole configuration as YAML, kept as it is.
            loggers: where its metrics go besides its directory.
            parent: which run it goes on from, and where, as `Resumption.origin` says it.

        Raises:
            StoreError: when it cannot be written.
        """
        try:
            more = {"loggers": list(loggers), **({"parent": dict(parent)} if parent else {})}
            files = create_run_directory(self.root, project, name, config, tags, backbone, **more)
            _write_document(files, document)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(
                f"No run can be made: {error.filename or self.root} ({reason}). "
                "Look at the disk's space and rights, or name another place with ASTUNER_RUNS."
            ) from error
        return Run(files.directory)

    def runs(self, project: str | None = None, besides: Container[str] = ()) -> list[Run]:
        """The runs of `project`, or all, newest first. What cannot be read is left out and stands in `skipped`.

        Runs whose id is in `besides` are known already: they are not read again and not returned.
        """
        found, skipped = [], []
        for directory in self._directories():
            if directory.name in besides:
                continue
            meta = read_json(Path(f"{directory}/meta.json"))
            if meta is None:
                skipped.append(directory)
            elif project is None or meta.get("project") == project:
                found.append(Run(directory, meta))
        self.skipped = tuple(sorted(skipped))
        return sorted(found, key=lambda run: (run.created, run.id), reverse=True)

    def get(self, run_id: str) -> Run:
        """The run `run_id`.

        Raises:
            BadValue: where there is none; the message names the nearest.
        """
        for directory in self._directories():
            if directory.name == run_id:
                return Run(directory)
        raise BadValue(f"There is no run {run_id!r} in {self.root}. {self._hint(run_id)}")

    def find(self, wanted: str) -> Run:
        """The run with the id `wanted`, the only one that is called so, or the only one whose id begins with it.

        Raises:
            BadValue: where there is none, naming the nearest, or more than one.
        """
        runs = self.runs()
        meanings = (
            [run for run in runs if run.id == wanted],
            [run for run in runs if run.name == wanted],
            [run for run in runs if wanted and run.id.startswith(wanted)],
        )
        found = next((meant for meant in meanings if meant), [])
        if len(found) > 1:
            ids = ", ".join([*(run.id for run in found[:3]), *(["…"] if len(found) > 3 else [])])
            raise BadValue(f"{len(found)} runs of {self.root} are meant by {wanted!r}: {ids}. Give one whole id.")
        return found[0] if found else self.get(wanted)

    def __repr__(self) -> str:
        return f"<RunStore {str(self.root)!r}>"

    def _directories(self) -> Iterator[Path]:
        """Every directory at the place of a run."""
        for project in _subdirectories(self.root):
            yield from map(Path, _subdirectories(project))

    def _hint(self, wanted: str) -> str:
        runs = self.runs()
        known = {run.name: run.id for run in reversed(runs)} | {run.id: run.id for run in runs}
        if near := get_close_matches(wanted, known, n=1):
            run_id = known[near[0]]
            return f"Did you mean {run_id!r}?" if near[0] == run_id else f"{near[0]!r} has the id {run_id!r}."
        return f"The newest is {runs[0].id!r}." if runs else "It holds no run yet."


def _subdirectories(path: str | os.PathLike[str]) -> list[str]:
    """The directories in `path`, those with a leading dot left out; none where it is missing.

    Raises:
        StoreError: where it cannot be read.
    """
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(
            f"Runs cannot be listed: {os.fspath(path)} ({error.strerror}). Look at its rights, or name another store."
        ) from error


def _write_document(files: RunFiles, document: str | None) -> None:
    """Write `document` into a new run, readable by its owner alone; where that fails, the run is taken away again."""
    if document is None:
        return
    try:
        with open(os.open(files.config, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(document)
    except BaseException:
        shutil.rmtree(files.directory, ignore_errors=True)
        raise
