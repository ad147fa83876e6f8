"""What the policy does: how far it goes from its reference, whether it still tries something, its gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from astuner_nb.core.said import said
from astuner_nb.core.series import Floats
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.rules import advice
from astuner_nb.diagnosis.rules.levels import first_level, last_level, spikes
from astuner_nb.diagnosis.words import at, number, title

LASTING_BINS = 7
"""Bins whose median tells that something lasts: k3, the usual estimate of KL, has a heavy tail."""
BEHIND_SHARE = 0.05
"""How far behind a spike a fall may begin that belongs to it, as a share of the run."""


def find_kl_runaway(case: Case) -> Iterator[Finding]:
    """That KL divergence is high, far above where it began, and stays so."""
    curve, t = case.curve("kl", max(case.thresholds.min_points, LASTING_BINS)), case.thresholds
    if curve is None:
        return
    lasting = np.median(sliding_window_view(curve.bins.value, LASTING_BINS), axis=1)
    high = np.flatnonzero(lasting >= t.kl_high)
    start_level, top = first_level(curve), float(lasting.max())
    if not len(high) or top < t.kl_growth * start_level:
        return
    start, last = float(curve.bins.first[high[0]]), last_level(curve)
    yield Finding(
        "kl_runaway",
        start,
        curve.end,
        Severity.WARNING,
        said(
            "{metric} has passed {high} nats/token at {step}; it came up to {top} and is {last} at the end, {first} at"
            " the start",
            metric=title("kl"),
            high=number(t.kl_high),
            step=at(start),
            top=number(top),
            last=number(last),
            first=number(start_level),
        ),
        {"top": top, "last": last, "first": start_level},
        said(
            "{lower_lr}, or {raise_kl}.{clip}",
            lower_lr=advice.lower_lr(case),
            raise_kl=advice.raise_kl(case),
            clip=advice.clip(case),
        ),
        "kl",
        said("KL runs away at {step}", step=at(start)),
    )


def find_kl_spikes(case: Case) -> Iterator[Finding]:
    """That KL divergence jumps."""
    curve, t = case.curve("kl"), case.thresholds
    if curve is None:
        return
    steps, times = spikes(curve, t.spike_ratio, t.spike_noise)
    if len(steps):
        yield Finding(
            "kl_spike",
            float(steps[0]),
            float(steps[-1]),
            Severity.NOTE if len(steps) == 1 else Severity.WARNING,
            _jumps("kl", steps, times),
            {"spikes": float(len(steps)), "times": float(times.max())},
            said(
                "{lower_lr}, or clip harder, if the reward falls behind it.{clip}",
                lower_lr=advice.lower_lr(case),
                clip=advice.clip(case),
            ),
            "kl",
        )


def _jumps(metric: str, steps: Floats, times: Floats) -> str:
    return said(
        "{metric} jumps {n} times between {start} and {end}, up to {times} × its neighbours",
        metric=title(metric),
        n=len(steps),
        start=at(float(steps[0])),
        end=at(float(steps[-1])),
        times=number(float(times.max())),
    )


def find_grad_spikes(case: Case) -> Iterator[Finding]:
    """That the norm of the gradient jumps."""
    curve, t = case.curve("grad_norm"), case.thresholds
    if curve is None:
        return
    steps, times = spikes(curve, t.spike_ratio, t.spike_noise)
    if len(steps):
        behind, jumps = _falls_behind(case, steps), _jumps("grad_norm", steps, times)
        tip = "{lower_lr}, or lower the norm that gradients are clipped to."
        yield Finding(
            "grad_spike",
            float(steps[0]),
            float(steps[-1]),
            Severity.WARNING if behind else Severity.NOTE,
            said("{jumps}; quality falls behind it", jumps=jumps) if behind else jumps,
            {"spikes": float(len(steps)), "times": float(times.max())},
            said(tip, lower_lr=advice.lower_lr(case)) if behind else "",
            "grad_norm",
        )


def _falls_behind(case: Case, steps: Floats) -> bool:
    if case.readable is None:
        return False
    reach = BEHIND_SHARE * (case.readable.end - case.readable.start)
    begins = [float(case.readable.bins.last[fall.last_high]) for fall in case.falls]
    return any(bool(((begin >= steps - reach / 2) & (begin <= steps + reach)).any()) for begin in begins)


def find_entropy_collapse(case: Case) -> Iterator[Finding]:
    """That entropy has gone although the task is not solved and nothing is learned any more.

    Where success saturates with it, or still rises, falling entropy is what learning looks like.
    """
    curve, trend, t = case.curve("entropy", case.thresholds.min_points), case.trend, case.thresholds
    if curve is None or trend is None or case.good or (trend.rises and not trend.settled and not case.lost):
        return
    first, last = first_level(curve), last_level(curve)
    if first <= 0 or last > t.entropy_share * first:
        return
    low = np.flatnonzero(curve.bins.value <= t.entropy_share * first)
    start = float(curve.bins.first[low[0]]) if len(low) else curve.start
    yield Finding(
        "entropy_collapse",
        start,
        curve.end,
        Severity.WARNING,
        said(
            "{metric} fell from {first} to {last}, below {low} since {step}, although the task is not solved",
            metric=title("entropy"),
            first=number(first),
            last=number(last),
            low=number(t.entropy_share * first),
            step=at(start),
        ),
        {"from": first, "to": last},
        said(
            "{lower_lr}, raise the temperature, or reward entropy: the policy tries nothing new.",
            lower_lr=advice.lower_lr(case),
        ),
        "entropy",
    )
