"""Which checkpoints are on disk: the newest few and the best, and never fewer than that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.training.grpo import Trainer
from astuner_nb.training.keeper import Keeper, dispensable
from astuner_nb.training.policy_file import load_policy
from astuner_nb.training.settings import GRPOSettings


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(GRPOSettings(), load_policy())


MOST: dict[Path, int] = {}
"""Directory → the most checkpoints that it held while a run went on."""


def kept(trainer: Trainer, directory: Path, rewards: list[float], every: int = 2, **settings: object) -> list[int]:
    """The steps that have a checkpoint after steps with these `rewards`, saved `every` so many."""
    trainer.settings, trainer.step = replace(GRPOSettings(), **settings), 0
    keeper = Keeper(directory, trainer)
    most = 0
    for trainer.step, reward in enumerate(rewards, start=1):
        keeper.note({"reward": reward, **({"val/reward": reward} if trainer.step % 4 == 0 else {})})
        if trainer.step % every == 0:
            keeper.save()
            most = max(most, len([*directory.glob("step-*.npz")]))
    keeper.finish()
    MOST[directory] = most
    return sorted(int(path.stem[-6:]) for path in directory.glob("step-*.npz"))


def best(directory: Path) -> dict[str, object]:
    return dict(json.loads((directory / "best.json").read_text()))


PEAK = [0.1, 0.2, 0.4, 0.9, 0.8, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]


def test_the_newest_and_the_best_stay(trainer: Trainer, tmp_path: Path) -> None:
    assert kept(trainer, tmp_path, PEAK, keep_last=2) == [4, 10, 12]
    assert best(tmp_path) == {"step": 4, "metric": "reward", "value": pytest.approx((0.4 + 0.9 + 0.8 + 0.7) / 4)}
    assert (tmp_path / "best.json").stat().st_mode & 0o777 == 0o600


def test_a_checkpoint_is_judged_by_the_steps_behind_it_too(trainer: Trainer, tmp_path: Path) -> None:
    """What was saved after a high step and fails from the next one on is not the best."""
    assert kept(trainer, tmp_path, [0.2, 0.4, 0.5, 0.6, 0.7, 0.9, 0.0, 0.0], keep_last=1) == [4, 8]


def test_what_was_not_judged_yet_is_kept(trainer: Trainer, tmp_path: Path) -> None:
    rising = [0.1 * step for step in range(1, 8)]
    assert kept(trainer, tmp_path, rising, every=1, keep_last=1) == [7]
    trainer.step, keeper = 0, Keeper(tmp_path / "open", trainer)
    for trainer.step, reward in enumerate(rising, start=1):
        keeper.note({"reward": reward})
        keeper.save()
    assert sorted(path.stem for path in (tmp_path / "open").glob("*.npz")) == [f"step-{n:06}" for n in (5, 6, 7)]


def test_none_is_the_best_where_nobody_wants_one(trainer: Trainer, tmp_path: Path) -> None:
    assert kept(trainer, tmp_path, PEAK, keep_last=1, keep_best="none") == [12]
    assert MOST[tmp_path] == 1  # also while it went on
    assert not (tmp_path / "best.json").exists()


def test_all_stay_where_that_is_asked_for(trainer: Trainer, tmp_path: Path) -> None:
    assert kept(trainer, tmp_path, PEAK, keep_last=0) == [2, 4, 6, 8, 10, 12]
    assert best(tmp_path)["step"] == 4


def test_of_equals_the_earlier_stays(trainer: Trainer, tmp_path: Path) -> None:
    assert kept(trainer, tmp_path, [0.5] * 12, keep_last=1) == [2, 12]


def test_held_out_metrics_count_as_they_were_measured_last(trainer: Trainer, tmp_path: Path) -> None:
    assert kept(trainer, tmp_path, PEAK, keep_last=1, keep_best="val/reward") == [4, 12]
    assert best(tmp_path) == {"step": 4, "metric": "val/reward", "value": 0.9}


def test_what_is_no_number_is_never_the_best(trainer: Trainer, tmp_path: Path) -> None:
    assert kept(trainer, tmp_path, [float("nan")] * 6, keep_last=1) == [6]
    assert not (tmp_path / "best.json").exists()


def test_files_of_others_are_left_alone(trainer: Trainer, tmp_path: Path) -> None:
    others = ("step_2.npz", "step-000002.ckpt", "mine-000002.npz", "step-000002.npz.bak", "step-000002.npz.tmp.1.2")
    for name in others:
        (tmp_path / name).touch()
    kept(trainer, tmp_path, PEAK, keep_last=1)
    assert {path.name for path in tmp_path.iterdir()} >= set(others)


def test_a_failed_delete_costs_a_sentence(trainer: Trainer, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "step-000001.npz").mkdir()
    assert kept(trainer, tmp_path, PEAK[:6], keep_last=2) == [1, 2, 4, 6]
    sentences = capfd.readouterr().err.splitlines()
    assert len(sentences) == 3
    assert sentences[0].startswith("An old checkpoint was not deleted (")


def test_nothing_is_deleted_before_its_successor_is_there(
    trainer: Trainer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for blocked in ("best.json", "step-000006.npz"):
        directory = tmp_path / blocked.partition(".")[0]
        (directory / blocked / "in the way").mkdir(parents=True)
        found = kept(trainer, directory, [0.1 * step for step in range(1, 7)], keep_last=1)
        assert found == [2, 4, 6]
        assert "The training goes on." in capfd.readouterr().err


@given(st.sets(st.integers(1, 10**7)), st.integers(0, 20), st.sets(st.integers(0, 10**7), max_size=3))
def test_what_is_dispensable(steps: set[int], keep_last: int, needed: set[int]) -> None:
    left = steps - set(dispensable(steps, keep_last, needed))
    newest = set(sorted(steps, reverse=True)[: keep_last or len(steps)])
    assert left == newest | (needed & steps)
