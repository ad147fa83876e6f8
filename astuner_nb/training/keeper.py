"""Which checkpoints a run keeps: the newest few, and the one from when its metric was best."""

from __future__ import annotations

import math
import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from astuner_nb.recorder import BEST, write_json_atomic
from astuner_nb.training.checkpoint import checkpoint_path, save_checkpoint
from astuner_nb.training.grpo import Trainer

RECENT = 5
"""Steps whose mean stands for a checkpoint: one step's value is mostly luck."""
HELD_OUT = "val/"
"""Metrics called so are measured now and then; the latest counts."""
_OURS = re.compile(r"step-(\d{6,})\.npz")


class Keeper:
    """Saves checkpoints into `directory`, and deletes those that `keep_best` and `keep_last` do not ask for.

    Nothing is deleted before what takes its place is safely written, and nothing ever that another name than ours has.
    What cannot be written or deleted costs a sentence on stderr, never the training.
    """

    def __init__(self, directory: Path, trainer: Trainer) -> None:
        self._directory, self._trainer = directory, trainer
        self._metric, self._keep_last = trainer.settings.keep_best, trainer.settings.keep_last
        self._recent: deque[float] = deque(maxlen=1 if self._metric.startswith(HELD_OUT) else RECENT)
        self._best_step, self._best_value = 0, -math.inf
        self.saved = trainer.step
        """The last step that was dealt with."""

    def note(self, metrics: Mapping[str, float]) -> None:
        """Take notice of what a step has logged."""
        if self._metric in metrics:
            self._recent.append(metrics[self._metric])

    def save(self) -> None:
        """Write a checkpoint of the trainer as it is, then delete what is no longer kept."""
        step = self.saved = self._trainer.step
        try:
            save_checkpoint(self._directory, self._trainer)
            self._mark_best(step)
        except OSError as error:
            _say(f"No checkpoint of step {step} was written ({error}). The training goes on.")
        else:
            self._prune()

    def _mark_best(self, step: int) -> None:
        value = sum(self._recent) / len(self._recent) if self._recent else math.nan
        if value > self._best_value:
            best = {"step": step, "metric": self._metric, "value": value}
            write_json_atomic(self._directory / BEST, best)
            self._best_step, self._best_value = step, value

    def _prune(self) -> None:
        try:
            found = {int(named[1]) for path in self._directory.iterdir() if (named := _OURS.fullmatch(path.name))}
            for step in dispensable(found, self._keep_last, self._best_step):
                checkpoint_path(self._directory, step).unlink(missing_ok=True)
        except OSError as error:
            _say(f"An old checkpoint was not deleted ({error}). The training goes on.")


def dispensable(steps: Iterable[int], keep_last: int, best: int) -> list[int]:
    """Those of `steps` that are neither `best` nor among the `keep_last` largest; none where that is 0, for all."""
    older = sorted(steps)[:-keep_last] if keep_last else []
    return [step for step in older if step != best]


def _say(sentence: str) -> None:
    with suppress(OSError):  # stderr is a file on the same disk
        sys.stderr.write(f"{sentence}\n")
