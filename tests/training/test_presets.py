"""The stories the presets tell, told by the real thing: seven runs, two at a time, as long as each story needs.

Thresholds, no golden numbers: on another type of CPU a curve differs by rounding that grows.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

STORIES: dict[str, dict[str, float]] = {
    "good": {"total_steps": 105},
    "leashed": {"kl_loss_coef": 1.0, "total_steps": 75},
    "no clip": {"lr": 1e-3, "ppo_epochs": 4, "clip_ratio": 10, "total_steps": 50, "seed": 1},
    "clipped": {"lr": 1e-3, "ppo_epochs": 4, "clip_ratio": 0.2, "total_steps": 50, "seed": 1},
    "unstable": {"lr": 3e-3, "total_steps": 60},
    "too cold": {"lr": 3e-6, "total_steps": 60},
    "too hot": {"lr": 1e-2, "total_steps": 45},
}
LONG = {"good": 200, "leashed": 200, "no clip": 150, "clipped": 150, "unstable": 150, "too cold": 150, "too hot": 150}


@dataclass(frozen=True)
class Curves:
    """One run's curves, a value a step; index 0 is step 1."""

    metrics: dict[str, NDArray[np.float64]]

    def smooth(self, name: str) -> NDArray[np.float64]:
        """Means of 5 steps; index 0 is steps 1 to 5."""
        return np.convolve(self.metrics[name], np.ones(5) / 5, "valid")

    def end(self, name: str, steps: int = 20) -> float:
        """The mean of the last `steps`."""
        return float(self.metrics[name][-steps:].mean())


def tell(directory: Path, config: dict[str, float]) -> Curves:
    directory.mkdir()
    (directory / "meta.json").write_text(
        json.dumps({"config": {**config, "test_freq": 0, "rollout_freq": 0, "save_freq": 0}})
    )
    subprocess.run([sys.executable, "-m", "astuner_nb.training.job", str(directory)], check=True, timeout=900)
    rows = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    return Curves({name: np.array([row[name] for row in rows]) for name in rows[0]})


def tell_all(directory: Path, stories: dict[str, dict[str, float]]) -> dict[str, Curves]:
    with ThreadPoolExecutor(2) as pool:
        told = pool.map(lambda name: tell(directory / name, stories[name]), stories)
        return dict(zip(stories, told, strict=True))


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Curves]:
    """Two stories; all six are told by the notebook that reads them, which is tested too."""
    return tell_all(tmp_path_factory.mktemp("presets"), {name: STORIES[name] for name in ("good", "too hot")})


@pytest.fixture(scope="module")
def all_curves(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Curves]:
    return tell_all(tmp_path_factory.mktemp("presets"), STORIES)


def test_good_learns_to_think_and_reaches_a_plateau(curves: dict[str, Curves]) -> None:
    good = curves["good"]
    success, length = good.smooth("success_rate"), good.smooth("response_length")
    assert success[0] < 0.25
    assert success.max() >= 0.9
    assert success[-1] > success[40] > success[10] + 0.2  # exploration, learning, plateau
    assert length[0] < 12
    assert length[-1] > 15  # growing answers are thinking here, not babbling
    assert good.end("think_rate") > 0.9
    assert 0.05 < good.end("kl") < 0.3
    assert good.end("adv_zero_groups") > good.metrics["adv_zero_groups"][:20].mean() + 0.2


def test_too_hot_peaks_and_collapses(curves: dict[str, Curves]) -> None:
    hot = curves["too hot"]
    assert hot.smooth("success_rate")[:15].max() > 0.25
    assert hot.end("success_rate") < 0.1
    assert hot.end("kl") > 3 * curves["good"].metrics["kl"].max()


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_unstable_peaks_and_drops(all_curves: dict[str, Curves]) -> None:
    success = all_curves["unstable"].smooth("success_rate")
    peak = int(success[:25].argmax())
    assert success[peak] > 0.5
    assert success[peak:].min() < success[peak] - 0.1
    assert all_curves["unstable"].end("success_rate") < all_curves["good"].smooth("success_rate").max() - 0.2


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_too_cold_stays_flat(all_curves: dict[str, Curves]) -> None:
    cold = all_curves["too cold"]
    assert cold.smooth("success_rate").max() < 0.2
    assert cold.metrics["kl"].max() < 0.01


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_leashed_is_held_back_near_the_base_model(all_curves: dict[str, Curves]) -> None:
    leashed, good = all_curves["leashed"], all_curves["good"]
    steps = slice(55, 75)
    assert leashed.metrics["success_rate"][steps].mean() < good.metrics["success_rate"][steps].mean() - 0.25
    assert leashed.end("success_rate") > 0.2  # it does learn something
    assert leashed.metrics["kl"].max() < 0.07 < good.metrics["kl"].max()


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_without_clipping_large_steps_lead_astray(all_curves: dict[str, Curves]) -> None:
    free, clipped = all_curves["no clip"], all_curves["clipped"]
    assert free.end("success_rate") < clipped.end("success_rate") - 0.05
    assert free.metrics["kl"].max() > 1.2 * clipped.metrics["kl"].max()
    assert clipped.metrics["clip_frac"].max() > 0.01


@pytest.mark.stress
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_stories_in_full_length(tmp_path: Path, seed: int) -> None:
    told = tell_all(tmp_path, {name: {**STORIES[name], "total_steps": LONG[name], "seed": seed} for name in STORIES})
    success = {name: run.end("success_rate") for name, run in told.items()}
    assert success["good"] > 0.93
    assert success["too hot"] < 0.1
    assert 0.15 < success["unstable"] < 0.8
    assert success["too cold"] < 0.25
    assert 0.2 < success["leashed"] < 0.6
    assert success["no clip"] < success["clipped"] - 0.03
    assert success["clipped"] > 0.8
