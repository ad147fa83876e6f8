"""Sees what SwanLab's client hides: it takes every failure for an empty answer, after up to 76 seconds."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astuner_nb.core.errors import ServerFailed, TrackerError
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.swanlab.failures import Asked
from astuner_nb.trackers.swanlab.shapes import complaint

if TYPE_CHECKING:
    import requests

PAUSES_S = (0.2, 0.6)
"""Seconds before a request is tried again that the server failed to answer."""
TRANSIENT = frozenset({500, 502, 503, 504})
CONNECT_S, READ_S = 10.0, 60.0
"""How long a connection and an answer may take, at most."""
STATISTICS_S = 5.0
STATISTICS = "/house/metrics/scalar/value"
"""Lowest and highest values: the client asks for them by itself, nobody here needs them."""


class Witness:
    """The transport of one question's requests: what `requests.Session.mount` takes.

    Gives up at the question's deadline, tries again what is worth it, checks what came back, and keeps the first
    failure. After that nothing is sent any more: the client would go on with half an answer.

    Args:
        transport: what sends, without retries of its own; shared, so that connections are kept open.
        api: the address below which the server's API is, e.g. `https://api.swanlab.cn/api`.
    """

    def __init__(self, transport: requests.adapters.HTTPAdapter, api: str, asked: Asked, patience: Patience) -> None:
        self.failure: TrackerError | None = None
        """What went wrong first; None where nothing did."""
        self._transport, self._api, self._asked, self._patience = transport, api, asked, patience
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """The sound answer to `request`. Raises `TrackerError`."""
        path = self._path(str(request.url))
        try:
            if self.failure is not None:
                raise self.failure
            response = self._persist(request, path, options)
            if response.status_code < 300 and (what := complaint(path, response.content, response.json)):
                raise self._asked.nonsense(what)
            return response
        except TrackerError as error:
            if path != STATISTICS:
                with self._lock:
                    self.failure = self.failure or error
            raise

    def close(self) -> None:
        """The connections are others' too."""

    def _persist(self, request: requests.PreparedRequest, path: str, options: dict[str, Any]) -> requests.Response:
        """The answer, asked for again where the server failed for the moment."""
        for pause_s in PAUSES_S if path != STATISTICS else ():
            try:
                response = self._once(request, path, options)
            except ServerFailed:  # it cut the connection
                if self._patience.left_s <= pause_s:
                    raise
            else:
                if response.status_code not in TRANSIENT:
                    return self._granted(response, path)
            time.sleep(min(pause_s, self._patience.left_s))
        return self._granted(self._once(request, path, options), path)

    def _once(self, request: requests.PreparedRequest, path: str, options: dict[str, Any]) -> requests.Response:
        import requests

        self._patience.check(f"asking for {self._asked.subject}")
        left_s = max(0.05, self._patience.left_s * 0.95 - 0.1)  # its own sentence, before the caller's deadline
        read_s = STATISTICS_S if path == STATISTICS else READ_S
        try:
            response = self._transport.send(
                request, **{**options, "timeout": (min(CONNECT_S, left_s), min(read_s, left_s))}
            )
            response.content  # noqa: B018  # a body that is torn is noticed here
        except (requests.RequestException, OSError, ValueError) as error:
            raise self._asked.of_exception(error) from None
        return response

    def _granted(self, response: requests.Response, path: str) -> requests.Response:
        if response.status_code >= 400:
            raise self._asked.of_status(path, response)
        return response

    def _path(self, url: str) -> str:
        """The path below `/api`; empty for any other address."""
        return urlsplit(url).path.removeprefix("/api") if url.startswith(f"{self._api}/") else ""
