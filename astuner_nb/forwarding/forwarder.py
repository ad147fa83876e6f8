"""The way of the records: from the log into the sink, in order, until the run is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from astuner_nb.core.errors import TrackerError
from astuner_nb.core.protocols import Sink
from astuner_nb.core.run import RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.forwarding.published import Published, words
from astuner_nb.forwarding.records import Record, RecordTail
from astuner_nb.forwarding.status import LoggerState
from astuner_nb.forwarding.watchdog import Watchdog

LOOK_S = 0.1
"""Seconds between two looks at the log …"""
SLEEPY_LOOK_S = 0.5
"""… and where nothing has come for a while."""
SLEEPY_S = 10.0
FLUSH_S = 2.0
"""So long after the last record the sink is flushed at each look: some take their time to take a record in."""
TELL_S = 0.25
"""Seconds between two looks whether there is something to tell."""
GIVE_UP_REFUSED = 20
"""So many records refused in a row are enough."""


class Forwarder:
    """Hands the records of one run on to one sink.

    Args:
        sink: of the tracker. Where it has a text `remark`, that sentence is told with its note.
        metrics: the run's log.
        published: where people are told.
        watchdog: is told when the tracker is busy, and tells when the run is over.
        say: told once where the run goes, a sentence.
    """

    def __init__(
        self, sink: Sink, metrics: Path, published: Published, watchdog: Watchdog, say: Callable[[str], object]
    ) -> None:
        self._sink, self._tail = sink, RecordTail(metrics)
        self._published, self._watchdog, self._say = published, watchdog, say
        self._sent = self._refused = self._refused_in_row = 0
        self._refusal = self._text = ""
        self._last_at = self._told_at = 0.0

    def run(self, info: RunInfo, folder: Path) -> None:
        """From the sink's opening to its closing. Raises what opening raises, and `TrackerError` for giving up."""
        self._open(info, folder)
        while True:
            over = self._watchdog.over  # first: what an ended run wrote last is then surely read
            self._hand_on()
            if over is not None:
                break
            self._flush()
            time.sleep(LOOK_S if time.monotonic() - self._last_at < SLEEPY_S else SLEEPY_LOOK_S)
        self._close(over)

    def _open(self, info: RunInfo, folder: Path) -> None:
        self._watchdog.busy()
        note = self._sink.open(info, folder)
        self._watchdog.idle()
        self._text = note.text
        self._last_at = time.monotonic()
        self._published.tell(state=LoggerState.LOGGING, online=bool(note.url), url=note.url, text=note.text, error="")
        if sentence := self._published.note.sentence:
            self._say(sentence)

    def _hand_on(self) -> None:
        """All records that are there."""
        try:
            for record in self._tail.read():
                self._write(record)
                self._tell_now_and_then()
        except OSError as error:
            self._published.tell(error=f"The run's log cannot be read: {error}. Look at its rights and its disk.")

    def _write(self, record: Record) -> None:
        self._watchdog.busy()
        try:
            self._sink.write(record.step, record.time_s, record.values)
        except Exception as error:
            self._refuse(error)
        else:
            self._sent += 1
            self._last_at = time.monotonic()
            self._refused_in_row = 0
        finally:
            self._watchdog.idle()

    def _refuse(self, error: Exception) -> None:
        self._refused += 1
        self._refused_in_row += 1
        self._refusal = words(error)
        if self._refused_in_row >= GIVE_UP_REFUSED:
            raise TrackerError(f"{self._refusals()} It was given up; every record is in the run directory.")

    def _flush(self) -> None:
        if time.monotonic() - self._last_at > FLUSH_S:
            return
        self._watchdog.busy()
        try:
            self._sink.flush()
        except Exception as error:
            self._refusal = words(error)
        self._watchdog.idle()
        self._tell_now_and_then()

    def _close(self, state: RunState) -> None:
        self._tell(state=LoggerState.CLOSING)
        self._watchdog.busy()
        self._sink.close(state)
        self._watchdog.idle()
        self._tell(state=LoggerState.DONE)

    def _tell_now_and_then(self) -> None:
        if time.monotonic() - self._told_at > TELL_S:
            self._tell()

    def _tell(self, **changes: LoggerState) -> None:
        self._told_at = time.monotonic()
        text = " ".join(part for part in (self._text, getattr(self._sink, "remark", "")) if part)
        self._published.tell(sent=self._sent, text=text, error=self._refusals(), **changes)

    def _refusals(self) -> str:
        if self._refused:
            return f"It refused {self._refused} of {self._refused + self._sent} records: {self._refusal}."
        return self._refusal
