"""W&B asked through its client's own connection, `ServiceApi`: one request where the public calls take many.

`wandb.Api` sits on the same connection. Its public calls would ask for each metric of a run alone (a row must have
*all* keys of one call), make a directory for each run that is listed, draw progress bars into the cell, check the key
with one more request, and take the client's patience with a failing server (20 attempts, half an hour) instead of ours.
The connection is not part of W&B's public interface: where it is missing, `PublicReader` takes over.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from astuner_nb.core.series import History
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.wandb.account import Account
from astuner_nb.trackers.wandb.description import Node, last_step
from astuner_nb.trackers.wandb.failures import missing, sense
from astuner_nb.trackers.wandb.reader import Page, Project, Reader
from astuner_nb.trackers.wandb.rows import STEP, TIME, Row, read_exports, scanned

RUN_PARTS = """
fragment RunParts on Run { name displayName state config group tags createdAt heartbeatAt historyKeys }"""
RUNS = (
    """query Runs($project: String!, $entity: String!, $cursor: String, $perPage: Int!, $order: String,
           $filters: JSONString) {
  project(name: $project, entityName: $entity) {
    runCount(filters: $filters)
    runs(filters: $filters, after: $cursor, first: $perPage, order: $order) {
      edges { node { ...RunParts } cursor }
      pageInfo { hasNextPage }
    }
  }
}"""
    + RUN_PARTS
)
ONE = "query %s($project: String!, $entity: String!, $name: String!%s) "
RUN_OF = "{ project(name: $project, entityName: $entity) { run(name: $name) { %s } } }"
RUN = ONE % ("Run", "") + RUN_OF % "...RunParts" + RUN_PARTS
KEYS = ONE % ("RunHistoryKeys", "") + RUN_OF % "historyKeys summaryMetrics"
SAMPLES = ONE % ("RunSampledHistory", ", $specs: [JSONString!]!") + RUN_OF % "sampledHistory(specs: $specs)"

PAGE_STEPS = 20_000
"""Steps of one page of a history that is read row by row."""
LOOK_ROWS = 1_000
"""Rows after which such a reading notices that nobody waits for it any more."""
RETRIES = {
    "x_graphql_retry_max": 1,
    "x_graphql_retry_wait_min_seconds": 1.0,
    "x_graphql_retry_wait_max_seconds": 1.0,
    "x_file_transfer_retry_max": 1,
    "x_file_transfer_retry_wait_min_seconds": 1.0,
    "x_file_transfer_retry_wait_max_seconds": 1.0,
}
"""How stubborn the client is with a server that fails: whole seconds, and 0 would stand for its own defaults."""
_starting = threading.Lock()  # one for the process: what is guarded is its environment


class ServiceReader(Reader):
    """Asks through `ServiceApi`."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._lock = threading.Lock()
        self._made_by: object = None
        self._made: Any = None

    def page(self, wanted: Mapping[str, Any], cursor: str | None, size: int, patience: Patience) -> Page:
        """The runs that pass the filter `wanted`, newest first, from `cursor` on."""
        asked = f"the runs of {self.project}"
        variables = self.project.variables(cursor=cursor, perPage=size, order="-created_at", filters=json.dumps(wanted))
        answer = self._ask(RUNS, variables, asked, patience)
        with sense(self.project.account, asked):
            if answer["project"] is None:
                raise missing(f"the project {self.project}", self.project.account)
            found = answer["project"]["runs"]
            nodes = [edge["node"] for edge in found["edges"]]
            last = found["edges"][-1]["cursor"] if nodes and found["pageInfo"]["hasNextPage"] else None
            return Page(nodes, last, int(answer["project"]["runCount"]))

    def run(self, run: str, patience: Patience) -> Node:
        """One run as it is now."""
        node: Node = self._of_run(RUN, run, "", patience)
        return node

    def keys(self, run: str, patience: Patience) -> Node:
        """`historyKeys` and `summaryMetrics` of a run as they are now."""
        node: Node = self._of_run(KEYS, run, "the keys of ", patience)
        return node

    def sampled(
        self, run: str, keys: Sequence[str], samples: int, patience: Patience, timed: bool = True
    ) -> Mapping[str, Sequence[Row]]:
        """For each key the rows that have it: one request, however many keys."""
        with_them = [STEP, TIME] if timed else [STEP]
        specs = [json.dumps({"keys": [*with_them, key], "samples": samples}) for key in keys]
        answer = self._of_run(SAMPLES, run, "the history of ", patience, specs=specs)
        with sense(self.project.account, f"the history of run {run}"):
            return dict(zip(keys, answer["sampledHistory"], strict=True))

    def complete(self, run: str, keys: Sequence[str], ended: bool, patience: Patience) -> History:
        """All points: from the exports of an ended run, else row by row."""
        asked = f"the whole history of run {self.project}/{run}"
        if ended and _has_pyarrow():
            history = self.within(patience, asked, lambda: self._exported(run, keys, patience))
            if history is not None:
                return history
        last = self._last_step(run, patience)
        return self.within(patience, asked, lambda: scanned(self._rows(run, last, patience), keys))

    def page_of(self, run: str) -> str:
        """The address of a run's page on the dashboard."""
        app = _settings(self.project.account).app_url.rstrip("/")
        return f"{app}/{self.project.entity}/{self.project.name}/runs/{run}"

    def _ask(self, query: str, variables: Mapping[str, Any], asked: str, patience: Patience) -> Any:
        """The `data` of one GraphQL answer."""
        return self.within(
            patience,
            asked,
            lambda: self._service().execute_graphql(query, variables, patience.left_s + 1, parse=orjson.loads),
        )

    def _of_run(self, query: str, run: str, part: str, patience: Patience, **more: Any) -> Any:
        asked = f"{part}run {self.project}/{run}"
        answer = self._ask(query, self.project.variables(run, **more), asked, patience)
        with sense(self.project.account, asked):
            found = (answer["project"] or {}).get("run")
        if found is None:
            raise missing(f"the run {self.project}/{run}", self.project.account)
        return found

    def _service(self) -> Any:
        """The connection; a new one after `wandb.teardown()`, and in a forked process."""
        from wandb.apis.public.service_api import ServiceApi
        from wandb.sdk import wandb_setup

        with self._lock:
            setup = wandb_setup.singleton()
            if self._made_by is not setup:
                _start(setup)
                self._made = ServiceApi(settings=_settings(self.project.account))
                self._made_by = setup
            return self._made

    def _last_step(self, run: str, patience: Patience) -> int:
        """The highest step so far, -1 where there is none."""
        node = self.keys(run, patience)
        with sense(self.project.account, f"the last step of run {run}"):
            return last_step(node)

    def _exported(self, run: str, keys: Sequence[str], patience: Patience) -> History | None:
        """The history as its exports have it; None where they do not hold all of it."""
        api = _messages()
        with tempfile.TemporaryDirectory(prefix="astuner-history-") as folder:
            init = api.DownloadRunHistoryInit(
                **{"entity": self.project.entity, "project": self.project.name, "run_id": run},
                download_dir=folder,
                require_complete_history=True,
            )
            try:
                answer = self._send(api.ReadRunHistoryRequest(download_run_history_init=init), patience)
            except Exception as error:
                if _is_incomplete(error):
                    return None
                raise
            request = api.DownloadRunHistory(request_id=answer.download_run_history_init.request_id)
            done = self._send(api.ReadRunHistoryRequest(download_run_history=request), patience).download_run_history
            if done.errors or not done.downloaded_files:
                return None
            return read_exports(sorted(map(Path, done.downloaded_files), key=_part), keys)

    def _send(self, request: Any, patience: Patience) -> Any:
        api = _messages()
        question = api.ApiRequest(read_run_history_request=request)
        return self._service().send_api_request(question, timeout=patience.left_s + 1).read_run_history_response

    def _rows(self, run: str, last: int, patience: Patience) -> Iterator[Row]:
        """The rows up to step `last`, from the server and not from the client's cache, which it never renews."""
        from wandb.apis.public import HistoryScan

        named: Any = _Named(self.project.entity, self.project.name, run)
        scan = HistoryScan(
            named, service_api=self._service(), min_step=0, max_step=last + 1, page_size=PAGE_STEPS, use_cache=False
        )
        for index, row in enumerate(scan):
            if index % LOOK_ROWS == 0:
                patience.check("reading a history")
            yield row


@dataclass(frozen=True)
class _Named:
    """As much of a run as `HistoryScan` looks at."""

    entity: str
    project: str
    id: str


def _settings(account: Account) -> Any:
    """The client's settings for our questions: a copy, so that the user's own runs keep theirs."""
    import wandb
    from wandb.sdk import wandb_setup

    settings = wandb_setup.singleton().settings.model_copy()
    settings.base_url, settings.api_key, settings.identity_token_file = account.url, account.key, None
    for name, value in RETRIES.items():
        setattr(settings, name, value)
    agent = f"W&B Public Client {wandb.__version__}"
    settings.x_extra_http_headers = {**(settings.x_extra_http_headers or {}), "User-Agent": agent}
    return settings


def _start(setup: Any) -> None:
    """Start W&B's helper process, or join it, and leave the environment as it was.

    The client exports the address of that process. Whatever the user starts would inherit it, and fail when this
    process ends.
    """
    with _starting:
        before = os.environ.get("WANDB_SERVICE")
        setup.ensure_service()
        if before is None:
            os.environ.pop("WANDB_SERVICE", None)


def _messages() -> Any:
    """The messages that W&B's helper process takes; they are made at run time, so that no type checker knows them."""
    return import_module("wandb.proto.wandb_api_pb2")


def _is_incomplete(error: Exception) -> bool:
    """Whether W&B says that some rows are not exported yet, or that there are no exports."""
    kind = getattr(getattr(error, "response", None), "error_type", None)
    return bool(kind == _messages().ErrorType.INCOMPLETE_RUN_HISTORY_ERROR) or "no parquet history" in str(error)


def _part(path: Path) -> int:
    """The number of a part: the client calls them `…_0.runhistory.parquet`, `…_1.…`."""
    number = re.search(r"_(\d+)\.", path.name)
    return int(number[1]) if number else 0


def _has_pyarrow() -> bool:
    return find_spec("pyarrow") is not None
