"""From what a person hands over (a YAML file, a function, a backbone, nothing) to a plan that can be tuned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from astuner_nb.backbones.registry import GPU_ENGINES
from astuner_nb.backbones.registry import backbone as backbone_named
from astuner_nb.config.config import Config
from astuner_nb.config.keys import KEYS
from astuner_nb.config.loader import load_config
from astuner_nb.core.errors import BadValue
from astuner_nb.core.loggers import CONSOLE
from astuner_nb.core.protocols import Backbone
from astuner_nb.core.space import Space, Value
from astuner_nb.recorder import SCRIPT
from astuner_nb.store.run import Run

EPOCH_TASKS = 7_290
"""Tasks in one epoch of the built-in math agent: the training part of its 8 100 additions."""


@dataclass(frozen=True)
class Plan:
    """What is tuned: which backbone, under which project, starting from which values."""

    backbone: Backbone
    project: str
    values: Mapping[str, Value]
    """Every hyper-parameter and setting, checked."""
    config: Config | None = None
    """The document it came from; keys of other engines travel on in it."""
    notices: Sequence[str] = ()
    """Sentences a person should see about how the document was read."""
    loggers: tuple[str, ...] = ()
    """Where metrics go besides the run directory."""

    @property
    def space(self) -> Space:
        """Hyper-parameters and settings together: all that a run can be given."""
        return Space({**self.backbone.space, **self.backbone.settings})

    def name_for(self, values: Mapping[str, Value], at_step: int | None = None) -> str:
        """The experiment's name, what differs from the backbone's defaults, and the step that it goes on from.

        E.g. `lr 0.0003 · seed 1 · from 120`.
        """
        space = self.backbone.space
        changes = [f"{name} {_short(values[name])}" for name in space if values[name] != space[name].default]
        experiment = [self.config.experiment] if self.config and self.config.experiment else []
        named = [*experiment, *changes] or ["defaults"]
        return " · ".join(named if at_step is None else [*named, f"from {at_step}"])

    def document_for(self, values: Mapping[str, Value], loggers: Sequence[str] | None = None) -> str | None:
        """The whole configuration document with `values` and `loggers` in it, as YAML; None where there was none."""
        if self.config is None:
            return None
        known = {name: value for name, value in values.items() if name in KEYS}
        return self.config.updated(known, self.loggers if loggers is None else loggers).to_yaml()


def plan_for_file(source: str | Path | Mapping[str, object], backbone: str | None = None) -> Plan:
    """The plan that a YAML document describes; `backbone` overrides the one it names.

    A value that fits a GPU engine but lies beyond this backbone's range is brought to the nearest end, with a notice.

    Raises:
        BadConfig: when the document cannot be used.
        BadValue: for an unknown backbone.
    """
    config = load_config(source)
    chosen, swap = _engine_for(config) if backbone is None else (backbone, [])
    plan = plan_for_backbone(backbone_named(chosen), project=config.project)
    values, moves = _fitted(plan.space, config.values)
    notices = (*config.notices, *swap, *moves)
    return Plan(plan.backbone, plan.project, {**plan.values, **values}, config, notices, config.loggers)


def plan_for_run(run: Run, backbone: str | None = None) -> Plan:
    """The plan that `run` was started by, as its own directory tells; `backbone` stands in for the one it ran on.

    Raises:
        BadValue: for a run that only its notebook or script can start again, or an unknown backbone.
    """
    if run.files.function.exists():
        again = f"lab.start(resume={run.id!r})"
        raise BadValue(f"{run.name!r} runs a function of a notebook. Go on with it there: {again}.")
    if run.backbone == SCRIPT:
        raise BadValue(f"{run.name!r} was recorded by a script of its own. Go on with it by that script.")
    chosen = backbone or run.backbone
    if run.files.config.exists():
        text = run.files.config.read_text("utf-8", errors="replace")  # by its path it would be called `config`
        plan = plan_for_file(text, chosen)
    else:
        plan = plan_for_backbone(backbone_named(chosen), loggers=run.loggers)
    return replace(plan, project=run.project)


def plan_for_backbone(backbone: Backbone, project: str | None = None, loggers: tuple[str, ...] = (CONSOLE,)) -> Plan:
    """The plan of a backbone at its defaults."""
    values = {**backbone.space.defaults, **backbone.settings.defaults}
    return Plan(backbone, project or backbone.name, values, loggers=loggers)


def _engine_for(config: Config) -> tuple[str, list[str]]:
    """The backbone a document names, or the built-in one in place of an engine that needs a GPU."""
    if config.backbone not in GPU_ENGINES:
        return config.backbone or "local", []
    return "local", [
        f"The backbone {config.backbone!r} needs a GPU engine that a later release brings: 'local' stands in for it."
    ]


def _fitted(space: Space, given: Mapping[str, Value]) -> tuple[dict[str, Value], list[str]]:
    """The values that `space` knows, each inside its range, and a sentence for each that had to move."""
    fitted: dict[str, Value] = {}
    notices = []
    for name, value in _steps_from_epochs(given).items():
        if name not in space:
            continue
        fitted[name] = space.nearest(name, value)
        if fitted[name] != value:
            notices.append(
                f"{name} = {_short(value)} lies beyond what this backbone takes ({space[name].span}): "
                f"using {_short(fitted[name])}."
            )
    return fitted, notices


def _steps_from_epochs(given: Mapping[str, Value]) -> dict[str, Value]:
    """`total_epochs` as `total_steps` where a document names only the first."""
    values = dict(given)
    epochs = values.pop("total_epochs", None)
    if isinstance(epochs, int) and "total_steps" not in values:
        batch = values.get("train_batch_size", 16)
        values["total_steps"] = epochs * math.ceil(EPOCH_TASKS / max(1, int(batch)))
    return values


def _short(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
