"""Finds the folders in which SwanLab and W&B keep a run each, and lists what is in them."""

from __future__ import annotations

import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from astuner_nb.core.errors import AccessDenied, BadFile, NotFound, TrackerError
from astuner_nb.core.run import ConfigValue
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import FileRun
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.where import Where

MADE_S = 30.0
"""How long a client may take from the folder of a run to its file."""
_FOLDER = re.compile(r"(?:offline-)?run-(\d{8}_\d{6})-(.+)", re.DOTALL)


@dataclass(frozen=True)
class Layout:
    """How a tracker lays out its files."""

    tracker: str
    """What people call it."""
    parent: str
    """The folder that holds the run folders where nobody said otherwise."""
    file: re.Pattern[str]
    """The name of a run file."""
    traces: tuple[str, ...]
    """Files of which a folder without a run file must have one to pass as a run of this tracker."""


@dataclass(frozen=True)
class RunFiles:
    """Where one run is kept."""

    id: str
    place: Path
    """The folder with the run folders."""
    files: tuple[Path, ...]
    """Its logs, the oldest first; a run that was resumed has several."""


@dataclass(frozen=True)
class _LogFile:
    id: str
    place: Path
    path: Path
    stamp: str
    """When it was begun, `YYYYMMDD_HHMMSS` in the time of the machine that wrote it."""
    written_ns: int
    """Tells runs of one second apart."""


class RunFolders(ABC):
    """The runs in a folder, live ones too. What is a vendor's own is its `layout` and how a run is described.

    Args:
        where: a folder with run folders, the folder above it, one run folder, or one run file.
    """

    layout: ClassVar[Layout]

    def __init__(self, where: str) -> None:
        self._text = where

    @abstractmethod
    def describe(self, files: RunFiles, skipped: list[str]) -> FileRun:
        """The run in `files`; a sentence about what cannot be read beside them goes to `skipped`.

        Raises:
            TrackerError: where it cannot be read at all.
        """

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """The newest `limit` of the runs that fit `where`.

        Raises:
            NotFound: there is no such folder.
            BadFile: there are run files, but none can be read.
            TrackerError: as `patience` says.
        """

        def read() -> Listing:
            path = Path(os.path.realpath(os.path.expanduser(self._text)))
            found, skipped = _find_runs(path, self.layout)
            return _list_runs(found, skipped, self.describe, where, limit, patience)

        return patience.call(read, "listing its runs")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"


def _find_runs(path: Path, layout: Layout) -> tuple[list[RunFiles], list[str]]:
    """The runs in `path`, newest first, and a sentence for each run folder without a run file.

    Args:
        path: a folder with run folders, the folder above it, one run folder, or one run file.
        layout: whose.

    Raises:
        NotFound: there is no such file or folder.
        AccessDenied: it may not be looked into.
    """
    skipped: list[str] = []
    try:
        logs = list(_log_files(path, layout, skipped))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"There is no {path} to look for runs of {layout.tracker} in. "
            f"Give a folder with runs, e.g. {layout.parent}, one run folder or one run file."
        ) from None
    except OSError as error:
        raise AccessDenied(f"{path} cannot be looked into ({error.strerror}). Look at its rights.") from error
    return _grouped(logs), skipped


def _list_runs(
    found: Sequence[RunFiles],
    skipped: list[str],
    describe: Callable[[RunFiles, list[str]], FileRun],
    where: Where,
    limit: int,
    patience: Patience,
) -> Listing:
    """The newest `limit` of the runs `found` that fit `where`, as `describe` sees them.

    A sentence for each that cannot be read comes to those in `skipped`.

    Raises:
        BadFile: there is something that looks like runs, but nothing of it can be read.
        Cancelled, Unreachable: as `patience` says.
    """
    runs: list[FileRun] = []
    read, complete = 0, True
    for index, files in enumerate(found):
        patience.check("listing its runs")
        patience.tell("runs", index, len(found))
        try:
            run = describe(files, skipped)
        except TrackerError as error:
            skipped.append(str(error))
            continue
        read += 1
        if _may_fit(run, where):
            if not (complete := len(runs) < limit):
                break
            runs.append(run)
    if skipped and not read:
        raise BadFile(skipped[0] if len(skipped) == 1 else f"None of {len(skipped)} runs can be read. {skipped[0]}")
    return Listing(runs, complete, skipped)


def _may_fit(run: FileRun, where: Where) -> bool:
    """Whether `run` fits as far as can be told: a hyper-parameter may be asked for by a name that is not its own."""
    names: dict[str, ConfigValue] = {**run.config, **run.aliases.canonical_config(run.config)}
    known: Mapping[str, object] = {name: condition for name, condition in where.config.items() if name in names}
    told = Where(where.states, where.name, where.tags, {name: where.config[name] for name in known})
    return told.fits(run, names)


def _log_files(path: Path, layout: Layout, skipped: list[str]) -> Iterator[_LogFile]:
    if not path.is_dir():
        os.stat(path)
        yield _log_file(path)
        return
    yield from _in_folder(path, layout, skipped)
    for parent in (path, path / layout.parent):
        if parent == path or parent.is_dir():
            for entry in sorted(os.scandir(parent), key=lambda entry: entry.name):
                if _FOLDER.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield from _in_folder(Path(entry.path), layout, skipped)


def _in_folder(folder: Path, layout: Layout, skipped: list[str]) -> Iterator[_LogFile]:
    """The run files of one run folder."""
    try:
        files = [
            Path(entry.path)
            for entry in os.scandir(folder)
            if layout.file.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        ]
    except OSError as error:
        skipped.append(f"{folder} cannot be looked into ({error.strerror}). Look at its rights.")
        return
    if not files and not _is_being_made(folder) and any((folder / trace).exists() for trace in layout.traces):
        skipped.append(f"{folder} holds no run file of {layout.tracker}: nothing is known of this run. Look there.")
    yield from map(_log_file, sorted(files))


def _is_being_made(folder: Path) -> bool:
    """Whether `folder` is so new that its run file may still come."""
    return time.time() - folder.stat().st_mtime < MADE_S


def _log_file(path: Path) -> _LogFile:
    folder = _FOLDER.fullmatch(path.parent.name)
    stem = path.name.removesuffix(path.suffix)
    identity = stem.removeprefix("run-") if stem.startswith("run-") else folder[2] if folder else stem
    place = path.parent.parent if folder else path.parent
    written_ns = os.stat(path).st_mtime_ns
    stamp = folder[1] if folder else time.strftime("%Y%m%d_%H%M%S", time.localtime(written_ns // 10**9))
    return _LogFile(identity, place, path, stamp, written_ns)


def _grouped(logs: Sequence[_LogFile]) -> list[RunFiles]:
    """One entry a run, the newest first."""
    runs: dict[tuple[str, Path], list[_LogFile]] = {}
    for log in sorted(logs, key=lambda log: (log.stamp, log.written_ns, log.path)):
        runs.setdefault((log.id, log.place), []).append(log)
    return [
        RunFiles(identity, place, tuple(log.path for log in several))
        for (identity, place), several in reversed(runs.items())
    ]
