"""What went wrong with W&B, told apart by what its client says of it."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError

from astuner_nb.core.errors import AccessDenied, NotFound, RateLimited, ServerFailed, TrackerError, Unreachable
from astuner_nb.trackers.wandb.account import Account

LONGEST = 300
"""Characters of a server's words that are repeated."""
PROBE_S = 2.0
"""How long the question may take whether a server wants fewer requests."""


_HELPER_GONE = frozenset(
    {
        "ConnectionResetError",
        "BrokenPipeError",
        "MailboxClosedError",
        "HandleAbandonedError",
        "WandbServiceConnectionError",
    }
)


def failure(error: Exception, account: Account, asked: str) -> TrackerError:
    """The `TrackerError` for what W&B's client raised; `asked` was wanted of it, e.g. `the runs of acme/math`."""
    if isinstance(error, TrackerError):
        return error
    text, status = _plain(str(error), account), http_status(error)
    if status is not None:
        return _for_status(status, text, account, asked)
    if "permission denied" in text:
        return _for_status(403, text, account, asked)
    if "giving up after" in text or "did not respond in time" in text:
        reason = _plain(_reason(str(error)), account)
        return Unreachable(
            f"{account.host} does not answer: {reason}. Look at the network and at the host's address (WANDB_BASE_URL)."
        )
    if type(error).__name__ in _HELPER_GONE or "process is not running" in text:
        return ServerFailed(
            f"The helper process of W&B's client has gone, so {asked} cannot be had ({type(error).__name__}). "
            "Remove WANDB_SERVICE from the environment where it is set, and restart the kernel."
        )
    return ServerFailed(f"{account.host} could not give {asked}: {text}. Try later, or report it to whoever runs it.")


def http_status(error: Exception) -> int | None:
    """The status that a server gave with an error, as far as the client tells; None where there was no answer."""
    response = getattr(error, "response", None)
    status = getattr(response, "http_status", 0) or getattr(response, "status_code", 0)
    if status:
        return int(status)
    told = re.search(r"\b(?:HTTP|returned error|status:) (\d{3})\b", str(error))
    return int(told[1]) if told else None


def _for_status(status: int, text: str, account: Account, asked: str) -> TrackerError:
    said = f"HTTP {status}" + (f", {text!r}" if text and f"HTTP {status}" not in text else "")
    if status == 401:
        return AccessDenied(
            f"{account.host} does not accept the API key from {account.found_in} ({said}). "
            "Set WANDB_API_KEY to a valid one, or run `wandb login --relogin` in a terminal."
        )
    if status == 403:
        return AccessDenied(
            f"The API key from {account.found_in} may not read {asked} at {account.host} ({said}). "
            "Ask the owner for access, or use the key of somebody who has it."
        )
    if status == 404:
        return NotFound(f"{account.host} does not have {asked} ({said}). Look at the name and at WANDB_BASE_URL.")
    if status == 429:
        after_s = asked_to_wait_s(account)
        wait = "a minute" if after_s is None else f"{after_s:g} s"
        return RateLimited(f"{account.host} wants fewer requests than {asked} took (HTTP 429). Wait {wait}.", after_s)
    return ServerFailed(f"{account.host} could not give {asked}: {said}. Try later, or report it to whoever runs it.")


def asked_to_wait_s(account: Account) -> float | None:
    """Seconds that the server asks everybody with this key to wait, None where it does not.

    W&B's client does not hand this number on; it waits silently for as long as it says.
    """
    request = urllib.request.Request(
        f"{account.url}/graphql",
        data=json.dumps({"operationName": "Viewer", "query": "query Viewer { viewer { id } }"}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Basic {_basic(account)}"},
    )
    try:
        urllib.request.urlopen(request, timeout=PROBE_S).close()
    except HTTPError as error:
        error.close()
        after = error.headers.get("Retry-After", "")
        return float(after) if error.code == 429 and re.fullmatch(r"\d+(\.\d+)?", after) else None
    except (OSError, ValueError):
        pass
    return None


def missing(asked: str, account: Account) -> NotFound:
    """The error for what the server does not have, or does not show to this key."""
    return NotFound(
        f"{account.host} does not have {asked}, or the API key from {account.found_in} may not see it. "
        "Look at its name, and whether it was deleted."
    )


@contextmanager
def sense(account: Account, asked: str) -> Iterator[None]:
    """Whatever does not fit while an answer is taken apart is the server's failure."""
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, TrackerError):
            raise
        raise ServerFailed(
            f"{account.host} gave {asked} in a form that makes no sense ({type(error).__name__}: "
            f"{_plain(str(error), account)}). Is WANDB_BASE_URL a W&B server, and as new as the package wandb?"
        ) from error


def _basic(account: Account) -> str:
    import base64

    return base64.b64encode(f"api:{account.key}".encode()).decode()


def _plain(text: str, account: Account) -> str:
    """The server's own words in `text`, on one line, not too long, without the key."""
    message = re.search(r'"message":\s*("(?:[^"\\]|\\.)*")', text)
    if message:
        text = json.loads(message[1], strict=False)
    text = " ".join(text.replace(account.key, "…").removeprefix("input:").split())
    return text[:LONGEST] + "…" * (len(text) > LONGEST)


def _reason(text: str) -> str:
    """The last clause of what the client says of a dead connection."""
    if "did not respond in time" in text:
        return "no answer in time"
    return text.rpartition('": ')[2] or text
