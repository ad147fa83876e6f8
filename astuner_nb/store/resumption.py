"""Going on from a checkpoint of another run: with which values, and what is repeated of its later changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astuner_nb.core.errors import BadValue, StoreError
from astuner_nb.core.run import Change, Checkpoint, ConfigValue
from astuner_nb.core.space import Space, Value
from astuner_nb.recorder import MASK, RunFiles, request_change
from astuner_nb.store.checkpoints import checkpoint_at, hold
from astuner_nb.store.run import Run

TOTAL = "total_steps"


@dataclass(frozen=True)
class Resumption:
    """A run that is to go on from a checkpoint of another one, its parent."""

    parent: Run
    checkpoint: Checkpoint
    values: Mapping[str, Value]
    """What it begins with: as they were at the checkpoint, and over them what was given."""
    repeated: Sequence[Change]
    """What the parent changed later, and was asked to change; the new run does the same at the same steps."""

    @property
    def origin(self) -> dict[str, Any]:
        """What `meta.json` says of it."""
        run, one = self.parent, self.checkpoint
        return {"id": run.id, "key": run.key, "step": one.step, "name": run.name, "checkpoint": str(one.path)}

    def hand_over(self, files: RunFiles) -> None:
        """Put what it goes on from into the new run's directory. Raises `BadValue` where that has gone, StoreError."""
        hold(self.checkpoint.path, files)
        try:
            for change in self.repeated:
                request_change(files, change.values, change.step)
        except OSError as error:
            raise StoreError(f"{files.change_requests} cannot be written ({error}). Look at the disk.") from error


def resumption(parent: Run, at_step: int | str | None, space: Space, given: Mapping[str, Value]) -> Resumption:
    """The one that goes on from a checkpoint of `parent`; values come from there unless `given`.

    Args:
        at_step: of which checkpoint; `best`, `last`, and None for the last.
        space: what the new run can be told; other names of the parent's are left out.

    Raises:
        BadValue: where there is no such checkpoint, the parent's value is out of range, or no step is left to be made.
    """
    checkpoint = checkpoint_at(repr(parent.name), parent.checkpoints(), at_step)
    had = {name: value for name, value in values_at(parent, checkpoint.step).items() if name in space}
    values = space.check({**had, **given})
    _check_total(parent, checkpoint, space, values.get(TOTAL))
    live = [name for name, param in space.items() if param.live and name not in given]
    return Resumption(parent, checkpoint, values, _later_changes(parent, checkpoint.step, live))


def values_at(run: Run, step: int | None = None) -> dict[str, ConfigValue]:
    """The hyper-parameters of `run` as they were when `step` had been made, as they are now where that is None."""
    values = {name: value for name, value in run.config.items() if value != MASK}
    for change in run.changes():
        if not change.refused and (step is None or change.step <= step):
            values.update(change.values)
    return values


def _later_changes(run: Run, step: int, names: Collection[str]) -> list[Change]:
    """What `run` changed after `step`, or will, of `names` alone."""
    done = [change for change in run.changes() if not change.refused]
    later = [change for change in (*done, *run.pending_changes()) if change.step > step]
    found = [(change, {name: value for name, value in change.values.items() if name in names}) for change in later]
    return [Change(change.step, values, change.time) for change, values in found if values]


def _check_total(parent: Run, checkpoint: Checkpoint, space: Space, total: Value | None) -> None:
    if not isinstance(total, int) or total > checkpoint.step:
        return
    at = f"{parent.name!r} is at step {checkpoint.step} and {TOTAL} is {total}"
    larger = space.nearest(TOTAL, 2 * checkpoint.step)
    if isinstance(larger, int) and larger > checkpoint.step:
        raise BadValue(f"{at}: give a larger {TOTAL}, e.g. {larger}.")
    raise BadValue(f"{at}, the most that it can be: go on from an earlier step.")
