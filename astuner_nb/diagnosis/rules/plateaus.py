"""Where nothing moves any more, or never did: at a good level, held back, at a low one."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.core.said import joined, said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.rules import advice
from astuner_nb.diagnosis.rules.levels import has_risen
from astuner_nb.diagnosis.rules.responses import limited
from astuner_nb.diagnosis.trend import Trend
from astuner_nb.diagnosis.words import at, number, title

HEAVY_KL = 0.1
"""A kl_loss_coef from here on may hold a run back."""


def find_settled(case: Case) -> Iterator[Finding]:
    """The plateau behind a rise: converged, or held back."""
    curve, trend = case.readable, case.trend
    if curve is None or trend is None or not trend.settled or case.lost:
        return
    low = curve.unit and trend.last < case.thresholds.good_level
    if low and (case.unrest.restless or _is_young(case, curve, trend)):
        return
    cause, phrase, tip = _cause(case)
    if low or (cause and not curve.unit):
        yield _capped(case, curve, trend, cause, phrase or said("stuck at {level}", level=number(trend.last)), tip)
    else:
        yield _converged(curve, trend)


def _is_young(case: Case, curve: Curve, trend: Trend) -> bool:
    """Whether a plateau of a run that goes on is too young to be called one."""
    return case.running and (trend.end - trend.arrives) * curve.bins.records < case.thresholds.plateau_points


def _converged(curve: Curve, trend: Trend) -> Finding:
    start, end = float(curve.bins.first[trend.arrives]), curve.end
    return Finding(
        "plateau_converged",
        start,
        end,
        Severity.NOTE,
        _stayed(curve, trend, start),
        {"level": trend.last, "rise": trend.rise, "noise": trend.noise},
        "",
        curve.name,
        said("converged at {step}", step=at(start)),
    )


def _stayed(curve: Curve, trend: Trend, start: float) -> str:
    return said(
        "{metric} has stayed near {level} since {step}, {rise} above its start",
        metric=title(curve.name),
        level=number(trend.last),
        step=at(start),
        rise=number(trend.rise),
    )


def _capped(case: Case, curve: Curve, trend: Trend, cause: str, phrase: str, tip: str) -> Finding:
    start, good = float(curve.bins.first[trend.arrives]), case.thresholds.good_level
    missing = said(", {missing} below {good}", missing=number(good - trend.last), good=number(good))
    return Finding(
        "plateau_capped",
        start,
        curve.end,
        Severity.WARNING,
        said(
            "{stayed}{missing}{cause}",
            stayed=_stayed(curve, trend, start),
            missing=missing if curve.unit else "",
            cause=cause,
        ),
        {"level": trend.last, "rise": trend.rise, "noise": trend.noise},
        tip,
        curve.name,
        phrase,
    )


def _cause(case: Case) -> tuple[str, str, str]:
    """What holds a run back: the rest of a sentence, a phrase, advice."""
    beta = case.number("kl_loss_coef")
    if beta is not None and beta >= HEAVY_KL:
        return (
            said("; kl_loss_coef is {beta}", beta=number(beta)),
            said("held back by KL"),
            said("{lower_kl}: it holds the policy near its reference.", lower_kl=advice.lower_kl(case)),
        )
    limit = limited(case)
    if limit is not None:
        return (
            said("; {limit}", limit=limit[1]),
            said("held back by its length"),
            said("Raise max_response_length, or reward shorter answers."),
        )
    tip = said("Sample more responses a task, and look whether the rest of the tasks can be solved.")
    return "", "", tip if beta is not None else joined([tip, said("If there is a KL penalty, weaken it.")])


def find_flat(case: Case) -> Iterator[Finding]:
    """That the main metric has not moved from its start, if so: solved already, or nothing learned."""
    curve, trend = case.readable, case.trend
    if curve is None or trend is None or trend.rises or case.falls or not _patient(case, curve):
        return
    if curve.unit and trend.last >= case.thresholds.good_level:
        yield _flat(
            curve,
            trend,
            "saturated",
            Severity.NOTE,
            said("solved from the start"),
            said("Take harder tasks: there is little left to learn from these."),
        )
    elif not case.unrest.restless and not has_risen(case):
        yield _flat(
            curve,
            trend,
            "plateau_low",
            Severity.WARNING,
            said("flat"),
            said(
                "{raise_lr}; if it stays flat, look at sample rollouts: are there any rewards to learn from?",
                raise_lr=advice.raise_lr(case),
            ),
        )


def _patient(case: Case, curve: Curve) -> bool:
    """Whether enough of the run was seen to call it flat."""
    if not case.running:
        return True
    planned, t = case.number("total_steps") or 0.0, case.thresholds
    return len(curve) >= t.flat_points and curve.end - curve.start >= t.patience * planned


def _flat(curve: Curve, trend: Trend, kind: str, severity: Severity, phrase: str, tip: str) -> Finding:
    return Finding(
        kind,
        curve.start,
        curve.end,
        severity,
        said(
            "{metric} has stayed near {level} from {start} to {end}; its noise is {noise}",
            metric=title(curve.name),
            level=number(trend.last),
            start=at(curve.start),
            end=at(curve.end),
            noise=number(trend.noise),
        ),
        {"level": trend.last, "noise": trend.noise},
        tip,
        curve.name,
        phrase,
    )
