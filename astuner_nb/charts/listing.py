"""Runs as lines of text: what `astuner runs` prints."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.charts.numbers import number
from astuner_nb.core.metrics import FIVE
from astuner_nb.store.run import Run
from astuner_nb.store.run_store import RunStore

HEAD = ("id", "project", "state", "started", "step", "reward", "success", "name")


def listing(store: RunStore) -> Iterator[str]:
    """A line a run, newest first, in columns as wide as they need to be; one sentence where there are none."""
    runs = store.runs()
    if not runs:
        yield f"No runs in {store.root}. `astuner --conf math_agent.yaml` makes one."
        return
    lines = [HEAD, *(_cells(run) for run in runs)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cells(run: Run) -> tuple[str, ...]:
    last = run.last_record()
    reward, success = (_value(last.get(metric.name)) for metric in FIVE[:2])
    started = run.created.astimezone().strftime("%Y-%m-%d %H:%M")
    name = "".join(letter if letter.isprintable() else "?" for letter in run.name)  # no escape codes on a terminal
    return (run.id, run.project, run.state.value, started, str(last.get("step", 0)), reward, success, name)


def _value(value: object) -> str:
    return number(float(value)) if isinstance(value, int | float) else ""
