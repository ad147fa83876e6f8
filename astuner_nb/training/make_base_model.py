"""Make the base model, "the pretrained LLM" of the demo: ``python -m astuner_nb.training.make_base_model OUT.npz``.

Supervised next-token training on the mixed-quality corpus: 4 000 steps of 128 responses, learning rate 3e-3 (cosine).
Takes about three minutes on one core, too long to do live, so the result is shipped. On one type of CPU with one numpy
it comes out the same to the byte; elsewhere it differs by rounding and is as good.
"""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is imported

import numpy as np

from astuner_nb.training.corpus import corpus_batch
from astuner_nb.training.grpo import Moments, adamw, norm
from astuner_nb.training.policy import Floats, Policy, Tape, Weights, backward, forward, softmax
from astuner_nb.training.policy_file import save_policy
from astuner_nb.training.rollouts import collect
from astuner_nb.training.task import CONTEXT_TOKENS, PROMPT_TOKENS, VOCABULARY, Ints, Noise, held_out_draw

LAYERS, WIDTH, HEADS = 2, 64, 4
STEPS, BATCH = 4000, 128
PEAK_LR, WARMUP_STEPS, FLOOR = 3e-3, 100, 0.003
BETAS, WEIGHT_DECAY = (0.9, 0.99), 0.01


def new_policy() -> Policy:
    """A policy with random weights, the same at every call."""
    random = np.random.default_rng(0)

    def normal(*shape: int, std: float) -> Floats:
        return (random.standard_normal(shape) * std).astype(np.float32)

    tokens, d = len(VOCABULARY), WIDTH
    weights: Weights = {
        "tok": normal(tokens, d, std=0.1),
        "pos": normal(CONTEXT_TOKENS, d, std=0.1),
        "head": normal(d, tokens, std=d**-0.5),
        "lnf": np.ones(d, np.float32),
    }
    for i in range(LAYERS):
        weights[f"ln1_{i}"], weights[f"ln2_{i}"] = np.ones(d, np.float32), np.ones(d, np.float32)
        weights[f"qkv_{i}"] = normal(d, 3 * d, std=d**-0.5)
        weights[f"o_{i}"] = normal(d, d, std=(2 * LAYERS * d) ** -0.5)  # residual branches start small
        weights[f"w1_{i}"] = normal(d, 4 * d, std=d**-0.5)
        weights[f"w2_{i}"] = normal(4 * d, d, std=(8 * LAYERS * d) ** -0.5)
    return Policy(weights, HEADS)


def learning_rate(step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine; `step` counts from 0."""
    return PEAK_LR * min(1, (step + 1) / WARMUP_STEPS) * (0.5 * (1 + math.cos(math.pi * step / steps)) + FLOOR)


def loss_and_gradient(policy: Policy, tokens: Ints, mask: Noise) -> tuple[float, Weights]:
    """The mean negative log-likelihood of the responses' tokens, in nats, and its gradient."""
    tape = Tape(tokens[:, :-1], first=PROMPT_TOKENS - 1)
    dlogits = softmax(forward(policy, tape.tokens, tape.first, tape))  # (b, T, V), so far the probabilities
    target = tokens[:, PROMPT_TOKENS:, None]
    likely = np.take_along_axis(dlogits, target, -1)  # (b, T, 1)
    share = (mask / mask.sum())[..., None]
    loss = -float((np.log(likely) * share).sum())
    np.put_along_axis(dlogits, target, likely - 1, -1)
    dlogits *= share
    return loss, backward(policy, tape, dlogits)


def make(steps: int = STEPS) -> Policy:
    """The base model after `steps` steps; prints its progress."""
    policy, random, started, smooth = new_policy(), np.random.default_rng(1), time.monotonic(), math.nan
    moments = Moments.zeros(policy.weights)
    for step in range(steps):
        loss, gradient = loss_and_gradient(policy, *corpus_batch(BATCH, random))
        scale = 1 / max(1.0, norm(gradient))
        adamw(policy.weights, gradient, moments, learning_rate(step, steps), scale, *BETAS, WEIGHT_DECAY)
        smooth = loss if step == 0 else 0.99 * smooth + 0.01 * loss
        if step % 250 == 0 or step == steps - 1:
            print(f"step {step + 1:4}/{steps}  loss {smooth:.4f}  {time.monotonic() - started:.0f} s", flush=True)
    return policy


def main() -> None:
    """Make the base model, write it to the path given on the command line, say how good it is."""
    if len(sys.argv) != 2:
        sys.exit("Give one path to write to: python -m astuner_nb.training.make_base_model OUT.npz")
    policy = make()
    save_policy(Path(sys.argv[1]), policy)
    rollouts = collect(policy, *held_out_draw(512), repeat=1, temperature=1.0)
    print(f"success {rollouts.success.mean():.3f}  reward {rollouts.rewards.mean():.3f}  (held out, temperature 1)")


if __name__ == "__main__":
    main()
