"""The seams of the house, on one page. A new launcher, backbone or sink is done when its contract test passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.metrics import Metric
from astuner_nb.core.run import ConfigValue, RunInfo
from astuner_nb.core.series import Floats, History
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
        """Write what the job needs into `directory` and say how to start it.

        Where the run goes on from another one, `parent` in its `meta.json` says from which checkpoint; the job finds it
        there, or as `Recorder.resume_from`. What is declared `live` it asks `Recorder.take_changes` for at every step.
        """


@dataclass(frozen=True, eq=False)
class Chunk:
    """The points of one metric that are new. Arrays are views: do not write to them."""

    start: int
    """Index of the first of them within the metric's series."""
    step: Floats
    """(n,) float64"""
    value: Floats
    """(n,) float64; NaN and ±Inf are kept."""
    time: Floats
    """(n,) float64, seconds since 1970, UTC."""

    def __len__(self) -> int:
        return len(self.step)


class Tail(Protocol):
    """Follows one run, wherever it is kept, as it grows."""

    @property
    def history(self) -> History:
        """All that was read so far, under the tracker's own keys."""

    @property
    def generation(self) -> int:
        """Rises when everything read before is no longer valid; the chunks of that poll start at 0."""

    @property
    def caught_up(self) -> bool:
        """Whether the last poll read all there was."""

    def poll(self, budget_s: float = 0.5) -> Mapping[str, Chunk]:
        """The points that are new, by the tracker's own keys. Takes about `budget_s` seconds at most; no network.

        Raises:
            StoreError, TrackerError: where there is something that cannot be read; the next poll tries again.
        """

    def status(self) -> JobStatus:
        """Where the run stands, as of the last poll. Never raises."""


class Run(Protocol):
    """A run of any source: ours, a tracker's, a file's."""

    @property
    def key(self) -> str:
        """What tells it from every other run, of other sources too."""

    @property
    def id(self) -> str:
        """Its name among the runs of its place, as the tracker has it."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def project(self) -> str:
        """What it belongs to."""

    @property
    def source(self) -> str:
        """What kept it: `runs`, `swanlab`, `wandb`, …"""

    @property
    def state(self) -> RunState:
        """Where it stands."""

    @property
    def config(self) -> Mapping[str, ConfigValue]:
        """Hyper-parameters under the tracker's own names; nested ones under dotted names."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Words to find it by."""

    @property
    def group(self) -> str:
        """What it was grouped under; empty where it was not."""

    @property
    def created(self) -> datetime | None:
        """When it began, UTC."""

    @property
    def finished(self) -> datetime | None:
        """When it ended, UTC."""

    @property
    def url(self) -> str:
        """Its page on a dashboard; empty where there is none."""

    @property
    def aliases(self) -> Aliases:
        """How its metrics and hyper-parameters are called here."""

    def history(self, metrics: Sequence[str] | None = None, max_points: int | str | None = None) -> History:
        """Its curves. See `TrackedRun.history`."""

    def tail(self, metrics: Sequence[str] | None = None) -> Tail:
        """What follows it as it grows. A server is asked for `metrics` alone, the canonical ones where not given."""

    def with_aliases(self, names: Aliases) -> Run:
        """The same run, its metrics called by another table."""


@dataclass(frozen=True)
class SinkNote:
    """What a person should know about where a run is logged to."""

    url: str = ""
    """The run's page on a dashboard; empty where there is none."""
    text: str = ""
    """A sentence, e.g. how to upload later what is logged offline."""


class Sink(Protocol):
    """Hands the records of one run on to a tracker.

    Lives in a process of its own beside the training (`forwarding`), which calls it from one thread: it may block, fail
    or die without harm. Calls come in the order open, (write | flush)*, close. Where it has a text attribute `remark`,
    that sentence is told with its note: what the tracker did not take as it was.
    """

    def open(self, run: RunInfo, directory: Path) -> SinkNote:
        """Begin; whatever is kept on disk goes below `directory`. Raises `TrackerError`, in one sentence."""

    def write(self, step: int, time_s: float, values: Mapping[str, float]) -> None:
        """One record: metric → value, NaN and ±Inf included; `time_s` are seconds since 1970."""

    def flush(self) -> None:
        """Make what was written visible. Called when there is nothing more to write for now."""

    def close(self, state: RunState) -> None:
        """End, saying how the run ended; returns when all is on its way. May block: the caller has a deadline."""
