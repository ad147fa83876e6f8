"""The environment of a forwarder: the caller's, without foreign secrets, and with one tracker's own variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from astuner_nb.jobs.environment import REMOVED
from astuner_nb.jobs.secret_names import is_secret_name
from astuner_nb.recorder import RUN_DIRECTORY_VARIABLE

QUIET = {
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL": "0.5",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_DISABLE_GIT": "true",
    "SWANLAB_INTERACTIVE": "0",
    "SWANLAB_TERMINAL_PROXY_TYPE": "none",
    "SWANLAB_PROBE_MONITOR": "false",
    "SWANLAB_PROBE_GIT": "false",
    "SWANLAB_PROBE_CONDA": "false",
}
"""A forwarder never asks, and what there is to know about this process is not about the training."""

_PATH = re.compile(r"\w+_(DIR|LOGDIR|ROOT|FILE)")
_TRACKER = re.compile("SWANLAB_|WANDB_")
_OF_ANOTHER_RUN = re.compile(
    r"(SWANLAB|WANDB)_(RUN_ID|RESUME|RUN_NAME|NAME|EXP_NAME|PROJ_NAME|PROJECT|LOG_DIR|LOGDIR|DIR|SWEEP_ID|SERVICE|LAUNCH)"
)
"""What would make it another run than ours, or put its files elsewhere."""


def forwarder_environment(base: Mapping[str, str], logger: str) -> dict[str, str]:
    """The variables of the process that forwards to `logger`. Never written to disk.

    Of `base`, the caller's, secrets stay behind unless their name begins like the logger's: `WANDB_API_KEY` goes to
    `wandb` alone.
    """
    prefix = re.sub(r"\W", "_", logger).upper() + "_"
    env = {name: _absolute(name, value, prefix) for name, value in base.items() if _goes_along(name, prefix)}
    quiet = {name: value for name, value in QUIET.items() if name.startswith(prefix)}
    return env | quiet | {"PYTHONUNBUFFERED": "1"}


def _goes_along(name: str, prefix: str) -> bool:
    if name in REMOVED or name == RUN_DIRECTORY_VARIABLE:
        return False
    if name.startswith(prefix):
        return not _OF_ANOTHER_RUN.fullmatch(name)
    return not (_TRACKER.match(name) or is_secret_name(name))


def _absolute(name: str, value: str, prefix: str) -> str:
    """`value`, where it is a path of the logger's as it was meant: the forwarder works in another directory."""
    if value and name.startswith(prefix) and _PATH.fullmatch(name):
        return os.path.abspath(os.path.expanduser(value))
    return value
