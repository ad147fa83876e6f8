"""What happened to a run beside its curves: what it saved, what was changed while it ran, what it went on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from astuner_nb.core.errors import StoreError
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import Change, Checkpoint, ConfigValue, Parent
from astuner_nb.store.run import Run as StoredRun


@dataclass(frozen=True)
class Milestones:
    """All of one run; nothing where its tracker keeps none."""

    checkpoints: tuple[Checkpoint, ...] = ()
    """The earliest first."""
    changes: tuple[Change, ...] = ()
    """In the order in which they were made, refused ones among them."""
    parent: Parent | None = None
    """What it went on from; None where it began by itself."""
    config: Mapping[str, ConfigValue] = field(default_factory=dict)
    """The hyper-parameters that it began with, as far as they were changed later."""


def milestones(run: Run) -> Milestones:
    """What is known of `run` now; nothing where it is no run of ours, or its directory is gone."""
    if not isinstance(run, StoredRun):
        return Milestones()
    try:
        changes = tuple(run.changes())
        changed = {name for change in changes for name in change.values}
        config = {name: run.config[name] for name in sorted(changed & run.config.keys())}
        return Milestones(tuple(run.checkpoints()), changes, run.parent, config)
    except (OSError, StoreError):
        return Milestones()
