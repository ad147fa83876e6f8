"""The seam between our runs and W&B's client: what is asked of one project."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from typing import Any, TypeVar

from astuner_nb.core.errors import RateLimited
from astuner_nb.core.series import History
from astuner_nb.trackers.patience import Patience, in_thread
from astuner_nb.trackers.wandb.account import Account
from astuner_nb.trackers.wandb.description import Node
from astuner_nb.trackers.wandb.failures import asked_to_wait_s, failure
from astuner_nb.trackers.wandb.rows import Row

T = TypeVar("T")
SILENCE_S = 2.0
"""Seconds without an answer after which the server is asked whether it wants to be left alone for long."""


@dataclass(frozen=True)
class Page:
    """Some of a project's runs."""

    nodes: Sequence[Node]
    cursor: str | None
    """What to ask the next page with; None where this is the last."""
    total: int
    """How many runs there are on all pages."""


@dataclass(frozen=True)
class Project:
    """Where runs are."""

    account: Account
    entity: str
    name: str

    def variables(self, run: str = "", **more: Any) -> dict[str, Any]:
        """The variables of a question about the project, or about one of its runs."""
        return {"entity": self.entity, "project": self.name, **({"name": run} if run else {}), **more}

    def __str__(self) -> str:
        return f"{self.entity}/{self.name}"


class Reader(ABC):
    """Asks about one project. Every question ends within the deadline of its patience, or in a `TrackerError`."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @abstractmethod
    def page(self, wanted: Mapping[str, Any], cursor: str | None, size: int, patience: Patience) -> Page:
        """The runs that pass the filter `wanted`, newest first, from `cursor` on. One request."""

    @abstractmethod
    def run(self, run: str, patience: Patience) -> Node:
        """One run as it is now. One request. Raises `NotFound`."""

    @abstractmethod
    def keys(self, run: str, patience: Patience) -> Node:
        """`historyKeys` and `summaryMetrics` of a run as they are now. One request. Raises `NotFound`."""

    @abstractmethod
    def sampled(
        self, run: str, keys: Sequence[str], samples: int, patience: Patience, timed: bool = True
    ) -> Mapping[str, Sequence[Row]]:
        """For each key the rows that have it and, where `timed`, a time; `samples` at most. Raises `NotFound`."""

    @abstractmethod
    def complete(self, run: str, keys: Sequence[str], ended: bool, patience: Patience) -> History:
        """All points of `keys`; `ended` says that no more will come. Raises `NotFound`."""

    @abstractmethod
    def page_of(self, run: str) -> str:
        """The address of a run's page on the dashboard."""

    def within(self, patience: Patience, asked: str, work: Callable[[], T]) -> T:
        """What `work()` returns; what W&B's client raises is told apart. `asked` is what it is for."""
        account = self.project.account

        def watched() -> T:
            answer = in_thread(lambda _: work(), None)
            if not wait([answer], SILENCE_S).done:
                self._look_for_limit(asked, patience)
            try:
                return answer.result()
            except Exception as error:
                raise failure(error, account, asked) from error

        return patience.call(watched, f"asking for {asked}")

    def _look_for_limit(self, asked: str, patience: Patience) -> None:
        """Raise `RateLimited` where the server wants longer to be left alone than anybody waits here."""
        after_s = asked_to_wait_s(self.project.account)
        if after_s is not None and after_s > patience.left_s:
            raise RateLimited(
                f"{self.project.account.host} wants to be left alone for {after_s:g} s before it gives {asked} "
                "(HTTP 429). Ask again then.",
                after_s,
            )
