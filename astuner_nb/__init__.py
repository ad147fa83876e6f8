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
    from astuner_nb.comparison import Comparison, compare
    from astuner_nb.core.aliases import Aliases
    from astuner_nb.core.errors import (
        AccessDenied,
        AstunerError,
        BadConfig,
        BadFile,
        BadValue,
        Cancelled,
        JobError,
        NotFound,
        NotPicklable,
        RateLimited,
        ServerFailed,
        StoreError,
        TrackerError,
        Unreachable,
    )
    from astuner_nb.core.run import Change, Checkpoint
    from astuner_nb.core.series import History, Series
    from astuner_nb.core.space import Choice, Float, Int, Space
    from astuner_nb.core.states import RunState
    from astuner_nb.diagnosis.diagnose import diagnose
    from astuner_nb.diagnosis.findings import Finding
    from astuner_nb.diagnosis.report import Report
    from astuner_nb.diagnosis.thresholds import Thresholds
    from astuner_nb.experiments import Experiment, experiment
    from astuner_nb.lab import Lab
    from astuner_nb.live_figure.figure import LiveFigure
    from astuner_nb.recorder import Recorder
    from astuner_nb.script import init
    from astuner_nb.store.run import Run
    from astuner_nb.store.run_store import RunStore
    from astuner_nb.trackers.opening import runs
    from astuner_nb.trackers.run_set import Histories, RunSet

__version__ = "0.5.0"

__all__ = [
    "AccessDenied",
    "Aliases",
    "AstunerError",
    "BadConfig",
    "BadFile",
    "BadValue",
    "Cancelled",
    "Change",
    "Checkpoint",
    "Choice",
    "Comparison",
    "Experiment",
    "Finding",
    "Float",
    "Histories",
    "History",
    "Int",
    "JobError",
    "Lab",
    "LiveFigure",
    "NotFound",
    "NotPicklable",
    "RateLimited",
    "Recorder",
    "Report",
    "Run",
    "RunSet",
    "RunState",
    "RunStore",
    "Series",
    "ServerFailed",
    "Space",
    "StoreError",
    "Thresholds",
    "TrackerError",
    "Unreachable",
    "compare",
    "diagnose",
    "experiment",
    "init",
    "runs",
]

_HOMES = {
    "comparison": ("Comparison", "compare"),
    "core.aliases": ("Aliases",),
    "core.errors": (
        "AccessDenied",
        "AstunerError",
        "BadConfig",
        "BadFile",
        "BadValue",
        "Cancelled",
        "JobError",
        "NotFound",
        "NotPicklable",
        "RateLimited",
        "ServerFailed",
        "StoreError",
        "TrackerError",
        "Unreachable",
    ),
    "core.run": ("Change", "Checkpoint"),
    "core.series": ("History", "Series"),
    "core.space": ("Choice", "Float", "Int", "Space"),
    "core.states": ("RunState",),
    "diagnosis.diagnose": ("diagnose",),
    "diagnosis.findings": ("Finding",),
    "diagnosis.report": ("Report",),
    "diagnosis.thresholds": ("Thresholds",),
    "experiments": ("Experiment", "experiment"),
    "lab": ("Lab",),
    "recorder": ("Recorder",),
    "script": ("init",),
    "store.run": ("Run",),
    "store.run_store": ("RunStore",),
    "trackers.opening": ("runs",),
    "trackers.run_set": ("Histories", "RunSet"),
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
