"""When the loop logs, evaluates, keeps rollouts, saves, waits and stops. Its log is a small real object, no mock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from astuner_nb.training.grpo import Trainer
from astuner_nb.training.loop import make_trainer, train
from astuner_nb.training.policy_file import load_policy
from astuner_nb.training.rollouts import Row
from astuner_nb.training.settings import GRPOSettings

QUICK = GRPOSettings(
    train_batch_size=1,
    num_repeat=2,
    ppo_epochs=1,
    total_steps=7,
    test_freq=0,
    rollout_freq=0,
    save_freq=0,
    keep_last=0,
    keep_best="none",
)


@dataclass
class Notebook:
    """Keeps what it is given."""

    records: dict[int, dict[str, float]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    asked: dict[int, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def log(self, metrics: Mapping[str, float], *, step: int) -> bool:
        assert step not in self.records
        self.records[step] = dict(metrics)
        return True

    def log_rollouts(self, rows: Iterable[Row]) -> bool:
        self.rows += rows
        return True

    def take_changes(self, step: int, accept: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        values = self.asked.get(step, {})
        try:
            accept(values)
        except ValueError as error:
            self.refused.append(str(error))
            return {}
        return values


def run(directory: Path, **changes: object) -> Notebook:
    notebook = Notebook()
    train(Trainer(replace(QUICK, **changes), load_policy()), notebook, directory)
    return notebook


@pytest.mark.parametrize(("log_freq", "steps"), [(1, [1, 2, 3, 4, 5, 6, 7]), (3, [3, 6, 7]), (100, [7])])
def test_a_record_every_so_many_steps_and_the_last_always(tmp_path: Path, log_freq: int, steps: list[int]) -> None:
    assert list(run(tmp_path, log_freq=log_freq).records) == steps


def test_validation_is_sparse_and_always_recorded(tmp_path: Path) -> None:
    records = run(tmp_path, test_freq=2, log_freq=5).records
    assert list(records) == [2, 4, 5, 6, 7]
    assert [step for step, record in records.items() if "val/success_rate" in record] == [2, 4, 6, 7]
    assert "reward" in records[4]
    assert not any(name.startswith("val/") for record in run(tmp_path, test_freq=0).records.values() for name in record)


def test_every_record_has_every_metric(tmp_path: Path) -> None:
    expected = {"reward", "success_rate", "loss", "response_length", "kl", "reward_std", "entropy", "clip_frac"}
    expected |= {"grad_norm", "think_rate", "format_rate", "adv_zero_groups", "lr", "tokens"}
    assert all(record.keys() == expected for record in run(tmp_path).records.values())


def test_rollouts_of_the_first_the_nth_and_the_last_step(tmp_path: Path) -> None:
    assert sorted({row["step"] for row in run(tmp_path, rollout_freq=3).rows}) == [1, 3, 6, 7]
    assert not run(tmp_path, rollout_freq=0).rows


@pytest.mark.parametrize(("save_freq", "steps"), [(0, []), (3, [3, 6, 7]), (7, [7]), (50, [7])])
def test_checkpoints_every_so_many_steps_and_at_the_end(tmp_path: Path, save_freq: int, steps: list[int]) -> None:
    run(tmp_path / "checkpoints", save_freq=save_freq)
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(
        [f"step-{step:06}.npz" for step in steps] + (["checkpoints"] if steps else [])
    )


@pytest.mark.parametrize("asked_after", [0, 1, 4])
def test_stop_ends_it_before_the_next_step(tmp_path: Path, asked_after: int) -> None:
    """What was done by then is logged and saved; nothing is evaluated any more."""
    trainer, notebook = Trainer(replace(QUICK, log_freq=3, save_freq=100, test_freq=100), load_policy()), Notebook()
    train(trainer, notebook, tmp_path, stop=lambda: trainer.step >= asked_after)
    assert trainer.step == asked_after
    assert list(notebook.records) == {0: [], 1: [1], 4: [3, 4]}[asked_after]
    assert [path.name for path in tmp_path.iterdir()] == ([f"step-{asked_after:06}.npz"] if asked_after else [])


def test_a_step_takes_its_minimum_and_the_wait_heeds_a_stop(tmp_path: Path) -> None:
    started = time.monotonic()
    run(tmp_path, min_step_s=0.1, total_steps=4)
    assert time.monotonic() - started >= 0.4

    trainer, asked = Trainer(replace(QUICK, min_step_s=60), load_policy()), [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] > 4  # while it waits after the first step; were it not asked there, the test would time out

    train(trainer, Notebook(), tmp_path, stop)
    assert trainer.step == 1


def test_values_change_before_the_step_that_was_asked_for_and_not_where_they_cannot(tmp_path: Path) -> None:
    notebook = Notebook(asked={3: {"lr": 1e-3}, 4: {"lr": -1}, 5: {"num_repeat": 4}, 6: {"lr": "fast"}})
    train(Trainer(replace(QUICK, warmup_steps=0), load_policy()), notebook, tmp_path)
    assert [record["lr"] for record in notebook.records.values()] == [1e-4, 1e-4, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3]
    assert [sentence.partition(" ")[0] for sentence in notebook.refused] == ["lr", "num_repeat", "lr"]
    assert notebook.refused[0] == "lr = -1 is out of range. Give a number from 0 to 1."


def test_a_run_that_is_already_done_is_refused(tmp_path: Path) -> None:
    run(tmp_path, save_freq=7)
    path = str(tmp_path / "step-000007.npz")
    with pytest.raises(ValueError, match=r"is at step 7, total_steps is 7\. Give a larger total_steps\."):
        make_trainer(replace(QUICK, resume_from=path))
    assert make_trainer(replace(QUICK, resume_from=path, total_steps=8)).step == 7
