"""The corpus keeps its mixture, and the script learns from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from astuner_nb.training import make_base_model
from astuner_nb.training.corpus import corpus_batch, response
from astuner_nb.training.policy_file import check_policy, load_policy, save_policy
from astuner_nb.training.rollouts import collect
from astuner_nb.training.task import MAX_RESPONSE_TOKENS, PAD, PROMPT_TOKENS, decode, held_out_draw, judge, thinks


def test_the_mixture() -> None:
    random = np.random.default_rng(0)
    said = [(a, b, response(a, b, random)) for a, b in random.integers(10, 100, (4000, 2)).tolist()]
    thinking = [(a, b, text) for a, b, text in said if thinks(text) and judge(a, b, text).well_formed]
    guesses = [(a, b, text) for a, b, text in said if re.fullmatch(r"#\d+\$", text)]
    assert len(thinking) / len(said) == pytest.approx(0.16, abs=0.03)
    assert len(guesses) / len(said) == pytest.approx(0.50, abs=0.04)
    assert np.mean([judge(*one).success for one in thinking]) > 0.4
    assert np.mean([judge(*one).success for one in guesses]) < 0.2


def test_a_batch_as_tokens() -> None:
    tokens, mask = corpus_batch(64, np.random.default_rng(0))
    assert tokens.shape == (64, PROMPT_TOKENS + MAX_RESPONSE_TOKENS)
    assert mask.shape == (64, MAX_RESPONSE_TOKENS)
    for row, kept in zip(tokens, mask.astype(bool), strict=True):
        text = decode(row[PROMPT_TOKENS:][kept])
        assert re.fullmatch(r"\d\d\+\d\d=", decode(row[:PROMPT_TOKENS]))
        assert text.endswith("$") or kept.all()
        assert (row[PROMPT_TOKENS:][~kept] == PAD).all()


def test_the_script_starts_as_documented_and_learns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    policy = make_base_model.make(steps=30)
    check_policy(policy, "new")
    batch = corpus_batch(128, np.random.default_rng(9))
    before, _ = make_base_model.loss_and_gradient(make_base_model.new_policy(), *batch)
    after, _ = make_base_model.loss_and_gradient(policy, *batch)
    assert before > 3.0  # log 19 = 2.9: it knows nothing
    assert after < before - 0.5
    assert capsys.readouterr().out.startswith("step    1/30  loss 3.4")
    save_policy(tmp_path / "new.npz", policy)
    assert load_policy(tmp_path / "new.npz").heads == 4


def test_the_script_wants_one_path() -> None:
    script = [sys.executable, "-m", "astuner_nb.training.make_base_model"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Give one path")
    assert "Traceback" not in done.stderr


def test_the_shipped_model_is_of_mixed_quality() -> None:
    """It knows how to think, seldom does, and is seldom right: something is left to learn."""
    rollouts = collect(load_policy(), *held_out_draw(810), repeat=1, temperature=1.0)
    thought = np.array([thinks(text) for text in rollouts.texts])
    assert 0.05 < rollouts.success.mean() < 0.2
    assert 0.08 < thought.mean() < 0.25
    assert rollouts.success[thought].mean() > 3 * rollouts.success[~thought].mean()
    assert 8 < rollouts.lengths.mean() < 13
