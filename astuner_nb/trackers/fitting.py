"""Picking the runs that are wanted from those that a folder or a file holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from astuner_nb.core.errors import BadFile, NotFound
from astuner_nb.core.protocols import Run
from astuner_nb.trackers.where import Where

R = TypeVar("R", bound=Run)


def first_fitting(runs: Iterable[R], where: Where, limit: int) -> tuple[list[R], bool]:
    """The first `limit` of `runs` that fit, and whether those are all. No more runs are drawn than it takes."""
    found: list[R] = []
    for run in runs:
        if where and not where.fits(run, {**run.config, **run.aliases.canonical_config(run.config)}):
            continue
        if len(found) >= limit:
            return found, False
        found.append(run)
    return found, True


def given_path(text: str, scheme: str) -> Path:
    """The absolute path behind `scheme:`. Raises `NotFound` where nothing stands there."""
    try:
        path = Path(text).expanduser().absolute()
        if text and path.exists():
            return path
    except (OSError, RuntimeError) as error:  # a parent without rights, a name too long, a home that is not known
        raise NotFound(f"{scheme}:{text} cannot be looked at ({error}). Look at the path and its rights.") from error
    raise NotFound(f"There is no {scheme}:{text}: nothing stands at {path}. Look at the path.")


def given_file(text: str, scheme: str) -> Path:
    """The same for what must be a file. Raises `NotFound`, and `BadFile` for a directory."""
    path = given_path(text, scheme)
    if path.is_dir():
        raise BadFile(f"{scheme}:{text} is a directory, not a file: {path}. Give the file in it that holds the curves.")
    if not path.is_file():  # a device or a pipe may never end
        raise BadFile(f"{scheme}:{text} is no regular file: {path}. Give a file that holds curves.")
    return path
