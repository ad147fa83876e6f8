"""Everything a run can be told, each with its default, its limits and a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from astuner_nb.training.task import MAX_RESPONSE_TOKENS

_SHORTEST_ANSWER = len("#85$")
KEPT_AT_PEAK = ("reward", "success_rate", "format_rate", "val/reward", "val/success_rate")
"""What `keep_best` can be: metrics of which more is better. Of `loss` and `kl` neither is."""
LIVE = frozenset({"lr", "kl_loss_coef", "temperature", "clip_ratio"})
"""What can be changed between two steps: all else would ask for other rollouts, another memory or another end."""


def _between(low: float, high: float, default: float) -> Any:
    """A dataclass field for a number from `low` to `high`, both included; typed by its annotation."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True)
class GRPOSettings:
    """Hyper-parameters and habits of one run. The limits only refuse nonsense; sliders have narrower ranges.

    Raises:
        ValueError: for a value of the wrong type or out of its limits, in one sentence.
    """

    lr: float = _between(0, 1, 1e-4)
    """Learning rate of AdamW: 3e-6 learns nothing in 200 steps, 1e-2 collapses within 20."""
    kl_loss_coef: float = _between(0, 1000, 0.01)
    """How strongly the loss pulls the policy back to the base model: from 0.3 on it holds back what can be learned."""
    num_repeat: int = _between(2, 256, 8)
    """Responses per prompt; each is compared with the others of its group, so 2 is slow and noisy."""
    train_batch_size: int = _between(1, 1024, 16)
    """Prompts per step."""
    temperature: float = _between(0.01, 100, 1.0)
    """Sampling temperature of the rollouts: low exploits what the policy knows, high explores."""
    clip_ratio: float = _between(0, 1e9, 0.2)
    """How far one step may move a token's probability before its gradient is cut; 10 switches clipping off."""
    ppo_epochs: int = _between(1, 64, 2)
    """Updates per step on the same rollouts; clipping starts to matter from the second."""
    total_steps: int = _between(1, 10**9, 300)
    """Steps of the whole run, those before a resumed checkpoint included."""
    seed: int = _between(0, 2**63 - 1, 0)
    """Decides tasks and sampling; the same seed on the same machine gives the same curve."""
    max_response_length: int = _between(_SHORTEST_ANSWER, MAX_RESPONSE_TOKENS, MAX_RESPONSE_TOKENS)
    """The longest response, in tokens; thinking takes up to 20."""

    max_grad_norm: float = _between(1e-6, 1e9, 1.0)
    """The gradient is scaled down to this norm where it is longer."""
    weight_decay: float = _between(0, 10, 0.01)
    """AdamW's pull of the weights towards 0."""
    warmup_steps: int = _between(0, 10**9, 10)
    """Steps over which the learning rate grows from nearly 0 to `lr`."""
    beta1: float = _between(0, 0.9999, 0.9)
    """AdamW's memory of gradients."""
    beta2: float = _between(0, 0.999999, 0.99)
    """AdamW's memory of squared gradients."""

    log_freq: int = _between(1, 10**9, 1)
    """A record every so many steps; the last step always leaves one."""
    test_freq: int = _between(0, 10**9, 20)
    """Evaluate on held-out tasks every so many steps and after the last; 0 for never."""
    rollout_freq: int = _between(0, 10**9, 10)
    """Keep sample rollouts of the first step, every so many steps and of the last; 0 for never."""
    save_freq: int = _between(0, 10**9, 5)
    """A checkpoint (1.25 MB) every so many steps and at the end; 0 for never."""
    keep_last: int = _between(0, 10**9, 3)
    """So many of the newest checkpoints are kept; 0 for all."""
    keep_best: str = "reward"
    """The metric whose best checkpoint is kept besides, however old; `none` for none."""
    min_step_s: float = _between(0, 60, 0.0)
    """The shortest a step may take, in seconds: slows a live demonstration down on a fast machine."""

    base_model: str | None = None
    """Path of another base model; the shipped one where not given."""
    resume_from: str | None = None
    """Path of a checkpoint to go on from."""

    def __post_init__(self) -> None:
        for spec in fields(self):
            object.__setattr__(self, spec.name, _checked(self, spec))

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self:
        """The settings in a flat mapping of names to values; names left out keep their defaults.

        Raises:
            ValueError: for an unknown name (with the nearest known one), a wrong type, a value out of its limits.
        """
        known = [spec.name for spec in fields(cls)]
        for name in config:
            if name not in known:
                near = get_close_matches(str(name), known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(known)}."
                raise ValueError(f"There is no setting {name!r}. {hint}")
        return cls(**config)  # type: ignore[arg-type]  # types are checked in __post_init__

    def changed(self, values: Mapping[str, object]) -> Self:
        """These settings with `values` in place of theirs. Raises `ValueError` for what cannot be changed so."""
        for name in values:
            if name not in LIVE:
                raise ValueError(f"{name} cannot be changed while a run goes on. Give {', '.join(sorted(LIVE))} alone.")
        return replace(self, **values)  # type: ignore[arg-type]  # types are checked in __post_init__


def _checked(settings: GRPOSettings, spec: Any) -> object:
    if spec.metadata:
        return _number(settings, spec)
    value = getattr(settings, spec.name)
    return _metric(spec.name, value) if spec.type == "str" else _path(spec.name, value)


def _number(settings: GRPOSettings, spec: Any) -> float | int:
    value, low, high = getattr(settings, spec.name), spec.metadata["low"], spec.metadata["high"]
    whole = spec.type == "int"
    kind, span = ("a whole number" if whole else "a number"), f"from {low:,} to {high:,}".replace(",", " ")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{spec.name} must be {kind}, got {value!r}. Give one {span}.")
    if whole and value != int(value):
        raise ValueError(f"{spec.name} must be a whole number, got {value!r}. Give one {span}.")
    if not low <= value <= high:
        raise ValueError(f"{spec.name} = {value!r} is out of range. Give {kind} {span}.")
    return int(value) if whole else float(value)


def _metric(name: str, value: object) -> str:
    if value in ("", "none"):
        return "none"
    if not isinstance(value, str) or value not in KEPT_AT_PEAK:
        known = ", ".join(KEPT_AT_PEAK)
        raise ValueError(
            f"{name} must be a metric where higher or lower is better, got {value!r}. Give one of {known}, or none."
        )
    return value


def _path(name: str, value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise ValueError(f"{name} must be a path, got {value!r}. Give a text or leave it out.")
    return value
