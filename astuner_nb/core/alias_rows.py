"""The names as a table, for documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from astuner_nb.core.aliases import DEFAULT_ALIASES, Aliases

_METRIC_HEAD = ("canonical", "unit", "better", "cumulative", "keys, the preferred one first")
_PARAMETER_HEAD = ("canonical", "kind", "paths, the preferred one first")


@dataclass(frozen=True)
class Row:
    """One canonical metric."""

    canonical: str
    unit: str
    better: str
    cumulative: bool
    keys: tuple[str, ...]


def table(aliases: Aliases = DEFAULT_ALIASES) -> list[Row]:
    """A row for each canonical metric, in panel order."""
    return [
        Row(name, metric.unit, metric.better, metric.cumulative, tuple(aliases.metric_keys(name)))
        for name, metric in aliases.metrics.items()
    ]


def metrics_markdown(aliases: Aliases = DEFAULT_ALIASES) -> str:
    """The canonical metrics as a Markdown table."""
    rows = table(aliases)
    return _markdown(
        _METRIC_HEAD,
        (
            (_code([row.canonical]), row.unit, row.better, "yes" if row.cumulative else "", _code(row.keys))
            for row in rows
        ),
    )


def hyper_parameters_markdown(aliases: Aliases = DEFAULT_ALIASES) -> str:
    """The canonical hyper-parameters as a Markdown table."""
    return _markdown(
        _PARAMETER_HEAD,
        (
            (_code([name]), kind, _code(aliases.hyper_parameter_keys(name)))
            for name, kind in aliases.hyper_parameters.items()
        ),
    )


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _code(words: Iterable[str]) -> str:
    """`words` as code; a pipe would end the cell."""
    return " ".join(f"`{word.replace('|', chr(92) + '|')}`" for word in words)
