"""What is wrong with the records themselves: no numbers, or none for long."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.core.said import said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.rules import advice
from astuner_nb.diagnosis.words import at, lasting, title

CORE = ("loss", "reward", "success_rate", "grad_norm", "kl", "entropy")
"""Metrics that are numbers as long as the policy is one."""


def find_nan(case: Case) -> Iterator[Finding]:
    """Each metric that was NaN or infinite: an alarm for the core ones where it is so to the end."""
    for curve in case.curves.values():
        if len(curve.bad):
            yield _nan(case, curve)


def _nan(case: Case, curve: Curve) -> Finding:
    start, last = float(curve.bad[0]), float(curve.bad[-1])
    lasts = not len(curve) or last > curve.end
    if lasts and len(curve):
        start = float(curve.bad[curve.bad > curve.end][0])
    core = curve.name in CORE
    severity = (Severity.ALARM if lasts else Severity.WARNING) if core else Severity.NOTE
    then = (
        said("it is so to the end, {last}", last=at(last))
        if lasts
        else said("the last time at {last}; at {end} it is a number", last=at(last), end=at(curve.end))
    )
    tip = said(
        "{lower_lr}, or clip the gradient harder; {go_back}.",
        lower_lr=advice.lower_lr(case),
        go_back=advice.go_back(start),
    )
    return Finding(
        "nan",
        start,
        max(last, start),
        severity,
        said(
            "{metric} is no number at {step}, in {n} records; {then}",
            metric=title(curve.name),
            step=at(start),
            n=len(curve.bad),
            then=then,
        ),
        {"records": float(len(curve.bad)), "last": last},
        tip if core else "",
        curve.name,
        said("NaN at {step}", step=at(start)) if severity is not Severity.NOTE else "",
    )


def find_silence(case: Case) -> Iterator[Finding]:
    """That a run that goes on has not recorded anything for far longer than usual."""
    if not case.running or case.now_s is None or case.times_s is None:
        return
    last_s, gap_s = case.times_s
    silent_s = case.now_s - last_s
    if silent_s <= max(case.thresholds.silence_s, case.thresholds.silence_gaps * gap_s):
        return
    gap = lasting(gap_s) if gap_s >= 1 else f"{gap_s:.2g} s"
    usual = said("; usually one comes every {gap}", gap=gap) if gap_s else ""
    yield Finding(
        "silence",
        case.end,
        case.end,
        Severity.WARNING,
        said(
            "no record has come for {time}, since step {step}{usual}",
            time=lasting(silent_s),
            step=at(case.end),
            usual=usual,
        ),
        {"silent_s": silent_s, "usual_s": gap_s},
        said("Look at the end of its output and whether its process still works; stop it if it hangs."),
        phrase=said("silent for {time}", time=lasting(silent_s)),
    )
