"""Which hyper-parameter stands where in the file: flat name ↔ dotted path ↔ sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from astuner_nb.config.document import SECTIONS


@dataclass(frozen=True)
class Key:
    """One hyper-parameter of the file."""

    name: str
    """The flat name, as backbones and sliders use it."""
    path: str
    """Where it stands below the root section, dotted."""
    also: str = ""
    """Another path under which it may be given."""

    @property
    def field(self) -> FieldInfo:
        """Its declaration: type, bounds, sentence."""
        section, _, leaf = self.path.rpartition(".")
        return SECTIONS[section].model_fields[leaf]

    @property
    def help(self) -> str:
        """Its sentence, for documentation and tooltips."""
        return self.field.description or ""


KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        Key("lr", "trainer_common.optim.lr"),
        Key("kl_loss_coef", "trainer_common.kl_loss_coef"),
        Key("num_repeat", "rollout.num_repeat"),
        Key("train_batch_size", "data.train_batch_size"),
        Key("temperature", "rollout.temperature"),
        Key("clip_ratio", "trainer_common.clip_ratio"),
        Key("ppo_epochs", "trainer_common.ppo_epochs"),
        Key("total_steps", "trainer_common.total_steps", also="trainer_common.total_training_steps"),
        Key("total_epochs", "trainer_common.total_epochs"),
        Key("seed", "trainer_common.seed"),
        Key("max_response_length", "data.max_response_length"),
        Key("log_freq", "trainer_common.log_freq"),
        Key("save_freq", "trainer_common.save_freq"),
        Key("keep_last", "trainer_common.keep_last", also="trainer_common.max_actor_ckpt_to_keep"),
        Key("keep_best", "trainer_common.keep_best"),
        Key("test_freq", "trainer_common.test_freq"),
        Key("rollout_freq", "rollout.rollout_freq"),
        Key("min_step_s", "trainer_common.min_step_s"),
    )
}
"""Flat name → key, in the order in which a panel shows them."""

EXTRA = "hyper_parameters"
"""The section for what a backbone takes beyond `KEYS`: flat name → value."""


def read_at(section: Any, path: str) -> Any:
    """What stands at dotted `path` in nested mappings or models; None where there is nothing."""
    for part in path.split(".") if path else ():
        section = section.get(part) if isinstance(section, Mapping) else getattr(section, part, None)
    return section


def write_at(section: dict[str, Any], path: str, value: object) -> None:
    """Put `value` at dotted `path` of nested `section`, making the sections on the way."""
    *parts, leaf = path.split(".")
    for part in parts:
        if section.get(part) is None:
            section[part] = {}
        section = section[part]
    section[leaf] = value
