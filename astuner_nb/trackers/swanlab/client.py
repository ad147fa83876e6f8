"""SwanLab's own client, logged in once, asked within a deadline, and never believed when it says "nothing there"."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from astuner_nb.core.errors import AccessDenied, ServerFailed, TrackerError
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.swanlab.failures import LOGIN, Asked
from astuner_nb.trackers.swanlab.quiet import QUIET
from astuner_nb.trackers.swanlab.witness import Witness

if TYPE_CHECKING:
    import requests
    import swanlab

T = TypeVar("T")
CONNECTIONS = 32
"""How many connections to the server are kept open."""


@dataclass(frozen=True)
class Account:
    """Whom to ask and as whom."""

    api: str
    """Where the API is, e.g. `https://api.swanlab.cn/api`."""
    key: str = field(repr=False)

    @property
    def host(self) -> str:
        """Name and port."""
        return urlsplit(self.api).netloc


@dataclass(frozen=True)
class Login:
    """An account, what sends the requests, and SwanLab's own client."""

    account: Account
    transport: requests.adapters.HTTPAdapter
    api: swanlab.Api


class SwanLabClient:
    """Logs in at the first question; may be asked from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._login: Login | None = None

    def ask(self, question: Callable[[swanlab.Api], T], subject: str, patience: Patience) -> T:
        """What `question` finds out from a client that is logged in; `subject` is what about, for the error.

        Raises:
            TrackerError: where any request of it failed, whatever the client made of that.
        """
        return patience.call(lambda: self._asked(question, subject, patience), f"asking for {subject}")

    def _asked(self, question: Callable[[swanlab.Api], T], subject: str, patience: Patience) -> T:
        with QUIET:
            login = self._logged_in(subject, patience)
            asked = Asked(login.account.host, subject)
            witness = Witness(login.transport, login.account.api, asked, patience)
            failure: TrackerError | None
            try:
                answer = question(_witnessed(login.api, witness))
            except Exception as error:
                failure = witness.failure or _unreadable(error, login.account, asked)
            else:
                failure = witness.failure
        if failure is None:
            return answer
        if isinstance(failure, AccessDenied):
            self._forget(login)
        raise failure from None

    def _logged_in(self, subject: str, patience: Patience) -> Login:
        """The login, made where there is none. Others that want it meanwhile wait for it."""
        if not self._lock.acquire(timeout=patience.left_s):
            patience.check(f"asking for {subject}")
        try:
            if self._login is None:
                self._login = log_in(subject, patience)
            return self._login
        finally:
            self._lock.release()

    def _forget(self, login: Login) -> None:
        with self._lock:
            if self._login is login:
                self._login = None


def log_in(subject: str, patience: Patience) -> Login:
    """SwanLab's client, logged in. Raises `TrackerError`."""
    account = find_account(subject)
    transport = _transport()
    _try_login(account, transport, Asked(account.host, subject), patience)
    try:
        return Login(account, transport, _swanlab_api()())
    except Exception as error:
        raise ServerFailed(
            f"{account.host} took the login and then refused it ({type(error).__name__}), asked for {subject}. "
            "Try again later."
        ) from None


def find_account(subject: str) -> Account:
    """Host and key as SwanLab's client looks for them: its variables, its files, `swanlab.login` in this process.

    Raises:
        AccessDenied: where there is no key.
        TrackerError: where SwanLab is not installed, or its settings cannot be read.
    """
    api_class = _swanlab_api()
    from swanlab.exceptions import AuthenticationError

    try:
        with QUIET:
            key, host, _ = api_class._resolve_credentials(None, None)
    except AuthenticationError:
        raise AccessDenied(
            f"There is no API key of SwanLab, so {subject} cannot be read. "
            "Set SWANLAB_API_KEY, or run `swanlab login` once."
        ) from None
    except Exception as error:  # its text may hold the key
        raise TrackerError(
            f"SwanLab's settings cannot be read ({type(error).__name__}), so its server cannot be asked for {subject}. "
            "Look at the SWANLAB_ variables, swanlab.yaml, .env and ~/.swanlab."
        ) from None
    if not (key.isascii() and key.isprintable()):
        raise AccessDenied("The API key of SwanLab holds characters that no key has. Set SWANLAB_API_KEY anew.")
    return Account(f"{host}/api", key)


def _swanlab_api() -> Any:
    try:
        from swanlab import Api
    except ImportError:
        raise TrackerError(
            "swanlab is not installed, and swanlab:// reads through it. Run `pip install 'swanlab>=0.9,<0.11'`."
        ) from None
    return Api


def _transport() -> requests.adapters.HTTPAdapter:
    from requests.adapters import HTTPAdapter

    return HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=0)


def _try_login(account: Account, transport: requests.adapters.HTTPAdapter, asked: Asked, patience: Patience) -> None:
    """Log in by hand: SwanLab's client calls every failure of it a wrong key, and takes up to 76 seconds."""
    import requests

    witness = Witness(transport, account.api, asked, patience)
    with requests.Session() as session:
        _mount(session, witness)
        try:
            session.post(account.api + LOGIN, headers={"authorization": account.key})
        except requests.RequestException as error:
            raise witness.failure or asked.of_exception(error) from None


def _witnessed(api: swanlab.Api, witness: Witness) -> swanlab.Api:
    """`api` with `witness` as its transport; the given one stays as it is."""
    client = copy.copy(api._ctx.client)
    session = type(client._session)()
    session.headers.update(client._session.headers)
    session.cookies.update(client._session.cookies)
    _mount(session, witness)
    client._session = session
    twin = copy.copy(api)
    twin._ctx = replace(api._ctx, client=client)
    return twin


def _mount(session: Any, witness: Witness) -> None:
    for scheme in ("http://", "https://"):
        session.mount(scheme, witness)


def _unreadable(error: Exception, account: Account, asked: Asked) -> TrackerError:
    """The error of an answer that the client could not read."""
    if isinstance(error, TrackerError):
        return error
    text = " ".join(str(error).split()).replace(account.key, "…")[:200]
    return asked.nonsense(f"what its client cannot read ({type(error).__name__}: {text})")
