"""What is wrong with the records themselves: no numbers, or none for long."""

from __future__ import annotations

from collections.abc import Iterator

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
        f"it is so to the end, {at(last)}"
        if lasts
        else f"the last time at {at(last)}; at {at(curve.end)} it is a number"
    )
    tip = f"{advice.lower_lr(case)}, or clip the gradient harder; {advice.go_back(start)}."
    return Finding(
        "nan",
        start,
        max(last, start),
        severity,
        f"{title(curve.name)} is no number at {at(start)}, in {len(curve.bad)} records; {then}",
        {"records": float(len(curve.bad)), "last": last},
        tip if core else "",
        curve.name,
        f"NaN at {at(start)}" if severity is not Severity.NOTE else "",
    )


def find_silence(case: Case) -> Iterator[Finding]:
    """That a run that goes on has not recorded anything for far longer than usual."""
    if not case.running or case.now_s is None or case.times_s is None:
        return
    last_s, gap_s = case.times_s
    silent_s = case.now_s - last_s
    if silent_s <= max(case.thresholds.silence_s, case.thresholds.silence_gaps * gap_s):
        return
    usual = f"; usually one comes every {lasting(gap_s) if gap_s >= 1 else f'{gap_s:.2g} s'}" if gap_s else ""
    yield Finding(
        "silence",
        case.end,
        case.end,
        Severity.WARNING,
        f"no record has come for {lasting(silent_s)}, since step {at(case.end)}{usual}",
        {"silent_s": silent_s, "usual_s": gap_s},
        "Look at the end of its output and whether its process still works; stop it if it hangs.",
        phrase=f"silent for {lasting(silent_s)}",
    )
