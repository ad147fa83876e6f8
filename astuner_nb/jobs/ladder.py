"""The ladder by which a job is stopped: a flag it may poll, SIGINT, SIGTERM, SIGKILL, each after its grace.

SIGINT stands before SIGTERM because Python turns it into KeyboardInterrupt: `finally` blocks run and trackers flush.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Callable
from typing import NamedTuple

FLAG_S = 0.6
"""A job that polls `stop.request` between steps of 0.1–0.3 s ends within this; any other loses no more than this."""
TERM_S = 1.0
"""After SIGINT had its whole grace, SIGTERM only has to let signal handlers run."""


class Rung(NamedTuple):
    """One way of asking, and how long to wait for it to work."""

    signum: int | None
    """None: `stop.request` alone."""
    wait_s: float


def rungs(grace_s: float) -> tuple[Rung, ...]:
    """The whole ladder; none of its waits is longer than `grace_s` seconds."""
    return (
        Rung(None, min(FLAG_S, grace_s)),
        Rung(signal.SIGINT, grace_s),
        Rung(signal.SIGTERM, min(TERM_S, grace_s)),
        Rung(signal.SIGKILL, math.inf),
    )


class Climb:
    """Goes up a ladder, one rung after the other, while somebody else watches whether the job still lives.

    Args:
        ladder: the rungs, lowest first.
        send: sends a signal to the job.
        in_vain: whether the job ignores a signal, so that its wait can be left out.
    """

    def __init__(self, ladder: tuple[Rung, ...], send: Callable[[int], None], in_vain: Callable[[int], bool]) -> None:
        self._ahead = list(ladder)
        self._send = send
        self._in_vain = in_vain
        self._next_s = -math.inf
        self.killed = False
        """Whether it came to the last rung."""

    def step(self, now_s: float) -> float:
        """Take every rung that is due at `now_s` (monotonic). Returns the seconds until the next one."""
        while self._ahead and now_s >= self._next_s:
            rung = self._ahead.pop(0)
            in_vain = rung.signum is not None and self._in_vain(rung.signum)
            if rung.signum is not None:
                self._send(rung.signum)
            self.killed = self.killed or rung.signum == signal.SIGKILL
            self._next_s = now_s + (0.0 if in_vain else rung.wait_s)
        return self._next_s - now_s
