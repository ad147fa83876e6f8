"""Whether it learns, and whether there is enough to tell."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.core.said import said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.words import at, number, title

UNFINISHED = "It was still rising at its end: give it more steps."
NAMING = "aliases().with_metrics({'reward': ['KEY']})"
"""How a key is said to be the reward."""


def find_rise(case: Case) -> Iterator[Finding]:
    """The rise of the main metric, if it rises."""
    curve, trend = case.readable, case.trend
    if curve is None or trend is None or not trend.rises:
        return
    bins = curve.bins
    start, end = float(bins.first[trend.leaves]), float(bins.last[min(trend.arrives, trend.end - 1)])
    times = trend.rise / trend.noise if trend.noise else 0.0
    yield Finding(
        "rise",
        start,
        end,
        Severity.NOTE,
        said(
            "{metric} rose {rise}, from {first} to {last}, between {start} and {end}, {times} × the noise",
            metric=title(curve.name),
            rise=number(trend.rise),
            first=number(trend.first),
            last=number(trend.last),
            start=at(start),
            end=at(end),
            times=number(times),
        ),
        {"rise": trend.rise, "from": trend.first, "to": trend.last, "noise": trend.noise},
        "" if trend.settled or case.running or case.lost else said(UNFINISHED),
        curve.name,
        said("learning since {step}", step=at(start)),
    )


def find_too_short(case: Case) -> Iterator[Finding]:
    """That nothing can be read off the run, if so."""
    if case.readable is not None:
        return
    main, fewest = case.main, case.thresholds.min_points
    if main is None:
        start = min((curve.start for curve in case.curves.values() if len(curve)), default=0.0)
        yield Finding(
            "too_short",
            start,
            case.end,
            Severity.NOTE,
            said(
                "0 records of a success rate or a reward: none of {n} metrics tells how good the run is",
                n=len(case.curves),
            ),
            {"records": 0.0},
            said("Log reward or success_rate, or say under which key it is: {code}.", code=NAMING),
            phrase=said("no reward to read"),
        )
        return
    yield Finding(
        "too_short",
        main.start,
        main.end,
        Severity.NOTE,
        said(
            "{metric} has {n} records; nothing is read off fewer than {fewest}",
            metric=title(main.name),
            n=len(main),
            fewest=fewest,
        ),
        {"records": float(len(main)), "fewest": float(fewest)},
        metric=main.name,
        phrase=said("too short to tell"),
    )
