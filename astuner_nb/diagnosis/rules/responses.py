"""How long responses are: growing or shrinking without use, or cut off."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.core.said import said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.rules.levels import first_level, has_risen, last_level, typical_noise
from astuner_nb.diagnosis.words import at, number, percent, title

PERHAPS = 2.0
"""Standard errors by which quality has risen, so that nobody is warned of longer responses."""
CHANGE_NOISE = 4.0
"""Noise that a change of length goes beyond, at least."""

GREW = "{metric} grew from {first} to {last} between {start} and {end}, and quality did not rise"
SHRANK = "{metric} shrank from {first} to {last} between {start} and {end}, and quality did not rise"


def find_length(case: Case) -> Iterator[Finding]:
    """That responses grow or shrink much while quality does not rise. Where it rises, that is how it is done."""
    curve, t = case.curve("response_length", case.thresholds.min_points), case.thresholds
    if curve is None or has_risen(case, PERHAPS) or case.good:
        return
    first, last = first_level(curve), last_level(curve)
    if first <= 0 or abs(last - first) < CHANGE_NOISE * typical_noise(curve):
        return
    if last >= t.length_growth * first:
        tip = said("Look at sample rollouts: does it babble? Penalise length, or lower max_response_length.")
        yield _length(curve, "length_blowup", GREW, first, last, tip)
    elif last <= t.length_share * first:
        tip = said("Look at sample rollouts: does it give up? See whether the reward pays for short answers.")
        yield _length(curve, "length_collapse", SHRANK, first, last, tip)


def _length(curve: Curve, kind: str, template: str, first: float, last: float, tip: str) -> Finding:
    return Finding(
        kind,
        curve.start,
        curve.end,
        Severity.WARNING,
        said(
            template,
            metric=title(curve.name),
            first=number(first),
            last=number(last),
            start=at(curve.start),
            end=at(curve.end),
        ),
        {"from": first, "to": last},
        tip,
        curve.name,
    )


def limited(case: Case) -> tuple[float, str, Curve] | None:
    """How far responses are at their length limit, a sentence, what it was read off; None where they have room."""
    curve, t = case.curve("truncated_frac", 3), case.thresholds
    if curve is not None:
        share = last_level(curve)
        cut = said("{share} of the responses are cut off", share=percent(share))
        return (share, cut, curve) if share >= t.truncated_share else None
    length, limit = case.curve("response_length", 3), case.number("max_response_length")
    if length is None or not limit or limit <= 0:
        return None
    share = last_level(length) / limit
    text = said(
        "responses take {share} of the limit of {limit} tokens, on average", share=percent(share), limit=number(limit)
    )
    return (share, text, length) if share >= t.near_limit else None


def find_truncation(case: Case) -> Iterator[Finding]:
    """That many responses are cut off at the length limit."""
    found = limited(case)
    if found is None:
        return
    share, text, curve = found
    limit = case.number("max_response_length")
    from_limit = said("Raise max_response_length from {limit}", limit=number(limit or 0))
    raised = from_limit if limit else said("Raise the length limit")
    shorten = said("{raised}, or reward shorter answers: what is cut off earns nothing.", raised=raised)
    look = said("Look at sample rollouts: do they need the room, or babble?")
    yield Finding(
        "truncation",
        curve.start,
        curve.end,
        Severity.NOTE if case.good else Severity.WARNING,
        said("{text} at {step}", text=text, step=at(curve.end)),
        {"share": share},
        shorten if has_risen(case) else look,
        curve.name,
    )
