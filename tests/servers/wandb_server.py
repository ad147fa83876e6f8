"""A small W&B server on the loopback, for the real client: GraphQL, exports, file stream, and faults."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.wandb_memory import Row, StoredRun, fits, flat, ordered, parquet, sampled

KEY = "0123456789abcdef0123456789abcdef01234567"
VIEWER = {
    "id": "VXNlcjox",
    "entity": "acme",
    "username": "alice",
    "name": "Alice",
    "email": "a@x",
    "flags": "{}",
    "teams": {"edges": [{"node": {"name": "acme"}}]},
}


@dataclass
class Fault:
    """What happens to the next `times` requests of one operation instead of an answer."""

    kind: str
    """`status`, `errors` (200 with GraphQL errors), `garbage`, `hang` or `drop`."""
    status: int = 200
    message: str = "something went wrong"
    retry_after_s: float | None = None
    times: float = float("inf")


@dataclass(frozen=True)
class Request:
    """One request that came in."""

    operation: str
    """The GraphQL operation, or `parquet`, `upload`, `file_stream`."""
    variables: Mapping[str, Any]
    agent: str
    began_s: float


class WandbServer:
    """Listens from construction until `close()`; also a context manager.

    Args:
        key: the only API key it accepts.
        latency_s: how long every answer takes.
    """

    def __init__(self, key: str = KEY, latency_s: float = 0.0) -> None:
        self.key, self.latency_s = key, latency_s
        self.runs: dict[tuple[str, str], dict[str, StoredRun]] = {}
        self.requests: list[Request] = []
        self.page_limit = 1_000
        """How many runs a page has at most, whatever is asked."""
        self.nan: object = "NaN"
        """How NaN is spelled inside a sampled history, which is real JSON."""
        self.part_rows = 100_000
        """How many rows one part of an export has."""
        self._faults: dict[str, list[Fault]] = {}
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _Answer, self)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="wandb-server")
        self._thread.start()

    def __enter__(self) -> WandbServer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, drop every connection, and wait for the threads."""
        self.closing.set()
        self._http.shutdown()
        self.drop_connections()
        self._http.server_close()
        self._thread.join()

    def drop_connections(self) -> None:
        """Cut every connection that is open."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def add(self, run: StoredRun) -> StoredRun:
        """Have `run` in its project, which is made where it is new."""
        self.project(run.entity, run.project)[run.id] = run
        return run

    def project(self, entity: str, project: str) -> dict[str, StoredRun]:
        """The runs of a project, made where it is new."""
        return self.runs.setdefault((entity, project), {})

    def fail(self, operation: str, kind: str = "status", times: float = float("inf"), **more: Any) -> None:
        """Answer the next `times` requests of `operation` ("*": of any) with a fault; see `Fault`."""
        self._faults.setdefault(operation, []).append(Fault(kind, times=times, **more))

    def heal(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def count(self, operation: str) -> int:
        """How many requests of `operation` came in."""
        return sum(request.operation == operation for request in list(self.requests))

    def of(self, operation: str) -> list[Request]:
        """The requests of `operation`."""
        return [request for request in list(self.requests) if request.operation == operation]

    def fault_for(self, operation: str) -> Fault | None:
        """The fault that meets the next request of `operation`, counted."""
        with self._lock:
            for fault in [*self._faults.get(operation, []), *self._faults.get("*", [])]:
                if fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def opened(self, connection: socket.socket, is_open: bool) -> None:
        """Keep account of the open connections."""
        with self._lock:
            (self._open.add if is_open else self._open.discard)(connection)

    def find(self, variables: Mapping[str, Any]) -> StoredRun | None:
        """The run that `variables` name."""
        project = self.runs.get((variables.get("entity", ""), variables.get("project", "")), {})
        return project.get(variables.get("name") or variables.get("runName") or variables.get("run") or "")


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], answer: type, owner: WandbServer) -> None:
        self.owner = owner
        super().__init__(address, answer)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the client's or a fault's doing."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def setup(self) -> None:
        super().setup()
        self.server.owner.opened(self.connection, True)

    def finish(self) -> None:
        self.server.owner.opened(self.connection, False)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        body = self.body()
        if self.path.endswith("/file_stream"):
            return self.serve("file_stream", body, lambda: _file_stream(self.server.owner, self.path, body))
        query = body.get("query", "")
        operation = body.get("operationName") or (re.findall(r"(?:query|mutation)\s+(\w+)", query) or ["?"])[0]
        self.serve(operation, body.get("variables") or {}, lambda: self.graphql(operation, query, body))

    def do_PUT(self) -> None:
        data = self.raw()
        self.serve("upload", {"path": self.path}, lambda: _uploaded(self.server.owner, self.path, data), secret=False)

    def do_GET(self) -> None:
        self.serve("parquet", {"path": self.path, "range": self.headers.get("Range")}, self.parquet, secret=False)

    def graphql(self, operation: str, query: str, body: Mapping[str, Any]) -> None:
        resolve = OPERATIONS.get(operation)
        if resolve is None:
            return self.send(400, {"errors": [{"message": f"unknown operation {operation}"}]})
        try:
            self.send(200, {"data": resolve(self.server.owner, body.get("variables") or {}, query)})
        except ValueError as error:
            self.send(200, {"errors": [{"message": str(error)}]})

    def parquet(self) -> None:
        entity, project, run_id, part = self.path.removeprefix("/parquet/").split("/")
        owner = self.server.owner
        run, index = owner.runs[entity, project][run_id], int(part.removesuffix(".parquet"))
        rows = run.rows[: run.split][index * owner.part_rows : (index + 1) * owner.part_rows]
        data = parquet(rows)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not wanted:
            return self.send(200, data)
        first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
        self.send(206, data[first : last + 1], {"Content-Range": f"bytes {first}-{last}/{len(data)}"})

    def serve(
        self, operation: str, variables: Mapping[str, Any], answer: Callable[[], Any], secret: bool = True
    ) -> None:
        """Note the request, check the key, do what a fault says, or answer."""
        owner = self.server.owner
        owner.requests.append(Request(operation, variables, self.headers.get("User-Agent", ""), time.monotonic()))
        fault = owner.fault_for(operation)
        owner.closing.wait(None if fault and fault.kind == "hang" else owner.latency_s)
        if owner.closing.is_set() or (fault and fault.kind in ("hang", "drop")):
            self.close_connection = True
            return None
        if fault:
            return self.fault(fault)
        if secret and not self.permitted():
            return self.send(401, {"errors": [{"message": "permission denied"}]})
        answered = answer()
        return self.send(200, answered) if answered is not None else None

    def permitted(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        return base64.b64decode(given) == f"api:{self.server.owner.key}".encode()

    def fault(self, fault: Fault) -> None:
        if fault.kind == "garbage":
            return self.send(200, b"<html>please log in</html>")
        headers = {} if fault.retry_after_s is None else {"Retry-After": f"{fault.retry_after_s:g}"}
        return self.send(fault.status, {"errors": [{"message": fault.message}]}, headers)

    def raw(self) -> bytes:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.raw() or b"{}"))

    def send(self, status: int, data: Any, headers: Mapping[str, str] | None = None) -> None:
        """Head and body in one packet: two would wait for each other."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        head = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in head.items())]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)


def _selected(node: dict[str, Any], query: str) -> dict[str, Any]:
    """Only the fields that `query` names, as GraphQL has it."""
    return {key: value for key, value in node.items() if re.search(rf"\b{key}\b", query)}


def _of_run(resolve: Callable[[WandbServer, StoredRun, Mapping[str, Any], str], Any]) -> Callable[..., Any]:
    """An operation on one run; null where there is none."""

    def answer(server: WandbServer, variables: Mapping[str, Any], query: str) -> Any:
        if (variables["entity"], variables["project"]) not in server.runs:
            return {"project": None}
        run = server.find(variables)
        return {"project": {"run": None if run is None else resolve(server, run, variables, query)}}

    return answer


def _runs(server: WandbServer, variables: Mapping[str, Any], query: str) -> Any:
    project = server.runs.get((variables["entity"], variables["project"]))
    if project is None:
        return {"project": None}
    wanted = json.loads(variables.get("filters") or "{}")
    fitting = ordered([run for run in project.values() if fits(run, wanted)], variables.get("order"))
    start = int((variables.get("cursor") or "c-1")[1:]) + 1
    stop = start + min(variables.get("perPage") or 50, server.page_limit)
    edges = [
        {"node": _selected(run.node(), query), "cursor": f"c{start + index}"}
        for index, run in enumerate(fitting[start:stop])
    ]
    page = {"endCursor": edges[-1]["cursor"] if edges else None, "hasNextPage": stop < len(fitting)}
    answer = {"internalId": "1", "runCount": len(fitting), "readOnly": False}
    return {"project": {**answer, "runs": {"edges": edges, "pageInfo": page}}}


def _full(server: WandbServer, run: StoredRun, variables: Mapping[str, Any], query: str) -> Any:
    rows = run.rows[:: max(1, len(run.rows) // (variables.get("samples") or 500))]
    return {"history": [json.dumps(row) for row in rows], "events": []}


def _specs(server: WandbServer, run: StoredRun, variables: Mapping[str, Any], query: str) -> Any:
    specs = [json.loads(spec) for spec in variables.get("specs") or [variables["spec"]]]
    lists = [sampled(run.rows, spec, spec.get("samples")) for spec in specs]
    return {"sampledHistory": [[_json_row(row, server.nan) for row in rows] for rows in lists]}


def _json_row(row: Row, nan: object) -> Row:
    """NaN and the infinities as real JSON has to spell them."""
    spelled = {"inf": "Infinity", "-inf": "-Infinity", "nan": nan}
    return {key: spelled.get(str(value), value) if isinstance(value, float) else value for key, value in row.items()}


def _page(server: WandbServer, run: StoredRun, variables: Mapping[str, Any], query: str) -> Any:
    low, high, size = variables["minStep"], variables["maxStep"], variables["pageSize"]
    rows = [row for row in run.rows[run.split :] if low <= row["_step"] < high][:size]
    return {"history": [json.dumps(row) for row in rows]}


def _exports(server: WandbServer, run: StoredRun, variables: Mapping[str, Any], query: str) -> Any:
    place = f"{server.url}/parquet/{run.entity}/{run.project}/{run.id}"
    parts = range(-(-run.split // server.part_rows))
    live = [{"_step": float(row["_step"])} for row in run.rows[run.split :]]
    return {"parquetHistory": {"parquetUrls": [f"{place}/{part}.parquet" for part in parts], "liveData": live}}


def _upsert(server: WandbServer, variables: Mapping[str, Any], query: str) -> Any:
    entity, project = variables.get("entity") or "acme", variables.get("project") or "uncategorized"
    runs = server.project(entity, project)
    run_id = variables.get("name") or str(variables.get("id", "")).removeprefix("gid-")
    inserted = run_id not in runs
    run = runs.setdefault(run_id, StoredRun(run_id, run_id, entity, project, "running"))
    run.name = variables.get("displayName") or run.name
    run.group, run.tags = variables.get("groupName") or run.group, variables.get("tags") or run.tags
    given = json.loads(variables.get("config") or "{}")
    run.config |= {key: entry.get("value") for key, entry in given.items()}
    place = {"id": "P", "name": project, "entity": {"id": "E", "name": entity}}
    bucket = {"id": f"gid-{run.id}", "name": run.id, "displayName": run.name, "description": "", "config": "{}"}
    bucket |= {"sweepName": None, "historyLineCount": len(run.rows), "project": place}
    return {"upsertBucket": {"bucket": bucket, "inserted": inserted}}


def _create_files(server: WandbServer, variables: Mapping[str, Any], query: str) -> Any:
    place = f"{server.url}/up/{variables['entity']}/{variables['project']}/{variables['run']}"
    files = [{"name": name, "uploadUrl": f"{place}/{name}"} for name in variables["files"]]
    return {"createRunFiles": {"runID": f"gid-{variables['run']}", "uploadHeaders": [], "files": files}}


def _uploaded(server: WandbServer, path: str, data: bytes) -> Any:
    entity, project, run_id, name = path.removeprefix("/up/").split("/", 3)
    server.runs[entity, project][run_id].files[name] = data
    return {}


def _file_stream(server: WandbServer, path: str, body: Mapping[str, Any]) -> Any:
    entity, project, run_id = path.removeprefix("/files/").split("/")[:3]
    run = server.runs[entity, project][run_id]
    for name, chunk in (body.get("files") or {}).items():
        lines = (
            [flat(json.loads(line)) for line in chunk["content"]] if name.endswith((".jsonl", "summary.json")) else []
        )
        if name == "wandb-history.jsonl":
            run.rows[chunk["offset"] : chunk["offset"] + len(lines)] = lines
        elif name == "wandb-summary.json" and lines:
            run.summary = lines[-1]
    if body.get("complete"):
        run.exit_code = body.get("exitcode", 0)
        run.state = "finished" if run.exit_code == 0 else "failed"
    return {}


OPERATIONS: dict[str, Callable[..., Any]] = {
    "Viewer": lambda server, variables, query: {"viewer": VIEWER},
    "GetDefaultEntity": lambda server, variables, query: {"viewer": VIEWER},
    "Runs": _runs,
    "Run": _of_run(lambda server, run, variables, query: _selected(run.node(), query)),
    "RunState": _of_run(lambda server, run, variables, query: {"state": run.state}),
    "RunHistoryKeys": _of_run(lambda server, run, variables, query: _selected(run.node(), query)),
    "RunFullHistory": _of_run(_full),
    "RunSampledHistory": _of_run(_specs),
    "SampledHistoryPage": _of_run(_specs),
    "HistoryPage": _of_run(_page),
    "RunParquetHistory": _of_run(_exports),
    "UpsertBucket": _upsert,
    "CreateRunFiles": _create_files,
}
