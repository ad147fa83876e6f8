"""Keeps SwanLab's client from printing while we ask it."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any


class Quiet:
    """While it is entered, by however many threads, the console of SwanLab's client prints nothing; then as before.

    The console belongs to the whole process, hence the one `QUIET` of this module. A version of SwanLab that has no
    such console prints.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = False

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1 and (console := _console()) is not None:
                self._before, console.quiet = console.quiet, True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and (console := _console()) is not None:
                console.quiet = self._before


QUIET = Quiet()


def _console() -> Any:
    """The console of SwanLab's client, None where this version has none."""
    try:
        from swanlab.sdk.internal.pkg.console import c
    except ImportError:
        return None
    return c if hasattr(c, "quiet") else None
