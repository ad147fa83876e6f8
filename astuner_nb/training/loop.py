"""The habits of a run around the algorithm: when to log, evaluate, keep rollouts, save, wait and stop."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from astuner_nb.training.checkpoint import restore, save_checkpoint
from astuner_nb.training.grpo import Metrics, Trainer
from astuner_nb.training.policy_file import load_policy
from astuner_nb.training.rollouts import Row
from astuner_nb.training.settings import GRPOSettings

_NAP_S = 0.05


class Log(Protocol):
    """What the loop needs of a `Recorder`."""

    def log(self, metrics: Mapping[str, float], *, step: int) -> bool:
        """Append one record; never raises."""

    def log_rollouts(self, rows: Iterable[Row]) -> bool:
        """Append sample rollouts; never raises."""


def make_trainer(settings: GRPOSettings) -> Trainer:
    """A trainer at its start, or where its checkpoint left off.

    Raises:
        ValueError: if the base model or the checkpoint cannot be used, or the checkpoint is already at the last step.
    """
    trainer = Trainer(settings, load_policy(settings.base_model))
    if settings.resume_from:
        restore(trainer, settings.resume_from)
        if trainer.step >= settings.total_steps:
            raise ValueError(
                f"The checkpoint {settings.resume_from} is at step {trainer.step}, total_steps is "
                f"{settings.total_steps}. Give a larger total_steps."
            )
    return trainer


def train(trainer: Trainer, log: Log, checkpoints: Path, stop: Callable[[], bool] = lambda: False) -> None:
    """Train until `total_steps` are made or `stop()` says so, which is asked between steps.

    The last step made is always logged, and saved where `save_freq` is not 0, however the run ended.
    """
    s, unlogged, saved = trainer.settings, Metrics(), trainer.step
    while trainer.step < s.total_steps and not stop():
        started = time.monotonic()
        unlogged, rollouts = trainer.train_step()
        step, last = trainer.step, trainer.step == s.total_steps
        if _due(step, s.test_freq, last):
            unlogged |= trainer.evaluate()
        if _due(step, s.rollout_freq, last or step == 1):
            log.log_rollouts(rollouts.rows(step))
        if _due(step, s.log_freq, last) or "val/reward" in unlogged:
            log.log(unlogged, step=step)
            unlogged = {}
        if _due(step, s.save_freq, last):
            saved = _save(checkpoints, trainer)
        _wait_until(started + s.min_step_s, stop)
    if unlogged:
        log.log(unlogged, step=trainer.step)
    if s.save_freq and saved < trainer.step:
        _save(checkpoints, trainer)


def _save(checkpoints: Path, trainer: Trainer) -> int:
    """The step that was dealt with. A checkpoint that cannot be written costs a sentence, never the training."""
    try:
        save_checkpoint(checkpoints, trainer)
    except OSError as error:
        with suppress(OSError):  # stderr is a file on the same disk
            sys.stderr.write(f"No checkpoint of step {trainer.step} was written ({error}). The training goes on.\n")
    return trainer.step


def _due(step: int, every: int, besides: bool) -> bool:
    """Whether something done `every` so many steps (0: never), and `besides`, is done at `step`."""
    return every > 0 and (besides or step % every == 0)


def _wait_until(deadline: float, stop: Callable[[], bool]) -> None:
    while (left := deadline - time.monotonic()) > 0 and not stop():
        time.sleep(min(left, _NAP_S))
