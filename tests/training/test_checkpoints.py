"""A resumed run is the uninterrupted one, bit for bit; a file that is no whole checkpoint is refused."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astuner_nb.training.checkpoint import checkpoint_path, restore, save_checkpoint
from astuner_nb.training.grpo import Trainer
from astuner_nb.training.policy import Policy
from astuner_nb.training.policy_file import load_policy
from astuner_nb.training.settings import GRPOSettings

SETTINGS = GRPOSettings(train_batch_size=4, num_repeat=4, lr=1e-3)


def fresh() -> Trainer:
    return Trainer(SETTINGS, load_policy())


def test_a_resumed_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = fresh()
    metrics = [whole.train_step()[0] for _ in range(3)]
    path = save_checkpoint(tmp_path, whole)
    metrics += [whole.train_step()[0] for _ in range(3)]

    resumed = fresh()
    restore(resumed, path)
    assert resumed.step == 3
    assert resumed.moments.updates == 6
    assert [resumed.train_step()[0] for _ in range(3)] == metrics[3:]
    for mine, theirs in [
        (resumed.policy.weights, whole.policy.weights),
        (resumed.moments.first, whole.moments.first),
        (resumed.moments.second, whole.moments.second),
    ]:
        assert all(np.array_equal(array, theirs[name]) for name, array in mine.items())


def test_the_settings_of_the_resumed_run_are_its_own(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, fresh())
    cooler = Trainer(replace(SETTINGS, lr=1e-5), load_policy())
    restore(cooler, path)
    assert cooler.settings.lr == 1e-5


def test_where_and_how_it_is_written(tmp_path: Path) -> None:
    directory = tmp_path / "checkpoints"
    path = save_checkpoint(directory, fresh())
    assert path == checkpoint_path(directory, 0)
    assert path.name == "step-000000.npz"
    assert checkpoint_path(directory, 120).name == "step-000120.npz"
    assert [file.name for file in directory.iterdir()] == [path.name]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert save_checkpoint(directory, fresh()).read_bytes() == path.read_bytes()  # written over, nothing else left


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "step-000000.npz").mkdir()
    (tmp_path / "step-000000.npz" / "in the way").touch()
    with pytest.raises(OSError, match="step-000000"):
        save_checkpoint(tmp_path, fresh())
    assert [file.name for file in tmp_path.iterdir()] == ["step-000000.npz"]


@pytest.mark.parametrize("size", [0, 100, 5000, 600_000, -1])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, size: int) -> None:
    path = save_checkpoint(tmp_path, fresh())
    path.write_bytes(path.read_bytes()[:size])
    trainer = fresh()
    with pytest.raises(ValueError, match=r"The checkpoint .* is damaged or no \.npz file\. Give one that is whole\."):
        restore(trainer, path)
    assert trainer.step == 0


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, fresh())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        restore(fresh(), path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match="is no checkpoint of this trainer"):
        restore(fresh(), tmp_path / "other.npz")
    with pytest.raises(ValueError, match="cannot be read"):
        restore(fresh(), tmp_path / "missing.npz")
    np.savez(tmp_path / "pickle.npz", format=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="is damaged or no"):
        restore(fresh(), tmp_path / "pickle.npz")


def test_a_checkpoint_of_another_policy_is_refused(tmp_path: Path) -> None:
    narrow = Policy({name: weight[..., :32] for name, weight in load_policy().weights.items()}, 4)
    path = save_checkpoint(tmp_path, Trainer(SETTINGS, narrow))
    trainer = fresh()
    with pytest.raises(
        ValueError, match=r"does not fit the base model: weights/\w+ has shape .* Give the base it began with\."
    ):
        restore(trainer, path)
    assert np.array_equal(trainer.policy.weights["tok"], load_policy().weights["tok"])
