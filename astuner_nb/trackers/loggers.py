"""Which loggers there are, what a person gets from each, and what writes it: a new one is a class and a line here."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from astuner_nb.core.errors import BadValue
from astuner_nb.core.loggers import CONSOLE, GROUP, checked_loggers

if TYPE_CHECKING:
    from astuner_nb.core.protocols import Sink  # numpy comes with it, and a script that names a logger needs none


@dataclass(frozen=True)
class LoggerEntry:
    """One logger."""

    name: str
    """How `trainer_common.logger` and `logger=` name it."""
    gives: str
    """What a person gets, for the table in the README."""
    without_key: str
    """What happens where there is no API key, likewise."""
    home: str | Callable[[], Sink] = ""
    """What makes its sink: a class, or where it stands, `module:name`; empty for the console, which needs none."""
    upload: str = ""
    """The command that uploads what is kept in `{directory}`; empty where there is nothing to upload."""

    def sink(self) -> Sink:
        """A new sink. Loads the tracker's own package at the earliest when it is opened."""
        if isinstance(self.home, str):
            module, _, name = self.home.partition(":")
            made: Sink = getattr(import_module(module), name)()
            return made
        return self.home()

    def upload_command(self, directory: Path) -> str:
        """What uploads by hand what is kept in `directory`; empty where nothing does."""
        return self.upload.format(directory=shlex.quote(str(directory))) if self.upload else ""


_HERE = "astuner_nb.trackers"
LOGGERS = (
    LoggerEntry(CONSOLE, "a line for each record in the job's output", "needs none"),
    LoggerEntry(
        "swanlab",
        "a run on SwanLab's dashboard, or a server of one's own (`SWANLAB_API_HOST`)",
        "logged offline below the run directory; upload later with `swanlab sync`",
        f"{_HERE}.swanlab.sink:SwanLabSink",
        "swanlab sync {directory}/swanlog/run-*",
    ),
    LoggerEntry(
        "wandb",
        "a run on the W&B dashboard, or a server of one's own (`WANDB_BASE_URL`)",
        "logged offline below the run directory; upload later with `wandb sync`",
        f"{_HERE}.wandb.sink:WandbSink",
        "wandb sync --yes {directory}/wandb/*run-*",
    ),
    LoggerEntry(
        "tensorboard",
        "event files below the run directory, for `tensorboard --logdir`",
        "needs none",
        f"{_HERE}.tensorboard.sink:TensorBoardSink",
    ),
)


def logger_entry(name: str) -> LoggerEntry:
    """The logger called `name`. Raises `BadValue` with the nearest known name, or where another package's is broken."""
    (wanted,) = checked_loggers(name)
    for entry in LOGGERS:
        if entry.name == wanted:
            return entry
    point = next(point for point in entry_points(group=GROUP) if point.name == wanted)
    try:
        return LoggerEntry(wanted, f"what {point.value} makes of it", "its own matter", point.load())
    except Exception as error:
        raise BadValue(
            f"The logger {wanted!r} cannot be loaded: {point.value} raises {error!r}. Mend or remove that package."
        ) from error
