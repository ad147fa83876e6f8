"""`wandb://ENTITY/PROJECT`: the runs of a project on W&B's cloud, or on a server of one's own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Self

from astuner_nb.core.aliases import aliases
from astuner_nb.core.errors import BadValue, TrackerError
from astuner_nb.core.series import History
from astuner_nb.trackers.cloud_run import CloudRun
from astuner_nb.trackers.fitting import first_fitting
from astuner_nb.trackers.history_cache import HistoryCache
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.wandb.account import found_account
from astuner_nb.trackers.wandb.description import Key, Node, described, keys_of
from astuner_nb.trackers.wandb.failures import sense
from astuner_nb.trackers.wandb.filters import Filter, pushed
from astuner_nb.trackers.wandb.public_reader import PublicReader
from astuner_nb.trackers.wandb.reader import Project, Reader
from astuner_nb.trackers.wandb.rows import Row, history_of, sampled_points
from astuner_nb.trackers.wandb.service_reader import ServiceReader
from astuner_nb.trackers.where import Where

SAMPLES = 1_500
"""Points of a metric that a server is asked for where nobody says how many."""
MOST_SAMPLES = 10_000
"""Where more are wanted, all are read: that is what W&B's exports are for."""
PAGE = 200
"""Runs of one page of a listing, at most."""


class WandbCloud:
    """One project, or one of its runs.

    Args:
        text: `ENTITY/PROJECT` or `ENTITY/PROJECT/RUN_ID`.
        cache: where curves of ended runs are kept; in the user's cache folder where not given.

    Raises:
        BadValue: for a text that is neither.
    """

    def __init__(self, text: str, cache: HistoryCache | None = None) -> None:
        match = re.fullmatch(r"([^/\s]+)/([^/\s][^/]*)(?:/([^/\s]+))?/?", text)
        if not match:
            raise BadValue(
                f"wandb://{text} names no project. Give wandb://ENTITY/PROJECT, e.g. wandb://alice/math-agent."
            )
        self.entity, self.project, self.run_id = match[1], match[2], match[3] or ""
        self.cache = cache or HistoryCache()
        self._reader: Reader | None = None

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """The newest `limit` of the runs that fit `where`."""
        reader = patience.call(self._opened, f"starting W&B's client for {self.entity}/{self.project}")
        if self.run_id:
            nodes: Iterator[Node] = iter([reader.run(self.run_id, patience)])
        else:
            nodes = _paged(reader, pushed(where, aliases()), limit, patience)
        found, complete = first_fitting((_run(node, reader, self.cache) for node in nodes), where, limit)
        return Listing(found, complete)

    def _opened(self) -> Reader:
        """What asks: the same as before while account and client are."""
        try:
            from wandb.sdk import wandb_setup
        except ImportError as error:
            raise TrackerError(
                "wandb is not installed, and wandb:// reads through it. Run `pip install wandb`."
            ) from error
        settings = wandb_setup.singleton().settings
        project = Project(found_account(settings.base_url, settings.api_key), self.entity, self.project)
        if self._reader is None or self._reader.project != project:
            self._reader = ServiceReader(project) if _has_service() else PublicReader(project)
        return self._reader

    def __repr__(self) -> str:
        return f"WandbCloud({'/'.join(filter(None, (self.entity, self.project, self.run_id)))!r})"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WandbRun(CloudRun):
    """A run that a W&B server keeps."""

    reader: Reader
    """What asks the server."""
    known: Sequence[Key] | None = field(default=None)
    """The keys of its scalars as the listing had them; None where it did not say."""

    def keys(self, patience: Patience) -> Sequence[str]:
        """The keys of its scalars, system metrics left out. No request where the listing said."""
        known = self.known
        if known is None:
            node = self.reader.keys(self.id, patience)
            with sense(self.reader.project.account, f"the keys of run {self.id}"):
                known = keys_of(node) or ()
        return [key.name for key in known]

    def fetch(self, keys: Sequence[str], limit: float | None, patience: Patience) -> History:
        """The curves of `keys`: one request for a sample, exports or pages for all points."""
        if not keys:
            return History({})
        if limit is not None and limit > MOST_SAMPLES:
            return self.reader.complete(self.id, keys, self._is_over, patience)
        samples = max(SAMPLES, math.ceil(limit or 0))
        rows = self._rows(keys, samples, patience)
        with sense(self.reader.project.account, f"the history of run {self.id}"):
            points = {key: sampled_points(key, each) for key, each in rows.items()}
            return history_of(points, any(self._is_part(key, len(each), samples) for key, each in rows.items()))

    def _rows(self, keys: Sequence[str], samples: int, patience: Patience) -> Mapping[str, Sequence[Row]]:
        """The rows of each key; of one that has points and none of them with a time, those without."""
        rows = self.reader.sampled(self.id, keys, samples, patience)
        have = {key.name for key in self.known or ()}
        untimed = [key for key, each in rows.items() if not each and key in have]
        if not untimed:
            return rows
        return {**rows, **self.reader.sampled(self.id, untimed, samples, patience, timed=False)}

    def refreshed(self, patience: Patience) -> Self:
        """The same run as the server describes it now."""
        node = self.reader.run(self.id, patience)
        with sense(self.reader.project.account, f"run {self.id}"):
            return replace(self, **described(node), known=keys_of(node))

    def _is_part(self, key: str, got: int, samples: int) -> bool:
        """Whether the server left out points of `key`: it gave as many as were asked for, and has more or may have."""
        counts = {one.name: one.count for one in self.known or ()} if self.state.ended else {}
        count = counts.get(key)
        return got >= samples if count is None else got < count


def _paged(reader: Reader, wanted: Filter, limit: int, patience: Patience) -> Iterator[Node]:
    """The runs that pass `wanted`, newest first; the next page is asked for when it is needed."""
    cursor, done = None, 0
    while True:
        page = reader.page(wanted, cursor, min(PAGE, limit + 1), patience)
        done += len(page.nodes)
        patience.tell("runs", min(done, limit), min(page.total, limit))
        yield from page.nodes
        if (cursor := page.cursor) is None:
            return


def _run(node: Node, reader: Reader, cache: HistoryCache) -> WandbRun:
    project = reader.project
    with sense(project.account, f"the runs of {project}"):
        description = described(node)
        return WandbRun(
            source="wandb",
            place=f"{project.account.host}/{project}",
            project=project.name,
            url=reader.page_of(description["id"]),
            cache=cache,
            reader=reader,
            known=keys_of(node),
            **description,
        )


def _has_service() -> bool:
    """Whether the client has the connection that `ServiceReader` knows."""
    try:
        service = import_module("wandb.apis.public.service_api").ServiceApi
        parts = (
            service.execute_graphql,
            service.send_api_request,
            import_module("wandb.apis.public").HistoryScan,
            import_module("wandb.proto.wandb_api_pb2").DownloadRunHistoryInit,
        )
    except (ImportError, AttributeError):
        return False
    return all(map(callable, parts))
