"""Runs as rows of a table: plain values, ready to be shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from astuner_nb.charts.board import Style
from astuner_nb.charts.progress import progress
from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.series import History
from astuner_nb.store.run import Run


@dataclass(frozen=True)
class Row:
    """One run as the table shows it."""

    id: str
    name: str
    colour: str
    state: str
    alive: bool
    """Whether it can be stopped."""
    detail: str
    """Why it is in that state, where there is more to say."""
    progress: str
    started: str
    """Local time."""
    values: tuple[str, ...]
    """The last value of each of the table's metrics, as text."""

    def to_json(self) -> dict[str, object]:
        """The row as the page wants it."""
        return asdict(self)


def row(run: Run, status: JobStatus, history: History, style: Style, metrics: Sequence[str]) -> Row:
    """The row of `run`."""
    return Row(
        id=run.id,
        name=style.label,
        colour=style.colour,
        state=status.state.value,
        alive=status.alive or not status.state.ended,
        detail=status.detail,
        progress=progress(history, run.config.get("total_steps")).words,
        started=run.created.astimezone().strftime("%m-%d %H:%M"),
        values=tuple(number(history[name].last) if name in history else "" for name in metrics),
    )


def number(value: float) -> str:
    """A value in three significant digits, e.g. `0.965`, `2.5e-05`, `NaN`."""
    return f"{value:.3g}" if math.isfinite(value) else {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
