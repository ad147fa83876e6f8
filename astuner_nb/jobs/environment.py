"""The environment of a job: the kernel's own, without what belongs to the kernel, with what makes logs readable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from astuner_nb.jobs.secret_names import is_secret_name
from astuner_nb.recorder import RUN_DIRECTORY_VARIABLE

REMOVED = {
    "WANDB_SERVICE": "the job would attach to the kernel's sidecar and lose rows when the kernel ends",
    "MPLBACKEND": "a kernel's inline backend may not exist in the job's environment",
    "FORCE_COLOR": "a kernel sets it: colour codes in output.log",
    "CLICOLOR": "a kernel sets it: colour codes in output.log",
    "CLICOLOR_FORCE": "a kernel sets it: colour codes in output.log",
    "JPY_PARENT_PID": "belongs to the kernel",
    "JPY_SESSION_NAME": "belongs to the kernel and holds the notebook's path",
}
"""Name → why a job does not inherit it."""

SET = {
    "PYTHONUNBUFFERED": "1",  # else prints reach output.log in blocks
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL": "0.5",  # seconds; 15 by default, too long to watch live
}
"""What every job gets, whatever the kernel has."""

OFFLINE_WITHOUT_KEY = {"WANDB_MODE": "WANDB_API_KEY", "SWANLAB_MODE": "SWANLAB_API_KEY"}
"""Mode → the key without which that tracker would prompt or fail online."""


def job_environment(base: Mapping[str, str], extra: Mapping[str, str], directory: Path) -> dict[str, str]:
    """The variables of a job that runs in `directory`. Never written to disk.

    Args:
        base: what the kernel has. API keys in it are not handed on: a job that needs one gets it by `extra`.
        extra: what the backbone sets; wins over everything but the run directory.
        directory: the run directory.
    """
    env = {name: value for name, value in base.items() if name not in REMOVED and not is_secret_name(name)}
    env |= SET | {"WANDB_DIR": str(directory)}
    for mode, key in OFFLINE_WITHOUT_KEY.items():
        if key not in extra:
            env.setdefault(mode, "offline")
    return env | dict(extra) | {RUN_DIRECTORY_VARIABLE: str(directory)}
