"""The records of a run file of W&B that describe the run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.states import RunState
from astuner_nb.trackers.wire.flat_config import flattened
from astuner_nb.trackers.wire.protobuf import Message

HEADER = b":W&B\xe1\xbe\x00"

HISTORY, CONFIG, RUN, EXIT = 2, 5, 17, 18
_INTERRUPTED = 255
"""What W&B writes as the exit code of a run that was ended by Ctrl-C."""


@dataclass
class Description:
    """What the records say of a run, as far as they were read."""

    id: str = ""
    name: str = ""
    project: str = ""
    group: str = ""
    tags: tuple[str, ...] = ()
    began: datetime | None = None
    ended: datetime | None = None
    status: JobStatus | None = None
    """How it ended; None while no record says so."""
    nested_config: dict[str, object] = field(default_factory=dict)
    _began_last: datetime | None = None
    """When the last of several files was begun."""

    @property
    def config(self) -> dict[str, ConfigValue]:
        """The configuration, flat; what W&B notes there for itself left out."""
        return flattened({key: value for key, value in self.nested_config.items() if key != "_wandb"})

    def read(self, records: Iterable[bytes]) -> None:
        """Take in what `records` say; those that make no sense are passed over."""
        for record in records:
            if not _is_curve(record):
                try:
                    self._take(Message(record))
                except (ValueError, OverflowError, OSError):
                    continue

    def _take(self, record: Message) -> None:
        if RUN in record:
            self._take_run(record.message(RUN))
        elif CONFIG in record:
            update(self.nested_config, record.message(CONFIG))
        elif EXIT in record:
            end = record.message(EXIT)
            self.status, ran_s = how_it_ended(end), end.integer(2)
            self.ended = self._began_last + timedelta(seconds=ran_s) if self._began_last and ran_s >= 0 else None

    def _take_run(self, run: Message) -> None:
        """A run that was resumed has several such records: of each part the last one that has it stands."""
        self.id = run.text(1) or self.id
        self.project, self.group = run.text(3) or self.project, run.text(6) or self.group
        self.name = run.text(8) or self.name
        self.tags = tuple(run.texts(10)) or self.tags
        self._began_last = run.moment(17) or self._began_last
        self.began = self.began or self._began_last
        update(self.nested_config, run.message(4))


def _is_curve(record: bytes) -> bool:
    """Whether a record is a history or a summary, as nearly all are; seen from its first bytes, may miss some."""
    at = 1
    while record[at : at + 1] > b"\x7f":
        at += 1
    return record[at + 1 : at + 2] in (b"\x12", b"\x1a")


def how_it_ended(exit_record: Message) -> JobStatus:
    """How a run with this exit record ended. Raises `ValueError` where the record makes no sense."""
    code = exit_record.integer(1)
    if code == 0:
        return JobStatus(RunState.FINISHED, 0)
    if code == _INTERRUPTED or code < 0:
        return JobStatus(RunState.STOPPED, code)
    return JobStatus(RunState.FAILED, code, f"It ended with exit code {code}.")


def update(config: dict[str, object], record: Message) -> None:
    """Change a nested configuration as a config record says. Raises `ValueError` where the record makes no sense."""
    for item in record.messages(1):
        *outer, last = _path(item)
        _inner(config, outer)[last] = _value(item.raw(16))
    for item in record.messages(2):
        *outer, last = _path(item)
        _inner(config, outer).pop(last, None)


def _path(item: Message) -> Sequence[str]:
    return item.texts(2) or [item.text(1)]


def _inner(config: dict[str, object], path: Sequence[str]) -> dict[str, object]:
    for key in path:
        inner = config.get(key)
        if not isinstance(inner, dict):
            inner = config[key] = {}
        config = inner
    return config


def _value(text: bytes) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text.decode("utf-8", "replace")
