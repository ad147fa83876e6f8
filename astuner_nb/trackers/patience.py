"""How long a caller waits for a tracker, whether it still wants the answer, and whom to tell how far it is."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
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
        todo = deque(enumerate(items))
        total = len(todo)
        self.check(what)
        answers: SimpleQueue[tuple[int, Future[T]]] = SimpleQueue()
        results: dict[int, T] = {}
        try:
            for _ in range(min(width, total)):
                _in_daemon(_work_off, function, todo, answers)
            while len(results) < total:
                try:
                    index, answer = answers.get(timeout=min(LOOK_S, self.left_s))
                except Empty:
                    self.check(what)
                    continue
                results[index] = answer.result()
                if len(results) < total:
                    self.check(what)
                if tell:
                    self.tell(what, len(results), total)
        except KeyboardInterrupt:
            self.cancel()
            raise
        finally:
            todo.clear()  # what was not begun is not wanted any more
        return [results[index] for index in range(total)]


def in_thread(function: Callable[[A], T], argument: A) -> Future[T]:
    """`function(argument)` in a daemon thread of its own."""
    future: Future[T] = Future()
    _in_daemon(_settle, future, function, argument)
    return future


def _work_off(
    function: Callable[[A], T], todo: deque[tuple[int, A]], answers: SimpleQueue[tuple[int, Future[T]]]
) -> None:
    """Take what is next and put the answer beside its index, until nothing is left."""
    while todo:
        try:
            index, argument = todo.popleft()
        except IndexError:  # another was quicker
            return
        future: Future[T] = Future()
        _settle(future, function, argument)
        answers.put((index, future))


def _settle(future: Future[T], function: Callable[[A], T], argument: A) -> None:
    future.set_running_or_notify_cancel()
    try:
        result = function(argument)
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _in_daemon(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, name="astuner-tracker", daemon=True).start()
