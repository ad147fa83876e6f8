"""Runs of W&B in the files that its client writes, with or without a network: `wandb:DIR`."""

from __future__ import annotations

import re
from pathlib import Path

from astuner_nb.trackers.file_state import status_without_end
from astuner_nb.trackers.run import FileRun
from astuner_nb.trackers.wandb.file_history import HistoryReading
from astuner_nb.trackers.wandb.file_records import HEADER, Description
from astuner_nb.trackers.wire.framed_log import FramedLog, last_records
from astuner_nb.trackers.wire.frames import BLOCK_BYTES
from astuner_nb.trackers.wire.log_tail import LogTail
from astuner_nb.trackers.wire.run_folders import Layout, RunFiles, RunFolders

LAYOUT = Layout(
    "W&B", "wandb", re.compile(r"run-.+\.wandb", re.DOTALL), ("files/wandb-metadata.json", "logs/debug-internal.log")
)
KIND = "a run file of W&B"
_HEAD_BYTES = 8 * BLOCK_BYTES
"""Read of the beginning of a file for the listing: there the run is described, and its configuration changed."""
_END_BYTES = 2 * BLOCK_BYTES
"""Read of the end: there stands how it ended."""
_WHY = "Nothing tells which process wrote it."


class WandbFiles(RunFolders):
    """The runs in a `wandb` folder. Reads the files of 0.29 to 0.31; needs nothing of W&B's package."""

    layout = LAYOUT

    def describe(self, files: RunFiles, skipped: list[str]) -> FileRun:
        """The run in `files`. Raises `TrackerError` where it cannot be read."""
        return describe(files)


def describe(files: RunFiles) -> FileRun:
    """The run in `files`. Raises `TrackerError`."""
    about = Description()
    for path in files.files:
        about.status = about.ended = None
        _read_ends(path, about)
    status = about.status or status_without_end(files.files[-1], _WHY)
    return FileRun(
        source="wandb",
        place=str(files.place),
        id=about.id or files.id,
        name=about.name or about.id or files.id,
        project=about.project,
        state=status.state,
        config=about.config,
        tags=about.tags,
        group=about.group,
        created=about.began,
        finished=about.ended,
        detail=status.detail,
        open_tail=lambda: _tail(files),
    )


def _tail(files: RunFiles) -> LogTail:
    last = files.files[-1]
    logs = [_log(path) for path in files.files]
    return LogTail(logs, lambda _: HistoryReading(), lambda: status_without_end(last, _WHY))


def _log(path: Path) -> FramedLog:
    return FramedLog(path, (HEADER,), KIND)


def _read_ends(path: Path, about: Description) -> None:
    """Take in what beginning and end of a file say. Raises `TrackerError`."""
    log = _log(path)
    about.read(log.read(_HEAD_BYTES))
    if not log.at_end:
        about.read(last_records(path, _END_BYTES))
