"""Ends a forwarder whose tracker does not let it end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from astuner_nb.core.states import RunState
from astuner_nb.forwarding.published import Published
from astuner_nb.forwarding.run_end import RunEnd
from astuner_nb.forwarding.status import LoggerState

LOOK_S = 0.2
SILENT_S = 30.0
"""After so long in one call a tracker is said not to answer."""
OPEN_S = 300.0
"""After so long without opening it is given up."""


class Watchdog:
    """A thread that looks whether the run is over and how long the tracker has been silent.

    Args:
        run_end: what tells that the run is over.
        published: where people are told.
        leave: what ends the process, with an exit code.
        tidy: called now and then, e.g. to keep a log short. What it raises as OSError is passed over.
        close_s: seconds from the run's end, or from the last sign of life after it, until the process is ended.
    """

    def __init__(
        self,
        run_end: RunEnd,
        published: Published,
        leave: Callable[[int], object],
        tidy: Callable[[], object] = lambda: None,
        close_s: float = 30.0,
    ) -> None:
        self.over: RunState | None = None
        """How the run ended; None while it goes on."""
        self._run_end, self._published, self._leave, self._tidy = run_end, published, leave, tidy
        self._close_s = close_s
        self._over_at = self._alive_at = time.monotonic()
        self._opened = self._busy = False

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._watch, name="astuner-forwarding-watchdog", daemon=True).start()

    def end(self, state: RunState) -> None:
        """Treat the run as over, whatever its directory says."""
        if self.over is None:
            self.over, self._over_at = state, time.monotonic()

    def busy(self) -> None:
        """A call of the tracker begins."""
        self._alive_at, self._busy = time.monotonic(), True

    def idle(self) -> None:
        """A call of the tracker has returned."""
        self._alive_at, self._busy, self._opened = time.monotonic(), False, True

    def look(self) -> None:
        """One look; ends the process where it is time."""
        if self.over is None and (state := self._run_end.look()) is not None:
            self.end(state)
        silent_s = time.monotonic() - self._alive_at
        if self.over is not None:
            if time.monotonic() - max(self._over_at, self._alive_at) > self._close_s:
                self._give_up(f"It did not finish within {self._close_s:g} s of the run's end and was left.")
        elif not self._opened and silent_s > OPEN_S:
            self._give_up(f"It did not open within {OPEN_S:g} s and was left.")
        elif self._busy and silent_s > SILENT_S:
            self._published.tell(error=f"It has not answered for {SILENT_S:g} s; records wait in the run directory.")

    def _give_up(self, what: str) -> None:
        by_hand = self._published.upload if self._opened else ""
        hint = f"Points may be missing there: upload them with `{by_hand}`." if by_hand else ""
        self._published.tell(
            state=LoggerState.FAILED, error=f"{what} {hint or 'Every record is in the run directory.'}"
        )
        self._leave(1)

    def _watch(self) -> None:
        while True:
            self.look()
            with suppress(OSError):
                self._tidy()
            time.sleep(LOOK_S)
