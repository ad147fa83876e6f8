"""Which checkpoints a run keeps: the newest few, and the one from when its metric was best."""

from __future__ import annotations

import math
import re
import sys
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from astuner_nb.recorder import BEST, write_json_atomic
from astuner_nb.training.checkpoint import checkpoint_path, save_checkpoint
from astuner_nb.training.grpo import Trainer

BEFORE, AFTER = 2, 2
"""Steps whose mean stands for a checkpoint, up to its own and behind it: one step's value is mostly luck, and what was
saved is first seen at work in the step behind.
"""
HELD_OUT = "val/"
"""Metrics called so are measured now and then, with the weights that are saved; the latest counts."""
_OURS = re.compile(r"step-(\d{6,})\.npz")


@dataclass
class _Unjudged:
    """A checkpoint whose next steps are still awaited."""

    step: int
    values: list[float]
    awaited: int


class Keeper:
    """Saves checkpoints into `directory`, and deletes those that `keep_best` and `keep_last` do not ask for.

    Nothing is deleted before what takes its place is safely written, and nothing ever that another name than ours has.
    What cannot be written or deleted costs a sentence on stderr, never the training.
    """

    def __init__(self, directory: Path, trainer: Trainer) -> None:
        self._directory, self._trainer = directory, trainer
        self._metric, self._keep_last = trainer.settings.keep_best, trainer.settings.keep_last
        is_held_out = self._metric.startswith(HELD_OUT)
        self._awaited = 0 if is_held_out or self._metric in ("", "none") else AFTER
        self._recent: deque[float] = deque(maxlen=1 if is_held_out else BEFORE)
        self._unjudged: list[_Unjudged] = []
        self._best_step, self._best_value = 0, -math.inf
        self.saved = trainer.step
        """The last step that was dealt with."""

    def note(self, metrics: Mapping[str, float]) -> None:
        """Take notice of what a step has logged."""
        if self._metric not in metrics:
            return
        self._recent.append(metrics[self._metric])
        for one in self._unjudged:
            one.values.append(metrics[self._metric])
            one.awaited -= 1
        self._judge([one for one in self._unjudged if one.awaited <= 0])

    def save(self) -> None:
        """Write a checkpoint of the trainer as it is, then delete what is no longer kept."""
        step = self.saved = self._trainer.step
        try:
            save_checkpoint(self._directory, self._trainer)
        except OSError as error:
            _say(f"No checkpoint of step {step} was written ({error}). The training goes on.")
            return
        self._unjudged.append(_Unjudged(step, list(self._recent), self._awaited))
        if self._judge([one for one in self._unjudged if one.awaited <= 0]):
            self._prune()

    def finish(self) -> None:
        """Judge the last checkpoints by what there is, and delete what is no longer kept."""
        if self._unjudged and self._judge(list(self._unjudged)):
            self._prune()

    def _judge(self, ripe: Iterable[_Unjudged]) -> bool:
        """Mark the best of those that are `ripe`, where it is better than before; whether that is written."""
        try:
            for one in ripe:
                value = sum(one.values) / len(one.values) if one.values else math.nan
                if value > self._best_value:
                    best = {"step": one.step, "metric": self._metric, "value": value}
                    write_json_atomic(self._directory / BEST, best)
                    self._best_step, self._best_value = one.step, value
                self._unjudged.remove(one)
        except OSError as error:
            _say(f"The best checkpoint was not marked ({error}). The training goes on.")
            return False
        return True

    def _prune(self) -> None:
        needed = {self._best_step, *(one.step for one in self._unjudged)}
        try:
            found = {int(named[1]) for path in self._directory.iterdir() if (named := _OURS.fullmatch(path.name))}
            for step in dispensable(found, self._keep_last, needed):
                checkpoint_path(self._directory, step).unlink(missing_ok=True)
        except OSError as error:
            _say(f"An old checkpoint was not deleted ({error}). The training goes on.")


def dispensable(steps: Iterable[int], keep_last: int, needed: Collection[int]) -> list[int]:
    """Those of `steps` that are neither `needed` nor among the `keep_last` largest; none where that is 0, for all."""
    older = sorted(steps)[:-keep_last] if keep_last else []
    return [step for step in older if step not in needed]


def _say(sentence: str) -> None:
    with suppress(OSError):  # stderr is a file on the same disk
        sys.stderr.write(f"{sentence}\n")
