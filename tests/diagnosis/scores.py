"""How often the diagnosis is right about runs whose story is known: counts, for the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astuner_nb.backbones.local import PRESETS, SETTINGS, SPACE
from astuner_nb.core.series import Floats, History, Series
from astuner_nb.diagnosis.diagnose import diagnose
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.report import Report

from .curves import Labelled

LABELLED = Path(__file__).parent / "labelled"
SETBACKS = ("drop", "collapse")
NEAR = 0.1
"""How far a border or a fall may stand from the true one, as a share of the run."""


@dataclass
class Score:
    """Right and wrong findings of one kind."""

    found: int = 0
    """Runs that have it, and in which it was found."""
    missed: list[str] = field(default_factory=list)
    """Runs that have it, and in which it was not."""
    wrong: list[str] = field(default_factory=list)
    """Runs that do not have it, and in which it was found."""

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + len(self.missed))

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + len(self.wrong))


def read(runs: Iterable[Labelled]) -> list[tuple[Labelled, Report]]:
    """Each run with what is said of it when it has ended."""
    return [(run, diagnose(run.history, state="finished", config=run.config)) for run in runs]


def by_kind(told: Iterable[tuple[Labelled, Report]]) -> dict[str, Score]:
    """A score for each kind."""
    scores: dict[str, Score] = {}
    for run, report in told:
        found = {finding.kind for finding in report.findings}
        for kind in run.kinds | found:
            score = scores.setdefault(kind, Score())
            if kind in run.kinds and kind in found:
                score.found += 1
            elif kind in run.kinds:
                score.missed.append(run.name)
            elif kind not in run.also:
                score.wrong.append(run.name)
    return dict(sorted(scores.items()))


def setbacks(told: Iterable[tuple[Labelled, Report]]) -> Score:
    """Drops and collapses together: of the right kind, and at the right place. Every finding counts, not every run."""
    score = Score()
    for run, report in told:
        if "drop" in run.also:
            continue
        found = [finding for finding in report.findings if finding.kind in SETBACKS]
        right = [finding for finding in found if _is_right(run, finding)]
        score.found += bool(right)
        score.missed += [run.name] if run.fall is not None and not right else []
        score.wrong += [run.name] * (len(found) - min(1, len(right)))
    return score


def _is_right(run: Labelled, finding: Finding) -> bool:
    return run.fall is not None and finding.kind in run.kinds and abs(finding.start - run.fall) <= NEAR * run.steps


def borders(told: Iterable[tuple[Labelled, Report]]) -> list[tuple[str, float]]:
    """How far each border of learning stands from the true one, as a share of its run; 1 where there is no learning."""
    away: list[tuple[str, float]] = []
    for run, report in told:
        if run.borders is None:
            continue
        learning = next((phase for phase in report.phases if phase.kind == "learning"), None)
        for name, true in zip(("start", "end"), run.borders, strict=True):
            there = getattr(learning, name, np.inf)
            away.append((f"{run.name} {name}", min(1.0, abs(there - true) / run.steps)))
    return away


def false_alarms(told: Iterable[tuple[Labelled, Report]]) -> tuple[list[str], int]:
    """The healthy runs in which an alarm was raised, and how many healthy runs there are."""
    healthy = [(run, report) for run, report in told if run.healthy]
    return [run.name for run, report in healthy if report.alarms], len(healthy)


# --- runs of the built-in training ---


@dataclass(frozen=True, eq=False)
class Trained:
    """One run of the built-in training."""

    preset: str
    seed: int
    metrics: tuple[str, ...]
    table: Floats
    """(metrics, steps)"""

    @property
    def config(self) -> dict[str, object]:
        return {**SPACE.defaults, **SETTINGS.defaults, **PRESETS[self.preset], "seed": self.seed}

    @property
    def steps(self) -> int:
        return self.table.shape[1]

    def history(self, end: int | None = None) -> History:
        """Its first `end` steps; all where not given."""
        return History({name: _series(name, row[:end]) for name, row in zip(self.metrics, self.table, strict=True)})

    def report(self) -> Report:
        """What is said of it when it has ended."""
        return diagnose(self.history(), state="finished", config=self.config)

    def replay(self, every: int = 5) -> Iterator[tuple[int, Report]]:
        """What is said while it goes on, each time from what was said before."""
        report = None
        for end in range(every, self.steps + 1, every):
            report = diagnose(self.history(end), state="running", config=self.config, before=report)
            yield end, report


def _series(name: str, row: Floats) -> Series:
    there = np.flatnonzero(~np.isnan(row))
    return Series(name, there + 1.0, row[there].astype(np.float64), np.full(len(there), np.nan))


def trained(half: str) -> list[Trained]:
    """The runs of the built-in training of a half."""
    with np.load(LABELLED / f"{half}.npz") as kept:
        metrics = tuple(map(str, kept["metrics"]))
        names = [name for name in kept.files if name != "metrics"]
        return [Trained(name.rpartition(" ")[0], int(name.split()[-1]), metrics, kept[name]) for name in names]


STORIES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "good": (frozenset({"plateau_converged"}), frozenset({"collapse", "oscillation", "plateau_capped", "kl_runaway"})),
    "too hot": (frozenset({"collapse"}), frozenset({"plateau_converged"})),
    "unstable": (frozenset({"drop", "oscillation"}), frozenset({"plateau_low"})),
    "too cold": (frozenset({"plateau_low"}), frozenset({"rise", "collapse", "drop"})),
    "leashed": (frozenset({"plateau_capped"}), frozenset({"collapse", "oscillation"})),
    "no clip": (frozenset({"drop", "kl_runaway", "oscillation"}), frozenset({"plateau_low"})),
}
"""Preset → kinds one of which must be found, kinds none of which may be."""
PHRASES = {
    "good": "converged",
    "too hot": "collapsed",
    "unstable": "drops, unstable",
    "too cold": "flat",
    "leashed": "held back by KL",
    "no clip": ("drops", "KL runs away", "collapsed"),
}
"""What its phrase begins with."""


def tells_its_story(run: Trained, report: Report) -> bool:
    """Whether a preset's story was recognised."""
    wanted, unwanted = STORIES[run.preset]
    found = {finding.kind for finding in report.findings}
    return bool(found & wanted) and not found & unwanted and report.phrase.startswith(PHRASES[run.preset])


def flips(reports: Iterable[Report]) -> int:
    """How often a warning or an alarm was announced and then withdrawn; a drop that becomes a collapse is none."""
    count, before = 0, Report()
    for report in reports:
        gone = {f.kind for f in before.findings if f.severity > Severity.NOTE} - {f.kind for f in report.findings}
        count += len(gone - {"drop"} if report.of("collapse") else gone)
        before = report
    return count


def replayed(run: Labelled, every: int) -> Iterator[Report]:
    """What is said of a made run while it goes on, each time from what was said before."""
    report = None
    for end in range(every, int(run.steps) + 1, every):
        config = {**run.config, "total_steps": run.steps}
        report = diagnose(_until(run.history, end), state="running", config=config, before=report)
        yield report


def _until(history: History, end: float) -> History:
    return History({name: _picked(one, one.step <= end) for name, one in history.items()})


def _picked(one: Series, there: NDArray[np.bool_]) -> Series:
    return Series(one.name, one.step[there], one.value[there], one.time[there])
