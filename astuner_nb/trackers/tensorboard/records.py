"""One record of an event file: an `Event` message, and of it what concerns scalars, hyper-parameters and texts.

::

    Event           wall_time=1 double · step=2 int64 · summary=5
    Summary         value=1*
    Summary.Value   tag=1 · simple_value=2 float · tensor=8 · metadata=9
    SummaryMetadata plugin_data=1 {plugin_name=1, content=2}

https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from astuner_nb.trackers.tensorboard.spans import Span, spans
from astuner_nb.trackers.tensorboard.tensors import scalar_in, text_in
from astuner_nb.trackers.wire.protobuf import BYTES, FIXED32, FIXED64, VARINT, signed, varint

SCALARS, HPARAMS, TEXT = "scalars", "hparams", "text"
"""Plugins whose values are looked at; a value without a plugin is a scalar where it has a `simple_value`."""

_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")


@dataclass(slots=True)
class Scalar:
    """One value of one tag."""

    tag: str
    value: float
    at: int = -1
    """Where in the record its bytes stand; negative where they have no fixed length."""
    dtype: str = "<f4"
    """How they are to be read."""


@dataclass(slots=True)
class Event:
    """What is taken from one record."""

    wall_time: float = 0.0
    wall_time_at: int = -1
    """Where in the record its eight bytes stand; negative where they are missing."""
    step: int = 0
    step_span: Span = (0, 0)
    """Where in the record its varint stands."""
    scalars: list[Scalar] = field(default_factory=list)
    hparams: list[bytes] = field(default_factory=list)
    """`HParamsPluginData` messages."""
    texts: list[tuple[str, str]] = field(default_factory=list)
    """Tag and text."""
    others: int = 0
    """Values of other kinds: pictures, histograms, …"""
    undecided: int = 0
    """Tensors of a plugin that was not named so far: a record before this one may not have been read yet."""

    @property
    def strange(self) -> bool:
        """Whether it holds anything but scalars and hyper-parameters."""
        return bool(self.texts or self.others or self.undecided)


def parse(data: bytes, plugins: dict[str, str]) -> Event:
    """The event in the record `data`.

    Args:
        data: the record.
        plugins: tag → plugin as learned so far, of this run; writers may name it only the first time.

    Raises:
        ValueError: where it is no message.
    """
    event = Event()
    for number, wire, begin, end in spans(data, 0, len(data)):
        if number == 1 and wire == FIXED64:
            event.wall_time, event.wall_time_at = _DOUBLE.unpack_from(data, begin)[0], begin
        elif number == 2 and wire == VARINT:
            event.step, event.step_span = signed(varint(data, begin)[0]), (begin, end)
        elif number == 5 and wire == BYTES:
            for inner, kind, start, stop in spans(data, begin, end):
                if inner == 1 and kind == BYTES:
                    _value(data, (start, stop), event, plugins)
    return event


def _value(data: bytes, span: Span, event: Event, plugins: dict[str, str]) -> None:
    """Add the `Summary.Value` at `span` to `event`."""
    tag, simple, tensor, content = "", -1, None, b""
    plugin = None
    for number, wire, begin, end in spans(data, *span):
        if number == 1 and wire == BYTES:
            tag = data[begin:end].decode("utf-8", "replace")
        elif number == 2 and wire == FIXED32:
            simple = begin
        elif number == 8 and wire == BYTES:
            tensor = (begin, end)
        elif number == 9 and wire == BYTES:
            plugin, content = _plugin(data, (begin, end))
    if plugin:
        plugins.setdefault(tag, plugin)
    plugin = plugins.get(tag, "")
    if plugin == HPARAMS:
        event.hparams.append(content)
    elif simple >= 0 and plugin in ("", SCALARS):
        event.scalars.append(Scalar(tag, _FLOAT.unpack_from(data, simple)[0], simple))
    elif tensor and plugin == SCALARS and (found := scalar_in(data, tensor)) is not None:
        event.scalars.append(Scalar(tag, *found))
    elif tensor and plugin == TEXT:
        event.texts.append((tag, text_in(data, tensor)))
    elif tensor and not plugin:
        event.undecided += 1
    else:
        event.others += 1


def _plugin(data: bytes, span: Span) -> tuple[str, bytes]:
    """The plugin's name and content in the `SummaryMetadata` at `span`."""
    name, content = "", b""
    for number, wire, begin, end in spans(data, *span):
        if number == 1 and wire == BYTES:
            for inner, kind, start, stop in spans(data, begin, end):
                if inner == 1 and kind == BYTES:
                    name = data[start:stop].decode("utf-8", "replace")
                elif inner == 2 and kind == BYTES:
                    content = data[start:stop]
    return name, content
