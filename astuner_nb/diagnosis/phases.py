"""The phases of a run, from its trend."""

from __future__ import annotations

from collections.abc import Iterator

from astuner_nb.core.said import said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.findings import Phase
from astuner_nb.diagnosis.words import number, title

SOLVED = "{metric} is near {level} from the start"
STAYS = "{metric} stays near {level}"
RISES = "{metric} rises from {first} to {last}"


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
        yield Phase("convergence", curve.start, end, said(SOLVED, metric=name, level=number(trend.last)), curve.name)
        return
    if leaves > curve.start:
        yield Phase("initial", curve.start, leaves, said(STAYS, metric=name, level=number(trend.first)), curve.name)
    if trend.rises:
        text = said(RISES, metric=name, first=number(trend.first), last=number(trend.last))
        yield Phase("learning", leaves, arrives, text, curve.name)
    if trend.settled:
        yield Phase("convergence", arrives, end, said(STAYS, metric=name, level=number(trend.last)), curve.name)
