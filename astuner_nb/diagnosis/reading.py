"""Whatever a person hands over, as a case: a run, a history, a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.errors import BadValue
from astuner_nb.core.metrics import is_sparse
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.series import Floats, History, Series
from astuner_nb.core.states import RunState
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.thresholds import Thresholds

DENSE = 5
"""Rows from the first on that a table's column must fill for an empty cell behind them to be NaN."""
MOST_EMPTY = 0.1
"""Share of rows that such a column may leave empty."""
RECENT = 200
"""Records that tell the usual gap."""


def case_of(
    what: Any,
    state: RunState | str | None,
    now: float | None,
    thresholds: Thresholds,
    config: Mapping[str, ConfigValue] | None,
    names: Aliases | None,
) -> Case:
    """The case of `what`. Raises `BadValue` for what is none."""
    if not isinstance(thresholds, Thresholds):
        raise BadValue(f"thresholds must be Thresholds, got {thresholds!r:.80}. Give Thresholds(…).")
    if config is not None and not isinstance(config, Mapping):
        raise BadValue(f"config must be a mapping, got {config!r:.80}. Give hyper-parameter → value.")
    names = names or getattr(what, "aliases", None) or aliases()
    history = names.canonicalised(_history(what))
    state = _state(getattr(what, "state", None) if state is None and _is_run(what) else state)
    settings = (getattr(what, "config", None) if _is_run(what) else None) if config is None else config
    curves = {name: Curve.of(series) for name, series in history.items()}
    return Case(curves, names.canonical_config(settings or {}), state, now, _times(history), thresholds, names)


def _state(state: object) -> RunState | None:
    try:
        return None if state is None else RunState(state)  # type: ignore[arg-type]
    except ValueError:
        known = ", ".join(RunState)
        raise BadValue(f"There is no state {state!r:.80}. Give one of {known}.") from None


def _is_run(what: object) -> bool:
    return callable(getattr(what, "history", None))


def _history(what: Any) -> History:
    if isinstance(what, History):
        return what
    if _is_run(what):
        return what.history()  # type: ignore[no-any-return]
    if hasattr(what, "columns") and hasattr(what, "iloc"):
        return _of_frame(what)
    raise BadValue(f"A {type(what).__name__} has no curves. Give a run, a History, or a pandas DataFrame of metrics.")


def _of_frame(frame: Any) -> History:
    """The numeric columns of a table, by its column or index `step`."""
    keyed = "step" in frame.columns
    step = _numbers(frame["step"] if keyed else frame.index)
    if step is None or step.shape != (len(frame),):
        raise BadValue("The index of the table holds no numbers. Give it a column, or an index, of training steps.")
    columns = [
        (str(name), _numbers(frame.iloc[:, place])) for place, name in enumerate(frame.columns) if name != "step"
    ]
    return History({name: _column(name, step, value) for name, value in columns if value is not None})


def _numbers(column: Any) -> Floats | None:
    """A column's values; None where they are no numbers."""
    if getattr(column.dtype, "kind", "O") not in "biuf":
        return None
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), np.float64)


def _column(name: str, step: Floats, value: Floats) -> Series:
    """A metric. An empty cell is a NaN where the others are full, else nothing was logged there."""
    empty = np.isnan(value)
    kept = np.isfinite(step) & (np.ones(len(value), dtype=np.bool_) if _is_dense(name, empty) else ~empty)
    return Series(name, step[kept], value[kept], np.full(int(kept.sum()), np.nan))


def _is_dense(name: str, empty: NDArray[np.bool_]) -> bool:
    """Whether a metric was logged in every row: nearly all are full, or all up to the first that is empty for good."""
    if is_sparse(name) or len(empty) <= DENSE or bool(empty[:DENSE].any()):
        return False
    return bool(empty.mean() <= MOST_EMPTY or empty[int(empty.argmax()) :].all())


def _times(history: History) -> tuple[float, float] | None:
    """When the last record came, and the usual gap between records, in seconds."""
    longest = max(history.values(), key=len, default=None)
    if longest is None:
        return None
    newest = [float(series.time[-1]) for series in history.values() if len(series) and np.isfinite(series.time[-1])]
    if not newest:
        return None
    recent = longest.time[-RECENT:]
    gaps = np.diff(recent[np.isfinite(recent)])
    return max(newest), float(np.median(gaps[gaps > 0])) if bool((gaps > 0).any()) else 0.0
