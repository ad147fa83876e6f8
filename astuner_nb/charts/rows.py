"""Runs as rows of a table: plain values, ready to be shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from astuner_nb.charts.board import Style
from astuner_nb.charts.progress import progress
from astuner_nb.core.protocols import JobStatus, Run
from astuner_nb.core.series import History


@dataclass(frozen=True)
class Row:
    """One run as the table shows it."""

    id: str
    name: str
    colour: str
    source: str
    """What keeps it."""
    url: str
    """Its page on a dashboard, an address of the web; empty where there is none."""
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


def row(run: Run, status: JobStatus, history: History, style: Style, metrics: Sequence[str], trouble: str = "") -> Row:
    """The row of `run`; `trouble` is why it cannot be read at the moment."""
    total = run.aliases.canonical_config(run.config).get("total_steps")
    ours = run.source == "runs"
    return Row(
        id=run.key,
        name=style.label,
        colour=style.colour,
        source=run.source,
        url=run.url if run.url.startswith(("https://", "http://")) else "",
        state=status.state.value,
        alive=ours and (status.alive or not status.state.ended),
        detail=trouble or status.detail,
        progress=progress(history, total).words,
        started=run.created.astimezone().strftime("%m-%d %H:%M") if run.created else "",
        values=tuple(number(history[name].last) if name in history else "" for name in metrics),
    )


def number(value: float) -> str:
    """A value in three significant digits, e.g. `0.965`, `2.5e-05`, `NaN`."""
    return f"{value:.3g}" if math.isfinite(value) else {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
