"""What the reward teaches: nothing where all answers earn the same, the wrong thing where it is hacked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from astuner_nb.core.said import said
from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.curve import Curve
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.robust import slope
from astuner_nb.diagnosis.rules import advice
from astuner_nb.diagnosis.rules.levels import last_level, typical_noise
from astuner_nb.diagnosis.words import at, number, percent, title

JUDGES = ("val/success_rate", "success_rate", "val/reward")
"""What a reward stands for."""
FEWEST_JUDGED = 6
"""Records of a judge, at least."""
SIDE = 3
"""Records that are its best, or its last."""
FELL_NOISE, FELL_SHARE = 4.0, 0.25
"""How far a judge must have fallen: in its noise, and as a share of its range."""
ROSE_SHARE, ROSE_NOISE = 0.1, 3.0
"""How far the reward must have risen meanwhile: as a share of its range, and in standard errors."""

SOLVED = "in {share} of the groups all responses earn the same at {step}: the task is solved"
USELESS = "in {share} of the groups all responses earn the same at {step}, so that they teach nothing"


def find_zero_advantage(case: Case) -> Iterator[Finding]:
    """That in most groups all responses earn the same, so that they teach nothing; benign where the task is solved."""
    curve = case.curve("dead_groups", case.thresholds.min_points)
    if curve is None:
        return
    share = last_level(curve)
    if share < case.thresholds.zero_share:
        return
    solved = case.good
    yield Finding(
        "zero_advantage",
        curve.start,
        curve.end,
        Severity.NOTE if solved else Severity.WARNING,
        said(SOLVED if solved else USELESS, share=percent(share), step=at(curve.end)),
        {"share": share},
        "" if solved else said("Take easier tasks or a finer reward, or sample more responses a task."),
        "dead_groups",
    )


def find_hacking(case: Case) -> Iterator[Finding]:
    """That the reward rises while success, or what was held out, falls."""
    reward = case.curve("reward", case.thresholds.min_points)
    for name in JUDGES if reward is not None else ():
        judge = case.curve(name, FEWEST_JUDGED)
        if judge is None or reward is None:
            continue
        fell = _fell(judge)
        rose = _rose(reward, fell[0]) if fell else 0.0
        if fell and rose > 0:
            yield _hacked(reward, judge, *fell, rose)
            return


def _fell(judge: Curve) -> tuple[float, float, float] | None:
    """From which step it fell, from which level, to which; None where it did not."""
    values = judge.bins.level
    means = np.convolve(values, np.ones(SIDE) / SIDE, "valid")
    best = int(means.argmax())
    high, low = float(means[best]), float(np.median(values[-max(SIDE, len(values) // 10) :]))
    least = max(FELL_NOISE * typical_noise(judge), FELL_SHARE * float(np.ptp(values)))
    return (float(judge.bins.first[best]), high, low) if high - low >= least > 0 and best < len(means) - 2 else None


def _rose(reward: Curve, since: float) -> float:
    """How far the reward rose since a step; 0 where it did not, or by no more than chance gives."""
    bins = reward.bins
    late = bins.first >= since
    y = bins.level[late]
    if len(y) < FEWEST_JUDGED:
        return 0.0
    rise = slope(np.arange(len(y), dtype=np.float64), y) * len(y)
    error = typical_noise(reward) * float(np.sqrt(12 * bins.inflation / len(y)))
    return rise if rise >= max(ROSE_SHARE * float(np.ptp(bins.level)), ROSE_NOISE * error) else 0.0


def _hacked(reward: Curve, judge: Curve, start: float, high: float, low: float, rose: float) -> Finding:
    return Finding(
        "reward_hacking",
        start,
        min(reward.end, judge.end),
        Severity.ALARM,
        said(
            "{reward} rose {rose} since {step} while {judge} fell from {high} to {low}",
            reward=title(reward.name),
            rose=number(rose),
            step=at(start),
            judge=title(judge.name),
            high=number(high),
            low=number(low),
        ),
        {"rose": rose, "from": high, "to": low, "fell": high - low},
        said(
            "Look at rollouts with a high reward: it pays for something else; mend it and {go_back}.",
            go_back=advice.go_back(start),
        ),
        judge.name,
        said("reward hacked at {step}", step=at(start)),
    )
