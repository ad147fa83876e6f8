"""The runs of a view as a table: a pandas frame for a script, rows of plain values for a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from astuner_nb.analysis.differences import MISSING, Config
from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.protocols import Run
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.columns import DESCRIPTION, Column, TableSource, table_columns, table_order
from astuner_nb.views.tables.configs import canonical_configs, config_of_all, differing
from astuner_nb.views.tables.diff import what_changed
from astuner_nb.views.tables.shown import NotesOf, StateOf, left, no_notes, shown, state_of
from astuner_nb.views.tables.sliders import sliders
from astuner_nb.views.tables.summaries import NAN, Summaries, Summary, table_metrics

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
    language: Language = ENGLISH,
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
        language: of states, and of titles that are no names of hyper-parameters.
    """
    import pandas as pd

    source = _source(runs, summaries, notes_of, names, state_of, configs)
    kept = shown(runs, options, config_of_all(runs, source.configs), notes_of, state_of)
    columns = table_columns(kept, options, source, differing(kept, source.configs))
    order = table_order(kept, columns, options)
    index = pd.Index([kept[place].key for place in order], name="key", dtype=object)
    data = {str(column.title): _pandas_column(column, order, language) for column in columns}
    frame = pd.DataFrame({title: pd.Series(values, index=index) for title, values in data.items()}, index=index)
    return frame.set_axis([_title(column, language) for column in columns], axis="columns")


Drawn = Literal["line", "background", "none"]
"""How the figures have a run."""
NO_SWATCH = "#8a8a8a"
"""The colour of a run that has none: grey, to be seen on light and on dark."""


@dataclass(frozen=True)
class Look:
    """What a row says of its run besides what is known of the run itself: how it is drawn, and how it goes."""

    mark: str = ""
    """`#12`, as in the figures."""
    swatch: str = NO_SWATCH
    """`#rrggbb`, the colour it is drawn in."""
    drawn: Drawn = "none"
    alive: bool = False
    """Whether it can be stopped."""
    detail: str = ""
    """Why it is in its state, where there is more to say."""
    progress: str = ""
    """`124/300`"""
    reading: str = ""
    """What its curves say, a short phrase."""
    severity: str = ""
    """`note`, `warning` or `alarm`: how grave that is; empty where nothing was read."""
    parent: str = ""
    """What it went on from: `from #2 @ 120`; empty where it began by itself."""


LookOf = Callable[[Run], Look]
ChangeOf = Callable[[Run], str]
NO_LOOK = Look()


def no_look(_: Run) -> Look:
    """Of a run that is not drawn."""
    return NO_LOOK


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
    mark: str
    swatch: str
    """`#rrggbb`, the colour it is drawn in; `color` only where a person chose it."""
    drawn: Drawn
    alive: bool
    detail: str
    progress: str
    reading: str
    """What its curves say, a short phrase; empty where nothing was read."""
    severity: str
    """`note`, `warning` or `alarm`; empty where nothing was read."""
    parent: str
    """What it went on from: `from #2 @ 120`; empty where it began by itself."""
    what_changed: str
    """Its hyper-parameters against the baseline's, one line; empty where there is none, or it is the baseline."""


@dataclass(frozen=True)
class TableRows:
    """All that a page needs for its table; plain values."""

    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    """`config`, `metric`, `delta` or `description` (what was asked for), for each column."""
    better: tuple[str, ...]
    """`higher`, `lower` or `neither`, for each column."""
    rows: tuple[TableRow, ...]
    sort: tuple[str, bool] = ("", False)
    """Column by which the rows are sorted, and whether it descends; empty where they stand as they came."""
    search: str = ""
    """What is searched for among the names."""

    def head(self) -> dict[str, object]:
        """All but the rows, as JSON can say it."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "rows"}

    def to_json(self) -> dict[str, object]:
        """All of it as JSON can say it."""
        return {**self.head(), "rows": [vars(row) for row in self.rows]}

    def sort_after(self, title: str) -> tuple[str, bool]:
        """`ViewOptions.sort` after a click on the header `title`: the better end first, then the other, then none.

        Where no end is better the largest number and the newest run come first, and texts by the alphabet.
        """
        descends = self._descends_first(title)
        turns = [("", False), (title, descends), (title, not descends), ("", False)]
        return turns[1] if self.sort[0] != title else turns[turns.index(self.sort) + 1]

    def _descends_first(self, title: str) -> bool:
        if title not in self.columns:
            return title == "created"
        place = self.columns.index(title)
        return self.kinds[place] in ("metric", "delta") and self.better[place] != "lower"


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
    looks: LookOf = no_look,
    changed: ChangeOf | None = None,
) -> TableRows:
    """The same as plain values, sorted alike. Runs that a person hid are among them, marked, to be shown again.

    Args:
        parameters: the hyper-parameters to show; where not given, the first `MOST_PARAMETERS` that have a slider among
            all `runs`, so that columns stay where they are while sliders move.
        looks: how each run is drawn and how it goes.
        changed: what changed in a run against the baseline, where that is known: `changes`, kept while they stay.
    """
    source = _source(runs, summaries, notes_of, names, state_of, configs)
    kept = left(runs, options, config_of_all(runs, source.configs), notes_of, state_of)
    if parameters is None:
        parameters = [slider.name for slider in sliders(runs, source.configs)][:MOST_PARAMETERS]
    columns = table_columns(kept, options, source, parameters)
    sent = [column for column in columns if column.title not in DESCRIPTION]
    first = next(iter(table_metrics(summaries, options, source.names)), "")
    changed = changed or changes(runs, options.baseline, source.configs)
    found = [
        _row(
            run := kept[place],
            options,
            {column.title: column.values[place] for column in columns if column.title in DESCRIPTION},
            tuple(_cell(column, place) for column in sent),
            summaries.get(run.key, {}).get(first),
            looks(run),
            changed(run),
        )
        for place in table_order(kept, columns, options)
    ]
    titles, kinds, better = (tuple(getattr(one, part) for one in sent) for part in ("title", "kind", "better"))
    return TableRows(titles, kinds, better, tuple(found), options.sort, _search(options.name))


def changes(runs: Sequence[Run], baseline: str, configs: Mapping[str, Config]) -> ChangeOf:
    """What says of a run in one line what changed against the run with the key `baseline`; looked up once a run."""
    against = next((run for run in runs if run.key == baseline), None)
    known = {baseline: ""}

    def changed(run: Run) -> str:
        if against is None:
            return ""
        if run.key not in known:
            known[run.key] = what_changed(run, against, configs)
        return known[run.key]

    return changed


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


def _title(column: Column, language: Language) -> str:
    """What its head says; a hyper-parameter is called by its name."""
    if column.kind == "description":
        return language.page("heads").get(column.title, column.title)
    return language.of(column.title)


def _pandas_column(column: Column, order: Sequence[int], language: Language) -> object:
    import pandas as pd

    values = [column.values[place] for place in order]
    if column.title in ("created", "finished") and column.kind == "description":
        moments = [one.timestamp() if isinstance(one, datetime) else NAN for one in values]
        return pd.to_datetime(np.array(moments), unit="s", utc=True, errors="coerce")
    if column.kind in ("metric", "delta"):
        return [float(one) if isinstance(one, int | float) else NAN for one in values]
    if column.kind == "config":
        return [None if one is MISSING else one for one in values]
    return [_described(one, language) for one in values]


def _described(value: object, language: Language) -> object:
    if isinstance(value, tuple):
        return list(value)
    return "" if value is MISSING else language.of(value) if isinstance(value, str) else value


def _search(pattern: str) -> str:
    """What a person typed to have `pattern`: see `ViewOptions.with_search`."""
    inner = pattern[1:-1]
    plain_words = len(pattern) > 2 and pattern[0] == pattern[-1] == "*" and not any(sign in inner for sign in "*?[")
    return inner if plain_words else pattern


def _cell(column: Column, place: int) -> Plain:
    """A value of `column`; of what was measured six digits, more than a page ever shows."""
    value = column.values[place]
    if column.kind in ("metric", "delta") and isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.6g}")
    return plain(value)


def _row(
    run: Run,
    options: ViewOptions,
    described: Mapping[str, object],
    cells: tuple[Plain, ...],
    first: Summary | None,
    look: Look,
    changed: str,
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
        cells=cells,
        spark=tuple(map(_spark_point, first.spark)) if first is not None else (),
        mark=look.mark,
        swatch=look.swatch,
        drawn=look.drawn,
        alive=look.alive,
        detail=look.detail,
        progress=look.progress,
        reading=look.reading,
        severity=look.severity,
        parent=look.parent,
        what_changed=changed,
    )


def _spark_point(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
