"""`tensorboard:DIR`: runs in event files, as TensorBoard itself would list them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np

from astuner_nb.core.errors import BadFile, NotFound, TrackerError
from astuner_nb.core.said import said
from astuner_nb.core.series import History, Series
from astuner_nb.core.states import RunState
from astuner_nb.trackers.file_state import status_by_age
from astuner_nb.trackers.fitting import first_fitting, given_path
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import FileRun, TrackedRun
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.tensorboard.description import Description, describe, only_finals
from astuner_nb.trackers.tensorboard.tail import KIND, EventTail, event_files, is_event_file
from astuner_nb.trackers.where import Where


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EventRun(FileRun):
    """A run in event files. Where a step was logged twice, by a run that was started again, the later one stands."""

    def in_order(self, history: History) -> History:
        """The points of each series in the order in which they were written."""
        return History({name: _by_time(series) for name, series in history.items()})


@dataclass(frozen=True)
class _Folder:
    """One run's directory, or its one file."""

    path: Path
    files: tuple[Path, ...]
    finals: Path | None = None
    """A sub-directory that holds its hyper-parameters and final figures."""

    @property
    def began_s(self) -> int:
        """When it began, seconds since 1970, which every writer puts into the name of its file; else 0."""
        found = re.search(r"tfevents\.(\d{1,18})", self.files[0].name)
        return int(found[1]) if found else 0


class TensorBoardFiles:
    """The runs below a log directory, or the one run in an event file.

    Each directory that holds event files is a run. `SummaryWriter.add_hparams` puts hyper-parameters and final figures
    into a sub-directory of the run: where a run has one such sub-directory and no hyper-parameters of its own, the two
    are one run here; where it has several, nobody can tell which is meant, and each stays a run.

    The files do not always say how a run ended. Where they do not, it is running while they were written within ten
    minutes, and finished afterwards.

    Args:
        text: the directory or file, as given behind `tensorboard:`.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """The newest runs that fit. Raises `NotFound` and `BadFile`."""
        root = given_path(self.text, "tensorboard")
        return patience.call(lambda: _listing(root, where, limit, patience), f"listing the runs of {root}")


def _listing(root: Path, where: Where, limit: int, patience: Patience) -> Listing:
    unlisted: list[str] = []
    unread: list[str] = []
    folders = [_Folder(root, (root,))] if root.is_file() else _folded(_folders(root, unlisted, patience))
    if unlisted and not folders:
        raise BadFile(unlisted[0])
    if not folders:
        raise NotFound(
            f"There is no event file below {root}. "
            "Give the directory that TensorBoard is started with: names of its files contain tfevents."
        )
    folders.sort(key=lambda folder: (folder.began_s, str(folder.path)), reverse=True)
    found, complete = first_fitting(_runs(root, folders, unread, patience), where, limit)
    if len(unread) == len(folders):
        raise BadFile(unread[0])
    return Listing(found, complete, unlisted + unread)


def _folders(root: Path, unlisted: list[str], patience: Patience) -> list[_Folder]:
    """The directories below `root` that hold event files; links are followed, each place once."""

    def complain(error: OSError) -> None:
        unlisted.append(f"{error.filename} cannot be listed ({error.strerror}). Look at its rights.")

    found, seen = [], set()
    for directory, below, names in os.walk(root, onerror=complain, followlinks=True):
        patience.check(f"looking through {root}")
        place = os.path.realpath(directory)
        if place in seen:
            below.clear()
            continue
        seen.add(place)
        files = tuple(Path(directory, name) for name in sorted(names) if is_event_file(name))
        if files:
            found.append(_Folder(Path(directory), files))
    return found


def _folded(folders: Sequence[_Folder]) -> list[_Folder]:
    """`folders` without those that hold the final figures of the folder above, which know them then."""
    finals: dict[Path, list[_Folder]] = {}
    by_path = {folder.path: folder for folder in folders}
    for folder in folders:
        if folder.path.parent in by_path and _is_finals(folder):
            finals.setdefault(folder.path.parent, []).append(folder)
    parts = {}
    for path, found in finals.items():
        if len(found) == 1 and not _is_finals(by_path[path]) and not _has_hparams(by_path[path]):
            parts[path] = found[0].path
    gone = set(parts.values())
    return [_Folder(each.path, each.files, parts.get(each.path)) for each in folders if each.path not in gone]


def _is_finals(folder: _Folder) -> bool:
    try:
        return only_finals(folder.files)
    except (TrackerError, OSError):
        return False


def _has_hparams(folder: _Folder) -> bool:
    try:
        return bool(describe(folder.files).session.config)
    except (TrackerError, OSError):
        return True


def _runs(root: Path, folders: Sequence[_Folder], unread: list[str], patience: Patience) -> Iterator[TrackedRun]:
    """The runs in `folders`; a sentence for each that cannot be read goes to `unread`."""
    for index, folder in enumerate(folders):
        patience.check(f"reading the runs of {root}")
        patience.tell(said("runs"), index, len(folders))
        try:
            yield _run(root, folder)
        except (TrackerError, OSError) as error:
            unread.append(str(error))


def _run(root: Path, folder: _Folder) -> EventRun:
    description = describe(folder.files)
    if folder.finals:
        config = {**describe(event_files(folder.finals)).config, **description.config}
    else:
        config = description.config
    status = description.session.status or status_by_age(description.written_s, KIND)
    log_directory = root.parent if root.is_file() else root
    name = folder.path.relative_to(root).as_posix()
    return EventRun(
        source="tensorboard",
        place=str(log_directory),
        id=folder.path.name if root.is_file() else name,
        name=log_directory.name if name == "." else name,
        project=log_directory.parent.name if root.is_file() else log_directory.name,
        state=status.state,
        detail=status.detail,
        config=config,
        created=description.created,
        finished=_finished(description, status.state),
        open_tail=partial(_open, folder),
    )


def _finished(description: Description, state: RunState) -> datetime | None:
    return description.finished if state.ended else None


def _open(folder: _Folder) -> EventTail:
    """What follows the run in `folder`, including files that come later."""
    if folder.path.is_file():
        return EventTail(lambda: folder.files)
    finals = folder.finals
    if finals is None:
        return EventTail(lambda: event_files(folder.path))
    return EventTail(lambda: event_files(folder.path), lambda: event_files(finals))


def _by_time(series: Series) -> Series:
    """The same points in the order in which they were written."""
    if len(series) < 2 or bool((np.diff(series.time) >= 0).all()):
        return series
    order = np.argsort(series.time, kind="stable")
    return Series(series.name, series.step[order], series.value[order], series.time[order], series.key)
