"""SwanLab's run file of 0.6 and 0.7: JSON records in a framed log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Column, number
from astuner_nb.store.tail import parse_line
from astuner_nb.trackers.swanlab.records_v2 import SYSTEM_PREFIX, End, Start, reason
from astuner_nb.trackers.swanlab.slots import Slot
from astuner_nb.trackers.wire.points import MAX_METRICS

HEADER = b":SWL\xd6\xe1\x01"

Data = Mapping[str, object]
"""What stands under `data` in a record."""


class ReadingV1:
    """What one file says: its points and its end."""

    def __init__(self) -> None:
        self.end: JobStatus | None = None
        self.unreadable = 0
        """Records that make no sense."""
        self._slots: dict[str, Slot[float] | None] = {}

    def fold(self, records: Sequence[bytes], columns: dict[str, Column]) -> None:
        """Append the points in `records` to `columns`."""
        for record in records:
            kind, data = parsed(record)
            if kind == "Scalar":
                self._scalar(data)
            elif kind == "Column" and data.get("cls") == "SYSTEM" and len(self._slots) < MAX_METRICS:
                self._slots[str(data.get("key"))] = None
            elif kind == "Footer":
                self.end = footer(data).status
            elif not kind:
                self.unreadable += 1
        for slot in self._slots.values():
            if slot is not None and slot.steps:
                slot.flush(columns, np.array(slot.values), np.array(slot.times))

    def _scalar(self, data: Data) -> None:
        metric, step = data.get("metric"), data.get("step")
        if not isinstance(metric, Mapping) or not isinstance(step, int) or abs(step) >> 62:
            self.unreadable += 1
            return
        value, moment = _value(metric.get("data")), _moment(metric.get("create_time"))
        if value is not None and (slot := self._slot(str(data.get("key")))) is not None:
            slot.steps.append(step)
            slot.values.append(value)
            slot.times.append(moment.timestamp() if moment else math.nan)

    def _slot(self, name: str) -> Slot[float] | None:
        if name not in self._slots and len(self._slots) < MAX_METRICS:
            self._slots[name] = None if name.startswith(SYSTEM_PREFIX) else Slot[float](name)
        return self._slots.get(name)


def parsed(record: bytes) -> tuple[str, Data]:
    """Kind and data of a record; "" for one that makes no sense."""
    row = parse_line(record) or {}
    kind, data = row.get("model_type"), row.get("data")
    return (kind, data) if isinstance(kind, str) and isinstance(data, Mapping) else ("", {})


def start(records: Sequence[bytes]) -> Start:
    """What the first records say."""
    found = dict(map(parsed, reversed(records)))
    header, project, experiment = (found.get(kind, {}) for kind in ("Header", "Project", "Experiment"))
    tags = experiment.get("tags")
    return Start(
        id=_text(experiment.get("id")),
        name=_text(experiment.get("name")),
        project=_text(project.get("name")),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        began=_moment(header.get("create_time")),
    )


def footer(data: Data) -> End:
    """What the last record says."""
    error = _text(data.get("error"))
    state = RunState.FINISHED if data.get("success") is True else RunState.FAILED
    if state is RunState.FAILED and "KeyboardInterrupt" in error:
        state = RunState.STOPPED
    why = reason(error) if state is RunState.FAILED else ""
    return End(JobStatus(state, detail=why), _moment(data.get("create_time")))


def _value(data: object) -> float | None:
    """A point's value; what is no number in JSON may be spelled as a text."""
    if isinstance(data, str) and data.lower() in ("nan", "inf", "-inf"):
        return float(data)
    return number(data)


def _moment(text: object) -> datetime | None:
    """`text`, in ISO format, as a moment, UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment and (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
