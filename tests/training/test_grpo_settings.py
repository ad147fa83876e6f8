"""Settings: what is refused, in which words, and that everything declared is documented."""

from __future__ import annotations

import ast
import inspect
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.training import settings
from astuner_nb.training.settings import GRPOSettings

NUMBERS = [spec.name for spec in fields(GRPOSettings) if spec.metadata]
WHOLE = [spec.name for spec in fields(GRPOSettings) if spec.type == "int"]


def test_defaults() -> None:
    s = GRPOSettings.from_config({})
    assert s == GRPOSettings()
    assert (s.lr, s.kl_loss_coef, s.num_repeat, s.train_batch_size) == (1e-4, 0.01, 8, 16)
    assert (s.temperature, s.clip_ratio, s.ppo_epochs, s.total_steps, s.seed) == (1.0, 0.2, 2, 300, 0)


def test_numbers_take_their_declared_type() -> None:
    s = GRPOSettings.from_config({"num_repeat": 4.0, "temperature": 1, "base_model": "b.npz"})
    assert (s.num_repeat, s.temperature, s.base_model) == (4, 1.0, "b.npz")
    assert isinstance(s.num_repeat, int)
    assert isinstance(s.temperature, float)


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"num_repeats": 4}, r"There is no setting 'num_repeats'\. Did you mean 'num_repeat'\?"),
        ({"qqq": 4}, r"There is no setting 'qqq'\. Known are lr, "),
        ({"num_repeat": 1}, r"num_repeat = 1 is out of range\. Give a whole number from 2 to 256\."),
        ({"num_repeat": 2.5}, r"num_repeat must be a whole number, got 2\.5"),
        ({"lr": "1e-4"}, r"lr must be a number, got '1e-4'\."),
        ({"lr": True}, r"lr must be a number, got True"),
        ({"lr": None}, r"lr must be a number, got None"),
        ({"lr": float("nan")}, r"lr must be a number, got nan"),
        ({"total_steps": float("inf")}, r"total_steps must be a whole number, got inf"),
        ({"lr": -1e-4}, r"lr = -0\.0001 is out of range"),
        ({"temperature": 0}, r"temperature = 0 is out of range\. Give a number from 0\.01 to 100\."),
        ({"max_response_length": 23}, r"max_response_length = 23 is out of range\. Give a whole number from 4 to 22\."),
        ({"seed": -1}, r"seed = -1 is out of range"),
        ({"seed": 2**63}, r"seed = .* is out of range"),
        ({"log_freq": 0}, r"log_freq = 0 is out of range"),
        ({"keep_best": "loss"}, r"keep_best must be a metric where higher or lower is better, got 'loss'\."),
        ({"keep_best": None}, r"keep_best must be a metric where higher or lower is better, got None"),
        ({"keep_last": -1}, r"keep_last = -1 is out of range"),
        ({"base_model": 7}, r"base_model must be a path, got 7"),
        ({"resume_from": ""}, r"resume_from must be a path, got ''"),
    ],
)
def test_refusals_say_what_and_what_to_do(config: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        GRPOSettings.from_config(config)
    assert "\n" not in str(caught.value)


@given(st.dictionaries(st.sampled_from(NUMBERS), st.one_of(st.integers(), st.floats(), st.text(), st.none())))
def test_any_config_makes_valid_settings_or_one_sentence(config: dict[str, object]) -> None:
    try:
        s = GRPOSettings.from_config(config)
    except ValueError as error:
        complaint = str(error)
    else:
        complaint = ""
        _check_limits(s)
    assert not complaint or "Give" in complaint


def _check_limits(s: GRPOSettings) -> None:
    for name in WHOLE:
        assert isinstance(getattr(s, name), int)
    for spec in fields(s):
        if spec.metadata:
            assert spec.metadata["low"] <= getattr(s, spec.name) <= spec.metadata["high"]


def test_no_metric_is_kept_by_either_word() -> None:
    assert GRPOSettings(keep_best="").keep_best == GRPOSettings(keep_best="none").keep_best == "none"


def test_some_can_be_changed_on_the_way_and_only_to_what_they_may_be() -> None:
    s = GRPOSettings()
    assert s.changed({"lr": 1e-5, "temperature": 1}) == GRPOSettings(lr=1e-5, temperature=1.0)
    with pytest.raises(ValueError, match=r"num_repeat cannot be changed while a run goes on\. Give clip_ratio, kl_"):
        s.changed({"lr": 1e-5, "num_repeat": 4})
    with pytest.raises(ValueError, match="lr = -1 is out of range"):
        s.changed({"lr": -1})


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        GRPOSettings().lr = 1.0  # type: ignore[misc]


def test_every_field_has_its_sentence() -> None:
    body = ast.parse(inspect.getsource(settings)).body
    declaration = next(node for node in body if isinstance(node, ast.ClassDef))
    for node, below in zip(declaration.body, declaration.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign):
            assert isinstance(below, ast.Expr), f"{ast.unparse(node.target)} has no sentence beneath it"
            assert str(ast.literal_eval(below.value)).endswith(".")
