"""`@experiment`: hyper-parameters declared beside a training function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from astuner_nb.backbones.function import FunctionBackbone
from astuner_nb.core.errors import BadValue
from astuner_nb.core.space import Choice, Float, Int, Param, Space
from astuner_nb.lab import Lab


class Experiment:
    """A training function with its hyper-parameters. Calling it calls the function, here and now."""

    def __init__(self, function: Callable[..., Any], space: Space) -> None:
        functools.update_wrapper(self, function)
        self.backbone = FunctionBackbone(function, space)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.backbone.function(*args, **kwargs)

    def lab(self, **options: Any) -> Lab:
        """The panel that runs the function in processes of its own; `options` are those of `Lab`."""
        return Lab(self, **options)

    def __repr__(self) -> str:
        return f"<Experiment {self.backbone.name!r}: {', '.join(self.backbone.space)}>"


def experiment(**params: Param) -> Callable[[Callable[..., Any]], Experiment]:
    """What makes an `Experiment` of `function(run, **hyper_parameters)`.

    ::

        @anb.experiment(lr=anb.Float(1e-2, low=1e-4, high=1.0, log=True), width=anb.Choice(32, [16, 32, 64]))
        def train(run, lr, width):
            for step in range(200):
                run.log(step=step, loss=...)

        train.lab()

    Raises:
        BadValue: for a declaration that is none, or a function that does not take what is declared.
    """
    for name, param in params.items():
        if not isinstance(param, Float | Int | Choice):
            raise BadValue(f"{name} must be declared as anb.Float, anb.Int or anb.Choice, got {param!r}.")

    return lambda function: Experiment(function, Space(params))
