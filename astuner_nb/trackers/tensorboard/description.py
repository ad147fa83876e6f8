"""What a run's event files say of it besides its curves, read from a few places in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from astuner_nb.core.run import ConfigValue
from astuner_nb.trackers.tensorboard.event_file import EventFile, first_record, records_around
from astuner_nb.trackers.tensorboard.hparams import CONFIG_TEXTS, Session, config_in
from astuner_nb.trackers.tensorboard.records import Event, parse
from astuner_nb.trackers.wire.growing_file import unreadable

HEAD_BYTES, TAIL_BYTES = 1 << 20, 256 << 10
"""How much of the beginning and of the end of a file is searched; what stands between is scalars, as a rule."""
LAST_BYTES = 4 << 10
"""How much of the end is searched for the last event."""
FINALS_BYTES = 64 << 10
"""A longer file is more than the final figures of a run."""

WALL_TIME_TAG = b"\x09"
"""What every event begins with."""
_HPARAMS, _TEXT = b"_hparams_/session_", b"\x0a\x04text"


@dataclass
class Description:
    """What was found."""

    session: Session = field(default_factory=Session)
    texts: dict[str, ConfigValue] = field(default_factory=dict)
    """The configuration that was logged as a text."""
    created: datetime | None = None
    written_s: float = 0.0
    """When the newest event was written, seconds since 1970: a copied file is younger than what stands in it."""

    @property
    def config(self) -> dict[str, ConfigValue]:
        """Texts and hyper-parameters; where both have a name, the latter."""
        return {**self.texts, **self.session.config}

    @property
    def finished(self) -> datetime | None:
        """When its session ended, where that was written."""
        return moment(self.session.end.end_s) if self.session.end else None


def describe(paths: Sequence[Path]) -> Description:
    """What the files `paths` of one run say of it. Raises `BadFile` where one is no event file or cannot be read."""
    description, plugins, began = Description(), dict[str, str](), []
    for path in paths:
        head, tail, written_s = _ends(path)
        description.written_s = max(description.written_s, _last_event(tail or head, written_s))
        began += [event.wall_time for event in _parsed([first_record(head, path)], {})]
        for event in _telling(head, plugins) + _telling(tail, plugins):
            _add(event, description)
    description.created = moment(min(filter(None, began), default=0.0))
    return description


def only_finals(paths: Sequence[Path]) -> bool:
    """Whether `paths` hold hyper-parameters, at most one value of each tag, and nothing else."""
    if len(paths) != 1 or paths[0].stat().st_size > FINALS_BYTES:
        return False
    events = _all_events(paths[0])
    tags = [scalar.tag for event in events for scalar in event.scalars]
    strange = any(event.strange for event in events)
    return not strange and len(tags) == len(set(tags)) and any(event.hparams for event in events)


def moment(time_s: float) -> datetime | None:
    """`time_s`, seconds since 1970, as a moment in UTC; None for 0 and what is none."""
    try:
        return datetime.fromtimestamp(time_s, UTC) if time_s > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _add(event: Event, description: Description) -> None:
    for content in event.hparams:
        description.session.add(event.wall_time, content)
    for tag, text in event.texts:
        if tag.removesuffix("/text_summary") in CONFIG_TEXTS:
            description.texts.update(config_in(text))


def _telling(data: bytes, plugins: dict[str, str]) -> list[Event]:
    """The events in `data`, a piece of a file, that say something of the run itself."""
    return [event for needle in (_HPARAMS, _TEXT) for event in _parsed(records_around(data, needle), plugins)]


def _last_event(data: bytes, written_s: float) -> float:
    """When the last event in `data`, the end of a file, was written; `written_s`, the file's age, at the latest."""
    last = _parsed(records_around(data[-LAST_BYTES:], WALL_TIME_TAG), {})
    return min(written_s, max((event.wall_time for event in last), default=written_s))


def _ends(path: Path) -> tuple[bytes, bytes, float]:
    """The beginning of `path`, its end where that is not the same, and when it was written."""
    try:
        with open(path, "rb") as file:
            stat = os.fstat(file.fileno())
            head = file.read(HEAD_BYTES)
            if stat.st_size <= HEAD_BYTES:
                return head, b"", stat.st_mtime
            file.seek(max(HEAD_BYTES, stat.st_size - TAIL_BYTES))
            return head, file.read(TAIL_BYTES), stat.st_mtime
    except OSError as error:
        raise unreadable(path, error) from error


def _all_events(path: Path) -> list[Event]:
    data, starts, lengths = EventFile(path).read()
    return _parsed([data[start : start + length] for start, length in zip(starts, lengths, strict=True)], {})


def _parsed(records: Sequence[bytes], plugins: dict[str, str]) -> list[Event]:
    """The events in `records`; what is none is left out."""
    events = []
    for record in records:
        try:
            events.append(parse(record, plugins))
        except ValueError:
            continue
    return events
