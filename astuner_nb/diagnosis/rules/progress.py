"""Whether it learns, and whether there is enough to tell."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.words import at, number, title


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
        f"{title(curve.name)} rose {number(trend.rise)}, from {number(trend.first)} to {number(trend.last)},"
        f" between {at(start)} and {at(end)}, {number(times)} × the noise",
        {"rise": trend.rise, "from": trend.first, "to": trend.last, "noise": trend.noise},
        "" if trend.settled or case.running or case.lost else "It was still rising at its end: give it more steps.",
        curve.name,
        f"learning since {at(start)}",
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
            f"0 records of a success rate or a reward: none of {len(case.curves)} metrics tells how good the run is",
            {"records": 0.0},
            "Log reward or success_rate, or say under which key it is: aliases().with_metrics({'reward': ['KEY']}).",
            phrase="no reward to read",
        )
        return
    yield Finding(
        "too_short",
        main.start,
        main.end,
        Severity.NOTE,
        f"{title(main.name)} has {len(main)} records; nothing is read off fewer than {fewest}",
        {"records": float(len(main)), "fewest": float(fewest)},
        metric=main.name,
        phrase="too short to tell",
    )
