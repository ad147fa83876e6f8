"""The built-in backbone: GRPO on a tiny transformer that learns two-digit addition, on one CPU core."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from astuner_nb.core.metrics import FIVE, Metric
from astuner_nb.core.protocols import JobSpec
from astuner_nb.core.space import Choice, Float, Int, Space, Value

SPACE = Space(
    {
        "lr": Float(
            1e-4,
            1e-6,
            3e-2,
            log=True,
            live=True,
            help="Learning rate of AdamW: how far each step moves the policy's weights.",
        ),
        "kl_loss_coef": Float(
            0.01, 0.0, 3.0, log=True, live=True, help="Weight of the KL penalty: how short a leash to the base model."
        ),
        "num_repeat": Int(8, 2, 32, help="Responses sampled for each task: the group whose mean is the baseline."),
        "train_batch_size": Int(16, 2, 64, unit="tasks", help="Tasks in each training step; fewer are noisier."),
        "temperature": Float(
            1.0, 0.3, 1.6, live=True, help="Sampling temperature of the rollouts: below 1 sharper, above 1 bolder."
        ),
        "clip_ratio": Float(
            0.2,
            0.02,
            10.0,
            log=True,
            live=True,
            help="How far one update may move a token's probability ratio from 1; 10 is off.",
        ),
        "ppo_epochs": Int(2, 1, 8, help="Passes over each batch of rollouts; clipping acts from the second on."),
        "total_steps": Int(300, 20, 1000, unit="steps", help="Training steps of the run."),
        "seed": Int(0, 0, 2**31 - 1, help="Seed of tasks and sampling: same machine, same seed, same curve."),
    }
)

EVER = 10**9
"""A frequency nobody reaches: files of other engines write 99999 for "never"."""

KEPT_AT_PEAK = ("reward", "success_rate", "format_rate", "val/reward", "val/success_rate", "none", "")
"""Metrics of which more is better, and twice none."""

SETTINGS = Space(
    {
        "log_freq": Int(1, 1, EVER, unit="steps", help="A record every N steps, and always one at the last step."),
        "save_freq": Int(5, 0, EVER, unit="steps", help="A checkpoint every N steps, and at the end; 0 for none."),
        "keep_last": Int(3, 0, EVER, help="So many of the newest checkpoints are kept; 0 keeps all."),
        "keep_best": Choice("reward", KEPT_AT_PEAK, help="The metric whose best checkpoint is kept besides."),
        "test_freq": Int(20, 0, EVER, unit="steps", help="Held-out tasks are tried every N steps; 0 never."),
        "rollout_freq": Int(10, 0, EVER, unit="steps", help="Sample rollouts are kept every N steps; 0 never."),
        "max_response_length": Int(22, 4, 22, unit="tokens", help="The most tokens of a response."),
        "min_step_s": Float(0.0, 0.0, 10.0, unit="s", help="Least seconds a step takes, for demonstrations."),
    }
)

PRESETS: dict[str, dict[str, Value]] = {
    "good": {},
    "too hot": {"lr": 1e-2, "total_steps": 150},
    "unstable": {"lr": 3e-3, "total_steps": 150},
    "too cold": {"lr": 3e-6, "total_steps": 150},
    "leashed": {"kl_loss_coef": 1.0, "total_steps": 150},
    "no clip": {"lr": 1e-3, "ppo_epochs": 4, "clip_ratio": 10.0, "total_steps": 150},
}
"""Each tells a story: learning, collapse, sudden drop, flat, held back by the KL penalty, drift."""

STOP_GRACE_S = 1.5
"""It looks for a stop after each step; what takes longer is interrupted."""


class LocalBackbone:
    """Trains the built-in math agent in a process of its own; needs numpy only."""

    name = "local"
    space = SPACE
    settings = SETTINGS
    presets: Mapping[str, Mapping[str, Value]] = PRESETS
    metrics: Sequence[Metric] = FIVE

    def problems(self) -> list[str]:
        """Why it cannot run here; empty when it can."""
        if find_spec("numpy") is None:
            return ["The local backbone needs numpy, which is not installed. Run `pip install numpy`."]
        return []

    def prepare(self, directory: Path, values: Mapping[str, Value]) -> JobSpec:
        """The command that trains with the configuration in `directory`'s meta.json."""
        argv = (sys.executable, "-m", "astuner_nb.training.job", str(directory))
        return JobSpec(argv, grace_s=STOP_GRACE_S)
