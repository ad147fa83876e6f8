"""Curves of ended runs, kept on disk so that they cost no request the second time."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from astuner_nb.core.series import History, Series
from astuner_nb.store.column_file import load_columns, save_columns

CACHE_VARIABLE = "ASTUNER_CACHE"
"""Where curves of ended runs are kept; the user's cache folder where it is not set."""
SCHEMA = 1
MOST_BYTES = 512 << 20
"""What the folder may hold; beyond that the files that were used longest ago go."""


@dataclass(frozen=True, eq=False)
class Kept:
    """What is known of one ended run at one resolution."""

    keys: tuple[str, ...]
    """All keys that it has."""
    fetched: frozenset[str]
    """Those whose curves are here."""
    history: History

    def with_fetched(self, keys: Sequence[str], history: History) -> Kept:
        """The same, with the answer of the server to `keys` in it."""
        both = History({**self.history, **history}, self.history.sampled or history.sampled)
        return Kept(self.keys, self.fetched | set(keys), both)


class HistoryCache:
    """A folder with a file for each run and resolution. Whatever is wrong with it, the server is asked.

    Args:
        folder: made when something is first kept (mode 0700). By default $ASTUNER_CACHE, else the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def get(self, run: str, limit: float | None) -> Kept | None:
        """What is kept of `run`, a text that names host and run, at resolution `limit`; None where nothing is."""
        path = self._path(run, limit)
        kept = _load(path)
        if kept is not None:
            with suppress(OSError):
                os.utime(path)  # used just now: the last to be swept
        return kept

    def put(self, run: str, limit: float | None, kept: Kept) -> None:
        """Keep it. Where the disk does not take it, the server is asked again next time."""
        path = self._path(run, limit)
        meta = {
            "schema": SCHEMA,
            "keys": kept.keys,
            "fetched": sorted(kept.fetched),
            "sampled": kept.history.sampled,
        }
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            save_columns(path, meta, {key: (one.step, one.value, one.time) for key, one in kept.history.items()})
            _sweep(self.folder)

    def _path(self, run: str, limit: float | None) -> Path:
        resolution = "sampled" if limit is None else "all" if math.isinf(limit) else f"{limit:.0f}"
        return self.folder / f"{hashlib.sha256(run.encode()).hexdigest()[:32]}-{resolution}.npz"


def default_folder() -> Path:
    """$ASTUNER_CACHE, else `astuner_nb` in the user's cache folder."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "astuner_nb")


def _load(path: Path) -> Kept | None:
    try:
        meta, columns = load_columns(path)
        if meta["schema"] != SCHEMA:
            return None
        series = {key: Series(key, *arrays) for key, arrays in columns.items()}
        return Kept(tuple(meta["keys"]), frozenset(meta["fetched"]), History(series, bool(meta["sampled"])))
    except Exception:  # a damaged file means: ask the server
        return None


def _sweep(folder: Path) -> None:
    """Remove the files that were used longest ago until the rest fits."""
    files: Mapping[Path, os.stat_result] = {path: path.stat() for path in folder.glob("*.npz")}
    total = sum(stat.st_size for stat in files.values())
    for path in sorted(files, key=lambda path: files[path].st_mtime):
        if total <= MOST_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= files[path].st_size
