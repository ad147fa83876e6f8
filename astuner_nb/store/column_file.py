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
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.store.zip_members import Member, directory, read_array

Columns = Mapping[str, tuple[Floats, Floats, Floats]]
"""Metric → step, value and time, each (n,) float64."""

STALE_S = 3600.0
"""Age at which an unfinished file of another host is taken for abandoned."""


@dataclass(frozen=True, eq=False)
class ColumnFile:
    """A file of columns that is open: its `meta` has been read, its arrays are when they are asked for."""

    meta: dict[str, Any]
    """What `save_columns` was given, and `series`: each metric with the indices of its three arrays."""
    descriptor: int
    members: Mapping[str, Member]
    """Where each array stands; empty where only numpy can tell."""

    @property
    def names(self) -> list[str]:
        """All metrics in it."""
        return [str(row[0]) for row in self.meta["series"]]

    def columns(self, only: Collection[str] | None = None) -> Columns:
        """The columns of the metrics `only`, in the file's order; all where not given. No other array is read.

        Raises one of a dozen errors where the file is damaged, cut or another.
        """
        series = [row for row in self.meta["series"] if only is None or row[0] in only]
        return _columns(series, self._arrays({int(index) for _, *indices in series for index in indices}))

    def _arrays(self, indices: Collection[int]) -> dict[int, Floats]:
        """Each by its index; numpy is asked where they are not at their places as we know them."""
        try:
            return {index: read_array(self.descriptor, self.members, f"c{index}", "<f8") for index in indices}
        except (ValueError, KeyError):
            with _numpy_members(self.descriptor) as members:
                return {index: members[f"c{index}"] for index in indices}


@contextlib.contextmanager
def open_columns(path: str | os.PathLike[str]) -> Iterator[ColumnFile]:
    """What `save_columns` wrote. Raises one of a dozen errors where it is missing, damaged, cut or another."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield _opened(descriptor)
    finally:
        os.close(descriptor)


def load_columns(path: Path, only: Collection[str] | None = None) -> tuple[dict[str, Any], Columns]:
    """What `save_columns` wrote, of the columns those of the metrics `only`; all where not given.

    Raises one of a dozen errors where the file is missing, damaged, cut or another. Damage in an array that is not
    asked for goes unseen.
    """
    with open_columns(path) as file:
        return file.meta, file.columns(only)


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


def _opened(descriptor: int) -> ColumnFile:
    members: Mapping[str, Member] = {}
    try:
        members = directory(descriptor)
        text = read_array(descriptor, members, "meta", "|u1")
    except (ValueError, KeyError):
        with _numpy_members(descriptor) as archive:
            text = archive["meta"]
    return ColumnFile(json.loads(text.tobytes()), descriptor, members)


@contextlib.contextmanager
def _numpy_members(descriptor: int) -> Iterator[Mapping[str, np.ndarray]]:
    """The arrays of an open archive as numpy reads them."""
    with open(os.dup(descriptor), "rb") as file:
        file.seek(0)
        with np.load(file, allow_pickle=False) as members:
            yield members


def _columns(series: list[list[Any]], arrays: Mapping[int, Floats]) -> Columns:
    columns = {}
    for name, *indices in series:
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
