"""The curves of a view as a long frame, and frames as files: CSV or parquet, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from astuner_nb.core.errors import BadValue, NotInstalled
from astuner_nb.core.series import Floats
from astuner_nb.views.files.whole_file import write_whole

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that begins so for a formula, and runs it."""
CSV, PARQUET = (".csv", ".csv.gz"), (".parquet",)


@dataclass(frozen=True, eq=False)
class LongCurve:
    """One metric of one run, or of one group, over the axis of the view."""

    key: str
    """Key of its run."""
    run: str
    """How the view calls it."""
    group: str
    """Its group in the view; empty where there is none."""
    metric: str
    x: Floats
    """(n,)"""
    value: Floats
    """(n,) as logged: NaN and ±Inf are kept."""


def long_frame(curves: Iterable[LongCurve], axis: str = "step") -> pd.DataFrame:
    """Columns `key`, `run`, `group`, `metric`, `axis` and `value`, one row a point, in the order of `curves`.

    Args:
        curves: what the view shows, unsmoothed and unthinned.
        axis: how the x axis is called. One with the name of another column is called `x`. Whole numbers on it are
            integers, those of `wall` dates (UTC).
    """
    import pandas as pd

    found = list(curves)
    lengths = [len(curve.x) for curve in found]
    columns: dict[str, Any] = {
        name: np.repeat(np.array([_encodable(getattr(curve, name)) for curve in found], dtype=object), lengths)
        for name in ("key", "run", "group", "metric")
    }
    place = "x" if axis in (*columns, "value") else axis
    columns[place] = _places([curve.x for curve in found], axis)
    columns["value"] = np.concatenate([np.empty(0), *(curve.value for curve in found)])
    return pd.DataFrame(columns)


def save_frame(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Where it is, absolute: `.csv`, `.csv.gz` or `.parquet`, as the suffix says.

    Raises:
        BadValue: for another suffix.
        NotInstalled: for `.parquet` without pyarrow.
        StoreError: where it cannot be written.
    """
    name = os.fspath(path).lower()
    if name.endswith(CSV):
        return to_csv(frame, path)
    if name.endswith(PARQUET):
        return to_parquet(frame, path)
    allowed = ", ".join((*CSV, *PARQUET))
    raise BadValue(f"A table is written as {allowed}, got {os.fspath(path)!r:.120}. Choose one of these.")


def to_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Where it is, absolute: UTF-8, compressed where the name ends in `.gz`; an index with a name is its first column.

    A number has all of its digits. A text that a spreadsheet would run as a formula gets a `'` before it.
    """
    packed = "gzip" if os.fspath(path).lower().endswith(".gz") else None
    safe = _plain(frame, inert)
    return write_whole(path, lambda file: _write_csv(safe, file, packed))


def to_parquet(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Where it is, absolute; texts stand in it as they are. Needs pyarrow."""
    try:
        import_module("pyarrow")
    except ImportError as error:
        raise NotInstalled(
            f"Parquet needs pyarrow ({error}). Run `pip install 'astuner-nb[parquet]'`, or write it as .csv.gz."
        ) from error
    plain = _plain(frame, str)
    return write_whole(path, lambda file: plain.to_parquet(file, engine="pyarrow", index=False))


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Where it is, absolute: `text` as UTF-8, whole or not at all. Raises `StoreError` where it cannot be written."""
    return write_whole(path, lambda file: file.write(text.encode()))


def inert(text: str) -> str:
    """`text` so that no spreadsheet runs it; a number stays a number."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not _is_number(text) else text


def _write_csv(frame: pd.DataFrame, file: BinaryIO, packed: Any) -> None:
    frame.to_csv(file, index=False, na_rep="NaN", compression=packed, lineterminator="\n", encoding="utf-8")


def _places(parts: list[Floats], axis: str) -> Any:
    import pandas as pd

    x = np.concatenate([np.empty(0), *parts])
    if axis == "wall":
        return pd.to_datetime(x, unit="s", utc=True, errors="coerce")
    whole = bool(np.isfinite(x).all()) and bool((np.abs(x) < 2**53).all()) and bool((x == np.rint(x)).all())
    return x.astype(np.int64) if whole else x


def _plain(frame: pd.DataFrame, safe: Callable[[str], str]) -> pd.DataFrame:
    """`frame` with columns of one kind each, all called differently; an index with a name comes first."""
    import pandas as pd

    whole = frame.reset_index() if frame.index.name else frame
    columns: dict[str, Any] = {}
    for place in range(whole.shape[1]):
        title = _title(safe(_encodable(str(whole.columns[place]))), columns)
        values = whole.iloc[:, place]
        columns[title] = values if _is_of_one_kind(values) else [_text(value, safe) for value in values.tolist()]
    return pd.DataFrame(columns, index=whole.index)


def _is_of_one_kind(values: pd.Series[Any]) -> bool:
    return values.dtype.kind in "biufmM" or hasattr(values.dtype, "tz")


def _title(title: str, taken: dict[str, Any]) -> str:
    """`title`, numbered where another column has it: two runs may be called alike."""
    number, found = 2, title
    while found in taken:
        number, found = number + 1, f"{title} ({number})"
    return found


def _text(value: object, safe: Callable[[str], str]) -> str | None:
    if value is None:
        return None
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return safe(_encodable(shown))


def _encodable(text: str) -> str:
    """`text` with a question mark for half characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
