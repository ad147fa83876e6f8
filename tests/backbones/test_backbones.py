"""The backbones keep the contract, and what the built-in one declares is what its training takes."""

import pytest

from astuner_nb.backbones.function import FunctionBackbone
from astuner_nb.backbones.local import PRESETS, SETTINGS, SPACE, LocalBackbone
from astuner_nb.backbones.registry import backbone
from astuner_nb.core.errors import BadValue
from astuner_nb.core.metrics import KNOWN, describe
from astuner_nb.core.space import Choice, Float, Space
from astuner_nb.training.settings import KEPT_AT_PEAK, LIVE, GRPOSettings

from ..contracts.backbone import BackboneContract


class TestLocal(BackboneContract):
    @pytest.fixture
    def backbone(self):
        return LocalBackbone()


class TestFunction(BackboneContract):
    @pytest.fixture
    def backbone(self):
        space = Space({"lr": Float(0.1, 0.01, 1.0, help="A step."), "width": Choice(16, [16, 32], help="A width.")})
        return FunctionBackbone(lambda run, lr, width: None, space)


def test_the_training_takes_every_value_a_slider_can_have():
    for name, param in {**SPACE, **SETTINGS}.items():
        for value in param.options if isinstance(param, Choice) else (param.low, param.default, param.high):
            GRPOSettings.from_config({name: value})


def test_what_the_training_keeps_and_changes_is_what_is_declared():
    assert set(SETTINGS["keep_best"].options) == {*KEPT_AT_PEAK, "none", ""}
    assert {name for name, param in {**SPACE, **SETTINGS}.items() if param.live} == LIVE
    assert all(describe(name).better == "higher" for name in KEPT_AT_PEAK if name in KNOWN)


def test_slider_defaults_are_the_training_s_own():
    own = GRPOSettings()
    declared = {**SPACE.defaults, **SETTINGS.defaults}
    assert {name: getattr(own, name) for name in declared} == declared


def test_there_are_six_presets():
    assert list(PRESETS) == ["good", "too hot", "unstable", "too cold", "leashed", "no clip"]


def test_backbones_are_found_by_name():
    assert isinstance(backbone("local"), LocalBackbone)
    with pytest.raises(BadValue, match=r"no backbone 'locol'. Did you mean 'local'\?"):
        backbone("locol")
    with pytest.raises(BadValue, match="'verl' needs a GPU engine"):
        backbone("verl")


def test_what_cannot_be_called_is_no_training_function():
    with pytest.raises(BadValue, match="must be callable, got 3"):
        FunctionBackbone(3, Space())
