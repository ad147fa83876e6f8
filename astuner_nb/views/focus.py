"""The one run of a view whose curves are read aloud: on the figures and beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from astuner_nb.core.protocols import Run
from astuner_nb.diagnosis.report import Report
from astuner_nb.views.cast import Cast
from astuner_nb.views.milestones import Milestones
from astuner_nb.views.options.view_options import ViewOptions


@dataclass(frozen=True)
class Focus:
    """The run, and all there is to say about it."""

    key: str
    report: Report
    milestones: Milestones


def with_marks(found: Milestones, cast: Cast) -> Milestones:
    """The same, a parent that is in the view called as there: `#2`."""
    parent = found.parent
    if parent is None or parent.key not in cast:
        return found
    return replace(found, parent=replace(parent, name=cast.mark(parent.key)))


def focused(
    shown: Sequence[Run], options: ViewOptions, growing: AbstractSet[str], goes_on: Callable[[Run], bool]
) -> Run | None:
    """Which of the runs that are `shown`, newest first: the one selected last, the only one, the newest that goes on.

    Where none goes on, the newest that did while somebody was looking: one of `growing`. None where nobody could tell.
    """
    by_key = {run.key: run for run in shown}
    selected = [by_key[key] for key in options.selected if key in by_key]
    if selected:
        return selected[-1]
    if len(shown) == 1:
        return shown[0]
    going_on = (run for run in shown if goes_on(run))
    seen_going_on = (run for run in shown if run.key in growing)
    return next(going_on, None) or next(seen_going_on, None)
