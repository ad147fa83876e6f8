"""What a forwarder lets people know, written whole or not at all and without secrets."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from astuner_nb.core.errors import AstunerError
from astuner_nb.forwarding.status import LoggerNote, LoggerState
from astuner_nb.jobs.secret_names import is_secret_name
from astuner_nb.recorder import MASK, start_time, write_json_atomic

EVERY_S = 0.5
"""Seconds between two writings where only the count has changed."""
_LONGEST = 500


class Published:
    """The status file of one forwarder. May be used by several threads; a disk that takes nothing is passed over."""

    def __init__(self, path: Path, logger: str) -> None:
        self.note = LoggerNote(logger, LoggerState.STARTING)
        """What was told so far."""
        self.upload = ""
        """The command that uploads by hand; empty where there is nothing to upload."""
        self._path = path
        self._process = {"pid": os.getpid(), "start": start_time(os.getpid()), "since": time.time()}
        self._secrets = [value for name, value in os.environ.items() if is_secret_name(name) and len(value) >= 4]
        self._written: LoggerNote | None = None
        self._written_at = 0.0
        self._lock = threading.Lock()

    def tell(self, **changes: Any) -> None:
        """Change what is told; fields are those of `LoggerNote`. An end, once told, stands."""
        with self._lock:
            texts = {name: self.clean(value) for name, value in changes.items() if isinstance(value, str)}
            new = replace(self.note, **{**changes, **{k: v for k, v in texts.items() if k != "state"}})
            if self.note.state.ended or new == self._written:
                return
            self.note = new
            counts_only = self._written is not None and replace(new, sent=0) == replace(self._written, sent=0)
            if not counts_only or time.monotonic() - self._written_at >= EVERY_S:
                self._write()

    def fail(self, error: BaseException) -> None:
        """Tell that nothing more is handed on, because of `error`."""
        self.tell(state=LoggerState.FAILED, error=words(error))

    def clean(self, text: str) -> str:
        """`text` without secrets, in one line of bearable length."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        line = " ".join(text.split())
        return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

    def _write(self) -> None:
        content = {**asdict(replace(self.note, t=time.time())), **self._process}
        content["logger"] = content.pop("name")
        with suppress(OSError):
            write_json_atomic(self._path, content)
            self._written, self._written_at = self.note, time.monotonic()


def words(error: BaseException) -> str:
    """What `error` says: our own errors are sentences, those of others need their kind."""
    return str(error) if isinstance(error, AstunerError) else f"{type(error).__name__}: {error}"
