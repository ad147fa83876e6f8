"""What was lost: drops, collapses, saw-teeth."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.core.said import joined, said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.falls import Fall
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.rules import advice
from astuner_nb.diagnosis.words import at, number, steps, title

SUDDEN_BINS, SUDDEN_SHARE = 6, 0.1
"""A fall within so many bins, or that share of the run, is sudden."""
RESTLESS_SHARE = 0.85
"""Share of the rise before it that a deep fall takes away, at least, where falls come and go."""
LATE, ENDED = 0.15, 0.1
"""Share of a run that is waited for a shallow fall to come back: of one that goes on, of one that has ended."""

FELL = "{metric} fell {depth}, from {high} to {low}, within {within} at {step}, {times} × the noise"
UNSTABLE = "drops, unstable"
SWINGS = "{metric} went up and down {n} times by about {size} between {start} and {end}"
JUMPS = "{metric} jumped from record to record {times} × as much as chance gives between {start} and {end}"
SANK = "{metric} sank {depth}, from {high} to {low}, within {within} at {step}, {times} × the noise"


def find_drops(case: Case) -> Iterator[Finding]:
    """Every fall of the main metric: a `drop`, or a `collapse` where it has not come back for long."""
    curve = case.readable
    if curve is not None:
        for fall in case.falls:
            yield _collapse(case, curve, fall) if _is_collapse(case, curve, fall) else _drop(case, curve, fall)


def _is_collapse(case: Case, curve: Curve, fall: Fall) -> bool:
    if fall.recovered is not None:
        return False
    bins, t = len(curve.bins), case.thresholds
    since = bins - 1 - fall.last_high
    lasted = since - (fall.bottom - fall.last_high)
    gain = fall.high - case.segments[0].level
    share = max(t.deep_share, RESTLESS_SHARE) if case.unrest.restless else t.deep_share
    if fall.depth < t.shallow_share * gain:
        return False
    deep = gain > fall.depth / 3 and fall.depth >= share * gain
    if not deep and case.unrest.restless:
        return False
    patience = t.deep_wait if deep else max(t.wait, LATE * bins) if case.running else max(t.deep_wait, ENDED * bins)
    return since >= patience and lasted >= min(t.deep_wait, t.wait) / 2


def _places(curve: Curve, fall: Fall) -> tuple[float, float, float]:
    """The steps of its start, its bottom, its end."""
    bins = curve.bins
    back = curve.end if fall.recovered is None else float(bins.first[fall.recovered])
    return float(bins.last[fall.last_high]), float(bins.first[fall.bottom]), back


def _words(curve: Curve, fall: Fall) -> str:
    start, bottom, _ = _places(curve, fall)
    sudden = fall.bottom - fall.last_high <= max(SUDDEN_BINS, SUDDEN_SHARE * len(curve.bins))
    return said(
        FELL if sudden else SANK,
        metric=title(curve.name),
        depth=number(fall.depth),
        high=number(fall.high),
        low=number(fall.low),
        within=steps(bottom - start),
        step=at(start),
        times=number(_times(fall)),
    )


def _times(fall: Fall) -> float:
    return fall.depth / fall.noise if fall.noise > 0 else 0.0


def _evidence(curve: Curve, fall: Fall) -> dict[str, float]:
    start, bottom, _ = _places(curve, fall)
    found = {"depth": fall.depth, "from": fall.high, "to": fall.low, "noise": fall.noise, "steps": bottom - start}
    return {**found, "times_noise": _times(fall)}


def _collapse(case: Case, curve: Curve, fall: Fall) -> Finding:
    start, bottom, end = _places(curve, fall)
    return Finding(
        "collapse",
        start,
        end,
        Severity.ALARM,
        said("{fall}; {steps} later it had not come back", fall=_words(curve, fall), steps=steps(end - bottom)),
        {**_evidence(curve, fall), "since": end - bottom},
        said(
            "{lower_lr}, or {raise_kl}; {go_back}.{clip}",
            lower_lr=advice.lower_lr(case),
            raise_kl=advice.raise_kl(case),
            go_back=advice.go_back(start),
            clip=advice.clip(case),
        ),
        curve.name,
        said("collapsed at {step}", step=at(start)),
    )


def _drop(case: Case, curve: Curve, fall: Fall) -> Finding:
    start, bottom, end = _places(curve, fall)
    back = fall.recovered is not None
    severity = Severity.NOTE if back and len(case.falls) == 1 else Severity.WARNING
    text, lower_lr, clip = _words(curve, fall), advice.lower_lr(case), advice.clip(case)
    came_back = said("{fall}; it came back by {step}", fall=text, step=at(end))
    not_yet = said("{fall}; {steps} later it had not come back yet", fall=text, steps=steps(end - bottom))
    watch = said("Watch it. {lower_lr} if it comes again.{clip}", lower_lr=lower_lr, clip=clip)
    several = len(case.falls) > 1
    return Finding(
        "drop",
        start,
        end,
        severity,
        came_back if back else not_yet,
        {**_evidence(curve, fall), ("back" if back else "since"): end - bottom},
        said("{lower_lr} if it comes again.{clip}", lower_lr=lower_lr, clip=clip)
        if back
        else joined([watch, said("Keep the checkpoint before {step}.", step=at(start))]),
        curve.name,
        "" if severity is Severity.NOTE else said(UNSTABLE) if several else said("dropped at {step}", step=at(start)),
    )


def find_oscillation(case: Case) -> Iterator[Finding]:
    """That the main metric goes up and down: its levels in turn, or far more from record to record than chance."""
    curve, trend, unrest = case.readable, case.trend, case.unrest
    if curve is None or trend is None or not unrest.restless:
        return
    start = float(curve.bins.first[trend.leaves]) if trend.rises else curve.start
    where = {"metric": title(curve.name), "start": at(start), "end": at(curve.end)}
    if unrest.swings >= case.thresholds.swings:
        text = said(SWINGS, n=unrest.swings, size=number(unrest.size), **where)
        evidence = {"swings": float(unrest.swings), "size": unrest.size}
    else:
        text = said(JUMPS, times=number(unrest.jumps), **where)
        evidence = {"times_chance": unrest.jumps}
    yield Finding(
        "oscillation",
        start,
        curve.end,
        Severity.WARNING,
        text,
        evidence,
        said("{lower_lr}, or take larger batches.{clip}", lower_lr=advice.lower_lr(case), clip=advice.clip(case)),
        curve.name,
        said(UNSTABLE),
    )
