"""Which server is meant, and with which key: looked up in the places where W&B's own client looks, without asking."""

from __future__ import annotations

import netrc
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from astuner_nb.core.errors import AccessDenied, BadValue

FORMER_HOSTS = {"api.forge.coreweave.com": "api.wandb.ai"}
"""Hosts under whose former name a key may still stand in a netrc file."""
SHORTEST_KEY = 40
"""Characters of a key behind its prefix; the client itself refuses shorter ones."""


@dataclass(frozen=True)
class Account:
    """A server and the key for it."""

    url: str
    """Address of the server, without a slash at its end."""
    key: str = field(repr=False)
    found_in: str
    """Where the key stood, for sentences about it."""

    @property
    def host(self) -> str:
        """Host and port, as in a netrc file."""
        return urlsplit(self.url).netloc


def found_account(settings_url: str, settings_key: str | None = None) -> Account:
    """The account for $WANDB_BASE_URL, else for `settings_url`; its key from $WANDB_API_KEY, else netrc.

    Args:
        settings_url: the address in the client's own settings.
        settings_key: the key that they hold for that address and no other; taken where there is none elsewhere.

    Raises:
        AccessDenied: where there is no key, or one that cannot be any.
        BadValue: for an address that is none.
    """
    url = _checked_url(os.environ.get("WANDB_BASE_URL") or settings_url)
    host = urlsplit(url).netloc
    for found_in, key in (
        ("WANDB_API_KEY", os.environ.get("WANDB_API_KEY")),
        (f"the netrc file {netrc_path()}", _netrc_key(host)),
        ("W&B's settings", settings_key if url == settings_url.rstrip("/") else None),
    ):
        if key:
            return Account(url, _checked_key(key, found_in), found_in)
    raise AccessDenied(
        f"There is no API key for {host}: WANDB_API_KEY is not set, and {netrc_path()} has no entry for it. "
        "Set the variable, or run `wandb login` in a terminal."
    )


def netrc_path() -> Path:
    """The netrc file, whether or not there is one."""
    if named := os.environ.get("NETRC"):
        return Path(named).expanduser()
    usual = Path("~/.netrc").expanduser()
    windows = Path("~/_netrc").expanduser()
    return windows if windows.exists() and not usual.exists() else usual


def _netrc_key(host: str) -> str | None:
    """The key that the netrc file has for `host`."""
    try:
        file = netrc.netrc(netrc_path())
    except FileNotFoundError:
        return None
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)  # its message may quote the line, and with it a key
        where = f"line {line}" if line else type(error).__name__
        raise AccessDenied(
            f"The netrc file {netrc_path()} cannot be read: {where}. Mend it, or set WANDB_API_KEY."
        ) from None
    entry = file.authenticators(host) or file.authenticators(FORMER_HOSTS.get(host, host))
    return entry[2] if entry else None


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadValue(
            f"{url!r} is no address of a W&B server. Set WANDB_BASE_URL to one like https://wandb.example.com."
        )
    return url.rstrip("/")


def _checked_key(key: str, found_in: str) -> str:
    """`key` without spaces around it. Raises `AccessDenied`, whose message does not tell it, where it cannot be one."""
    key = key.strip()
    if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", key):  # a token of three parts
        return key
    secret = key.split("-", 1)[-1]  # keys of a server of one's own have a prefix
    if len(secret) < SHORTEST_KEY or not re.fullmatch(r"[\w-]+", secret):
        raise AccessDenied(
            f"The API key in {found_in} is none: {len(secret)} characters, where W&B's have {SHORTEST_KEY} or more "
            "letters and digits. Copy it anew from your settings page."
        )
    return key
