"""The habits of a run around the algorithm: when to log, evaluate, keep rollouts, save, change, wait and stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from astuner_nb.training.checkpoint import restore
from astuner_nb.training.grpo import Metrics, Trainer
from astuner_nb.training.keeper import Keeper
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

    def take_changes(self, step: int, accept: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """New values to make `step` with, each request accepted before; never raises."""


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
    s, unlogged, keeper = trainer.settings, Metrics(), Keeper(checkpoints, trainer)
    while trainer.step < s.total_steps and not stop():
        started = time.monotonic()
        _change(trainer, log)
        unlogged, rollouts = trainer.train_step()
        step, last = trainer.step, trainer.step == s.total_steps
        if _due(step, s.test_freq, last):
            unlogged |= trainer.evaluate()
        keeper.note(unlogged)
        if _due(step, s.rollout_freq, last or step == 1):
            log.log_rollouts(rollouts.rows(step))
        if _due(step, s.log_freq, last) or "val/reward" in unlogged:
            log.log(unlogged, step=step)
            unlogged = {}
        if _due(step, s.save_freq, last):
            keeper.save()
        _wait_until(started + s.min_step_s, stop)
    if unlogged:
        log.log(unlogged, step=trainer.step)
    if s.save_freq and keeper.saved < trainer.step:
        keeper.save()
    keeper.finish()


def _change(trainer: Trainer, log: Log) -> None:
    """Make the next step with the values that somebody asked for by now; what a run cannot take is refused."""
    if values := log.take_changes(trainer.step + 1, trainer.settings.changed):
        trainer.settings = trainer.settings.changed(values)


def _due(step: int, every: int, besides: bool) -> bool:
    """Whether something done `every` so many steps (0: never), and `besides`, is done at `step`."""
    return every > 0 and (besides or step % every == 0)


def _wait_until(deadline: float, stop: Callable[[], bool]) -> None:
    while (left := deadline - time.monotonic()) > 0 and not stop():
        time.sleep(min(left, _NAP_S))
