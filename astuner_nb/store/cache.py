"""`metrics.npz`: the first part of a run's log as columns. Disposable: whatever is wrong with it, the log is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astuner_nb.store.column_file import ColumnFile, Columns, load_columns, open_columns, save_columns
from astuner_nb.store.summary import Summary, as_json, from_json, summarised

SCHEMA = 2
READABLE = (1, SCHEMA)
"""Schema 1 had no summaries."""
MARK_BYTES = 256
"""How many bytes before an offset must still be the same for a log to be the one that was read."""
TORN_BYTES = 4 << 10
"""How long the torn record of a killed job may be for its run to be read from the cache alone."""


@dataclass(frozen=True, eq=False)
class Cached:
    """What the first `size` bytes of a log say."""

    size: int
    """Bytes of the log that this stands for; they end with a newline."""
    mark: bytes
    """The last of them, `MARK_BYTES` at most: how to notice that the log is another one by now."""
    records: int
    skipped: int
    last_step: float
    columns: Columns


def load(path: Path) -> Cached | None:
    """The cache in `path`; None where there is none, or it is damaged, cut, or not of this kind."""
    try:
        meta, columns = load_columns(path)
        size, mark = _place(meta)
        return Cached(size, mark, int(meta["records"]), int(meta["skipped"]), meta["last_step"], columns)
    except Exception:  # numpy and zipfile raise a dozen kinds for broken files, and each means: read the log
        return None


def load_whole(path: str, log: str, choose: Callable[[Sequence[str]], Collection[str]]) -> Columns | None:
    """Some columns of the log `log` by the cache in `path` alone; None where that does not reach to the log's end.

    Args:
        path: the cache.
        log: what it is of.
        choose: given the names of all metrics, says which are wanted. No other column is read.
    """
    try:
        with _open_whole(path, log) as file:
            return file.columns(choose(file.names))
    except Exception:  # as above
        return None


def load_summaries(path: str, log: str) -> Mapping[str, Summary] | None:
    """Each metric of the log `log` in a few numbers, by the cache in `path` and without a column.

    None as for `load_whole`, and where the cache is one of schema 1.
    """
    try:
        with _open_whole(path, log) as file:
            return dict(zip(file.names, map(from_json, file.meta["summary"]), strict=True))
    except Exception:  # as above
        return None


def save(path: Path, cached: Cached) -> bool:
    """Whether `cached` now stands in `path`, whole or not at all; where it does not, nothing is lost by that."""
    meta = {
        "schema": SCHEMA,
        "size": cached.size,
        "mark": cached.mark.hex(),
        "records": cached.records,
        "skipped": cached.skipped,
        "last_step": cached.last_step,
        "summary": [as_json(summary) for summary in _summaries(cached.columns).values()],
    }
    return save_columns(path, meta, cached.columns)


@contextmanager
def _open_whole(path: str, log: str) -> Iterator[ColumnFile]:
    """The cache in `path`, open; raises where it does not stand for all of `log`."""
    with open_columns(path) as file:
        if not _reaches_end(*_place(file.meta), log):
            raise ValueError("there is more in the log, or another log")
        yield file


def _place(meta: Mapping[str, Any]) -> tuple[int, bytes]:
    """How far a cache reaches, and its mark. Raises where `meta` is none of a cache."""
    size, mark = int(meta["size"]), bytes.fromhex(meta["mark"])
    if meta["schema"] not in READABLE or len(mark) != min(size, MARK_BYTES):
        raise ValueError("not a cache of this kind")
    if meta["schema"] != 1 and len(meta["summary"]) != len(meta["series"]):
        raise ValueError("a summary is missing")
    return size, mark


def _reaches_end(size: int, mark: bytes, log: str) -> bool:
    """Whether no whole line of `log` follows its first `size` bytes, and these end with `mark`."""
    descriptor = os.open(log, os.O_RDONLY)
    try:
        asked = len(mark) + TORN_BYTES
        text = os.pread(descriptor, asked, size - len(mark))
    finally:
        os.close(descriptor)
    return len(text) < asked and text.startswith(mark) and b"\n" not in text[len(mark) :]


def _summaries(columns: Columns) -> dict[str, Summary]:
    return {name: summarised(step, value) for name, (step, value, _) in columns.items()}
