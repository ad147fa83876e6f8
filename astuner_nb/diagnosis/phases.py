"""The phases of a run, from its trend."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.findings import Phase
from astuner_nb.diagnosis.words import number, title


def find_phases(case: Case) -> Iterator[Phase]:
    """`initial`, `learning`, `convergence`, those that there are; they end where quality was lost for good."""
    curve, trend = case.readable, case.trend
    if curve is None or trend is None:
        return
    bins, name = curve.bins, title(curve.name)
    end = float(bins.last[trend.end - 1])
    leaves = float(bins.first[trend.leaves]) if trend.rises else end
    arrives = float(bins.first[trend.arrives]) if trend.settled else end
    if not trend.rises and curve.unit and trend.last >= case.thresholds.good_level:
        yield Phase("convergence", curve.start, end, f"{name} is near {number(trend.last)} from the start", curve.name)
        return
    if leaves > curve.start:
        yield Phase("initial", curve.start, leaves, f"{name} stays near {number(trend.first)}", curve.name)
    if trend.rises:
        text = f"{name} rises from {number(trend.first)} to {number(trend.last)}"
        yield Phase("learning", leaves, arrives, text, curve.name)
    if trend.settled:
        yield Phase("convergence", arrives, end, f"{name} stays near {number(trend.last)}", curve.name)
