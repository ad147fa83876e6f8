"""Documents without their secrets: what is written or shown must never hold an API key."""

from __future__ import annotations

import re
from typing import Any

MASK = "***"

_ALWAYS = re.compile(r"(api|access|private|auth)_?key|secret|passw(or)?d|passphrase|credential|(^|_)pwd(_|$)")
_TEXT_ONLY = re.compile(r"(^|(?<!bos|cls|eos|pad|sep|unk)_)(token|auth|authorization|bearer|cookie)s?($|_(id|value)$)")
"""Keys whose text is a secret but whose number is none (`max_token: 5`); `eos_token` and its like hold no secret."""
_INLINE = (
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # user:password@ in an address
    re.compile(r"(?i)(?<=bearer )[^\s$]+"),
    re.compile(r"(?i)((?:(?:api|access)_?key|secret|passw(?:or)?d)\w*\s*=\s*)[^\s&;,$]+"),
    re.compile(r"(?i)((?:\b|_)token\s*=\s*)[^\s&;,$]{8,}"),
    re.compile(
        r"\b(?:sk|pk|rk)-[\w-]{16,}|\bhf_\w{16,}|\bgh[pousr]_\w{16,}|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{10,}\.[\w.-]+"
    ),
)
"""Secrets inside a text."""


def masked(value: Any) -> Any:
    """A copy of nested `value` in which whatever looks like a secret reads `***`; None and references stay."""
    if isinstance(value, dict):
        return {key: _under(str(key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return _inline(value) if isinstance(value, str) else value


def _under(key: str, value: Any) -> Any:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s]", "_", key).lower()
    if _ALWAYS.search(words):
        return _hidden(value)
    if _TEXT_ONLY.search(words) and isinstance(value, str):
        return _hidden(value)
    return masked(value)


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    refers = isinstance(value, str) and re.fullmatch(r"\s*(\$\{[^}]*\}|\$\w+)?\s*", value)
    return value if value is None or isinstance(value, bool) or refers else MASK


def _inline(text: str) -> str:
    for pattern in _INLINE:
        text = pattern.sub(lambda found: (found[1] if found.re.groups else "") + MASK, text)
    return text
