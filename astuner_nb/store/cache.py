"""`metrics.npz`: the first part of a run's log as columns. Disposable: whatever is wrong with it, the log is read.

Members are `meta` (JSON as bytes) and `c0` … `cN` ((n,) float64). Metrics are listed in `meta` by the indices of their
arrays, never by member names: `numpy.savez` would lose a metric called `allow_pickle`. Equal arrays are stored once.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astuner_nb.core.series import Floats

SCHEMA = 1
MARK_BYTES = 256
"""How many bytes before an offset must still be the same for a log to be the one that was read."""
STALE_S = 3600.0
"""Age at which an unfinished cache of another host is taken for abandoned."""


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
    columns: Mapping[str, tuple[Floats, Floats, Floats]]
    """Metric → step, value and time, each (n,) float64."""


def load(path: Path) -> Cached | None:
    """The cache in `path`; None where there is none, or it is damaged, cut, or not of this kind."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as members:
            return _read(members)
    except Exception:  # numpy and zipfile raise a dozen kinds for broken files, and each means: read the log
        return None


def save(path: Path, cached: Cached) -> bool:
    """Whether `cached` now stands in `path`, whole or not at all; racing writers do no harm.

    False where it cannot be written (a full disk, somebody else's store): nothing is lost by that.
    """
    sweep(path)
    temporary = path.with_name(f"{path.name}.tmp.{socket.gethostname()}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, **_members(cached))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_directory(path.parent)
    except OSError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def sweep(path: Path) -> None:
    """Remove what dead writers of `path` left behind."""
    for left in path.parent.glob(f"{path.name}.tmp.*"):
        host, _, pid = left.name.removeprefix(f"{path.name}.tmp.").rpartition(".")
        with contextlib.suppress(OSError):
            dead = host == socket.gethostname() and pid.isdecimal() and not _alive(int(pid))
            if dead or time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()


def _members(cached: Cached) -> dict[str, np.ndarray]:
    arrays: list[Floats] = []
    series = [[name, *(_index(arrays, array) for array in column)] for name, column in cached.columns.items()]
    meta = {
        "schema": SCHEMA,
        "size": cached.size,
        "mark": cached.mark.hex(),
        "records": cached.records,
        "skipped": cached.skipped,
        "last_step": cached.last_step,
        "series": series,
    }
    text = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    return {"meta": text, **{f"c{index}": array for index, array in enumerate(arrays)}}


def _index(arrays: list[Floats], array: Floats) -> int:
    """Where `array` stands in `arrays`, appended where no equal one does. Bits are compared: NaN equals itself."""
    bits = array.view(np.int64)
    for index, other in enumerate(arrays):
        if len(other) == len(array) and np.array_equal(other.view(np.int64), bits):
            return index
    arrays.append(array)
    return len(arrays) - 1


def _read(members: Mapping[str, np.ndarray]) -> Cached:
    meta = json.loads(members["meta"].tobytes())
    if meta["schema"] != SCHEMA:
        raise ValueError(f"schema {meta['schema']!r}")
    arrays: dict[int, Floats] = {}
    columns = {}
    for name, *indices in meta["series"]:
        for index in indices:
            if index not in arrays:
                arrays[index] = members[f"c{index}"]
        step, value, at = (arrays[index] for index in indices)
        if not (step.dtype == value.dtype == at.dtype == np.float64 and step.shape == value.shape == at.shape):
            raise ValueError(f"columns of {name!r} do not fit")
        columns[str(name)] = (step, value, at)
    size, mark = int(meta["size"]), bytes.fromhex(meta["mark"])
    if len(mark) != min(size, MARK_BYTES):
        raise ValueError("the mark does not fit the size")
    return Cached(size, mark, int(meta["records"]), int(meta["skipped"]), meta["last_step"], columns)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return False
    except PermissionError:
        pass
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
