"""The runs of a view as a table: a pandas frame for a script, rows of plain values for a page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from astuner_nb.analysis.differences import MISSING, Config
from astuner_nb.compare.configs import canonical_configs, config_of_all, differing
from astuner_nb.compare.options import ViewOptions
from astuner_nb.compare.shown import NotesOf, StateOf, left, no_notes, shown, state_of
from astuner_nb.compare.sliders import sliders
from astuner_nb.compare.summaries import NAN, Summaries, Summary, table_metrics
from astuner_nb.compare.table_columns import DESCRIPTION, Column, TableSource, table_columns, table_order
from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.protocols import Run

if TYPE_CHECKING:
    import pandas as pd

MOST_PARAMETERS = 12
"""Hyper-parameters that a page shows by itself; a frame has all that differ."""


def table(
    runs: Sequence[Run],
    options: ViewOptions,
    summaries: Summaries,
    notes_of: NotesOf = no_notes,
    names: Aliases | None = None,
    *,
    state_of: StateOf = state_of,
    configs: Mapping[str, Config] | None = None,
) -> pd.DataFrame:
    """The runs that the view shows, one row each; index: the run's key.

    Columns: `DESCRIPTION`, hyper-parameters that differ among them, those that were asked for, then last and best of
    each metric (`reward last`), with a baseline the differences to it (`Δ reward last`). A hyper-parameter that is
    called like another column gets `config.` before it. Pinned runs come first; a column to sort by that is not there
    leaves the order as it is.

    Args:
        runs: all runs of the view; the baseline may be one that is not shown.
        options: what is shown, and how it is sorted.
        summaries: what the curves say, by run key and canonical metric.
        notes_of: what a person wrote about a run: `Notes().of`.
        names: how metrics are called.
        state_of: where a run stands, where that is known already.
        configs: run key → canonical configuration, likewise.
    """
    import pandas as pd

    source = _source(runs, summaries, notes_of, names, state_of, configs)
    kept = shown(runs, options, config_of_all(runs, source.configs), notes_of, state_of)
    columns = table_columns(kept, options, source, differing(kept, source.configs))
    order = table_order(kept, columns, options)
    index = pd.Index([kept[place].key for place in order], name="key", dtype=object)
    data = {column.title: _pandas_column(column, order) for column in columns}
    return pd.DataFrame({title: pd.Series(values, index=index) for title, values in data.items()}, index=index)


Plain = float | int | bool | str | None
"""What JSON can say: NaN and the infinities are texts, None is a value that there is not."""


@dataclass(frozen=True)
class TableRow:
    """One run as a page shows it."""

    key: str
    name: str
    source: str
    state: str
    tags: tuple[str, ...]
    note: str
    group: str
    created: str
    """ISO 8601, UTC; empty where that is not known."""
    url: str
    """An address of the web; empty where there is none."""
    color: str
    """`#rrggbb` that a person chose; empty where none did."""
    pinned: bool
    hidden: bool
    selected: bool
    baseline: bool
    cells: tuple[Plain, ...]
    """One for each of the table's columns."""
    spark: tuple[float | None, ...]
    """The first metric in at most 24 points, four digits each; None where there is no number."""


@dataclass(frozen=True)
class TableRows:
    """All that a page needs for its table; plain values."""

    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    """`config`, `metric`, `delta` or `description` (what was asked for), for each column."""
    better: tuple[str, ...]
    """`higher`, `lower` or `neither`, for each column."""
    rows: tuple[TableRow, ...]

    def to_json(self) -> dict[str, object]:
        """The table as the page wants it."""
        return asdict(self)


def rows(
    runs: Sequence[Run],
    options: ViewOptions,
    summaries: Summaries,
    notes_of: NotesOf = no_notes,
    names: Aliases | None = None,
    *,
    state_of: StateOf = state_of,
    configs: Mapping[str, Config] | None = None,
    parameters: Sequence[str] | None = None,
) -> TableRows:
    """The same as plain values, sorted alike. Runs that a person hid are among them, marked, to be shown again.

    Args:
        parameters: the hyper-parameters to show; where not given, the first `MOST_PARAMETERS` that have a slider among
            all `runs`, so that columns stay where they are while sliders move.
    """
    source = _source(runs, summaries, notes_of, names, state_of, configs)
    kept = left(runs, options, config_of_all(runs, source.configs), notes_of, state_of)
    if parameters is None:
        parameters = [slider.name for slider in sliders(runs, source.configs)][:MOST_PARAMETERS]
    columns = table_columns(kept, options, source, parameters)
    sent = [column for column in columns if column.title not in DESCRIPTION]
    first = next(iter(table_metrics(summaries, options, source.names)), "")
    found = [
        _row(
            run := kept[place],
            options,
            {column.title: column.values[place] for column in columns if column.title in DESCRIPTION},
            [column.values[place] for column in sent],
            summaries.get(run.key, {}).get(first),
        )
        for place in table_order(kept, columns, options)
    ]
    kinds, better = tuple(column.kind for column in sent), tuple(column.better for column in sent)
    return TableRows(tuple(column.title for column in sent), kinds, better, tuple(found))


def plain(value: object, most: int = 200) -> Plain:
    """`value` as JSON can say it, texts of at most `most` letters."""
    if value is MISSING or value is None or isinstance(value, bool):
        return "None" if value is None else None if value is MISSING else bool(value)
    if isinstance(value, int) and abs(value) <= 2**53:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _source(
    runs: Sequence[Run],
    summaries: Summaries,
    notes_of: NotesOf,
    names: Aliases | None,
    state_of: StateOf,
    configs: Mapping[str, Config] | None,
) -> TableSource:
    known = canonical_configs(runs) if configs is None else configs
    return TableSource(summaries, known, names or aliases(), notes_of, state_of)


def _pandas_column(column: Column, order: Sequence[int]) -> object:
    import pandas as pd

    values = [column.values[place] for place in order]
    if column.title in ("created", "finished") and column.kind == "description":
        moments = [one.timestamp() if isinstance(one, datetime) else NAN for one in values]
        return pd.to_datetime(np.array(moments), unit="s", utc=True, errors="coerce")
    if column.kind in ("metric", "delta"):
        return [float(one) if isinstance(one, int | float) else NAN for one in values]
    if column.kind == "config":
        return [None if one is MISSING else one for one in values]
    return [list(one) if isinstance(one, tuple) else "" if one is MISSING else one for one in values]


def _row(
    run: Run,
    options: ViewOptions,
    described: Mapping[str, object],
    cells: Sequence[object],
    first: Summary | None,
) -> TableRow:
    """`described` are the values of the columns `DESCRIPTION`, `cells` those of the others."""
    tags, created = described["tags"], described["created"]
    return TableRow(
        key=run.key,
        name=str(described["name"]),
        source=run.source,
        state=str(described["state"]),
        tags=tags if isinstance(tags, tuple) else (),
        note=str(described["note"]),
        group=run.group,
        created=created.isoformat() if isinstance(created, datetime) else "",
        url=str(described["url"]),
        color=options.colors.get(run.key, ""),
        pinned=run.key in options.pinned,
        hidden=run.key in options.hidden,
        selected=run.key in options.selected,
        baseline=run.key == options.baseline,
        cells=tuple(map(plain, cells)),
        spark=tuple(map(_spark_point, first.spark)) if first is not None else (),
    )


def _spark_point(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
