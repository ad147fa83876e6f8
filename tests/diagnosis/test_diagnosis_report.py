"""A report: its order, its phrase, as text, table and page; and what was announced stays until it is clearly gone."""

import math
from itertools import pairwise

import numpy as np
import pytest

from astuner_nb.core.errors import BadValue
from astuner_nb.core.series import History, Series
from astuner_nb.diagnosis.diagnose import diagnose
from astuner_nb.diagnosis.findings import Finding, Phase, Severity
from astuner_nb.diagnosis.report import COLUMNS, Report
from astuner_nb.diagnosis.rule import Rule
from astuner_nb.diagnosis.rules import RULES
from astuner_nb.diagnosis.thresholds import Thresholds

EVIL = "<script>alert('x')</script>"


def history(**curves):
    steps = {name: np.arange(1, len(value) + 1, dtype=float) for name, value in curves.items()}
    return History(
        {name: Series(name, steps[name], np.asarray(value, float), steps[name]) for name, value in curves.items()}
    )


def collapsed(n=120, at=60, depth=0.75):
    rng = np.random.default_rng(3)
    rate = np.interp(np.arange(n), [20, 45, at, at + 2], [0.1, 0.9, 0.9, 0.9 - depth])
    return history(success_rate=rng.binomial(128, rate) / 128)


def test_the_most_important_comes_first_and_gives_the_phrase():
    report = diagnose(collapsed(), state="finished", config={"lr": 0.01, "kl_loss_coef": 0.0})
    first = report.findings[0]
    assert (first.kind, first.severity) == ("collapse", Severity.ALARM)
    assert report.phrase == f"collapsed at {first.start:g}"
    assert abs(first.start - 61) <= 2
    assert report.alarms == (first,) == report.of("collapse")
    assert [f.severity for f in report.findings] == sorted((f.severity for f in report.findings), reverse=True)
    assert "success rate fell 0.7" in first.text
    assert "× the noise" in first.text
    assert "Lower lr from 0.01 to 0.001–0.00333, or raise kl_loss_coef from 0 to 0.01" in first.advice
    assert f"up to step {first.start:g}" in first.advice


def test_phases_follow_each_other():
    phases = diagnose(collapsed(), state="finished").phases
    assert [phase.kind for phase in phases] == ["initial", "learning", "convergence"]
    assert all(one.end == other.start for one, other in pairwise(phases))
    assert phases[-1].end <= 63


def test_it_is_a_text_and_a_table():
    report = diagnose(collapsed(), state="finished")
    lines = str(report).splitlines()
    assert lines[0] == report.phrase
    assert any("→ Lower lr by 3–10 ×" in line for line in lines)
    frame = report.to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame.kind.tolist() == [finding.kind for finding in report.findings]
    assert frame.severity[0] == "alarm"
    assert frame.evidence[0]["depth"] == pytest.approx(0.75, abs=0.05)
    assert Report().to_frame().empty


def test_no_text_becomes_a_page():
    finding = Finding(EVIL, 1, 2, Severity.NOTE, EVIL, {EVIL: 1.0}, EVIL, EVIL, EVIL)
    page = Report((finding,), (Phase(EVIL, 1, 2, EVIL, EVIL),), (EVIL,))._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 6
    values = np.where(np.arange(40) > 20, math.nan, 1.0)
    shown = diagnose(history(**{EVIL: values, "reward": np.ones(40)}))
    assert shown.of("nan")
    assert "<script" not in shown._repr_html_()


def test_reports_of_the_same_findings_are_equal():
    assert diagnose(collapsed(), state="finished") == diagnose(collapsed(), state="finished")
    assert diagnose(collapsed(), state="finished") != diagnose(collapsed(at=70), state="finished")


def kl(level):
    return history(reward=np.zeros(40), kl=np.where(np.arange(40) < 20, 0.01, level))


def test_what_was_announced_stays_until_it_is_clearly_gone():
    high, middle, low = kl(0.5), kl(0.35), kl(0.2)
    assert diagnose(high).of("kl_runaway")
    assert not diagnose(middle).of("kl_runaway")
    announced = diagnose(high)
    kept = diagnose(middle, before=announced)
    assert kept.of("kl_runaway")
    assert diagnose(middle, before=kept).of("kl_runaway")
    gone = diagnose(low, before=kept)
    assert not gone.of("kl_runaway")
    assert not diagnose(middle, before=gone).of("kl_runaway")


def test_a_collapse_that_is_kept_is_not_a_drop_besides():
    announced = diagnose(collapsed(), state="running")
    assert announced.of("collapse")
    rng = np.random.default_rng(3)
    rate = np.interp(np.arange(160), [20, 45, 60, 62, 120, 122], [0.1, 0.9, 0.9, 0.15, 0.15, 0.55])
    half_back = history(success_rate=rng.binomial(128, rate) / 128)
    assert diagnose(half_back, state="running").of("drop")
    kept = diagnose(half_back, state="running", before=announced)
    assert kept.of("collapse")
    assert not kept.of("drop")


def test_eased_thresholds_find_more():
    eased, usual = Thresholds().eased(), Thresholds()
    assert eased.fall_share < usual.fall_share
    assert eased.kl_high < usual.kl_high
    assert eased.recovered_share > usual.recovered_share
    assert eased.entropy_share > usual.entropy_share
    assert eased.min_points == usual.min_points


@pytest.mark.parametrize("value", [-1, 2, math.nan, "0.5", True, None])
def test_a_threshold_out_of_its_range_is_refused(value):
    with pytest.raises(BadValue, match=r"fall_share.*Give"):
        Thresholds(fall_share=value)


def slow(case):
    curve = case.curves["step_time"]
    if curve.value[-1] > 2 * np.median(curve.value):
        yield Finding("slow", curve.start, curve.end, Severity.NOTE, "the last step took twice the usual time")


SLOW = Rule("slow steps", ("slow",), ("step_time",), slow)


def test_a_rule_of_ones_own_is_asked_where_its_metrics_are():
    taken = [1.0] * 30 + [5.0]
    own = diagnose(history(reward=np.zeros(31), step_time=taken), rules=(*RULES, SLOW))
    assert own.of("slow")
    assert own.of("plateau_low")
    assert not diagnose(history(reward=np.zeros(31)), rules=(SLOW,)).findings


def raising(case):
    yield Finding("half", 0, 0, Severity.NOTE, "said before it failed")
    raise RuntimeError(EVIL)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("mine", ("half",), (), raising),
        Rule("mine", (), (), lambda case: [1]),
        Rule("mine", (), (), lambda case: None),
        raising,
    ],
)
def test_a_broken_rule_is_told_and_breaks_nothing(rule):
    report = diagnose(collapsed(), state="finished", rules=(rule, *RULES))
    assert report.phrase.startswith("collapsed")
    (trouble,) = report.troubles
    assert "failed with" in trouble
    assert trouble in str(report)
    assert "<script" not in report._repr_html_()


@pytest.mark.parametrize("value", [0.0, -3.0, 0.5])
def test_a_reward_that_never_moves_is_flat(value):
    report = diagnose(history(reward=np.full(60, value)), state="finished")
    assert report.phrase == "flat"
    (flat,) = report.of("plateau_low")
    assert flat.evidence["level"] == value


@pytest.mark.parametrize("state", ["running", "finished"])
def test_a_run_that_goes_on_is_given_time_before_it_is_called_flat(state):
    early = history(reward=np.random.default_rng(0).normal(size=20))
    found = diagnose(early, state=state, config={"total_steps": 300}).of("plateau_low")
    assert bool(found) is (state == "finished")
