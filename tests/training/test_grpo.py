"""The algorithm, piece by piece against its formulae, then whole: same seed, same curve."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from astuner_nb.training.grpo import (
    Batch,
    Diverged,
    Moments,
    Trainer,
    adamw,
    clipped_surrogate,
    exact_kl,
    group_advantage,
    kl_penalty,
    loss_and_gradient,
    norm,
)
from astuner_nb.training.policy import Floats, Policy, forward, log_softmax
from astuner_nb.training.policy_file import expected_shapes, load_policy
from astuner_nb.training.settings import GRPOSettings
from astuner_nb.training.task import PROMPT_TOKENS, VOCABULARY, Verdict

SMALL = GRPOSettings(train_batch_size=4, num_repeat=4)
finite = st.floats(-30, 0, allow_nan=False)


def rewards_of(groups: int, repeat: int) -> st.SearchStrategy[Floats]:
    return arrays.arrays(np.float64, groups * repeat, elements=st.floats(0, 1))


@given(st.data(), st.integers(1, 5), st.integers(2, 9))
def test_advantages_are_centred_and_scaled_within_their_group(data: st.DataObject, groups: int, repeat: int) -> None:
    rewards = data.draw(rewards_of(groups, repeat))
    advantages = group_advantage(rewards, repeat).reshape(groups, repeat)
    for reward, advantage in zip(rewards.reshape(groups, repeat), advantages, strict=True):
        assert abs(advantage.sum()) < 1e-4
        assert advantage == pytest.approx((reward - reward.mean()) / (reward.std(ddof=1) + 1e-6), abs=1e-5)


@given(st.floats(0, 1), st.integers(2, 33))
def test_equal_rewards_have_exactly_no_advantage(reward: float, repeat: int) -> None:
    assert not group_advantage(np.full(3 * repeat, reward), repeat).any()


def test_a_group_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="group of 1 has no advantage"):
        group_advantage(np.ones(4), 1)


@pytest.mark.parametrize(
    ("ratio", "advantage", "cut"),
    [
        (1.3, 1.0, True),  # already pushed up beyond 1 + ε
        (0.7, -1.0, True),  # already pushed down beyond 1 - ε
        (1.3, -1.0, False),  # on the wrong side: must be free to come back
        (0.7, 1.0, False),
        (1.1, 1.0, False),
        (0.9, -1.0, False),
    ],
)
def test_clipping_cuts_the_gradient_to_exactly_zero(ratio: float, advantage: float, cut: bool) -> None:
    one = np.ones((1, 1))
    loss, dloss, was_cut = clipped_surrogate(np.log(ratio) * one, 0 * one, advantage * one, 0.2)
    assert was_cut == cut
    assert (dloss[0, 0] == 0.0) == cut
    bounded = min(max(ratio, 0.8), 1.2) if cut else ratio
    assert loss[0, 0] == pytest.approx(-bounded * advantage)


@given(finite, finite, st.floats(-3, 3))
def test_slope_of_the_surrogate(logprob: float, old: float, advantage: float) -> None:
    edges = [math.log(0.8), math.log(1.2), -20, 20]
    if min(abs(logprob - old - edge) for edge in edges) < 1e-3 or abs(logprob - old) > 20:
        return  # it has a kink there
    _check_slope(lambda x: clipped_surrogate(x, np.array(old), np.array(advantage), 0.2)[:2], logprob)


@given(finite, finite)
def test_slope_of_the_kl_penalty(logprob: float, reference: float) -> None:
    value, _ = kl_penalty(np.array(logprob), np.array(reference))
    assert value >= 0
    if abs(value - 10) > 0.1:
        _check_slope(lambda x: kl_penalty(x, np.array(reference)), logprob)


def _check_slope(f, x: float, h: float = 1e-6) -> None:
    difference = (f(np.array(x + h))[0] - f(np.array(x - h))[0]) / (2 * h)
    assert float(f(np.array(x))[1]) == pytest.approx(float(difference), rel=1e-4, abs=1e-6)


@given(arrays.arrays(np.float64, (2, 5, 19), elements=st.floats(-20, 20)))
def test_exact_kl(logits: Floats) -> None:
    first, second = log_softmax(logits)
    assert not exact_kl(first, first).any()
    kl = exact_kl(first, second)
    assert (kl > -1e-12).all()
    assert kl == pytest.approx(sum(np.exp(first[:, v]) * (first[:, v] - second[:, v]) for v in range(19)), abs=1e-9)


def test_k3_and_exact_kl_estimate_the_same_near_the_reference() -> None:
    random = np.random.default_rng(0)
    logits = random.standard_normal(19)
    policy, reference = log_softmax(logits), log_softmax(logits + 0.2 * random.standard_normal(19))
    drawn = random.choice(19, size=200_000, p=np.exp(policy))
    estimate = kl_penalty(policy[drawn], reference[drawn])[0].mean()
    assert estimate == pytest.approx(float(exact_kl(policy, reference)), rel=0.05)


def tiny_batch(random: np.random.Generator, s: GRPOSettings) -> tuple[Policy, Batch]:
    """A random policy in float64 and rollouts that some other policy made: ratios on both sides of the clip range."""
    policy = Policy({name: 0.4 * random.standard_normal(shape) for name, shape in expected_shapes(1, 8).items()}, 2)
    tokens = random.integers(0, len(VOCABULARY), (4, PROMPT_TOKENS + 5))
    chosen = random.integers(0, len(VOCABULARY), (4, 6, 1))
    share = (random.random((4, 6)) < 0.8) / 20.0
    advantage = random.standard_normal((4, 1))
    reference = log_softmax(random.standard_normal((4, 6, len(VOCABULARY))))
    batch = Batch(tokens, chosen, np.zeros((4, 6)), reference, advantage, share)
    now = log_softmax(_logits(policy, batch, s))
    old = np.take_along_axis(now, chosen, -1)[..., 0] + random.uniform(-0.4, 0.4, (4, 6))
    return policy, replace(batch, old=old)


def _logits(policy: Policy, batch: Batch, s: GRPOSettings) -> Floats:
    return forward(policy, batch.tokens, PROMPT_TOKENS - 1) / s.temperature


def test_the_gradient_of_the_whole_loss_agrees_with_finite_differences() -> None:
    s, random = GRPOSettings(kl_loss_coef=0.3, temperature=0.7), np.random.default_rng(5)
    policy, batch = tiny_batch(random, s)
    totals, gradient = loss_and_gradient(policy, batch, s)
    assert 0 < totals.clip_frac < 1  # some tokens are cut, or this test tells little
    for name, array in policy.weights.items():
        for index in {tuple(int(random.integers(0, n)) for n in array.shape) for _ in range(8)}:
            middle, losses = array[index], []
            for value in (middle + 1e-5, middle - 1e-5):
                array[index] = value
                losses.append(loss_and_gradient(policy, batch, s)[0].loss)
            array[index] = middle
            assert gradient[name][index] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-4, abs=1e-7), name


def test_adamw_by_hand() -> None:
    weights, moments = {"w": np.array([1.0, -2.0])}, Moments.zeros({"w": np.zeros(2)})
    gradients = [np.array([0.5, 0.1]), np.array([-1.0, 0.3])]
    w, m, v = weights["w"].copy(), np.zeros(2), np.zeros(2)
    for t, g in enumerate(gradients, 1):
        adamw(weights, {"w": 2 * g}, moments, lr=0.1, scale=0.5, beta1=0.9, beta2=0.99, weight_decay=0.01)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
        w = w - 0.1 * (step + 0.01 * w)
    assert weights["w"] == pytest.approx(w)
    assert moments.updates == 2
    assert norm({"a": np.array([3.0]), "b": np.array([[4.0]])}) == 5


def test_the_first_step_starts_at_the_base_model() -> None:
    metrics, rollouts = Trainer(SMALL, load_policy()).train_step()
    assert metrics["kl"] == 0
    assert metrics["lr"] == pytest.approx(1e-5)  # the first of ten warm-up steps
    assert metrics["tokens"] == rollouts.lengths.sum() == rollouts.mask.sum()
    assert metrics["reward"] == pytest.approx(rollouts.rewards.mean())
    assert all(math.isfinite(value) for value in metrics.values())


def test_same_seed_same_curve_and_another_seed_another() -> None:
    def curve(seed: int) -> list[dict[str, float]]:
        trainer = Trainer(replace(SMALL, seed=seed), load_policy())
        return [trainer.train_step()[0] for _ in range(4)]

    assert curve(0) == curve(0)
    assert curve(0) != curve(1)


def test_the_base_model_is_left_alone() -> None:
    base = load_policy()
    trainer = Trainer(replace(SMALL, lr=0.01), base)
    trainer.train_step()
    assert all(np.array_equal(weight, load_policy().weights[name]) for name, weight in base.weights.items())
    assert any(not np.array_equal(weight, base.weights[name]) for name, weight in trainer.policy.weights.items())


def test_equal_rewards_teach_nothing_and_are_counted() -> None:
    trainer = Trainer(replace(SMALL, weight_decay=0, kl_loss_coef=0), load_policy(), judge=lambda a, b, text: FAIR)
    metrics, _ = trainer.train_step()
    assert metrics["adv_zero_groups"] == 1
    assert metrics["grad_norm"] == metrics["loss"] == metrics["reward_std"] == 0
    assert all(np.array_equal(weight, trainer.base.weights[name]) for name, weight in trainer.policy.weights.items())


FAIR = Verdict(0.7, 1.0, 1.0)


def test_a_judge_of_ones_own_is_what_is_learned() -> None:
    """Rewarding nothing but brevity shortens the responses."""
    settings = replace(GRPOSettings(), lr=1e-3, warmup_steps=0)
    trainer = Trainer(settings, load_policy(), judge=lambda a, b, text: Verdict(1 / (1 + len(text)), 0.0, 0.0))
    lengths = [trainer.train_step()[0]["response_length"] for _ in range(15)]
    assert lengths[-1] < 0.6 * lengths[0]


def test_clipping_shows_where_updates_are_large() -> None:
    settings = replace(SMALL, lr=1e-2, ppo_epochs=4, warmup_steps=0)
    assert Trainer(settings, load_policy()).train_step()[0]["clip_frac"] > 0.02
    assert Trainer(replace(settings, clip_ratio=1e9), load_policy()).train_step()[0]["clip_frac"] == 0


def test_evaluation_is_repeatable_and_changes_nothing() -> None:
    trainer = Trainer(SMALL, load_policy())
    trainer.train_step()
    before = {name: weight.copy() for name, weight in trainer.policy.weights.items()}
    first = trainer.evaluate()
    assert first == trainer.evaluate()
    assert set(first) == {"val/reward", "val/success_rate", "val/response_length"}
    assert 0.02 < first["val/success_rate"] < 0.3
    assert all(np.array_equal(weight, before[name]) for name, weight in trainer.policy.weights.items())
    assert trainer.step == 1


def test_responses_keep_to_their_limit() -> None:
    metrics, rollouts = Trainer(replace(SMALL, max_response_length=5), load_policy()).train_step()
    assert rollouts.lengths.max() == 5
    assert metrics["response_length"] <= 5


def test_a_gradient_that_is_not_finite_stops_the_run_before_it_spoils_the_weights() -> None:
    trainer = Trainer(SMALL, load_policy())
    trainer.policy.weights["w2_1"][3, 4] = np.inf
    with pytest.raises(Diverged, match="The gradient of step 1 is not finite"):
        trainer.train_step()
    assert trainer.step == trainer.moments.updates == 0


def test_rows_tell_rollouts_from_best_to_worst() -> None:
    _, rollouts = Trainer(GRPOSettings(), load_policy()).train_step()
    rows = list(rollouts.rows(7))
    rewards = [row["reward"] for row in rows]
    assert len(rows) == 4
    assert rewards == sorted(rewards, reverse=True)
    assert (rewards[0], rewards[-1]) == (pytest.approx(rollouts.rewards.max()), pytest.approx(rollouts.rewards.min()))
    for row in rows:
        assert row["step"] == 7
        assert "".join(row["tokens"]) == row["prompt"] + row["response"]
        assert len(row["token_ids"]) == len(row["logprobs"]) == len(row["loss_mask"]) == len(row["tokens"])
        assert [logprob is not None for logprob in row["logprobs"]] == [bool(mask) for mask in row["loss_mask"]]
        assert sum(row["loss_mask"]) == len(row["response"])
    assert len(list(rollouts.rows(1, count=1000))) == len(rollouts.rewards)
