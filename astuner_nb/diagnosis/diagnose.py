"""The one verb: read the curves of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import BadValue
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.findings import PLATEAUS, Finding, Severity
from astuner_nb.diagnosis.phases import find_phases
from astuner_nb.diagnosis.reading import case_of
from astuner_nb.diagnosis.report import Report
from astuner_nb.diagnosis.rule import Rule, announced, apply
from astuner_nb.diagnosis.rules import ORDER, RULES
from astuner_nb.diagnosis.thresholds import DEFAULT, Thresholds

_RANK = {kind: place for place, kind in enumerate(ORDER)}
_EITHER = ({"drop", "collapse"}, {*PLATEAUS})
"""Kinds of which one stretch of a run is only one."""


def diagnose(
    what: Run | History | Any,
    *,
    state: RunState | str | None = None,
    now: float | None = None,
    thresholds: Thresholds = DEFAULT,
    rules: Sequence[Rule] | None = None,
    config: Mapping[str, ConfigValue] | None = None,
    aliases: Aliases | None = None,
    before: Report | None = None,
    language: str = "en",
) -> Report:
    """What the curves of `what` say, in words, each with its numbers.

    Decided on what was logged, never on smoothed curves, and never on the loss: that of a policy gradient tells nothing
    of quality. Scale and offset of a reward change nothing; of a success rate it is known that it goes from 0 to 1.

    Args:
        what: a run; a `History`, under canonical names or a tracker's own; or a pandas frame with a column or index
            `step`, its numeric columns metrics.
        state: where the run stands, if not as the run says; a run that goes on is given time before it is called flat.
        now: seconds since 1970; tells how long a run that goes on has been silent.
        thresholds: when something is said.
        rules: the rules to ask; those that ship and those that other packages announce where not given.
        config: its hyper-parameters, if not as the run says: advice names numbers where they are known.
        aliases: how metrics and hyper-parameters are called, if not as the run says.
        before: the last report on the same run: what was announced stays until its evidence is clearly gone.
        language: of its texts, `en` or `zh`; names of kinds and metrics stay as they are.

    Raises:
        BadValue: for what is no run, and for a bad state, threshold, rule, config or language.
    """
    if now is not None and (isinstance(now, bool) or not isinstance(now, int | float) or not math.isfinite(now)):
        raise BadValue(f"now must be seconds since 1970, got {now!r:.80}. Give time.time().")
    if before is not None and not isinstance(before, Report):
        raise BadValue(f"before must be a Report, got {before!r:.80}. Give what diagnose() returned, or leave it out.")
    case = case_of(what, state, now, thresholds, config, aliases)
    asked, troubles = (RULES + announced()[0], announced()[1]) if rules is None else (tuple(rules), ())
    with np.errstate(all="ignore"):
        found, failed = apply(asked, case)
        if before is not None:
            found = _held(found, before, asked, case)
        report = Report(tuple(sorted(found, key=_importance)), tuple(find_phases(case)), (*troubles, *failed))
    return report if language == "en" else report.in_language(language)


def _importance(finding: Finding) -> tuple[int, int, float]:
    return -finding.severity, _RANK.get(finding.kind, len(_RANK)), finding.start


def _held(found: list[Finding], before: Report, rules: Sequence[Rule], case: Case) -> list[Finding]:
    """`found`, and what was announced before and is still there by eased thresholds."""
    lost = [old for old in before.findings if old.severity > Severity.NOTE and not _among(old, found)]
    if not lost:
        return found
    eased, _ = apply(rules, replace(case, thresholds=case.thresholds.eased()))
    kept = [new for new in eased if any(_same(old, new) for old in lost) and not _among(new, found)]
    return [new for new in found if not any(_excludes(old, new) for old in kept)] + kept


def _among(one: Finding, others: Sequence[Finding]) -> bool:
    return any(_same(one, other) for other in others)


def _same(one: Finding, other: Finding) -> bool:
    """Whether two findings are of the same thing, seen at two times."""
    return one.kind == other.kind and one.metric == other.metric and one.start <= other.end and other.start <= one.end


def _excludes(one: Finding, other: Finding) -> bool:
    """Whether `other` cannot be said beside `one`."""
    either = any(one.kind in kinds and other.kind in kinds for kinds in _EITHER)
    return either and one.metric == other.metric and one.start <= other.end and other.start <= one.end
