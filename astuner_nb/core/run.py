"""What is known of a run, wherever it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from astuner_nb.core.states import RunState

ConfigValue = float | int | bool | str | None
"""One entry of a flat configuration; lists come as their JSON text."""


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """Identity and description of one run."""

    source: str
    """What kept it: `runs`, `swanlab`, `wandb`, `tensorboard`, `verl`, `csv`, `parquet`, …"""
    place: str
    """Where that keeps it: a directory or file, or `host/workspace/project`."""
    id: str
    """Its name among the runs of that place, as the tracker has it."""
    name: str
    project: str
    state: RunState
    config: Mapping[str, ConfigValue] = field(default_factory=dict)
    """Hyper-parameters under the tracker's own names; nested ones under dotted names."""
    tags: tuple[str, ...] = ()
    group: str = ""
    created: datetime | None = None
    """When it began, UTC; None where that is not known."""
    finished: datetime | None = None
    """When it ended, UTC; None while it goes on, or where that is not known."""
    url: str = ""
    """Its page on a dashboard; empty where there is none."""
    detail: str = ""
    """Why it is in that state, where there is more to say."""

    @property
    def key(self) -> str:
        """What tells it from every other run, of other sources too."""
        return f"{self.source}:{self.place}#{self.id}"
