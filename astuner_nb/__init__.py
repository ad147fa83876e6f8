"""Tune RL fine-tuning runs in a notebook: sliders start short training jobs, their curves stream in live.

::

    import astuner_nb as anb

    lab = anb.Lab("math_agent.yaml")      # the panel; `lab` as the last line of a cell shows it
    run = lab.start(lr=3e-4)              # what the Run button does
    lab.wait(run, timeout_s=60)
    run.history().to_frame()

Importing this package does nothing and loads nothing: a name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astuner_nb.core.errors import AstunerError, BadConfig, BadValue, JobError, NotPicklable, StoreError
    from astuner_nb.core.series import History, Series
    from astuner_nb.core.space import Choice, Float, Int, Space
    from astuner_nb.core.states import RunState
    from astuner_nb.experiments import Experiment, experiment
    from astuner_nb.lab import Lab
    from astuner_nb.live_figure.figure import LiveFigure
    from astuner_nb.recorder import Recorder, init
    from astuner_nb.store.run import Run
    from astuner_nb.store.run_store import RunStore

__version__ = "0.1.0"

__all__ = [
    "AstunerError",
    "BadConfig",
    "BadValue",
    "Choice",
    "Experiment",
    "Float",
    "History",
    "Int",
    "JobError",
    "Lab",
    "LiveFigure",
    "NotPicklable",
    "Recorder",
    "Run",
    "RunState",
    "RunStore",
    "Series",
    "Space",
    "StoreError",
    "experiment",
    "init",
]

_HOMES = {
    "core.errors": ("AstunerError", "BadConfig", "BadValue", "JobError", "NotPicklable", "StoreError"),
    "core.series": ("History", "Series"),
    "core.space": ("Choice", "Float", "Int", "Space"),
    "core.states": ("RunState",),
    "experiments": ("Experiment", "experiment"),
    "lab": ("Lab",),
    "recorder": ("Recorder", "init"),
    "store.run": ("Run",),
    "store.run_store": ("RunStore",),
    "live_figure.figure": ("LiveFigure",),
}
_HOME_OF = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
