"""The seam of this room: what opens one kind of URI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from astuner_nb.core.protocols import Run
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.where import Where


@dataclass(frozen=True)
class Listing:
    """The runs that a source found."""

    runs: Sequence[Run]
    """Newest first."""
    complete: bool = True
    """Whether these are all that fit; False where there are more than were asked for."""
    skipped: Sequence[str] = ()
    """A sentence for each thing that looked like a run and could not be read."""


class Source(Protocol):
    """Where runs are kept. Made by its registry entry from the text behind the scheme; opening costs nothing.

    Contract (`tests/contracts/source.py`): `list` ends within the deadline of `patience`, in a listing or in one
    `TrackerError` whose kind and sentence say what happened, with which value, and what to do. An empty listing means
    that there is no such run, never that something failed. It never prompts, prints or changes the environment.
    """

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """The newest `limit` of the runs that fit `where`.

        A server that can filter is asked to; whoever calls filters again, so that half a filter does no harm.
        """
