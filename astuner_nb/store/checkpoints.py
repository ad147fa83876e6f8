"""What a run saved of itself: finding it by step, and holding on to it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from astuner_nb.core.errors import BadValue
from astuner_nb.core.run import Checkpoint
from astuner_nb.recorder import RunFiles, read_json

_NUMBER = re.compile(r"[0-9]+")
_SUFFIX = re.compile(r"\.[^.]*[^0-9.][^.]*$")
"""`.npz`, `.h5`: digits in it are no step; `.20` is none."""


def checkpoints_in(files: RunFiles) -> list[Checkpoint]:
    """The checkpoints of the run, the earliest first. What has no number in its name, or is half written, is none."""
    try:
        paths = [path for path in files.checkpoints.iterdir() if not _unfinished(path.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    best = (read_json(files.best) or {}).get("step")
    best_step = best if type(best) is int else None
    numbered = [(step, path) for path in paths if path != files.best and (step := step_in(path.name)) is not None]
    ordered = sorted(numbered, key=lambda one: (one[0], one[1].name))
    return [Checkpoint(step, path, best=step == best_step) for step, path in ordered]


def step_in(name: str) -> int | None:
    """The last number in the name of a file or directory, its suffix left out; None where there is none."""
    numbers = _NUMBER.findall(_SUFFIX.sub("", name))
    return int(numbers[-1]) if numbers else None


def checkpoint_at(whose: str, checkpoints: Sequence[Checkpoint], at_step: int | str | None) -> Checkpoint:
    """The one of `checkpoints`, in the order of their steps, that is meant by a step, `best` or `last` (None too).

    Raises:
        BadValue: where there is none; the message names the nearest steps.
    """
    if not checkpoints:
        raise BadValue(f"{whose} has no checkpoint to go on from. Give one that saved some: see save_freq.")
    if at_step is None or at_step == "last":
        return checkpoints[-1]
    if at_step == "best":
        return _best(whose, checkpoints)
    if isinstance(at_step, bool) or not hasattr(at_step, "__index__"):
        raise BadValue(f"at_step must be a step, 'best' or 'last', got {at_step!r}. {_last(checkpoints)}")
    step = int(at_step)
    found = [one for one in checkpoints if one.step == step]
    if not found:
        raise BadValue(f"{whose} has no checkpoint of step {step}. {_nearest(checkpoints, step)}")
    return found[-1]


def hold(path: Path, files: RunFiles) -> None:
    """Keep the checkpoint `path` of another run below the directory of this one, by links that take no room.

    Its own run may delete it before this one has read it. Where links cannot be made, the path alone has to do.

    Raises:
        BadValue: where it has gone already.
    """
    target = files.resumed / path.name
    try:
        files.resumed.mkdir(mode=0o700)
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True, copy_function=os.link)
        else:
            os.link(path, target)
    except OSError:
        shutil.rmtree(files.resumed, ignore_errors=True)
    if not target.exists() and not path.exists():
        raise BadValue(f"The checkpoint {path} has just been deleted by its run. Give a later step.")


def _best(whose: str, checkpoints: Sequence[Checkpoint]) -> Checkpoint:
    for one in checkpoints:
        if one.best:
            return one
    raise BadValue(f"{whose} marks no checkpoint as its best. {_last(checkpoints)}")


def _last(checkpoints: Sequence[Checkpoint]) -> str:
    return f"Give a step that has one; the last is {checkpoints[-1].step}."


def _nearest(checkpoints: Sequence[Checkpoint], step: int) -> str:
    """A sentence with the steps next to `step` that have a checkpoint."""
    steps = [one.step for one in checkpoints]
    near = [max((s for s in steps if s <= step), default=None), min((s for s in steps if s > step), default=None)]
    found = [str(s) for s in near if s is not None]
    return f"The nearest {'are those of steps' if len(found) > 1 else 'is that of step'} {' and '.join(found)}."


def _unfinished(name: str) -> bool:
    return name.startswith(".") or ".tmp" in name
