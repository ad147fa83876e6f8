"""The keys of a configuration file that we understand: their types, bounds and one sentence each.

The sentence in `Field(description=…)` is the only one: documentation and tooltips are made from it.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from astuner_nb.core.loggers import LOGGERS, logger_names
from astuner_nb.core.metrics import KNOWN, describe

MOST = 10**9
"""The largest count that is taken for meant."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def as_number(value: object) -> object:
    """`value`, a text such as `"1e-4"` as a float: YAML 1.1 reads it as text. Raises `ValueError` for booleans."""
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    if isinstance(value, str) and _NUMBER.fullmatch(text := value.strip()):
        return float(text) if re.search(r"[.eE]", text) else int(text)
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _known_logger(name: str) -> str:
    wanted = name.strip().lower()
    if wanted not in LOGGERS and wanted not in logger_names():
        raise ValueError("unknown logger")
    return wanted


def _minus_one_is_unset(value: object) -> object:
    return None if as_number(value) == -1 else value


def _never_is_zero(value: int) -> int:
    return max(value, 0)


def _with_a_direction(name: str) -> str:
    """The name of a metric that has a best value; `none`, or nothing, for none of them."""
    if name in ("", "none"):
        return "none"
    if describe(name).better == "neither" and name in KNOWN:
        raise ValueError("no value of it is the best")
    return name


def _empty_is_no_key(value: object) -> object:
    return {} if value is None else value


def _text(value: object) -> object:
    """Numbers are names too: `project_name: 2026`."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[float, BeforeValidator(as_number)]
Whole = Annotated[int, BeforeValidator(as_number)]
Every = Annotated[int, BeforeValidator(as_number), AfterValidator(_never_is_zero)]
"""Steps between two occurrences; 0 for never. AgentJet's examples write 99999, which is practically never."""
Logger = Annotated[str, AfterValidator(_known_logger)]
Peak = Annotated[str, BeforeValidator(_text), AfterValidator(_with_a_direction)]


class Section(BaseModel):
    """A section of the file. Keys it does not know are judged elsewhere (`unknown.py`) and kept."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, str_strip_whitespace=True)


class Optim(Section):
    """`trainer_common.optim`."""

    lr: Number | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Learning rate: how far one update moves the policy. Too high collapses, too low is flat.",
    )


class TrainerCommon(Section):
    """`trainer_common`."""

    logger: Annotated[list[Logger] | None, BeforeValidator(_as_list)] = Field(
        default=None,
        description="Where metrics go besides the run directory: one name or a list of names.",
        json_schema_extra={"options": list(LOGGERS)},
    )
    log_freq: Whole | None = Field(default=None, ge=1, le=MOST, description="Metrics are logged every so many steps.")
    save_freq: Every | None = Field(
        default=None, le=MOST, description="A checkpoint is saved every so many steps; 0 or less, or 99999, for never."
    )
    keep_last: Whole | None = Field(
        default=None, ge=0, le=MOST, description="So many of the newest checkpoints are kept; 0 for all."
    )
    max_actor_ckpt_to_keep: Whole | None = Field(
        default=None, ge=0, le=MOST, description="verl's spelling of keep_last."
    )
    keep_best: Peak | None = Field(
        default=None,
        max_length=200,
        description="The metric whose best checkpoint is kept besides, e.g. val/success_rate; none for none.",
        json_schema_extra={"expected": "a metric where higher or lower is better, e.g. reward, or none"},
    )
    test_freq: Every | None = Field(
        default=None,
        le=MOST,
        description="Held-out tasks are tried every so many steps; 0 or less, or 99999, for never.",
    )
    total_steps: Annotated[Whole | None, BeforeValidator(_minus_one_is_unset)] = Field(
        default=None,
        ge=1,
        le=MOST,
        description="Training ends after so many steps; null or -1 leaves it to the backbone.",
    )
    total_training_steps: Annotated[Whole | None, BeforeValidator(_minus_one_is_unset)] = Field(
        default=None, ge=1, le=MOST, description="AgentJet's spelling of total_steps."
    )
    total_epochs: Whole | None = Field(
        default=None, ge=1, le=MOST, description="Training ends after so many passes over the data set, if it has one."
    )
    seed: Whole | None = Field(
        default=None, ge=0, le=2**63 - 1, description="Start of every random draw: same seed, same run."
    )
    kl_loss_coef: Number | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="Weight of the KL divergence in the loss: the leash to the base model, 0 for none.",
    )
    clip_ratio: Number | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="How far one update may change a token's probability ratio; 10 is practically off.",
    )
    ppo_epochs: Whole | None = Field(
        default=None, ge=1, le=1000, description="Passes over one batch of rollouts before the next."
    )
    min_step_s: Number | None = Field(
        default=None, ge=0, le=60, description="The least seconds a step takes: slows a live demonstration down."
    )
    optim: Annotated[Optim, BeforeValidator(_empty_is_no_key)] = Field(
        default_factory=Optim, description="The optimizer."
    )


class Rollout(Section):
    """`rollout`."""

    num_repeat: Whole | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="Rollouts of each task, compared with one another: the group size of GRPO.",
    )
    temperature: Number | None = Field(
        default=None, gt=0, le=100, description="How freely tokens are drawn: below 1 safer, above 1 more exploration."
    )
    rollout_freq: Every | None = Field(
        default=None,
        le=MOST,
        description="Sample rollouts are kept every so many steps; 0 or less, or 99999, for never.",
    )


class Data(Section):
    """`data`."""

    train_batch_size: Whole | None = Field(default=None, ge=1, le=MOST, description="Tasks in one training step.")
    max_response_length: Whole | None = Field(
        default=None, ge=1, le=MOST, description="A response is cut after so many tokens."
    )


Extra = Annotated[dict[str, bool | int | float | str] | None, BeforeValidator(_empty_is_no_key)]
"""Hyper-parameters by flat name."""


class Document(Section):
    """The root section, `astuner:` (newer files `ajet:`, the oldest `astune:`)."""

    project_name: Text | None = Field(
        default=None, min_length=1, max_length=200, description="The project that runs belong to."
    )
    experiment_name: Text | None = Field(default=None, min_length=1, max_length=200, description="The name of the run.")
    backbone: Text | None = Field(
        default=None, min_length=1, max_length=200, description="What trains: local is built in."
    )
    trainer_common: Annotated[TrainerCommon, BeforeValidator(_empty_is_no_key)] = Field(
        default_factory=TrainerCommon, description="The trainer."
    )
    rollout: Annotated[Rollout, BeforeValidator(_empty_is_no_key)] = Field(
        default_factory=Rollout, description="Sampling."
    )
    data: Annotated[Data, BeforeValidator(_empty_is_no_key)] = Field(
        default_factory=Data, description="Tasks and lengths."
    )
    hyper_parameters: Extra = Field(
        default=None,
        description="What a backbone takes beyond the keys above, by its own names: numbers, texts, switches.",
    )


SECTIONS: dict[str, type[Section]] = {
    "": Document,
    "trainer_common": TrainerCommon,
    "trainer_common.optim": Optim,
    "rollout": Rollout,
    "data": Data,
}
"""Dotted path of a section → its model."""
