"""`runs:DIR`: our own run store as a source like any other."""

from __future__ import annotations

from pathlib import Path

from astuner_nb.core.errors import BadFile, NotFound, StoreError
from astuner_nb.store.run_store import RunStore
from astuner_nb.trackers.fitting import first_fitting
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.where import Where


class LocalStore:
    """The runs under a directory; where none is named, under the default one ($ASTUNER_RUNS, else `./runs`)."""

    def __init__(self, rest: str = "") -> None:
        self._named = bool(rest)
        self._store = RunStore(Path(rest).expanduser() if rest else None)

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """All of its runs that can be read, newest first. Raises `NotFound`, `BadFile`."""
        root = self._store.root
        if self._named and not root.is_dir():
            raise NotFound(f"There is no run store {root}. Name the folder that holds the projects' folders.")
        try:
            runs = self._store.runs()
        except StoreError as error:
            raise BadFile(str(error)) from error
        skipped = [f"{path} has no readable meta.json: it was left out." for path in self._store.skipped]
        if skipped and not runs:
            raise BadFile(f"No run of {root} can be read. {skipped[0]}")
        found, complete = first_fitting(runs, where, limit)
        return Listing(found, complete, skipped)
