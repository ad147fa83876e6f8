"""What went wrong between us and a SwanLab server, each in a sentence of its own."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from astuner_nb.core.errors import AccessDenied, NotFound, RateLimited, ServerFailed, TrackerError, Unreachable

if TYPE_CHECKING:
    import requests

LOGIN = "/login/api_key"
MOST_WORDS = 200
"""How many characters of a server's own message are passed on."""


@dataclass(frozen=True)
class Asked:
    """What a question is about, for the sentences."""

    host: str
    """Name and port, e.g. `api.swanlab.cn`."""
    subject: str
    """E.g. `project alice/math`."""

    def of_status(self, path: str, response: requests.Response) -> TrackerError:
        """The error of an answer that is none; `path` is what was asked for, below `/api`."""
        code = response.status_code
        if path == LOGIN and code in (400, 401, 403):
            return AccessDenied(
                f"{self.host} does not accept the API key ({code}), so {self.subject} cannot be read. "
                "Set SWANLAB_API_KEY to one that is valid there, or run `swanlab login`."
            )
        if path == LOGIN and code == 404:
            return NotFound(
                f"There is no SwanLab server at {self.host} (404), so no {self.subject} either. "
                "Look at SWANLAB_API_HOST."
            )
        return self._of_data(code, response)

    def _of_data(self, code: int, response: requests.Response) -> TrackerError:
        if code == 401:
            return AccessDenied(
                f"{self.host} no longer accepts the login of this API key (401), asked for {self.subject}. "
                "Set SWANLAB_API_KEY anew, or run `swanlab login`."
            )
        if code == 403:
            return AccessDenied(
                f"This API key may not see {self.subject} on {self.host} (403). "
                "Ask its owner for access, or use another key."
            )
        if code == 404:
            return NotFound(
                f"There is no {self.subject} on {self.host} (404). Look at the name; it may have been deleted."
            )
        if code == 429:
            return self._rate_limited(response.headers.get("Retry-After"))
        verdict = "failed" if code >= 500 else "refused the request"
        return ServerFailed(
            f"{self.host} {verdict} ({code}{_said(response)}), asked for {self.subject}. Try again later."
        )

    def _rate_limited(self, header: str | None) -> RateLimited:
        wait_s = retry_after_s(header)
        pause = "a while" if wait_s is None else f"{wait_s:.0f} s"
        return RateLimited(
            f"{self.host} wants fewer requests (429), asked for {self.subject}. Try again in {pause}.", wait_s
        )

    def of_exception(self, error: Exception) -> TrackerError:
        """The error of a request that got no answer, from what the requests library raised."""
        import requests

        if isinstance(error, requests.exceptions.Timeout):
            return Unreachable(
                f"No answer from {self.host} in time, asked for {self.subject}. "
                "Look at the network and at SWANLAB_API_HOST, or give it more time with timeout_s."
            )
        if isinstance(error, requests.exceptions.SSLError):
            return self._unreachable(
                "no encrypted connection can be made; a server without needs http:// before its name"
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return self._unreachable("the proxy does not let us through; look at HTTPS_PROXY and NO_PROXY")
        if isinstance(error, requests.exceptions.ConnectionError) and (why := _no_connection(error)):
            return self._unreachable(why)
        if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
            return ServerFailed(
                f"{self.host} cut the connection in the middle, asked for {self.subject}. Try again later."
            )
        return self._unreachable(f"its address is none ({type(error).__name__})")

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(
            f"{self.host} cannot be reached for {self.subject}: {why}. Look at the network and at SWANLAB_API_HOST."
        )

    def nonsense(self, what: str) -> ServerFailed:
        """The error of an answer that says something else than SwanLab's servers do."""
        return ServerFailed(
            f"{self.host} answered for {self.subject} with {what}. "
            "Try again later; if it stays so, look whether SWANLAB_API_HOST is a SwanLab server."
        )


def retry_after_s(header: str | None) -> float | None:
    """Seconds that a Retry-After header (seconds or a date) asks to wait, None where it makes no sense."""
    if not header:
        return None
    try:
        wait_s = float(header)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, wait_s) if math.isfinite(wait_s) else None


def _said(response: requests.Response) -> str:
    """The server's own message, behind a colon; empty where there is none."""
    try:
        message = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f": {' '.join(str(message).split())[:MOST_WORDS]}" if message else ""


def _no_connection(error: Exception) -> str:
    """Why no connection came about; empty where one did and broke."""
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NameResolutionError):
        return "there is no host of that name"
    if isinstance(reason, NewConnectionError):
        return str(reason.__cause__ or "no connection").partition("] ")[2].lower() or "nobody listens there"
    return ""
