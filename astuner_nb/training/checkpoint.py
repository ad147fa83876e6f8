"""A run's whole state on disk: weights, AdamW's memory, how far it got, with which settings.

No state of a random generator: draws are a function of seed and step. A checkpoint (1.25 MB) is written under another
name, synced and renamed, so it is whole or not there.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astuner_nb.recorder import write_atomic
from astuner_nb.training.grpo import Trainer
from astuner_nb.training.policy import Weights
from astuner_nb.training.policy_file import read_arrays

FORMAT = "astuner_nb checkpoint 1"
_PARTS = ("weights", "first", "second")


def checkpoint_path(directory: Path, step: int) -> Path:
    """Where the checkpoint of `step` lies: names sort as their steps do."""
    return directory / f"step-{step:06}.npz"


def save_checkpoint(directory: Path, trainer: Trainer) -> Path:
    """Write `trainer`'s state into `directory`, readable by its owner alone. Returns the file's path."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = checkpoint_path(directory, trainer.step)
    write_atomic(path, lambda file: np.savez(file, **_arrays(trainer)))
    return path


def restore(trainer: Trainer, path: str | Path) -> None:
    """Bring `trainer` to where the checkpoint in `path` was saved; its own settings stay in force.

    With the settings of the checkpoint it goes on bit for bit like the run that was saved, on the same machine.

    Raises:
        ValueError: for a file that cannot be read, is no checkpoint, or belongs to a policy of another shape.
    """
    arrays = read_arrays(Path(path), "checkpoint")
    if str(arrays.get("format")) != FORMAT or not {"step", "updates"} <= arrays.keys():
        raise ValueError(f"{path} is no checkpoint of this trainer. Give a step-*.npz from a run's checkpoints.")
    parts = {part: _part(arrays, part, trainer.policy.weights, path) for part in _PARTS}
    trainer.policy.weights.update(parts["weights"])
    trainer.moments.first.update(parts["first"])
    trainer.moments.second.update(parts["second"])
    trainer.moments.updates, trainer.step = int(arrays["updates"]), int(arrays["step"])


def _arrays(trainer: Trainer) -> dict[str, Any]:
    named = zip(_PARTS, (trainer.policy.weights, trainer.moments.first, trainer.moments.second), strict=True)
    return {
        "format": FORMAT,
        "step": trainer.step,
        "updates": trainer.moments.updates,
        "settings": json.dumps(asdict(trainer.settings)),
        **{f"{part}/{name}": array for part, arrays in named for name, array in arrays.items()},
    }


def _part(arrays: dict[str, NDArray[Any]], part: str, like: Weights, path: str | Path) -> Weights:
    """One of the three sets of arrays, checked against the weights they belong to."""
    found = {name.removeprefix(f"{part}/"): array for name, array in arrays.items() if name.startswith(f"{part}/")}
    for name in sorted(found.keys() | like.keys()):
        shapes = [getattr(mapping.get(name), "shape", None) for mapping in (found, like)]
        if shapes[0] != shapes[1]:
            wrong = f"{part}/{name} has shape {shapes[0]}, the base model's is {shapes[1]}"
            raise ValueError(
                f"The checkpoint {path} does not fit the base model: {wrong}. Give the base it began with."
            )
    return {name: found[name].astype(weight.dtype) for name, weight in like.items()}
