"""What the table of a view consists of: columns with one value for each run, and the order of the runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from astuner_nb.analysis.differences import MISSING, Config
from astuner_nb.core.aliases import Aliases
from astuner_nb.core.metrics import Better
from astuner_nb.core.protocols import Run
from astuner_nb.core.said import said
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.configs import config_of_all
from astuner_nb.views.tables.notes import RunNotes
from astuner_nb.views.tables.shown import NotesOf, StateOf, no_notes, own_name, pinned_first, state_of
from astuner_nb.views.tables.summaries import Summaries, difference, metric_titles, step_column, table_metrics, value_of

DESCRIPTION = ("name", "source", "state", "tags", "note", "group", "created", "url")
"""The columns that every run has."""
ON_REQUEST = ("project", "finished", "id")
"""Further parts of a description, where `ViewOptions.columns` names them."""
DELTA = "Δ "
"""Before the name of a column that holds the differences to the baseline."""

Kind = Literal["description", "config", "metric", "delta"]


@dataclass(frozen=True)
class Column:
    """One column, before it becomes part of a frame or of rows."""

    title: str
    kind: Kind
    values: Sequence[object]
    """One for each run; `MISSING` where it has none."""
    better: Better = "neither"
    """Which way is better, for metrics and differences."""


@dataclass(frozen=True)
class TableSource:
    """What a table is made of besides the options."""

    summaries: Summaries
    """By run key and canonical metric; see `summaries`."""
    configs: Mapping[str, Config]
    """By run key, canonical; see `canonical_configs`."""
    names: Aliases
    """How metrics are called, and which way each is better."""
    notes_of: NotesOf = no_notes
    state_of: StateOf = state_of


def table_columns(
    runs: Sequence[Run], options: ViewOptions, source: TableSource, parameters: Sequence[str]
) -> list[Column]:
    """All columns, in their order."""
    described = _described(runs, options, source)
    measured = _measured(runs, options, source)
    taken = {column.title for column in [*described, *measured]}
    asked = [name for name in options.columns if name not in ON_REQUEST and step_column(name) is None]
    config_of = config_of_all(runs, source.configs)
    configs = [config_of(run) for run in runs]
    configured = [
        Column(_free(name, taken), "config", [config.get(name, MISSING) for config in configs])
        for name in dict.fromkeys([*parameters, *asked])
    ]
    return [*described, *configured, *measured]


def _described(runs: Sequence[Run], options: ViewOptions, source: TableSource) -> list[Column]:
    notes = [source.notes_of(run) for run in runs]
    values: dict[str, list[object]] = {
        "name": [own_name(run, options, one) for run, one in zip(runs, notes, strict=True)],
        "source": [run.source for run in runs],
        "state": [said(source.state_of(run).value) for run in runs],
        "tags": [_tags(run, one) for run, one in zip(runs, notes, strict=True)],
        "note": [one.note for one in notes],
        "group": [run.group for run in runs],
        "created": [run.created or MISSING for run in runs],
        "url": [_web_address(run.url) for run in runs],
    }
    for name in options.columns:
        if name in ON_REQUEST:
            values[name] = [getattr(run, name) or MISSING for run in runs]
    return [Column(name, "description", of_runs) for name, of_runs in values.items()]


def _measured(runs: Sequence[Run], options: ViewOptions, source: TableSource) -> list[Column]:
    """Last and best of each metric and the values at steps; with a baseline the differences behind each."""
    found: list[Column] = []
    at_steps = {column: asked for column in options.columns if (asked := step_column(column)) is not None}
    metrics = table_metrics(source.summaries, options.with_columns(), source.names)
    wanted: list[tuple[str, str, str | float]] = [*metric_titles(metrics)]
    wanted += [(column, metric, step) for column, (metric, step) in at_steps.items()]
    baseline = source.summaries.get(options.baseline)
    for title, metric, what in wanted:
        better = source.names.describe(metric).better
        if what == "best" and better == "neither":
            continue  # nobody knows what is best
        values = [value_of(source.summaries.get(run.key, {}).get(metric), what) for run in runs]
        found.append(Column(title, "metric", values, better))
        if baseline is not None:
            zero = value_of(baseline.get(metric), what)
            found.append(
                Column(said("Δ {column}", column=title), "delta", [difference(value, zero) for value in values], better)
            )
    return found


def table_order(runs: Sequence[Run], columns: Iterable[Column], options: ViewOptions) -> list[int]:
    """The places of `runs` in the order in which the table has them."""
    title, descending = options.sort
    place = {run.key: index for index, run in enumerate(runs)}
    by = next((column.values for column in columns if column.title == title), None)
    order = list(range(len(runs))) if by is None else _sorted(by, descending)
    return [place[run.key] for run in pinned_first([runs[index] for index in order], options)]


def _sorted(values: Sequence[object], descending: bool) -> list[int]:
    """Places by value: numbers, then texts; equal ones as they stand; what is missing or NaN comes last either way."""
    keys = [_sort_key(value) for value in values]
    there = [place for place, key in enumerate(keys) if key is not None]
    there.sort(key=lambda place: keys[place] or (), reverse=descending)
    return there + [place for place, key in enumerate(keys) if key is None]


def _sort_key(value: object) -> tuple[int, float, str] | None:
    if value is MISSING or value is None or value != value or value == "":
        return None
    if isinstance(value, int | float):
        return (0, value, "")
    if isinstance(value, datetime):
        return (0, value.timestamp(), "")
    text = " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return (1, 0.0, text.casefold()) if text else None


def _tags(run: Run, notes: RunNotes) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*run.tags, *notes.tags]))


def _web_address(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""


def _free(name: str, taken: set[str]) -> str:
    """`name`, with `config.` before it until no other column is called so; taken from then on."""
    while name in taken or name in DESCRIPTION:
        name = f"config.{name}"
    taken.add(name)
    return name
