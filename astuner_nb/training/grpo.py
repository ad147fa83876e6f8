"""GRPO on one page: from rollouts to new weights, read from top to bottom.

Group Relative Policy Optimization (Shao et al. 2024, arXiv:2402.03300): ask the policy the same question several times,
reward each response, and make those above their group's mean more likely and those below it less likely. No value
network, no reward model; a clipped ratio keeps each step small, a KL term keeps the policy near the base model.

Left out, and why: a critic and GAE (a group's mean is the baseline); a reward model (the judge is a rule); dual clip
and entropy bonus (nothing here needs them); mini-batches within a pass (each pass is one full-batch update, so its
second pass is the first with a ratio other than 1); asynchrony and sharding (a step takes 0.1 s on one core).

Shapes: m = `train_batch_size` · `num_repeat` rollouts of at most T tokens; N sampled tokens in all; V = 19.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astuner_nb.training import task
from astuner_nb.training.policy import Floats, Policy, Tape, Weights, backward, forward, log_softmax
from astuner_nb.training.rollouts import Judge, Rollouts, collect
from astuner_nb.training.settings import GRPOSettings
from astuner_nb.training.task import PROMPT_TOKENS, Ints, held_out_draw, thinks, training_draw

Metrics = dict[str, float]
MICRO_BATCH = 32
"""Rollouts that go through the policy together: their temporaries stay in the processor's cache."""
EVALUATED_TASKS = 256
"""Held-out tasks an evaluation asks once each; its standard error is at most 0.03."""
_OVERFLOW_IS_LOOKED_FOR = np.errstate(over="ignore", invalid="ignore")
"""No warnings of numpy: a gradient that is not finite is refused in `Trainer._update`."""


class Diverged(ArithmeticError):
    """The gradient is no longer finite: the run cannot go on."""


# ---- 1. How much better than its group was each response? ------------------------------------------------------------


def group_advantage(rewards: Floats, repeat: int) -> Floats:
    """``Â_i = (r_i - mean(r)) / (std(r) + 1e-6)`` within each group of `repeat` neighbours (GRPO, eq. 3), (m,) float32.

    The same for every token of a response. The std is the sample's (ddof=1), as in Trinity-RFT and verl. Equal rewards
    give exactly 0. Raises `ValueError` for groups of one, which have nothing to be compared with.
    """
    if repeat < 2:
        raise ValueError(f"A group of {repeat} has no advantage. Give num_repeat = 2 or more.")
    groups = rewards.reshape(-1, repeat).astype(np.float64)
    groups = groups - groups[:, :1]  # equal rewards become exactly 0, not a rounding error
    advantages: Floats = (groups - groups.mean(1, keepdims=True)) / (groups.std(1, ddof=1, keepdims=True) + 1e-6)
    return advantages.reshape(-1).astype(np.float32)


# ---- 2. The loss of one token, and its slope -------------------------------------------------------------------------


def clipped_surrogate(
    logprob: Floats, old: Floats, advantage: Floats, clip_ratio: float
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """PPO's loss, its derivative for `logprob`, and whether clipping cut it off (arXiv:1707.06347, eq. 7).

    ``-min(ρ Â, clip(ρ, 1-ε, 1+ε) Â)`` with ``ρ = π/π_old``; the derivative is ``-ρ Â``, and exactly 0 where the clipped
    term is the smaller one. The log-ratio is clamped to ±20 so that ρ stays finite.
    """
    ratio = np.exp(np.clip(logprob - old, -20, 20))
    free, clipped = ratio * advantage, np.clip(ratio, 1 - clip_ratio, 1 + clip_ratio) * advantage
    uncut = free <= clipped
    return -np.minimum(free, clipped), -free * uncut, ~uncut


def kl_penalty(logprob: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Schulman's k3 estimate of KL(π‖π_ref) from the sampled token, capped at 10, and its derivative for `logprob`.

    ``k3 = e^d - d - 1`` with ``d = log π_ref - log π``, ≥ 0 (joschu.net/blog/kl-approx.html; `low_var_kl` in verl).
    The cap is for its heavy tail: far from the reference k3's deviation is ten times that of d, so it serves the loss
    only; the logged `kl` is the exact one, see `exact_kl`.
    """
    d = np.clip(reference - logprob, -20, 20)
    k3 = np.exp(d) - d - 1
    return np.minimum(k3, 10), (1 - np.exp(d)) * (k3 < 10)


def exact_kl(logprobs: Floats, reference: Floats) -> Floats:
    """``Σ_v π(v) (log π(v) - log π_ref(v))`` over the vocabulary, from log-probs (…, V), nats."""
    kl: Floats = np.einsum("...v,...v->...", np.exp(logprobs), logprobs - reference)
    return kl


# ---- 3. The loss of a batch, and its gradient ------------------------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    """b rollouts of similar length w, ready for the policy; `share` = mask / N makes sums over tokens their mean."""

    tokens: Ints  # (b, 6 + w - 1) prompt and response, without the last token
    chosen: Ints  # (b, w, 1) the response
    old: Floats  # (b, w) log-probs when they were sampled
    reference: Floats  # (b, w, V) log-probs under the base model
    advantage: Floats  # (b, 1)
    share: Floats  # (b, w)


@dataclass
class Pass:
    """What one pass over the rollouts adds up to."""

    loss: float = 0.0
    kl: float = 0.0
    clip_frac: float = 0.0
    grad_norm: float = 0.0


def loss_and_gradient(policy: Policy, batch: Batch, s: GRPOSettings) -> tuple[Pass, Weights]:
    """A batch's part of ``L = 1/N Σ_i Σ_t [ surrogate + β · k3 ]``, and its gradient for every weight.

    The mean is over all tokens, as in DAPO (arXiv:2503.14476); GRPO's paper averages each response first. So the loss
    is not 0 even at ρ = 1, and it need not fall: it is no measure of quality.
    """
    tape = Tape(batch.tokens, first=PROMPT_TOKENS - 1)
    logprobs = log_softmax(forward(policy, tape.tokens, tape.first, tape) * (1 / s.temperature))  # (b, w, V)
    logprob = np.take_along_axis(logprobs, batch.chosen, -1)[..., 0]  # (b, w)
    reference = np.take_along_axis(batch.reference, batch.chosen, -1)[..., 0]

    surrogate, dsurrogate, cut = clipped_surrogate(logprob, batch.old, batch.advantage, s.clip_ratio)
    penalty, dpenalty = kl_penalty(logprob, reference)
    dlogprob = (dsurrogate + s.kl_loss_coef * dpenalty) * batch.share * (1 / s.temperature)  # (b, w)

    dlogits = np.exp(logprobs) * -dlogprob[..., None]  # ∂log π(y)/∂z_v = (1{v=y} - π(v)) / τ
    np.put_along_axis(dlogits, batch.chosen, np.take_along_axis(dlogits, batch.chosen, -1) + dlogprob[..., None], -1)
    totals = Pass(
        loss=float(((surrogate + s.kl_loss_coef * penalty) * batch.share).sum()),
        kl=float((exact_kl(logprobs, batch.reference) * batch.share).sum()),
        clip_frac=float((cut * batch.share).sum()),
    )
    return totals, backward(policy, tape, dlogits)


# ---- 4. The update ---------------------------------------------------------------------------------------------------


@dataclass
class Moments:
    """AdamW's memory."""

    first: Weights
    second: Weights
    updates: int = 0

    @classmethod
    def zeros(cls, weights: Weights) -> Moments:
        """The memory before the first update."""
        first, second = ({name: np.zeros_like(w) for name, w in weights.items()} for _ in range(2))
        return cls(first, second)


def adamw(
    weights: Weights,
    gradient: Weights,
    moments: Moments,
    lr: float,
    scale: float,
    beta1: float,
    beta2: float,
    weight_decay: float,
) -> None:
    """One AdamW update of `weights` and `moments` in place, with `scale` · `gradient` (arXiv:1711.05101).

    ``w ← w - lr · ( m̂ / (sqrt(v̂) + 1e-8) + weight_decay · w )``; m̂, v̂: running means, corrected for their start at 0.
    """
    moments.updates += 1
    start1, start2 = 1 - beta1**moments.updates, 1 - beta2**moments.updates
    for name, w in weights.items():
        g, m, v = gradient[name] * np.float32(scale), moments.first[name], moments.second[name]
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        w -= lr * (m / start1 / (np.sqrt(v / start2) + 1e-8) + weight_decay * w)


def norm(gradient: Weights) -> float:
    """The length of the whole gradient."""
    return math.sqrt(sum(float((g * g).sum()) for g in gradient.values()))


# ---- 5. One step after the other -------------------------------------------------------------------------------------


class Trainer:
    """A run's whole state: the policy, the base model it is held to, AdamW's memory and the number of steps made."""

    def __init__(self, settings: GRPOSettings, base: Policy, judge: Judge = task.judge) -> None:
        self.settings = settings
        self.base = base
        self.judge = judge
        self.policy = base.copy()
        self.moments = Moments.zeros(self.policy.weights)
        self.step = 0

    @_OVERFLOW_IS_LOOKED_FOR
    def train_step(self) -> tuple[Metrics, Rollouts]:
        """Sample, compare, update. Returns the step's metrics and the rollouts, sampled before the update.

        Raises `Diverged` before a gradient that is not finite spoils the weights.
        """
        s = self.settings
        tasks, noise = training_draw(s.seed, self.step, s.train_batch_size, s.num_repeat)
        rollouts = self._collect(tasks, noise, s.num_repeat)
        batches = self._batches(rollouts, group_advantage(rollouts.rewards, s.num_repeat))
        lr = s.lr * min(1, (self.step + 1) / max(1, s.warmup_steps))
        passes = [self._update(batches, lr) for _ in range(s.ppo_epochs)]
        self.step += 1
        return {**self._metrics(rollouts, passes), "lr": lr}, rollouts

    @_OVERFLOW_IS_LOOKED_FOR
    def evaluate(self) -> Metrics:
        """How the policy does on held-out tasks at the training temperature; two calls in a row agree."""
        rollouts = self._collect(*held_out_draw(EVALUATED_TASKS), repeat=1)
        return {
            "val/reward": float(rollouts.rewards.mean()),
            "val/success_rate": float(rollouts.success.mean()),
            "val/response_length": float(rollouts.lengths.mean()),
        }

    def _collect(self, tasks: Ints, noise: task.Noise, repeat: int) -> Rollouts:
        s = self.settings
        return collect(self.policy, tasks, noise[:, : s.max_response_length], repeat, s.temperature, self.judge)

    def _batches(self, rollouts: Rollouts, advantages: Floats) -> list[Batch]:
        """The rollouts in micro-batches of similar length, so that little padding goes through the policy."""
        order, mask = np.argsort(rollouts.lengths, kind="stable"), rollouts.mask
        share = mask / mask.sum()
        batches = []
        for rows in np.array_split(order, max(1, len(order) // MICRO_BATCH)):
            width = int(rollouts.lengths[rows].max())
            response = rollouts.responses[rows, :width]
            tokens = np.concatenate([rollouts.prompts[rows], response], axis=1)[:, :-1]
            reference = log_softmax(forward(self.base, tokens, PROMPT_TOKENS - 1) * (1 / self.settings.temperature))
            old, advantage = rollouts.logprobs[rows, :width], advantages[rows, None]
            batches.append(Batch(tokens, response[..., None], old, reference, advantage, share[rows, :width]))
        return batches

    def _update(self, batches: list[Batch], lr: float) -> Pass:
        """One pass over all rollouts, then one step of AdamW on their summed gradient."""
        s, total, gradient = self.settings, Pass(), Weights()
        for batch in batches:
            part, slope = loss_and_gradient(self.policy, batch, s)
            total = Pass(total.loss + part.loss, total.kl + part.kl, total.clip_frac + part.clip_frac)
            gradient = {name: gradient[name] + g for name, g in slope.items()} if gradient else slope
        total.grad_norm = norm(gradient)
        if not math.isfinite(total.grad_norm):
            raise Diverged(
                f"The gradient of step {self.step + 1} is not finite (lr {s.lr:g}). Lower the learning rate."
            )
        scale = s.max_grad_norm / max(s.max_grad_norm, total.grad_norm)
        adamw(self.policy.weights, gradient, self.moments, lr, scale, s.beta1, s.beta2, s.weight_decay)
        return total

    def _metrics(self, rollouts: Rollouts, passes: list[Pass]) -> Metrics:
        groups = rollouts.rewards.reshape(-1, self.settings.num_repeat)
        tokens = rollouts.lengths.sum()
        return {
            "reward": float(rollouts.rewards.mean()),
            "success_rate": float(rollouts.success.mean()),
            "loss": float(np.mean([p.loss for p in passes])),
            "response_length": float(rollouts.lengths.mean()),
            "kl": max(0.0, passes[0].kl),  # exact, before the update; rounding may put it a hair below 0
            "reward_std": float(groups.std(1, ddof=1).mean()),
            "entropy": float((rollouts.entropy * rollouts.mask).sum() / tokens),
            "clip_frac": float(np.mean([p.clip_frac for p in passes])),
            "grad_norm": float(np.mean([p.grad_norm for p in passes])),
            "think_rate": float(np.mean([thinks(text) for text in rollouts.texts])),
            "format_rate": float(rollouts.well_formed.mean()),
            "adv_zero_groups": float((np.ptp(groups, axis=1) == 0).mean()),
            "tokens": int(tokens),
        }
