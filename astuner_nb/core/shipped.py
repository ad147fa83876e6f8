"""The tables that lie beside this file, read when they are first needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def shipped(name: str) -> Mapping[str, Any]:
    """What stands in the table `name`, e.g. `metrics.toml`. Do not write to it."""
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
