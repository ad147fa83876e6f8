"""Whatever is logged, a report comes: within the run's span, in finite numbers, the same at any scale."""

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.core.series import History, Series
from astuner_nb.diagnosis.diagnose import diagnose
from astuner_nb.diagnosis.findings import PLATEAUS
from astuner_nb.diagnosis.rules import ORDER, RULES
from astuner_nb.diagnosis.thresholds import DEFAULT, Thresholds
from astuner_nb.diagnosis.words import number

from .curves import half

NAMES = [
    "reward",
    "success_rate",
    "loss",
    "kl",
    "entropy",
    "grad_norm",
    "response_length",
    "adv_zero_groups",
    "val/success_rate",
    "truncated_frac",
    "mine",
    "<b>",
    "",
]
NUMBERS = st.one_of(st.floats(), st.floats(-2, 2), st.sampled_from([0.0, 1.0, -1e308, 1e308, 5e-324]))
STATES = st.sampled_from([None, "running", "finished", "failed", "lost", "starting"])


@st.composite
def histories(draw):
    made = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4)):
        values = draw(st.lists(NUMBERS, max_size=60))
        steps = draw(st.lists(st.one_of(st.integers(0, 80), st.floats()), min_size=len(values), max_size=len(values)))
        if draw(st.booleans()):
            steps = range(len(values))
        times = draw(st.sampled_from([math.nan, 1.7e9]))
        made[name] = Series(name, np.array(steps, float), np.array(values, float), np.full(len(values), times))
    return History(made)


@given(histories(), STATES, st.sampled_from([None, 1.8e9]))
@settings(max_examples=150)
def test_garbage_is_read_without_trouble(history, state, now):
    report = diagnose(history, state=state, now=now)
    assert report.troubles == ()
    check(report, history)
    again = diagnose(history, state=state, now=now, before=report)
    assert again.troubles == ()
    assert 0 < len(report.phrase) <= 28
    assert str(report)
    assert report._repr_html_()


def check(report, history):
    steps = np.concatenate([series.step for series in history.values()] or [np.zeros(0)])
    steps = steps[np.isfinite(steps)] if len(steps) else np.zeros(1)
    low, high = (min(steps.min(), 0), max(steps.max(), 0)) if len(steps) else (0, 0)
    for part in (*report.findings, *report.phases):
        assert low <= part.start <= part.end <= high
    for finding in report.findings:
        assert finding.kind in ORDER
        assert finding.evidence
        assert all(math.isfinite(value) for value in finding.evidence.values())
        assert finding.text
        assert finding.kind not in PLATEAUS or "level" in finding.evidence


@pytest.mark.parametrize("place", range(0, 570, 7))
def test_the_numbers_of_the_evidence_stand_in_the_sentence(place):
    run = half_of_them()[place]
    report = diagnose(run.history, state="finished", config=run.config)
    check(report, run.history)
    for finding in report.findings:
        written = {
            form
            for value in finding.evidence.values()
            for form in (number(value), f"{value:.0f}", f"{100 * value:.0f} %")
        }
        assert any(form in finding.text for form in written), finding


@cache
def half_of_them():
    return half("tuning")


@given(st.integers(0, 18), st.integers(0, 29), st.integers(-30, 30), st.floats(-100, 100))
@settings(max_examples=60)
def test_scale_and_offset_of_a_reward_change_nothing(family, member, power, shift):
    run = half_of_them()[30 * family + member]
    reward = run.history.get("reward")
    if reward is None:
        return
    scale = 2.0**power
    moved = Series("reward", reward.step, (reward.value + shift * np.ptp(reward.value)) * scale, reward.time)
    one, other = (diagnose(History({**run.history, "reward": series}), state="finished") for series in (reward, moved))
    assert [f.kind for f in one.findings] == [f.kind for f in other.findings]
    assert [(f.start, f.end) for f in one.findings] == [(f.start, f.end) for f in other.findings]
    assert [(p.kind, p.start, p.end) for p in one.phases] == [(p.kind, p.start, p.end) for p in other.phases]


@given(st.integers(0, 569))
@settings(max_examples=40)
def test_the_loss_is_never_read_as_quality(place):
    run = half_of_them()[place]
    if "loss" not in run.history or "nan" in run.kinds:
        return
    falling = Series("loss", np.arange(50.0), np.linspace(5, 0, 50), np.full(50, math.nan))
    without = {name: series for name, series in run.history.items() if name != "loss"}
    one = diagnose(History(without), state="finished")
    assert one == diagnose(History({**without, "loss": falling}), state="finished")


@given(st.data())
@settings(max_examples=30)
def test_any_thresholds_in_their_range_will_do(data):
    run = half_of_them()[data.draw(st.integers(0, 569))]
    limits = {name: spec.metadata for name, spec in Thresholds.__dataclass_fields__.items()}
    some = data.draw(st.lists(st.sampled_from(sorted(limits)), max_size=5, unique=True))
    values = {}
    for name in some:
        whole = isinstance(getattr(DEFAULT, name), int)
        low, high = limits[name]["low"], limits[name]["high"]
        values[name] = data.draw(st.integers(low, high) if whole else st.floats(low, high))
    report = diagnose(run.history, thresholds=Thresholds(**values))
    assert report.troubles == ()
    assert all(kind in ORDER for rule in RULES for kind in rule.kinds)


@pytest.mark.parametrize("value", [[], [1.0], [1.0, 2.0], [3.0] * 500, [math.nan] * 40, [math.inf, -math.inf] * 20])
def test_next_to_nothing_is_read(value):
    steps = np.arange(len(value), dtype=float)
    history = History({"reward": Series("reward", steps, np.array(value, float), steps)})
    report = diagnose(history)
    assert report.troubles == ()
    check(report, history)
