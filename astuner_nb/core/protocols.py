"""The seams of the house, on one page. A new launcher or backbone is done when its contract test passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from astuner_nb.core.metrics import Metric
from astuner_nb.core.space import Space, Value
from astuner_nb.core.states import RunState


@dataclass(frozen=True)
class JobSpec:
    """What to start. Made by a backbone, run by a launcher."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables set on top of the cleaned environment. Never written to disk."""
    cwd: Path | None = None
    """Working directory; the run directory where None."""
    grace_s: float = 5.0
    """Seconds each rung of the stop ladder (flag, SIGINT, SIGTERM) is given before the next, at most."""


@dataclass(frozen=True)
class JobStatus:
    """What a job's directory says of it."""

    state: RunState
    code: int | None = None
    """Exit code, negative for a signal; None while unknown."""
    detail: str = ""
    """A sentence where the state alone does not tell enough."""
    alive: bool = False
    """Whether a process of the job is known to live (also true for a `lost` job whose supervisor died)."""


class Job(Protocol):
    """A handle on a job, rebuilt from its directory at any time by any process."""

    @property
    def directory(self) -> Path:
        """The run directory."""

    def poll(self) -> JobStatus:
        """The state now. Called ten times a second by the monitor; never blocks."""

    def wait(self, timeout_s: float | None = None) -> JobStatus:
        """The state once it has ended, or at the deadline."""

    def stop(self) -> None:
        """Ask it to end: gently, then firmly. Returns at once; stopping an ended job does nothing."""

    def close(self) -> None:
        """Let go of what the handle holds. The job itself goes on."""


class Launcher(Protocol):
    """How jobs run."""

    def start(self, spec: JobSpec, directory: Path) -> Job:
        """Start `spec` in `directory`, which must hold no other job. Raises `JobError`."""

    def attach(self, directory: Path) -> Job:
        """The handle of the job that was started in `directory`, by whomever."""


@runtime_checkable
class Backbone(Protocol):
    """What to run: a typed set of hyper-parameters that becomes a command."""

    @property
    def name(self) -> str:
        """How `--backbone` names it."""

    @property
    def space(self) -> Space:
        """Its hyper-parameters; the sliders are made from them."""

    @property
    def settings(self) -> Space:
        """What a file or a call may set besides, without a slider (how often to log, to save, …)."""

    @property
    def presets(self) -> Mapping[str, Mapping[str, Value]]:
        """Named sets of values, each with a story."""

    @property
    def metrics(self) -> Sequence[Metric]:
        """The figures to show from the start; empty where they are found as they are logged."""

    def problems(self) -> Sequence[str]:
        """Why it cannot run here, one sentence each; empty when it can."""

    def prepare(self, directory: Path, values: Mapping[str, Value]) -> JobSpec:
        """Write what the job needs into `directory` and say how to start it."""
