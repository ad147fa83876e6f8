"""`metrics.npz`: the first part of a run's log as columns. Disposable: whatever is wrong with it, the log is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from astuner_nb.store.column_file import Columns, load_columns, save_columns

SCHEMA = 1
MARK_BYTES = 256
"""How many bytes before an offset must still be the same for a log to be the one that was read."""


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
        if meta["schema"] != SCHEMA:
            return None
        size, mark = int(meta["size"]), bytes.fromhex(meta["mark"])
        if len(mark) != min(size, MARK_BYTES):
            return None
        return Cached(size, mark, int(meta["records"]), int(meta["skipped"]), meta["last_step"], columns)
    except Exception:  # numpy and zipfile raise a dozen kinds for broken files, and each means: read the log
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
    }
    return save_columns(path, meta, cached.columns)
