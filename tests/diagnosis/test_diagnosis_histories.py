"""The histories that come with the project, of four trackers and as many trainers, read as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import astuner_nb as anb

HISTORIES = Path(__file__).parents[2] / "notebooks/histories"
SAID = {
    "swanlog": ["converged", "converged"],
    "wandb": ["collapsed", "converged"],
    "tensorboard": ["KL runs away"],
    "store": ["converged"],
}
KIND = {"swanlog": "swanlab", "wandb": "wandb", "tensorboard": "tensorboard", "store": "runs"}


@pytest.mark.parametrize("folder", SAID)
def test_what_is_said_of_a_shipped_history(folder):
    runs = anb.runs(f"{KIND[folder]}:{HISTORIES / folder}")
    phrases = sorted((anb.diagnose(run).phrase for run in runs), key=lambda phrase: "converged" in phrase)
    assert len(phrases) == len(SAID[folder])
    for phrase, said in zip(phrases, SAID[folder], strict=True):
        assert phrase.startswith(said)
