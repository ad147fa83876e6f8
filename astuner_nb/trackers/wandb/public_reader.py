"""W&B asked through the public calls of `wandb.Api` alone: slower, for a client whose connection we do not know."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from astuner_nb.core.series import History
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.wandb.description import Node
from astuner_nb.trackers.wandb.failures import missing
from astuner_nb.trackers.wandb.reader import Page, Project, Reader
from astuner_nb.trackers.wandb.rows import STEP, TIME, Row, scanned

PAGE_STEPS = 20_000
LOOK_ROWS = 1_000
PARTS = ("displayName", "state", "group", "tags", "createdAt", "heartbeatAt", "historyKeys", "summaryMetrics")


class PublicReader(Reader):
    """Asks through `wandb.Api`, one request for each metric of a run."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._lock = threading.Lock()
        self._made: Any = None
        self._listed: Any = None

    def page(self, wanted: Mapping[str, Any], cursor: str | None, size: int, patience: Patience) -> Page:
        """The runs that pass the filter `wanted`; the cursor is how many were had."""
        start = int(cursor or 0)

        def ask() -> tuple[list[Node], int]:
            if cursor is None:  # the client would give the answer of last time
                self._api(patience).flush()
                self._listed = self._api(patience).runs(
                    str(self.project), dict(wanted), order="-created_at", per_page=size, lazy=False
                )
            try:
                return [_node(run) for run in self._listed[start : start + size]], len(self._listed)
            except ValueError as error:
                raise missing(f"the project {self.project}", self.project.account) from error

        nodes, total = self.within(patience, f"the runs of {self.project}", ask)
        stop = start + len(nodes)
        return Page(nodes, str(stop) if nodes and stop < total else None, total)

    def run(self, run: str, patience: Patience) -> Node:
        """One run as it is now."""
        return self.within(patience, f"run {self.project}/{run}", lambda: _node(self._run(run, patience)))

    def keys(self, run: str, patience: Patience) -> Node:
        """`historyKeys` and `summaryMetrics` of a run as they are now."""
        return self.run(run, patience)

    def sampled(
        self, run: str, keys: Sequence[str], samples: int, patience: Patience, timed: bool = True
    ) -> Mapping[str, Sequence[Row]]:
        """For each key the rows that have it: a call for each, as one for all would give the rows that have all."""

        def ask() -> dict[str, list[Row]]:
            found = self._run(run, patience)
            rows: dict[str, list[Row]] = {}
            for key in keys:
                patience.check("reading a history")
                asked = [TIME, key] if timed else [key]
                rows[key] = found.history(samples=samples, keys=asked, x_axis=STEP, pandas=False)
            return rows

        return self.within(patience, f"the history of run {self.project}/{run}", ask)

    def complete(self, run: str, keys: Sequence[str], ended: bool, patience: Patience) -> History:
        """All points, row by row."""
        asked = f"the whole history of run {self.project}/{run}"
        return self.within(patience, asked, lambda: scanned(self._rows(run, patience), keys))

    def page_of(self, run: str) -> str:
        """The address of a run's page on the dashboard; empty, as the client says it only of a run at hand."""
        return ""

    def _rows(self, run: str, patience: Patience) -> Iterator[Row]:
        scan = self._run(run, patience).scan_history(page_size=PAGE_STEPS, use_cache=False)
        for index, row in enumerate(scan):
            if index % LOOK_ROWS == 0:
                patience.check("reading a history")
            yield row

    def _run(self, run: str, patience: Patience) -> Any:
        api = self._api(patience)
        api.flush()
        try:
            found = api.run(f"{self.project}/{run}")
        except Exception as error:
            if "Could not find run" in str(error):
                raise missing(f"the run {self.project}/{run}", self.project.account) from error
            raise
        found.load_full_data()
        return found

    def _api(self, patience: Patience) -> Any:
        import wandb

        account = self.project.account
        with self._lock:
            if self._made is None:
                self._made = wandb.Api(
                    overrides={"base_url": account.url, "entity": self.project.entity},
                    timeout=max(1, int(patience.left_s)),
                    api_key=account.key,
                )
            return self._made


def _node(run: Any) -> Node:
    """A run of the client, as the server has it."""
    config = {name: {"value": value} for name, value in run.config.items()}
    parts = {name: run._attrs.get(name) for name in PARTS}
    return {"name": run.id, "config": json.dumps(config), **parts}
