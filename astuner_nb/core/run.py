"""What is known of a run, wherever it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

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


@dataclass(frozen=True)
class Checkpoint:
    """What a run saved of itself at one step."""

    step: int
    """Steps that had been made when it was saved."""
    path: Path
    """File or directory."""
    best: bool = False
    """Whether the run keeps it as the one with the best value of its `keep_best`."""


@dataclass(frozen=True)
class Change:
    """Hyper-parameters that were changed while a run was going on."""

    step: int
    """The first step that was made with the new values."""
    values: Mapping[str, ConfigValue]
    time: float
    """When it was applied, seconds since 1970, UTC."""
    refused: str = ""
    """Why the run did not take it; empty where it did."""


@dataclass(frozen=True)
class Parent:
    """Where a run went on from."""

    key: str
    """Of the run that was gone on from."""
    step: int
    """The step of the checkpoint."""
    name: str = ""
    """What that run was called."""
