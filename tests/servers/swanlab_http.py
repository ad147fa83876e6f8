"""How the SwanLab server of the tests speaks HTTP, and what can go wrong on the way."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

Kind = Literal["status", "drop", "hang", "delay", "body", "relative", "cut", "torn"]


class Request(NamedTuple):
    """One request as it came in."""

    method: str
    path: str
    """Below `/api`."""
    body: Any


@dataclass
class Fault:
    """What goes wrong with the requests that match: `times` of them or all, `after` so many that go well."""

    kind: Kind
    method: str = "*"
    path: str = "*"
    times: float = float("inf")
    after: int = 0
    status: int = 500
    """For `status`: the code of the answer."""
    retry_after: str | float | None = None
    """For `status`: the header Retry-After."""
    seconds: float = 0.0
    """For `delay`: how long the answer takes."""
    body: str | bytes = ""
    """For `body`: what is answered, with code 200."""

    def strikes(self, method: str, path: str) -> bool:
        """Whether it hits this request; counts."""
        if self.times < 1 or not fnmatchcase(method, self.method) or not fnmatchcase(path, self.path):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Answer:
    """What goes back."""

    body: Any = field(default_factory=dict)
    """JSON; bytes go as they are."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int = 0
    """Bytes that are announced beyond those that come."""

    @property
    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error as SwanLab words it."""
    return Answer({"code": str(status), "message": message}, status, headers or {})


class Application(Protocol):
    """What the requests are handed to."""

    requests: list[Request]
    faults: list[Fault]
    stopping: threading.Event
    lock: threading.RLock

    def answer(self, request: Request, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Answer:
        """What a sound server says."""


class HttpServer(ThreadingHTTPServer):
    daemon_threads = False  # `server_close` waits for them
    request_queue_size = 64

    def __init__(self, application: Application) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.application = application
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in list(self._connections):
            _cut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet
    disable_nagle_algorithm = True
    server: HttpServer

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def _handle(self) -> None:
        application, parts = self.server.application, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, unquote(parts.path).removeprefix("/api"), _parsed(body))
        with application.lock:
            application.requests.append(request)
            fault = next((one for one in application.faults if one.strikes(request.method, request.path)), None)
        if fault is not None and fault.kind in ("drop", "hang"):
            self._vanish(fault)
            return
        if fault is not None and fault.kind == "status":
            after = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            self._send(failure(fault.status, "Injected", after))
            return
        answer = application.answer(request, parse_qs(parts.query), self.headers)
        self._send(answer if fault is None else self._spoiled(answer, fault))

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _vanish(self, fault: Fault) -> None:
        if fault.kind == "hang":
            self.server.application.stopping.wait()
        self.close_connection = True
        _cut(self.connection)

    def _spoiled(self, answer: Answer, fault: Fault) -> Answer:
        half = len(answer.payload) // 2
        if fault.kind == "delay":
            self.server.application.stopping.wait(fault.seconds)
        elif fault.kind == "body":
            return Answer(fault.body.encode() if isinstance(fault.body, str) else fault.body)
        elif fault.kind == "relative":
            return Answer({"urls": [urlsplit(url).path for url in answer.body["urls"]]})
        elif fault.kind == "cut":
            return Answer(answer.payload[:half])
        elif fault.kind == "torn":
            return Answer(answer.payload[:half], promised=len(answer.payload) - half)
        return answer

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.payload) + answer.promised))
        self.end_headers()
        self.wfile.write(answer.payload)
        self.wfile.flush()
        if answer.promised:
            self.close_connection = True


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace") or None


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has gone already
        connection.shutdown(socket.SHUT_RDWR)
