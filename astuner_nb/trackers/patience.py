"""How long a caller waits for a tracker, whether it still wants the answer, and whom to tell how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

from astuner_nb.core.errors import Cancelled, Unreachable

T = TypeVar("T")
A = TypeVar("A")

WIDTH = 8
"""How many calls to one tracker go on at once."""
LOOK_S = 0.1
"""Seconds after which a waiting caller notices that it was cancelled."""

Progress = Callable[[str, int, int], None]
"""Called with what is done, how many of it are done, and how many there are (0: not known)."""


class Patience:
    """One request of a person, from its start to its deadline.

    Vendors' clients may block for minutes and cannot be interrupted: `call` and `map` run them in daemon threads and
    come back at the deadline, or soon after `cancel()`, whatever those threads do. They never keep a process alive.

    Args:
        deadline_s: seconds from now after which every wait ends in `Unreachable`.
        who: what is waited for, e.g. `swanlab://alice/math`, for the sentence of the error.
        progress: told how far it is; called from any thread.
    """

    def __init__(self, deadline_s: float, who: str = "the tracker", progress: Progress | None = None) -> None:
        self.deadline_s, self.who = deadline_s, who
        self._until = time.monotonic() + deadline_s
        self._cancelled = threading.Event()
        self._progress = progress

    @property
    def left_s(self) -> float:
        """Seconds left, 0 at least."""
        return max(0.0, self._until - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the answer any more."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Make every wait end in `Cancelled`. May be called from any thread."""
        self._cancelled.set()

    def tell(self, what: str, done: int, total: int = 0) -> None:
        """Say that `done` of `total` (0: not known) are done of `what`, e.g. `histories`."""
        if self._progress is not None:
            self._progress(what, done, total)

    def check(self, what: str) -> None:
        """Raise `Cancelled` or, past the deadline, `Unreachable`; `what` was being done, e.g. `listing its runs`."""
        if self.cancelled:
            raise Cancelled(f"Cancelled while {what}: {self.who}. Ask again to have it.")
        if not self.left_s:
            raise Unreachable(
                f"No answer from {self.who} within {self.deadline_s:g} s, while {what}. "
                "Look at the network and at the host's address, or give it more time with timeout_s."
            )

    def call(self, function: Callable[[], T], what: str) -> T:
        """What `function()` returns, within the deadline. Raises what it raises, `Cancelled` or `Unreachable`."""
        return self.map(lambda _: function(), [None], what, tell=False)[0]

    def map(
        self, function: Callable[[A], T], items: Iterable[A], what: str, width: int = WIDTH, tell: bool = True
    ) -> list[T]:
        """`function` of each of `items`, in their order; `width` of them at once. The first error ends it."""
        todo = list(items)
        self.check(what)
        results: list[Future[T]] = []
        running: set[Future[T]] = set()
        try:
            while len(results) < len(todo) or running:
                while len(running) < width and len(results) < len(todo):
                    results.append(in_thread(function, todo[len(results)]))
                    running.add(results[-1])
                done, running = wait(running, min(LOOK_S, self.left_s), FIRST_COMPLETED)
                for future in done:
                    future.result()
                if running or len(results) < len(todo):
                    self.check(what)
                if tell and done:
                    self.tell(what, len(results) - len(running), len(todo))
        except KeyboardInterrupt:
            self.cancel()
            raise
        return [future.result() for future in results]


def in_thread(function: Callable[[A], T], argument: A) -> Future[T]:
    """`function(argument)` in a daemon thread of its own."""
    future: Future[T] = Future()

    def work() -> None:
        future.set_running_or_notify_cancel()
        try:
            result = function(argument)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=work, name="astuner-tracker", daemon=True).start()
    return future
