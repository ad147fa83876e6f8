"""Runs of SwanLab in the files that its client writes, with or without a network: `swanlab:DIR`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from astuner_nb.core.run import ConfigValue
from astuner_nb.trackers.run import FileRun
from astuner_nb.trackers.swanlab import records_v1, records_v2
from astuner_nb.trackers.swanlab.records_v2 import End, Start
from astuner_nb.trackers.swanlab.surroundings import Unended, read_config
from astuner_nb.trackers.wire.framed_log import FramedLog, last_records
from astuner_nb.trackers.wire.frames import BLOCK_BYTES
from astuner_nb.trackers.wire.log_tail import LogTail, Reading
from astuner_nb.trackers.wire.protobuf import Message
from astuner_nb.trackers.wire.run_folders import Layout, RunFiles, RunFolders

LAYOUT = Layout(
    "SwanLab", "swanlog", re.compile(r"(run-.+|backup)\.swanlab", re.DOTALL), ("files/swanlab-metadata.json",)
)
KIND = "a run file of SwanLab"
_HEADERS = (records_v2.HEADER, records_v1.HEADER)
_LOOK_BYTES = 2 * BLOCK_BYTES
"""Read of each end of a file for the listing: the first record tells what the run is, the last how it ended."""


class SwanLabFiles(RunFolders):
    """The runs in a `swanlog` folder. Reads the files of 0.6 to 0.10; needs nothing of SwanLab's package."""

    layout = LAYOUT

    def describe(self, files: RunFiles, skipped: list[str]) -> FileRun:
        """The run in `files`. Raises `TrackerError` where it cannot be read."""
        return describe(files, skipped)


def describe(files: RunFiles, skipped: list[str]) -> FileRun:
    """The run in `files`; what could not be read of its surroundings goes to `skipped`. Raises `TrackerError`."""
    ends = [_ends(path) for path in files.files]
    start, config = Start(id=files.id, name=files.id), dict[str, ConfigValue]()
    for path, (each, _) in zip(files.files, ends, strict=True):
        start = _merged(start, each)
        config |= read_config(path.parent / "files" / "config.yaml", skipped)
    end = ends[-1][1]
    status = end.status if end else Unended(files.files[-1], ends[-1][0].began)()
    return FileRun(
        source="swanlab",
        place=str(files.place),
        id=start.id,
        name=start.name,
        project=start.project,
        state=status.state,
        config=config,
        tags=start.tags,
        group=start.group,
        created=start.began,
        finished=end.ended if end else None,
        detail=status.detail,
        open_tail=lambda: _tail(files, ends[-1][0]),
    )


def _tail(files: RunFiles, start: Start) -> LogTail:
    return LogTail([_log(path) for path in files.files], _reading, Unended(files.files[-1], start.began))


def _log(path: Path) -> FramedLog:
    return FramedLog(path, _HEADERS, KIND)


def _reading(header: bytes) -> Reading:
    return records_v1.ReadingV1() if header == records_v1.HEADER else records_v2.ReadingV2()


def _ends(path: Path) -> tuple[Start, End | None]:
    """What the first and the last record of a file say. Raises `TrackerError`."""
    log = _log(path)
    first = log.read(_LOOK_BYTES)
    last = first if log.at_end else last_records(path, _LOOK_BYTES)
    if log.header == records_v1.HEADER:
        return records_v1.start(first), _last_footer(last)
    return _first_start(first), _last_finish(last)


def _first_start(records: Sequence[bytes]) -> Start:
    for record in records[:8]:
        try:
            if records_v2.START in (message := Message(record)):
                return records_v2.start(message.message(records_v2.START))
        except ValueError:
            continue
    return Start()


def _last_finish(records: Sequence[bytes]) -> End | None:
    for record in reversed(records[-8:]):
        try:
            if records_v2.FINISH in (message := Message(record)):
                return records_v2.finish(message.message(records_v2.FINISH))
        except ValueError:
            continue
    return None


def _last_footer(records: Sequence[bytes]) -> End | None:
    for record in reversed(records[-8:]):
        kind, data = records_v1.parsed(record)
        if kind == "Footer":
            return records_v1.footer(data)
    return None


def _merged(before: Start, after: Start) -> Start:
    """What two directories of one run say: it began with the first, and is called as in the last."""
    return replace(
        before,
        id=after.id or before.id,
        name=after.name or before.name,
        project=after.project or before.project,
        tags=after.tags or before.tags,
        group=after.group or before.group,
        began=before.began or after.began,
    )
