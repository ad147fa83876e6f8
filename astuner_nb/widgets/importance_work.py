"""Importance, computed in a thread of its own when a person asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from astuner_nb.core.errors import AstunerError
from astuner_nb.widgets.later import Later

Shares = dict[str, float]


@dataclass(frozen=True)
class Answer:
    """How a computation stands, or how it ended."""

    state: str = "idle"
    """`idle`, `computing`, `ready` or `refused`."""
    about: Hashable = None
    """What it was asked about: another one than now, and the answer is old."""
    words: str = ""
    """Why it was refused."""
    shares: tuple[tuple[str, float], ...] = ()


class ImportanceWork:
    """At most one computation at a time; all methods are called in one thread, the monitor's."""

    def __init__(self, later: Later, tell: Callable[[], None]) -> None:
        """
        Args:
            later: makes of a function what another thread may call.
            tell: called in the monitor's thread when `answer` has changed by itself.
        """
        self._deliver = later(self._arrived)
        self._tell = tell
        self._closed = False
        self.answer = Answer()

    def ask(self, compute: Callable[[], Shares], about: Hashable) -> None:
        """Begin to `compute`; nothing while something is computed."""
        if self.answer.state == "computing" or self._closed:
            return
        self.answer = Answer("computing", about)
        work = threading.Thread(
            target=lambda: self._deliver(_answer(compute, about)), name="astuner-importance", daemon=True
        )
        work.start()

    def close(self) -> None:
        """What is computed is no longer waited for."""
        self._closed = True

    def _arrived(self, answer: Answer) -> None:
        if not self._closed:
            self.answer = answer
            self._tell()


def _answer(compute: Callable[[], Shares], about: Hashable) -> Answer:
    """What `compute` found, or the sentence in which it refused."""
    try:
        shares = compute()
    except AstunerError as error:
        return Answer("refused", about, str(error))
    except Exception as error:  # of Optuna or scikit-learn: said where it was asked for, a thread has no other reader
        return Answer("refused", about, f"Importance could not be computed: {error!r}. Choose other hyper-parameters.")
    return Answer("ready", about, shares=tuple(shares.items()))
