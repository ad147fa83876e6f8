"""The hand-written backward pass against finite differences, and the sampler against the full forward pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astuner_nb.training import sampling
from astuner_nb.training.policy import Floats, Policy, Tape, backward, forward, log_softmax, softmax
from astuner_nb.training.policy_file import check_policy, expected_shapes, load_policy, save_policy
from astuner_nb.training.sampling import sample
from astuner_nb.training.task import CONTEXT_TOKENS, END, PAD, PROMPT_TOKENS, VOCABULARY, prompts, training_draw


def tiny_policy(layers: int = 2, width: int = 8, heads: int = 2, seed: int = 0) -> Policy:
    """A random policy in float64."""
    random = np.random.default_rng(seed)
    shapes = expected_shapes(layers, width).items()
    return Policy({name: 0.5 * random.standard_normal(shape) + (name[:2] == "ln") for name, shape in shapes}, heads)


def slope(f, array: Floats, index: tuple[int, ...], h: float = 1e-5) -> float:
    """The central difference of `f()` for one element of `array`."""
    middle, values = array[index], []
    for value in (middle + h, middle - h):
        array[index] = value
        values.append(f())
    array[index] = middle
    return (values[0] - values[1]) / (2 * h)


@pytest.mark.parametrize("first", [0, PROMPT_TOKENS - 1])
def test_backward_agrees_with_finite_differences(first: int) -> None:
    policy, random = tiny_policy(), np.random.default_rng(1)
    tokens = random.integers(0, len(VOCABULARY), (3, 9))
    weight = random.standard_normal((3, 9 - first, len(VOCABULARY)))

    def loss() -> float:
        return float((np.sin(forward(policy, tokens, first)) * weight).sum())

    tape = Tape(tokens, first)
    logits = forward(policy, tokens, first, tape)
    gradient = backward(policy, tape, np.cos(logits) * weight)

    assert gradient.keys() == policy.weights.keys()
    for name, array in policy.weights.items():
        for index in {tuple(int(random.integers(0, n)) for n in array.shape) for _ in range(12)}:
            assert gradient[name][index] == pytest.approx(slope(loss, array, index), rel=1e-5, abs=1e-7), (name, index)


def test_a_token_depends_on_nothing_behind_it() -> None:
    policy, random = tiny_policy(), np.random.default_rng(2)
    tokens = random.integers(0, len(VOCABULARY), (4, 12))
    changed = tokens.copy()
    changed[:, 7:] = (tokens[:, 7:] + 1) % len(VOCABULARY)
    before, after = forward(policy, tokens), forward(policy, changed)
    assert np.array_equal(before[:, :7], after[:, :7])
    assert not np.allclose(before[:, 7:], after[:, 7:])


def test_softmax_and_its_logarithm() -> None:
    x = np.array([[1000.0, 1000.0], [-1e9, 0.0]])
    assert softmax(x).tolist() == [[0.5, 0.5], [0.0, 1.0]]
    assert np.allclose(log_softmax(x), [[np.log(0.5)] * 2, [-1e9, 0.0]])
    assert x[0, 0] == 1000  # the argument is left alone


@pytest.mark.parametrize("at_once", [512, 24])
@pytest.mark.parametrize("temperature", [1.0, 0.4])
def test_samples_have_the_log_probs_of_the_full_forward_pass(
    monkeypatch: pytest.MonkeyPatch, at_once: int, temperature: float
) -> None:
    monkeypatch.setattr(sampling, "AT_ONCE", at_once)
    policy, (tasks, noise) = load_policy(), training_draw(0, 0, 8, 8)
    questions = prompts(tasks)
    tokens, logprobs, entropy = sample(policy, questions, 8, noise, temperature)

    whole = np.concatenate([np.repeat(questions, 8, 0), tokens], 1)
    full = log_softmax(forward(policy, whole[:, :-1], PROMPT_TOKENS - 1) / temperature)
    sampled = np.cumsum(tokens == END, 1) - (tokens == END) == 0  # up to and including the first end
    assert np.abs(np.take_along_axis(full, tokens[..., None], -1)[..., 0] - logprobs)[sampled].max() < 1e-4
    assert np.abs(-(np.exp(full) * full).sum(-1) - entropy)[sampled].max() < 1e-4
    assert (tokens[~sampled] == PAD).all()
    assert (logprobs[~sampled] == 0).all()
    assert sampled.sum(1).min() < sampled.sum(1).max()  # some finished early, or this test tells little


def test_chunks_change_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, (tasks, noise) = load_policy(), training_draw(3, 0, 9, 4)
    whole = sample(policy, prompts(tasks), 4, noise, 1.0)
    monkeypatch.setattr(sampling, "AT_ONCE", 1)  # a prompt at a time, of different lengths
    parts = sample(policy, prompts(tasks), 4, noise, 1.0)
    assert whole.tokens.shape == parts.tokens.shape
    assert (whole.tokens != parts.tokens).mean() < 0.05  # a draw on the edge between two tokens may tip by rounding


def test_sampling_follows_the_distribution() -> None:
    """The first token's frequencies over many draws are the policy's probabilities."""
    policy, tasks = load_policy(), np.array([[37, 48]])
    noise = np.random.default_rng(0).random((4000, 1), dtype=np.float32)
    drawn = sample(policy, prompts(tasks), 4000, noise, 1.0).tokens[:, 0]
    expected = softmax(forward(policy, prompts(tasks))[0, -1])
    assert np.abs(np.bincount(drawn, minlength=len(VOCABULARY)) / 4000 - expected).max() < 0.04


def test_no_response_is_longer_than_its_noise() -> None:
    tasks, noise = training_draw(0, 0, 4, 8)
    tokens = sample(load_policy(), prompts(tasks), 8, noise[:, :5], 1.0).tokens
    assert tokens.shape == (32, 5)


def test_the_shipped_base_model() -> None:
    policy = load_policy()
    assert sum(weight.size for weight in policy.weights.values()) == 102_848
    assert (policy.layers, policy.width, policy.heads) == (2, 64, 4)
    assert all(weight.dtype == np.float32 for weight in policy.weights.values())


def test_a_policy_survives_its_file(tmp_path: Path) -> None:
    policy = tiny_policy(layers=1, width=12, heads=3)
    save_policy(tmp_path / "p.npz", policy)
    loaded = load_policy(tmp_path / "p.npz")
    assert loaded.heads == 3
    for name, weight in policy.weights.items():
        assert np.allclose(loaded.weights[name], weight, atol=2e-3)


def _without(name: str) -> Policy:
    policy = tiny_policy()
    del policy.weights[name]
    return policy


def _with(name: str, weight: Floats, heads: int = 2) -> Policy:
    return Policy(tiny_policy().weights | {name: weight}, heads)


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        (_without("pos"), "the shape of pos is None"),
        (_without("qkv_1"), "the shape of ln1_1"),
        (_without("tok"), "the shape of"),
        (_with("pos", np.zeros((CONTEXT_TOKENS - 1, 8))), r"pos is \(27, 8\), needed is \(28, 8\)"),
        (_with("extra", np.zeros(3)), r"extra is \(3,\), needed is None"),
        (_with("head", np.zeros((8, 20))), r"head is \(8, 20\), needed is \(8, 19\)"),
        (_with("lnf", np.full(8, np.nan)), "NaN or infinite"),
        (_with("lnf", np.ones(8), heads=3), "3 heads do not divide its width 8"),
        (_with("lnf", np.ones(8), heads=0), "0 heads"),
        (Policy({}, 2), "the shape of"),
    ],
)
def test_a_policy_that_does_not_fit_is_refused(policy: Policy, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_policy(policy, "p.npz")
    save_policy(tmp_path / "p.npz", policy)
    with pytest.raises(ValueError, match=complaint):
        load_policy(tmp_path / "p.npz")


def test_a_file_that_is_no_policy_is_refused(tmp_path: Path) -> None:
    whole = Path(sampling.__file__).with_name("base_model.npz").read_bytes()
    contents = {"empty": b"", "text": b"hello", "torn": whole[:9000], "flipped": whole[:700] + b"!" + whole[701:]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=r"base model .* is damaged or no \.npz file"):
            load_policy(tmp_path / name)
    with pytest.raises(ValueError, match="cannot be read"):
        load_policy(tmp_path / "missing.npz")
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(ValueError, match="is damaged or no"):
        load_policy(tmp_path / "array.npy")
    np.savez(tmp_path / "words.npz", tok=np.array(["a"]))
    with pytest.raises(ValueError, match="other things than weights"):
        load_policy(tmp_path / "words.npz")
