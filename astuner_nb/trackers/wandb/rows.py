"""Rows and tables of a W&B history, as curves. A metric keeps the steps at which it was logged, no others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astuner_nb.core.series import Floats, History, Series
from astuner_nb.store.columns import number

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]
Points = list[tuple[float, float, float]]
"""Step, value and time of each."""
STEP, TIME = "_step", "_timestamp"


def sampled_points(key: str, rows: Sequence[Row]) -> Points:
    """The points of `key` in rows that all have it: there a null is a number that JSON cannot spell, NaN.

    Where nothing in them is a number, the run has no such scalar.
    """
    values = [_value(row, key) for row in rows]
    if all(value is None for value in values):
        return []
    numbers = [math.nan if value is None else number(value) for value in values]
    return [
        (float(row[STEP]), value, _time(row)) for row, value in zip(rows, numbers, strict=True) if value is not None
    ]


def scanned(rows: Iterable[Row], keys: Sequence[str]) -> History:
    """The curves of `keys` in whole rows, where a null stands for a metric that was not logged."""
    points: dict[str, Points] = {key: [] for key in keys}
    for row in rows:
        step, time = float(row[STEP]), _time(row)
        for key in keys:
            if (value := number(row.get(key))) is not None:
                points[key].append((step, value, time))
    return history_of(points)


def history_of(points: Mapping[str, Points], sampled: bool = False) -> History:
    """A history of those of `points` that are any; each step once, the last stands."""
    found = {key: np.array(each, dtype=np.float64).T for key, each in points.items() if each}
    return History({key: Series(key, *columns) for key, columns in found.items()}, sampled).deduplicated()


def read_exports(paths: Sequence[Path], keys: Sequence[str]) -> History:
    """The curves of `keys` in a run's parquet files, the parts in their order. Raises what pyarrow raises."""
    pieces: dict[str, list[Floats]] = {key: [] for key in keys}
    for path in paths:
        table = _table(path, keys)
        for key in keys:
            if key in table.column_names:
                pieces[key].append(_column(table, key))
    found = {key: np.concatenate(each, axis=1) for key, each in pieces.items() if each}
    return History({key: Series(key, *each) for key, each in found.items() if each.size}).deduplicated()


def _table(path: Path, keys: Sequence[str]) -> pa.Table:
    """Step, time and `keys` of one file, those that it has; nested columns under dotted names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    wanted = {STEP, TIME, *keys} | {key.partition(".")[0] for key in keys}
    table = file.read([name for name in file.schema_arrow.names if name in wanted])
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    return table


def _column(table: pa.Table, key: str) -> Floats:
    """Step, value and time where `key` was logged, (3, n) float64: null is not logged, NaN is a value."""
    value, logged = _floats(table.column(key))
    step, has_step = _floats(table.column(STEP))
    time = _floats(table.column(TIME))[0] if TIME in table.column_names else np.full(len(step), math.nan)
    kept = logged & has_step
    return np.stack([step[kept], value[kept], time[kept]])


def _floats(column: pa.ChunkedArray) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Values, (n,) float64 with NaN where there is none, and which are numbers, (n,) bool."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        valid = column.is_valid().to_numpy()
        if pa.types.is_boolean(kind):
            column = column.cast(pa.int8())
        return column.fill_null(0).to_numpy().astype(np.float64), valid
    numbers = [number(value) for value in column.to_pylist()]
    return np.array([math.nan if each is None else each for each in numbers]), np.array(
        [each is not None for each in numbers], dtype=np.bool_
    )


def _value(row: Row, key: str) -> object:
    """What `row` has under `key`, which may be the dotted name of a nested entry."""
    if key in row or "." not in key:
        return row.get(key)
    inner: Any = row
    for part in key.split("."):
        inner = inner.get(part) if isinstance(inner, dict) else None
    return inner


def _time(row: Row) -> float:
    time = number(row.get(TIME))
    return math.nan if time is None else time
