"""A training function of the user's own, sent to its own process by cloudpickle."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from astuner_nb.core.errors import BadValue, NotPicklable
from astuner_nb.core.metrics import Metric
from astuner_nb.core.protocols import JobSpec
from astuner_nb.core.space import Space, Value
from astuner_nb.recorder import RunFiles

TrainFunction = Callable[..., Any]
"""Called as `function(run, **hyper_parameters)` in the child; `run` is a `Recorder`."""

STOP_GRACE_S = 1.5
"""How long a function that catches KeyboardInterrupt may take to put its things away."""


class FunctionBackbone:
    """Runs `function(run, **values)`; its figures appear as it logs."""

    settings = Space()
    presets: Mapping[str, Mapping[str, Value]] = MappingProxyType({})
    metrics: Sequence[Metric] = ()

    def __init__(self, function: TrainFunction, space: Space) -> None:
        """Raises `BadValue` for what cannot be called as `function(run, **space)`."""
        if not callable(function):
            raise BadValue(f"A training function must be callable, got {function!r}. Pass the function itself.")
        self.function, self.space = function, space
        _check_signature(function, space)

    @property
    def name(self) -> str:
        """The function's own name."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    def problems(self) -> list[str]:
        """Nothing stands in its way before it is pickled."""
        return []

    def prepare(self, directory: Path, values: Mapping[str, Value]) -> JobSpec:
        """Pickle the function into `directory`. Raises `NotPicklable`.

        The child works in the caller's working directory and finds the modules the caller finds.
        """
        path = RunFiles(directory).function
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(self._pickled())
        argv = (sys.executable, "-m", "astuner_nb.training.function_job", str(directory))
        env = {"PYTHONPATH": os.pathsep.join(place or os.getcwd() for place in sys.path)}
        return JobSpec(argv, env=env, cwd=Path.cwd(), grace_s=STOP_GRACE_S)

    def _pickled(self) -> bytes:
        import cloudpickle

        try:
            return bytes(cloudpickle.dumps(self.function))
        except Exception as error:
            raise NotPicklable(
                f"The function {self.name!r} cannot be sent to its own process: {error}. "
                "Open files, locks and connections inside the function, not outside it."
            ) from error


def _check_signature(function: TrainFunction, space: Space) -> None:
    try:
        signature = inspect.signature(function)
    except ValueError:  # written in C: nobody can tell what it takes
        return
    try:
        signature.bind(object(), **space)
    except TypeError as error:
        wanted = ", ".join(["run", *space])
        raise BadValue(
            f"The function cannot be called as function({wanted}): {error}. "
            "Declare its hyper-parameters with @anb.experiment(...), or change its parameters."
        ) from None
