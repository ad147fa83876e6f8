"""Runs that a test makes up: real objects of the same classes, whose curves stand in the test."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.run import RunInfo
from astuner_nb.core.series import History, Series
from astuner_nb.core.states import RunState
from astuner_nb.store.columns import Column
from astuner_nb.trackers.cloud_run import CloudRun
from astuner_nb.trackers.run import FileTail, TrackedRun

Curves = Mapping[str, Mapping[float, float]]
"""Key → step → value."""


def history_of(curves: Curves, sampled: bool = False) -> History:
    """The history that holds `curves`."""
    return History({key: _series(key, points) for key, points in curves.items()}, sampled)


def _series(key: str, points: Mapping[float, float]) -> Series:
    step, value = (np.array(list(part), dtype=np.float64) for part in (points.keys(), points.values()))
    return Series(key, step, value, step + 1.7e9)


def info(name: str, **more: object) -> dict[str, object]:
    """The description of a run called `name`."""
    return {
        "source": "made", "place": "here", "id": name, "name": name, "project": "p", "state": RunState.FINISHED,
        "created": datetime(2026, 1, 1, tzinfo=UTC), **more,
    }  # fmt: skip


class MadeRun(TrackedRun):
    """A run that needs no file."""

    def __init__(self, name: str, curves: Curves | None = None, fail: Exception | None = None, **more: object) -> None:
        if isinstance(more.get("state"), str):
            more["state"] = RunState(str(more["state"]))
        super().__init__(**info(name, **more))  # type: ignore[arg-type]
        object.__setattr__(self, "curves", curves or {})
        object.__setattr__(self, "fail", fail)

    def read(self, metrics, limit, patience):
        if self.fail:
            raise self.fail
        return self.aliases.pick(history_of(self.curves), metrics)

    def tail(self, metrics=None):
        return MadeTail(self)


class MadeTail(FileTail):
    """All points of a `MadeRun` at the first poll."""

    def __init__(self, run: MadeRun) -> None:
        super().__init__()
        self._run = run

    def status(self) -> JobStatus:
        return JobStatus(self._run.state)

    def _read(self, deadline: float) -> None:
        if not self.caught_up:
            for key, series in history_of(self._run.curves).items():
                self._columns[key] = Column(series.step, series.value, series.time)
        self.caught_up = True


@dataclass
class Server:
    """What a `MadeCloudRun` asks: its answers, and how often it was asked for what."""

    curves: Curves = field(default_factory=dict)
    state: RunState = RunState.FINISHED
    sampled: bool = False
    fail: Exception | None = None
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    """Answers wait until it is set."""

    def __post_init__(self) -> None:
        self.gate.set()

    def answer(self, what: str) -> None:
        """Count a request, and fail or wait as told."""
        self.asked.append(what)
        self.gate.wait(30)
        if self.fail:
            raise self.fail


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MadeCloudRun(CloudRun):
    """A run on a `Server`."""

    server: Server

    def keys(self, patience) -> Sequence[str]:
        self.server.answer("keys")
        return list(self.server.curves)

    def fetch(self, keys, limit, patience) -> History:
        self.server.answer(f"fetch {sorted(keys)}")
        return history_of({k: v for k, v in self.server.curves.items() if k in keys}, self.server.sampled)

    def refreshed(self, patience) -> MadeCloudRun:
        self.server.answer("refreshed")
        return replace(self, state=self.server.state)


def cloud_run(server: Server, cache, name: str = "r", **more: object) -> MadeCloudRun:
    """A run of `server`, its ended curves kept in `cache`."""
    described = RunInfo(**{**info(name), "state": server.state, **more})  # type: ignore[arg-type]
    return MadeCloudRun(**vars(described), server=server, cache=cache)
