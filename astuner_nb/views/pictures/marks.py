"""What is said of one run on one of its figures: phases, findings, what it saved, what was changed, its best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from astuner_nb.charts.numbers import number
from astuner_nb.core.metrics import Better, Metric, figure_of
from astuner_nb.core.run import Change, Checkpoint, ConfigValue, Parent
from astuner_nb.core.said import counted, joined, said
from astuner_nb.diagnosis.findings import PLATEAUS, Finding, Phase, Severity
from astuner_nb.views.milestones import Milestones
from astuner_nb.views.pictures.course import Course
from astuner_nb.views.pictures.groups import short
from astuner_nb.views.pictures.picture import Mark, MarkKind

QUIET = frozenset({"rise", "too_short"})
"""Kinds of findings that a figure shows by itself."""
BEST_CHECKPOINT = "Best checkpoint: step {step}, {value} is {of}{kept}."
BEFORE, AFTER = 2, 2
"""A checkpoint is as good as the mean of so many records up to it and behind it, where what it holds is first at work:
of one alone it could be luck. Keep in step with `training/keeper.py`, which decides likewise what `keep_best` keeps.
"""
_KINDS: Mapping[Severity, MarkKind] = {
    Severity.NOTE: "note",
    Severity.WARNING: "warning",
    Severity.ALARM: "alarm",
}


def marks_of(
    metric: Metric,
    findings: Sequence[Finding],
    phases: Sequence[Phase],
    milestones: Milestones,
    courses: Mapping[str, Course],
    colour: str,
    *,
    labelled: bool,
) -> tuple[Mark, ...]:
    """The marks of the run on the figure of `metric`, what is to lie on top last; none where it has no curve there.

    Args:
        metric: that of the figure; says which way is better, too.
        findings: all of the run. Those about another figure, or about the run as a whole, are left out.
        phases: of the run; they stand on every figure.
        milestones: what it saved, what was changed, what it went on from.
        courses: its curves on that figure by their metrics, `val/…` among them.
        colour: `#rrggbb`, that of the run on the figure.
        labelled: whether the phases' names stand in them.
    """
    there = {name: course for name, course in courses.items() if len(course)}
    if not there:
        return ()
    pen = _Pen(there.get(metric.name) or next(iter(there.values())), colour)
    about = [finding for finding in findings if figure_of(finding.metric) == metric.name and finding.kind not in QUIET]
    found = [(_Pen(there.get(finding.metric, pen.course), colour), finding) for finding in about]
    drawn = [
        *_shaded(pen, phases, labelled),
        *(_bar(own, finding) for own, finding in found if finding.kind in PLATEAUS),
        *_saved(pen, milestones.checkpoints, metric.better),
        *_branched(pen, milestones.parent),
        *_changed(pen, milestones),
        *_best(pen, metric.better),
        *(_found(own, finding) for own, finding in sorted(found, key=_gravity) if finding.kind not in PLATEAUS),
    ]
    return tuple(mark for mark in drawn if _has_place(mark))


@dataclass(frozen=True)
class _Pen:
    """Makes marks along one curve."""

    course: Course
    colour: str

    def at(self, kind: MarkKind, step: float, text: str, level: float | None = None) -> Mark:
        """A mark at `step`, on the curve where no other level is given."""
        x = self.course.place(step)
        y = self.course.level(step) if level is None else level
        return Mark(kind, x, x, y, text, self.colour, step=step)

    def along(self, kind: MarkKind, start: float, end: float, level: float, text: str, label: str = "") -> Mark:
        """A mark from step to step."""
        return Mark(kind, self.course.place(start), self.course.place(end), level, text, self.colour, label)


def _has_place(mark: Mark) -> bool:
    if mark.kind == "phase":
        return mark.x_end > mark.x
    there = math.isfinite(mark.x) and math.isfinite(mark.y)
    return there and (mark.kind != "plateau" or mark.x_end > mark.x)


def _shaded(pen: _Pen, phases: Sequence[Phase], labelled: bool) -> Iterator[Mark]:
    """Each phase up to the start of the next, so that no strip stays between them."""
    if not pen.course.goes_on:
        return
    ends = [*(phase.start for phase in phases[1:]), *(phase.end for phase in phases[-1:])]
    for phase, end in zip(phases, ends, strict=True):
        yield pen.along("phase", phase.start, end, math.nan, phase.text, said(phase.kind) if labelled else "")


def _bar(pen: _Pen, finding: Finding) -> Mark:
    level = finding.evidence.get("level", pen.course.level((finding.start + finding.end) / 2))
    end = finding.end if pen.course.goes_on else finding.start
    return pen.along("plateau", finding.start, end, float(level), _words(finding))


def _found(pen: _Pen, finding: Finding) -> Mark:
    return pen.at(_KINDS[finding.severity], finding.start, _words(finding))


def _gravity(found: tuple[_Pen, Finding]) -> Severity:
    return found[1].severity


def _words(finding: Finding) -> str:
    return joined([finding.text, finding.advice])


def _saved(pen: _Pen, checkpoints: Iterable[Checkpoint], better: Better) -> Iterator[Mark]:
    """A tick for each checkpoint, and a star in place of it for the best one."""
    worth = {} if better == "neither" else {each: _worth(pen.course, each.step) for each in checkpoints}
    known = [each for each in worth if math.isfinite(worth[each][0])]
    sign = -1.0 if better == "lower" else 1.0
    best = max(known, key=lambda each: (sign * worth[each][0], -each.step), default=None)
    for each in checkpoints:
        kept = said(", kept by keep_best") if each.best else ""
        if each is not best:
            yield pen.at("checkpoint", each.step, said("Checkpoint of step {step}{kept}.", step=each.step, kept=kept))
    if best is not None:
        kept = said(", kept by keep_best") if best.best else ""
        value, records = worth[best]
        of = counted(records, "the only record at it", "the mean of the {n} records around it")
        text = said(BEST_CHECKPOINT, step=best.step, value=number(value), of=of, kept=kept)
        yield pen.at("best_checkpoint", best.step, text)


def _worth(course: Course, step: int) -> tuple[float, int]:
    """How good the run was at a checkpoint, and by how many records; NaN where there are none."""
    end = int(np.searchsorted(course.step, step, side="right"))
    values = course.value[max(0, end - BEFORE) : end + AFTER if end else 0]
    finite = values[np.isfinite(values)]
    return (float((finite / len(finite)).sum()), len(finite)) if len(finite) else (math.nan, 0)


def _best(pen: _Pen, better: Better) -> Iterator[Mark]:
    """The best record of all, as it was logged."""
    course, there = pen.course, np.flatnonzero(np.isfinite(pen.course.value))
    if better == "neither" or not len(there):
        return
    values = course.value[there]
    place = int(there[values.argmin() if better == "lower" else values.argmax()])
    step, value = float(course.step[place]), float(course.value[place])
    yield pen.at("best", step, said("Best: {value} at step {step}.", value=number(value), step=f"{step:.12g}"), value)


def _changed(pen: _Pen, milestones: Milestones) -> Iterator[Mark]:
    """What was changed while the run went on, from which value to which; what it refused is left out."""
    before = dict(milestones.config)
    for change in milestones.changes:
        if not change.refused:
            text = said("{values} from step {step}", values=_turned(change, before), step=change.step)
            yield pen.at("change", change.step, text)
            before.update(change.values)


def _turned(change: Change, before: Mapping[str, ConfigValue]) -> str:
    """`lr 0.0001 → 3e-05`"""
    was = {name: f"{short(before[name])} → " if name in before else "" for name in change.values}
    return ", ".join(f"{name} {was[name]}{short(value)}" for name, value in change.values.items())


def _branched(pen: _Pen, parent: Parent | None) -> Iterator[Mark]:
    """At the run's first record."""
    if parent is not None:
        text = said("Went on from {parent} at {step}.", parent=parent.name or parent.key, step=parent.step)
        yield pen.at("branch", float(pen.course.step[0]), text)
