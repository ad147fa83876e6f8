"""Columns in a file: an uncompressed `.npz` that anybody can open with numpy, whole or not there at all.

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
from pathlib import Path
from typing import Any

import numpy as np

from astuner_nb.core.series import Floats

Columns = Mapping[str, tuple[Floats, Floats, Floats]]
"""Metric → step, value and time, each (n,) float64."""

STALE_S = 3600.0
"""Age at which an unfinished file of another host is taken for abandoned."""


def load_columns(path: Path) -> tuple[dict[str, Any], Columns]:
    """What `save_columns` wrote. Raises one of a dozen errors where the file is missing, damaged, cut or another."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as members:
        meta = json.loads(members["meta"].tobytes())
        return meta, _columns(meta["series"], members)


def save_columns(path: Path, meta: Mapping[str, Any], columns: Columns) -> bool:
    """Whether `meta` (JSON) and `columns` now stand in `path`; racing writers do no harm.

    False where it cannot be written (a full disk, somebody else's folder).
    """
    sweep(path)
    temporary = path.with_name(f"{path.name}.tmp.{socket.gethostname()}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, **_members(meta, columns))  # type: ignore[arg-type]
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


def _members(meta: Mapping[str, Any], columns: Columns) -> dict[str, np.ndarray]:
    arrays: list[Floats] = []
    series = [[name, *(_index(arrays, array) for array in column)] for name, column in columns.items()]
    text = np.frombuffer(json.dumps({**meta, "series": series}).encode(), dtype=np.uint8)
    return {"meta": text, **{f"c{index}": array for index, array in enumerate(arrays)}}


def _index(arrays: list[Floats], array: Floats) -> int:
    """Where `array` stands in `arrays`, appended where no equal one does. Bits are compared: NaN equals itself."""
    bits = array.view(np.int64)
    for index, other in enumerate(arrays):
        if len(other) == len(array) and np.array_equal(other.view(np.int64), bits):
            return index
    arrays.append(array)
    return len(arrays) - 1


def _columns(series: list[list[Any]], members: Mapping[str, np.ndarray]) -> Columns:
    arrays: dict[int, Floats] = {}
    columns = {}
    for name, *indices in series:
        for index in indices:
            if index not in arrays:
                arrays[index] = members[f"c{index}"]
        step, value, at = (arrays[index] for index in indices)
        if not (step.dtype == value.dtype == at.dtype == np.float64 and step.shape == value.shape == at.shape):
            raise ValueError(f"columns of {name!r} do not fit")
        columns[str(name)] = (step, value, at)
    return columns


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
