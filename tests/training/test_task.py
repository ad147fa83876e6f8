"""The task: what the judge says, that text survives encoding, that held-out tasks are never trained on."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.training.task import (
    HELD_OUT,
    MAX_RESPONSE_TOKENS,
    TASKS,
    VOCABULARY,
    Verdict,
    decode,
    encode,
    held_out_draw,
    judge,
    prompts,
    split,
    thinks,
    training_draw,
)

texts = st.text(alphabet=VOCABULARY, max_size=MAX_RESPONSE_TOKENS)
operands = st.integers(10, 99)


@pytest.mark.parametrize(
    ("text", "reward", "success", "well_formed"),
    [
        ("#85$", 1.0, 1, 1),
        ("7+8=15,3+4+1=8#85$", 1.0, 1, 1),
        ("?,[1#85$", 1.0, 1, 1),
        ("#84$", 0.15, 0, 1),  # one digit of two
        ("#58$", 0.1, 0, 1),
        ("#185$", 0.1, 0, 1),  # too long: no digit counts
        ("#085$", 0, 0, 0),  # leading zero
        ("#05$", 0, 0, 0),
        ("#5$", 0, 0, 0),  # one digit
        ("#1085$", 0, 0, 0),  # four digits
        ("#85", 0, 0, 0),  # no end
        ("85$", 0, 0, 0),  # no mark
        ("#85#85$", 0, 0, 0),  # two marks
        ("#85$$", 0, 0, 0),
        ("#8?$", 0, 0, 0),
        ("#85 $", 0, 0, 0),
        ("#85$\n", 0, 0, 0),
        ("#٨٥$", 0, 0, 0),  # digits, but not ours
        ("$", 0, 0, 0),
        ("", 0, 0, 0),
    ],
)
def test_judge(text: str, reward: float, success: float, well_formed: float) -> None:
    verdict = judge(37, 48, text)
    assert verdict == (pytest.approx(reward), success, well_formed)


def test_judge_counts_digits_of_three() -> None:
    assert judge(99, 99, "#198$").reward == pytest.approx(1.0)
    assert judge(99, 99, "#199$").reward == pytest.approx(0.1 + 0.1 * 2 / 3)
    assert judge(99, 99, "#98$").reward == pytest.approx(0.1)


@given(operands, operands, texts)
def test_judge_is_fair_to_any_text(a: int, b: int, text: str) -> None:
    verdict = judge(a, b, text)
    assert 0 <= verdict.reward <= 1
    assert verdict.success == bool(re.search(rf"#{a + b}\$\Z", text) and text.count("#") == text.count("$") == 1)
    assert (verdict.reward == pytest.approx(1)) == bool(verdict.success)
    if not verdict.well_formed:
        assert verdict == Verdict(0, 0, 0)


@given(texts)
def test_decode_undoes_encode(text: str) -> None:
    assert decode(encode(text)) == text
    assert decode(np.array(encode(text), np.int64)) == text


@given(st.text(max_size=8).filter(lambda text: set(text) - set(VOCABULARY)))
def test_encode_refuses_what_has_no_token(text: str) -> None:
    with pytest.raises(ValueError, match="There is no token for"):
        encode(text)


@given(operands, operands)
def test_prompt_is_the_sum_in_writing(a: int, b: int) -> None:
    assert [decode(row) for row in prompts(np.array([[a, b]]))] == [f"{a}+{b}="]


@pytest.mark.parametrize(("text", "thought"), [("7+8=15,3+4+1=8#85$", True), ("9+9=3,1+1", True), ("#85$", False)])
def test_thinks(text: str, thought: bool) -> None:
    assert thinks(text) is thought


def test_split_is_disjoint_and_whole() -> None:
    train, held_out = ({tuple(task) for task in part.tolist()} for part in split())
    assert len(held_out) == HELD_OUT
    assert not train & held_out
    assert train | held_out == {(a, b) for a in range(10, 100) for b in range(10, 100)}
    assert len(train) + len(held_out) == TASKS


def test_split_never_changes() -> None:
    """A changed split would make old runs' held-out scores incomparable."""
    assert split()[1][:4].tolist() == [[24, 16], [37, 56], [62, 27], [98, 33]]


def test_held_out_tasks_are_spread() -> None:
    """No digit of either operand is missing among them, nor much more frequent than others."""
    counts = [np.bincount(digit, minlength=10)[lowest:] for digit, lowest in _digits(split()[1])]
    assert all(count.min() > 40 and count.max() < 140 for count in counts)


def _digits(tasks: np.ndarray) -> list[tuple[np.ndarray, int]]:
    return [(tasks[:, 0] // 10, 1), (tasks[:, 0] % 10, 0), (tasks[:, 1] // 10, 1), (tasks[:, 1] % 10, 0)]


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_training_draws_stay_in_the_training_split(seed: int, step: int) -> None:
    tasks, noise = training_draw(seed, step, 16, 8)
    again, noise_again = training_draw(seed, step, 16, 8)
    assert tasks.shape == (16, 2)
    assert noise.shape == (128, MAX_RESPONSE_TOKENS)
    assert (tasks == again).all()
    assert (noise == noise_again).all()
    assert noise.min() >= 0
    assert noise.max() < 1
    held_out = {tuple(task) for task in split()[1].tolist()}
    assert not held_out & {tuple(task) for task in tasks.tolist()}


def test_draws_differ_between_steps_seeds_and_evaluation() -> None:
    noises = [training_draw(seed, step, 4, 2)[1] for seed, step in [(0, 0), (0, 1), (1, 0), (2**63 - 1, 2**63 - 1)]]
    noises.append(held_out_draw(8)[1])
    assert len({noise.tobytes() for noise in noises}) == len(noises)


def test_held_out_draw_asks_for_no_more_than_there_are() -> None:
    assert len(held_out_draw(HELD_OUT)[0]) == HELD_OUT
    for count in (0, HELD_OUT + 1):
        with pytest.raises(ValueError, match="held-out tasks"):
            held_out_draw(count)
