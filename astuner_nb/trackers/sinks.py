"""What several sinks need: a folder of their own, configurations as pages show them, errors in a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from astuner_nb.core.errors import BadFile


def make_folder(folder: Path) -> None:
    """Make `folder` and see that it can be written to: some packages write elsewhere if not. Raises `BadFile`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise BadFile(
            f"{folder} cannot be written to ({error.strerror or error}). Look at the rights and the disk."
        ) from error


def first_line(error: Exception) -> str:
    """What `error` is and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`{"optim.lr": 1}` as `{"optim": {"lr": 1}}`. A name that is in the way of another stays dotted."""
    result: dict[str, Any] = {}
    for name, value in sorted(flat.items(), key=lambda item: item[0].count(".")):
        *path, leaf = name.split(".")
        section = _section(result, path) if all([*path, leaf]) else None
        if section is None or leaf in section:
            result[name] = value
        else:
            section[leaf] = value
    return result


def _section(root: dict[str, Any], path: list[str]) -> dict[str, Any] | None:
    """The mapping at `path` below `root`, made where missing; None where a value is in the way."""
    for part in path:
        below = root.setdefault(part, {})
        if not isinstance(below, dict):
            return None
        root = below
    return root
