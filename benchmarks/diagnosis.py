"""How often the curves are read rightly, and what it costs: `python -m benchmarks diagnosis`.

Runs whose story is known: made ones (`tests/diagnosis/curves.py`) and the six presets of the built-in training
(`tests/diagnosis/labelled`). Rules and thresholds were tuned on the tuning half; how the others were kept apart stands
in `curves.py`. Costs are CPU times, so a busy machine changes little. Takes one to two minutes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import numpy as np

from astuner_nb.core.series import History, Series
from astuner_nb.diagnosis.diagnose import diagnose
from astuner_nb.diagnosis.report import Report
from tests.diagnosis.curves import SEEDS, Labelled, half
from tests.diagnosis.scores import (
    NEAR,
    Score,
    Trained,
    borders,
    by_kind,
    false_alarms,
    flips,
    read,
    replayed,
    setbacks,
    tells_its_story,
    trained,
)

ROUNDS = 15
EVERY = 5
"""Steps between two readings of a run that grows."""
LONGEST_REPLAY = 200
Told = list[tuple[Labelled, Report]]


def shares(score: Score) -> str:
    """`0.97 / 0.98 of 60`."""
    return f"{score.recall:.2f} / {score.precision:.2f} of {score.found + len(score.missed)}"


def kinds(told: Sequence[Told]) -> None:
    """Recall and precision of each kind."""
    print(f"| kind: recall / precision of runs that have it | {' | '.join(SEEDS)} |\n|---|{'---|' * len(told)}")
    found = [by_kind(each) for each in told]
    for kind in sorted(set().union(*found)):
        print(f"| {kind} | {' | '.join(shares(scores.get(kind, Score())) for scores in found)} |")


def aims(told: Sequence[Told]) -> None:
    """What the diagnosis was built to reach."""
    rows = [
        ("drops and collapses, of the right kind and place: recall / precision", "≥ 0.95 / 0.95", _setbacks),
        ("borders of learning within 10 % of the run's length", "≥ 90 %", _borders),
        ("healthy runs without an alarm", "≥ 95 %", _healthy),
        (f"the same in every prefix, of {EVERY} to {LONGEST_REPLAY} steps", "≥ 95 %", _prefixes),
        ("warnings taken back in such a run, mean", "few", _flips),
    ]
    print(f"\n| made runs | {' | '.join(SEEDS)} | target |\n|---|{'---|' * len(told)}---|")
    for what, target, measure in rows:
        print(f"| {what} | {' | '.join(measure(each) for each in told)} | {target} |")


def _setbacks(told: Told) -> str:
    return shares(setbacks(told))


def _borders(told: Told) -> str:
    away = borders(told)
    return f"{sum(distance <= NEAR for _, distance in away) / len(away):.1%} of {len(away)}"


def _healthy(told: Told) -> str:
    wrong, count = false_alarms(told)
    return f"{1 - len(wrong) / count:.1%} of {count}"


def _prefixes(told: Told) -> str:
    reports = _replays(told)
    quiet = sum(not any(report.alarms for report in row) for row in reports)
    return f"{quiet / len(reports):.1%} of {len(reports)}"


def _flips(told: Told) -> str:
    return f"{statistics.mean(map(flips, _replays(told))):.2f}"


def _replays(told: Told) -> list[list[Report]]:
    return [list(replayed(run, EVERY)) for run, _ in told if run.healthy and run.steps <= LONGEST_REPLAY]


def presets() -> None:
    """The runs of the built-in training."""
    head = ("preset", "story told: tuning", "held out", "first alarm, steps behind its fall", "taken back, most")
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    runs = {name: trained(name) for name in ("tuning", "held_out")}
    for preset in dict.fromkeys(run.preset for run in runs["tuning"]):
        mine = {name: [run for run in each if run.preset == preset] for name, each in runs.items()}
        told = [f"{sum(tells_its_story(run, run.report()) for run in each)} of {len(each)}" for each in mine.values()]
        replays = [list(run.replay(EVERY)) for each in mine.values() for run in each]
        most = max(flips(report for _, report in row) for row in replays)
        print(f"| {preset} | {' | '.join(told)} | {_delays(replays)} | {most} |")


def _delays(replays: Sequence[list[tuple[int, Report]]]) -> str:
    alarms = [next(((step, report.alarms[0]) for step, report in row if report.alarms), None) for row in replays]
    found = [step - alarm.start for step, alarm in filter(None, alarms)]
    return (
        f"{min(found):.0f} to {max(found):.0f}, in {len(found)} of {len(alarms)}" if found else f"none in {len(alarms)}"
    )


def cost_history(steps: int) -> History:
    """Ten metrics of a run that learns."""
    rng = np.random.default_rng(0)
    step = np.arange(1, steps + 1, dtype=np.float64)
    course = 1 / (1 + np.exp(-12 * (step / steps - 0.3)))
    names = ("reward", "loss", "response_length", "kl", "entropy", "grad_norm", "clip_frac", "adv_zero_groups", "lr")
    values = {name: course + 0.1 * rng.random(steps) for name in names}
    values["success_rate"] = rng.binomial(128, 0.1 + 0.85 * course) / 128
    return History({name: Series(name, step, value, 1.7e9 + step) for name, value in values.items()})


def cpu_ms(history: History, before: Report | None = None) -> float:
    """The median CPU time of one reading."""
    taken = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        diagnose(history, state="running", now=1.8e9, before=before)
        taken.append(time.thread_time() - began)
    return 1e3 * statistics.median(taken)


def costs() -> None:
    """CPU times."""
    good: Trained = trained("tuning")[0]
    live = [("a live update of the built-in run: 300 steps × 10", cpu_ms(good.history(), good.report()), "")]
    made = [(f"{steps:,} steps × 10 metrics", cpu_ms(cost_history(steps)), target) for steps, target in COSTS]
    print("\n| one reading | CPU | target |\n|---|---|---|")
    for what, taken, target in [*made, *live]:
        print(f"| {what} | {taken:.1f} ms | {target} |")


COSTS = ((10_000, "≤ 20 ms"), (100_000, ""))


def main() -> None:
    """Print the tables."""
    told = [read(half(name)) for name in SEEDS]
    kinds(told)
    aims(told)
    presets()
    costs()


if __name__ == "__main__":
    main()
