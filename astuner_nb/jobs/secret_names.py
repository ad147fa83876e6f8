"""Which variables and arguments hold secrets, and a command line without them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from astuner_nb.recorder import MASK, SECRET

_NAME = re.compile(SECRET, re.IGNORECASE)
_ASSIGNED = re.compile(rf"([\w.-]*(?:{SECRET})[\w.-]*\s*[=:]\s*)(\S+)", re.IGNORECASE)
_OPTION = re.compile(rf"-+[\w.-]*(?:{SECRET})[\w.-]*", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a variable called `name` is taken to hold a secret: `WANDB_API_KEY`, `HF_TOKEN`, `DB_PASSWORD`."""
    return _NAME.search(name) is not None


def masked_argv(argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """`argv` fit to be written to disk: values under secret names and secret values of `env` read `***`."""
    values = [value for name, value in env.items() if is_secret_name(name) and len(value) >= 4]
    parts, after_option = [], False
    for part in argv:
        is_value = after_option and not part.startswith("-")
        parts.append(MASK if is_value else _masked(part, values))
        after_option = _OPTION.fullmatch(part) is not None
    return parts


def _masked(part: str, values: Sequence[str]) -> str:
    for value in values:
        part = part.replace(value, MASK)
    return _ASSIGNED.sub(rf"\1{MASK}", part)
