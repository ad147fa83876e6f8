"""Curves as SwanLab's client hands them out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astuner_nb.core.series import Floats, History, Series
from astuner_nb.trackers.swanlab.describe import number

MOST_SAMPLED = 1500
"""How many points a sampled curve has at most."""


def history_of(answer: Mapping[str, Any], sampled_at: int | None) -> History:
    """The curves of an answer of `run.metrics()`; metrics without a point are left out.

    Args:
        sampled_at: how many points the server was asked for; a curve that has so many was sampled. None: for all.
    """
    curves = {str(one.get("key")): _series(one) for one in answer.get("list", ())}
    found = {key: series for key, series in curves.items() if len(series)}
    full = sampled_at is None or all(len(one.get("metrics", ())) < sampled_at for one in answer.get("list", ()))
    return History(found, sampled=not full)


def ends_early(answer: Mapping[str, Any], history: History) -> str:
    """The first metric whose newest value, as the statistics have it, is not among its points; empty where none."""
    for one in answer.get("list", ()):
        latest, key = one.get("latest"), str(one.get("key"))
        if not isinstance(latest, Mapping):
            continue
        step, value = number(latest.get("index")), number(latest.get("data"))
        if step is None or value is None or not math.isfinite(step) or not math.isfinite(value):
            continue
        if key not in history or history[key].step.max() < step:
            return key
    return ""


def _series(one: Mapping[str, Any]) -> Series:
    """One curve; sampled points name step and value otherwise than full ones do. Points without either are left out."""
    points = one.get("metrics", ())
    step, has_step = _numbers([point.get("step", point.get("index")) for point in points])
    value, has_value = _numbers([point.get("value", point.get("data")) for point in points])
    milliseconds, _ = _numbers([point.get("timestamp") for point in points])
    keep = has_step & np.isfinite(step) & has_value
    return Series(str(one.get("key")), step[keep], value[keep], milliseconds[keep] / 1000)


def _numbers(values: list[object]) -> tuple[Floats, NDArray[np.bool_]]:
    """`values` as (n,) float64, NaN for what is no number, and (n,) bool, which of them are."""
    with suppress(OverflowError):
        if {*map(type, values)} <= {int, float}:
            return np.array(values, dtype=np.float64), np.ones(len(values), dtype=np.bool_)
    numbers = [number(value) for value in values]
    known = np.array([each is not None for each in numbers], dtype=np.bool_)
    return np.array([math.nan if each is None else each for each in numbers], dtype=np.float64), known
