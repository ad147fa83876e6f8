"""Smoothed curves, for display alone: best values, bands and tables are of what was logged.

Every kind is a weighted mean of the finite points of a curve, so a constant curve stays as it is and nothing leaves
the range of its points. NaN and ±Inf stay where they are and count for nothing: what comes after them is what it would
be without them.

========  ==========================================================  =====================================
kind      the weight of the point j in the smoothed point i           amount
========  ==========================================================  =====================================
none      1 where j = i                                               not looked at
ema       w^(i-j) for j ≤ i                                           w, from 0 to below 1
twema     √p^(200·(x_i-x_j)/(x_max-x_min)) for j ≤ i                  p, from 0 to below 1
gaussian  exp(-((i-j)/σ)²/2)                                          σ in points, from 0
mean      1 where |i-j| ≤ h                                           h in points on either side, from 0
========  ==========================================================  =====================================

Amount 0 changes nothing, whatever the kind. `amount_at` maps one slider from 0 to 1 to the amounts of all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from astuner_nb.core.errors import BadValue
from astuner_nb.core.series import Floats

KINDS = ("none", "ema", "twema", "gaussian", "mean")
"""What `smooth` knows, in the order of a menu."""

TWEMA_SCALE = 200.0
"""The x-range of a whole curve, in units over which a weight fades by √p: what is 1 % of the range back weighs p.

So over 101 evenly spaced points `twema` is `ema`. W&B does not publish its constant; ours is of the curve, not of
what is in view: zooming changes no line.
"""
MOST_WEIGHT = 0.999
"""√p is held below this, as in W&B's formula."""
SLIDER_END = 0.999
"""Where a slider's strength stops: what it asks of `mean` is 999 points on either side."""
KERNEL_REACH = 4.0
"""Where a Gaussian is cut, in σ: what lies beyond weighs 6e-5 of the whole."""
LEAST_SIGMA = 0.1
"""A Gaussian narrower than this gives a point's neighbours less than a rounding error: it changes nothing."""

_LARGE = 1e30  # values beyond are brought to 1, so that no sum overflows
_STRETCH = 500.0  # exp(500) is 1e217: times `_LARGE`, and summed, still far from overflow
_FADED = 40.0  # exp(-40) is far below a rounding error
_SHORT = 64  # points; a kernel that short is quicker than running sums


def smooth(x: ArrayLike, y: ArrayLike, kind: str, amount: float) -> Floats:
    """`y` smoothed, (n,) float64; `y` itself where nothing is to be done. See the table above.

    Args:
        x: (n,) where the points stand; only `twema` looks at it, and passes by what has no finite x.
        y: (n,) values.
        kind: one of `KINDS`.
        amount: how much; its meaning depends on the kind.

    Raises:
        BadValue: for a kind that is none, an amount out of its range, or arrays of different lengths.
    """
    amount = checked_amount(kind, amount)
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if xs.shape != ys.shape or xs.ndim != 1:
        raise BadValue(f"A curve needs as many x as y, got {xs.shape} and {ys.shape}. Give two arrays of one length.")
    counts = np.isfinite(ys) & np.isfinite(xs) if kind == "twema" else np.isfinite(ys)
    if kind == "none" or amount == 0 or np.count_nonzero(counts) < 2:
        return ys
    if bool(counts.all()):
        return _bounded(ys, lambda values: _MEANS[kind](xs, values, amount))
    smoothed = ys.copy()
    smoothed[counts] = _bounded(ys[counts], lambda values: _MEANS[kind](xs[counts], values, amount))
    return smoothed


def checked_amount(kind: str, amount: float) -> float:
    """`amount` as a number that `kind` can take. Raises `BadValue`, for an unknown kind too."""
    if kind not in KINDS:
        raise BadValue(f"There is no smoothing {kind!r}. Give one of {', '.join(KINDS)}.")
    if kind == "none":
        return 0.0
    end, span = (1.0, "from 0 to below 1") if kind in ("ema", "twema") else (math.inf, "of points, 0 or more")
    if isinstance(amount, bool) or not isinstance(amount, Real) or not 0 <= amount < end:
        raise BadValue(f"Smoothing by {kind} cannot take the amount {amount!r}. Give a number {span}.")
    return float(min(amount, math.nextafter(end, 0)))  # a whole number may be too large for a float


def amount_at(kind: str, slider: float) -> float:
    """The amount that a slider at `slider`, 0 to 1, means for `kind`: at one place all leave about as much noise.

    For `ema` and `twema` it is the slider's value s itself, 0.999 at most. The variance that is left of white noise is
    (1-s)/(1+s) after an EMA, 1/(2h+1) after a mean over h points on either side and 1/(2σ√π) after a Gaussian; hence
    h = s/(1-s), which is rounded and so nothing below s = 1/3, and σ = (2h+1)/(2√π), but 0 at s = 0.

    Raises:
        BadValue: for what is not from 0 to 1, and for an unknown kind.
    """
    if isinstance(slider, bool) or not isinstance(slider, Real) or not 0 <= slider <= 1:
        raise BadValue(f"A smoothing slider stands between 0 and 1, got {slider!r}. Give a number in that range.")
    strength = min(float(slider), SLIDER_END)
    points = strength / (1 - strength)
    by_kind = {"mean": points, "gaussian": (2 * points + 1) / (2 * math.sqrt(math.pi)) if strength else 0.0}
    return checked_amount(kind, by_kind.get(kind, strength))


def ema(x: Floats, y: Floats, weight: float) -> Floats:
    """The debiased exponential mean: `s = w·s + (1-w)·y` from 0, divided by `1 - w^k` at the k-th finite point.

    As TensorBoard does (webapp/widgets/line_chart_v2/data_transformer.ts). All of `y` must be finite.
    """
    fading = -math.log(weight)
    if _FADED / fading <= _SHORT:
        kernel = np.exp(-fading * np.arange(min(_SHORT, len(y))))
        counts = np.full(len(y), kernel.sum())
        counts[: len(kernel)] = np.cumsum(kernel)
        return np.asarray(np.convolve(y, kernel)[: len(y)] / counts)
    return _faded_mean(np.arange(len(y), dtype=np.float64) * fading, y)


def twema(x: Floats, y: Floats, amount: float, scale: float = TWEMA_SCALE) -> Floats:
    """The time-weighted exponential mean: `Y = Y·a + y`, `D = D·a + 1`, `Y/D` with `a = √p^(scale·Δx/range)`.

    As W&B and SwanLab document it. Where x goes back (a clock, a resumed run) nothing fades; points at one x weigh the
    same. All of `x` and `y` must be finite.
    """
    age = np.zeros(len(y))
    half = x * 0.5  # the range between two ends of float64 would overflow
    span = float(half.max() - half.min())
    if span > 0:
        np.maximum(np.subtract(half[1:], half[:-1], out=age[1:]), 0, out=age[1:])
        age /= span
        np.cumsum(age, out=age)
        age *= scale * -math.log(min(math.sqrt(amount), MOST_WEIGHT))
    return _faded_mean(age, y)


def gaussian(x: Floats, y: Floats, sigma: float) -> Floats:
    """The mean weighted by `exp(-(j/σ)²/2)` over the points j before and after; at the ends over those that there are.

    As in W&B and SwanLab, which count σ in points too. All of `y` must be finite.
    """
    if sigma < LEAST_SIGMA:
        return y.copy()
    n = len(y)
    reach = int(min(math.ceil(min(KERNEL_REACH * sigma, n)), n - 1))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weight = np.concatenate([[0.0], np.cumsum(kernel)])
    index = np.arange(n)
    there = weight[np.minimum(n - index + reach, 2 * reach + 1)] - weight[np.maximum(reach - index, 0)]
    return np.asarray(np.convolve(y, kernel)[reach : reach + n] / there)


def running_mean(x: Floats, y: Floats, points: float) -> Floats:
    """The mean of `points` points before, as many after, and the point itself; at the ends of those that there are.

    As in W&B and SwanLab; `points` is rounded. All of `y` must be finite.
    """
    reach = round(min(points, len(y) - 1))
    index = np.arange(len(y))
    count = np.minimum(index + reach, len(y) - 1) - np.maximum(index - reach, 0) + 1
    return np.asarray(_window_sums(y, reach) / count)


_MEANS: dict[str, Callable[[Floats, Floats, float], Floats]] = {
    "ema": ema,
    "twema": twema,
    "gaussian": gaussian,
    "mean": running_mean,
}


def _bounded(y: Floats, mean: Callable[[Floats], Floats]) -> Floats:
    """`mean` of `y`, in the range of `y` whatever the rounding; a constant stays exact and nothing overflows."""
    low, high = float(y.min()), float(y.max())
    if low == high:
        return y
    size = max(abs(low), abs(high))
    if size < _LARGE:
        smoothed = mean(y)
    else:
        smoothed = mean(y / size)
        smoothed *= size
    return np.clip(smoothed, low, high, out=smoothed)


def _faded_mean(age: Floats, y: Floats) -> Floats:
    """The mean of the points up to each, weighted by `exp(age[j] - age[i])`; (n,), `age` ascending from 0.

    Within a stretch the weights need no recursion: sums of `exp(age)·y` and of `exp(age)` are running sums. A stretch
    ends before `exp` overflows and hands its two sums on, faded.
    """
    mean = np.empty_like(y)
    total = weight = last = 0.0
    for start, end in _stretches(age):
        fade = math.exp(last - age[start])
        weights = age[start:end] - age[start]  # in place from here: fresh pages cost more than the arithmetic
        np.exp(weights, out=weights)
        totals = np.multiply(weights, y[start:end], out=mean[start:end])
        newest = float(weights[-1])
        for sums, before in ((totals, total * fade), (weights, weight * fade)):
            np.cumsum(sums, out=sums)
            sums += before
        last, total, weight = float(age[end - 1]), float(totals[-1]) / newest, float(weights[-1]) / newest
        totals /= weights
    return mean


def _stretches(age: Floats) -> list[tuple[int, int]]:
    """Where stretches begin and end, none of them longer than `_STRETCH`."""
    if age[-1] < _STRETCH:
        return [(0, len(age))]
    edges = [0, *(np.flatnonzero(np.diff(np.floor(age / _STRETCH))) + 1).tolist(), len(age)]
    return list(pairwise(edges))


def _window_sums(y: Floats, reach: int) -> Floats:
    """The sums of `y` over `reach` points on either side, (n,).

    Of two parts, the end of one block and the beginning of the next, because the difference of two running sums would
    carry the rounding error of a spike to the end of the curve (van Herk's trick for running maxima).
    """
    n, width = len(y), 2 * reach + 1
    padded = np.zeros(-(-(n + 2 * reach) // width) * width)
    padded[reach : reach + n] = y
    blocks = padded.reshape(-1, width)
    begun = np.cumsum(blocks, axis=1).ravel()
    left = np.cumsum(blocks[:, ::-1], axis=1)[:, ::-1].ravel()
    left[::width] = 0  # where a window is a whole block, `begun` has all of it
    return left[:n] + begun[width - 1 : width - 1 + n]
