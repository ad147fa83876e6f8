"""A SwanLab server in memory, on the loopback: the real client logs runs to it and reads them back.

    with SwanLabServer() as server:
        server.add_run("alice/math", "r1", series={"reward": [(step, step / 10) for step in range(50)]})
        server.fault("status", status=503, path="/house/*", times=2)
        …  # SWANLAB_API_HOST=server.url, SWANLAB_API_KEY=server.key
        server.requests  # what was asked

It filters and samples like SwanLab's own. Groups and sorts of a query are ignored: the client leaves them empty.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Self

from .swanlab_http import Answer, Fault, HttpServer, Kind, Request, failure
from .swanlab_runs import Json, Point, StoredProject, StoredRun, Value, seconds


class SwanLabServer:
    """Serves from its creation to `close()`; as a context manager it closes itself.

    Args:
        key: the API key that is let in.
        keep_nan: whether sampled queries give the points that are NaN too (SwanLab's own leaves them out).
    """

    def __init__(self, key: str = "alices-secret-key-0123456789", keep_nan: bool = False) -> None:
        self.key, self.keep_nan = key, keep_nan
        self.projects: dict[str, StoredProject] = {}
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self.lock = threading.RLock()
        self._exports: dict[str, tuple[StoredRun, list[str]]] = {}
        self._http = HttpServer(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), name="swanlab-server", daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop, cut all connections and wait for the threads."""
        self.stopping.set()
        self._http.shutdown()
        self._http.cut_connections()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def add_project(self, path: str) -> StoredProject:
        """The project at `user/name`, made where it is not there."""
        with self.lock:
            return self.projects.setdefault(path, StoredProject(f"P{len(self.projects) + 1}", path))

    def add_run(
        self, project: str, id: str, series: Mapping[str, Iterable[tuple[int, Value] | Point]] = {}, **described: Any
    ) -> StoredRun:
        """A run with points (step, value) or (step, value, seconds); `described` as the fields of `StoredRun`."""
        run = StoredRun(id=id, **{"name": id, **described})
        for key, points in series.items():
            run.log(key, ((p[0], p[1], p[2] if len(p) > 2 else run.created + p[0]) for p in points))
        with self.lock:
            self.add_project(project).runs[id] = run
        return run

    def run(self, project: str, id: str) -> StoredRun:
        """A run that is there."""
        return self.projects[project].runs[id]

    def delete_run(self, project: str, id: str) -> None:
        """Forget a run."""
        with self.lock:
            del self.projects[project].runs[id]

    def fault(self, kind: Kind, **options: Any) -> Fault:
        """Let something go wrong from now on; the first fault that matches a request has it."""
        self.faults.append(Fault(kind, **options))
        return self.faults[-1]

    def asked(self, method: str = "*", path: str = "*") -> list[Request]:
        """The requests so far that match."""
        return [one for one in self.requests if fnmatchcase(one.method, method) and fnmatchcase(one.path, path)]

    def answer(self, request: Request, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        """What a sound server says."""
        if request.path == "/login/api_key":
            return self._login(headers.get("authorization", ""))
        if "sid=" not in headers.get("Cookie", "") and not request.path.startswith("/blob/"):
            return failure(401, "Unauthorized")
        for method, pattern, reply in ROUTES:
            if method == request.method and (match := re.fullmatch(pattern, request.path)):
                with self.lock:
                    try:
                        return reply(self, request.body, query, *match.groups())
                    except KeyError:
                        return failure(404, "Not Found")
        return failure(404, f"No route {request.method} {request.path}")

    def _login(self, key: str) -> Answer:
        if key != self.key:
            return failure(401, "Invalid API key")
        user = {"username": "alice", "name": "Alice"}
        return Answer({"sid": "session-1", "expiredAt": "2099-01-01T00:00:00.000Z", "userInfo": user})

    # reading

    def _user_groups(self, body: Any, query: Any, user: str) -> Answer:
        return Answer(
            [{"username": user, "name": user, "type": "PERSON", "role": "OWNER", "comment": "", "profile": {}}]
        )

    def _projects(self, body: Any, query: Any, user: str) -> Answer:
        return _page([one.as_json() for path, one in self.projects.items() if path.startswith(f"{user}/")], query)

    def _project(self, body: Any, query: Any, path: str) -> Answer:
        return Answer(self.projects[path].as_json())

    def _shows(self, body: Any, query: Any, path: str) -> Answer:
        project = self.projects[path]
        found = [run.as_json(project.id) for run in project.runs.values() if run.fits(body["filters"])]
        return Answer(sorted(found, key=lambda run: str(run.get("createdAt")), reverse=True))

    def _runs(self, body: Any, query: Any, path: str) -> Answer:
        project = self.projects[path]
        return _page([run.as_json(project.id) for run in reversed(project.runs.values())], query)

    def _run(self, body: Any, query: Any, path: str, id: str) -> Answer:
        project = self.projects[path]
        return Answer(project.runs[id].as_json(project.id))

    def _keys(self, body: Any, query: Any) -> Answer:
        keys = sorted({key for one in body["experiments"] for key in self._by_id(one["experimentId"]).series})
        start, limit = int(body["cursor"] or 0), min(body["limit"], 2000)
        more = start + limit < len(keys)
        return Answer(
            {"keys": keys[start : start + limit], "hasMore": more, "nextCursor": str(start + limit) if more else ""}
        )

    def _scalar(self, body: Any, query: Any) -> Answer:
        found = [(self._by_id(one["experimentId"]), one["key"]) for one in body["columns"]]
        return Answer([{"key": key, "metrics": run.sampled(key, body["num"], self.keep_nan)} for run, key in found])

    def _value(self, body: Any, query: Any) -> Answer:
        found = [
            self._by_id(one["experimentId"]).statistics(one["key"], body["xType"] == "timestamp")
            for one in body["columns"]
        ]
        return Answer([one for one in found if one])

    def _export(self, body: Any, query: Any) -> Answer:
        name = f"exports/{len(self._exports)}.csv"
        self._exports[name] = (self._by_id(body["columns"][0]["experimentId"]), [one["key"] for one in body["columns"]])
        return Answer({"cosKey": name})

    def _presign(self, body: Any, query: Any) -> Answer:
        return Answer({"urls": [f"{self.url}/blob/{path}" for path in body["paths"]]})

    def _blob(self, body: Any, query: Any, name: str) -> Answer:
        run, keys = self._exports[name]
        return Answer(run.table(keys).encode(), headers={"Content-Type": "text/csv"})

    def _summaries(self, body: Any, query: Any) -> Answer:
        found: Json = {}
        for one in body["experiments"]:
            run = self._by_id(one["experimentId"])
            found[run.id] = {
                key: {"step": points[-1][0], "value": points[-1][1]}
                for key, points in run.series.items()
                if points and key in (body.get("keys") or run.series)
            }
        return Answer(found)

    def _log(self, body: Any, query: Any) -> Answer:
        run = self._by_id(query["experimentId"][0])
        lines = [
            {"epoch": i + 1, "level": "INFO", "message": line, "timestamp": "2026-01-01T00:00:00.000Z"}
            for i, line in enumerate(run.lines)
        ]
        return Answer({"logs": lines, "count": len(lines)})

    # writing

    def _new_project(self, body: Any, query: Any, user: str) -> Answer:
        return Answer(self.add_project(f"{user}/{body['name']}").as_json(), 201)

    def _new_run(self, body: Any, query: Any, path: str) -> Answer:
        runs, id = self.projects[path].runs, body.get("cuid") or f"run{len(self.requests)}"
        resumed = id in runs
        if resumed:
            runs[id].state, runs[id].finished = "RUNNING", None
        else:
            runs[id] = StoredRun(
                id=id,
                name=body["name"],
                state="RUNNING",
                tags=[one["name"] for one in body.get("labels") or ()],
                group=body.get("cluster") or "",
                job=body.get("job") or "",
                description=body.get("description") or "",
                created=seconds(body["createdAt"]),
            )
        return Answer({"cuid": id, "slug": id, "name": runs[id].name}, 200 if resumed else 201)

    def _resume_point(self, body: Any, query: Any, project_id: str, id: str) -> Answer:
        last = {key: points[-1][0] for key, points in self._by_id(id).series.items() if points}
        return Answer({"log": [], "media": [], "scalar": [{"key": key, "step": step} for key, step in last.items()]})

    def _profile(self, body: Any, query: Any, path: str, id: str) -> Answer:
        self.projects[path].runs[id].profile.update(body)
        return Answer()

    def _metrics(self, body: Any, query: Any) -> Answer:
        run = self._by_id(body["experimentId"])
        for one in body["metrics"]:
            if body["type"] == "scalar":
                run.log(one["key"], [(one["index"], one["data"], seconds(one["create_time"]))])
            elif body["type"] == "log":
                run.lines.append(one["message"])
        return Answer()

    def _state(self, body: Any, query: Any, path: str, id: str) -> Answer:
        run = self.projects[path].runs[id]
        run.state, run.finished = body["state"], seconds(body["finishedAt"])
        return Answer()

    def _put_urls(self, body: Any, query: Any) -> Answer:
        return Answer({"urls": [f"{self.url}/blob/{i}" for i, _ in enumerate(body["paths"])]})

    def _nothing(self, body: Any, query: Any, *parts: str) -> Answer:
        return Answer()

    def _by_id(self, id: str) -> StoredRun:
        return next(
            iter(run for project in self.projects.values() for run in project.runs.values() if run.id == id), None
        ) or _missing(id)


P = r"([^/]+/[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", "/user/profile", SwanLabServer._nothing),
    ("GET", "/user/([^/]+)/groups", SwanLabServer._user_groups),
    ("GET", "/project/([^/]+)", SwanLabServer._projects),
    ("GET", f"/project/{P}", SwanLabServer._project),
    ("POST", f"/project/{P}/runs/shows", SwanLabServer._shows),
    ("GET", f"/project/{P}/runs", SwanLabServer._runs),
    ("GET", f"/project/{P}/runs/([^/]+)", SwanLabServer._run),
    ("POST", "/house/metrics/scalar/keys", SwanLabServer._keys),
    ("POST", "/house/metrics/scalar", SwanLabServer._scalar),
    ("POST", "/house/metrics/scalar/value", SwanLabServer._value),
    ("POST", "/house/metrics/scalar/export", SwanLabServer._export),
    ("POST", "/files/presigned/get", SwanLabServer._presign),
    ("GET", "/blob/(.+)", SwanLabServer._blob),
    ("POST", "/house/metrics/summaries", SwanLabServer._summaries),
    ("GET", "/house/metrics/log", SwanLabServer._log),
    ("POST", "/projects/([^/]+)", SwanLabServer._new_project),
    ("POST", f"/project/{P}/experiment", SwanLabServer._new_run),
    ("GET", "/house/metrics/summaries/([^/]+)/([^/]+)", SwanLabServer._resume_point),
    ("POST", "/house/experiments/([^/]+)/heartbeat", SwanLabServer._nothing),
    ("PUT", f"/project/{P}/runs/([^/]+)/profile", SwanLabServer._profile),
    ("POST", f"/projects/{P}/series", SwanLabServer._nothing),
    ("POST", "/house/metrics", SwanLabServer._metrics),
    ("POST", "/resources/presigned/put", SwanLabServer._put_urls),
    ("PUT", "/blob/(.+)", SwanLabServer._nothing),
    ("PUT", f"/project/{P}/runs/([^/]+)/state", SwanLabServer._state),
]


def _missing(id: str) -> StoredRun:
    raise KeyError(id)


def _page(found: list[Json], query: Mapping[str, list[str]]) -> Answer:
    page, size = int(query.get("page", ["1"])[0]), int(query.get("size", ["10"])[0])
    pages = max(1, -(-len(found) // size))
    return Answer({"list": found[(page - 1) * size : page * size], "size": size, "pages": pages, "total": len(found)})
