"""Any nested value as plain dicts, lists and scalars of its own, so that nobody else's later change reaches it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from astuner_nb.core.errors import BadConfig


def plain(value: object, path: str = "") -> Any:
    """A deep copy of `value` made of dict, list, str, int, float, bool and None; no part is shared.

    Raises:
        BadConfig: for a value that YAML cannot hold, with its dotted `path`.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(item, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return _scalar(value, path)


def _scalar(value: object, path: str) -> int | float | str:
    if isinstance(value, Integral):
        return _int(int(value), path)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    raise BadConfig(
        f"{path or 'the whole'} is a {type(value).__name__}, which a configuration cannot hold. "
        "Give a text, a number, a list or a section."
    )


def _int(value: int, path: str) -> int:
    if abs(value) >= 2**1023:  # no float could hold it, and Python would not print it
        raise BadConfig(f"{path or 'A number'} has more than 300 digits. Give a smaller number.")
    return value


def _key(key: object) -> Any:
    if key is None or isinstance(key, bool | float):
        return key
    if isinstance(key, str):
        return str(key)
    if isinstance(key, Integral):
        return _int(int(key), "A key")
    raise BadConfig(f"A key is a {type(key).__name__}, which a configuration cannot hold. Give a text.")
