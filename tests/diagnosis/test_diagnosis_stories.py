"""The six presets of the built-in training, held-out seeds: their stories are told, in time, without false alarms."""

import pytest

from .scores import flips, tells_its_story, trained

HELD_OUT = trained("held_out")
IN_TIME_STEPS = 15
FALL_BY = 15
"""The step by which every "too hot" has fallen."""


def named(presets):
    runs = [run for run in HELD_OUT if run.preset in presets]
    return pytest.mark.parametrize("run", runs, ids=[f"{run.preset} {run.seed}" for run in runs])


@named({"good", "too hot", "unstable", "too cold", "leashed", "no clip"})
def test_each_story_is_told(run):
    report = run.report()
    assert tells_its_story(run, report), str(report)
    assert report.troubles == ()


@named({"good"})
def test_good_learns_and_then_converges(run):
    kinds = [phase.kind for phase in run.report().phases]
    assert kinds == ["initial", "learning", "convergence"]
    assert run.report().phrase.startswith("converged at ")


@named({"leashed"})
def test_leashed_is_told_to_loosen_its_leash(run):
    (capped,) = run.report().of("plateau_capped")
    assert "Lower kl_loss_coef from 1 to 0.01–0.1" in capped.advice


@pytest.mark.parametrize(
    "run",
    [run for half in ("tuning", "held_out") for run in trained(half) if run.preset == "too hot"],
    ids=lambda run: str(run.seed),
)
def test_a_collapse_is_announced_in_time_and_stays(run):
    reports = list(run.replay())
    announced = next(step for step, report in reports if report.of("collapse"))
    (first,) = dict(reports)[announced].of("collapse")
    assert announced - first.start <= IN_TIME_STEPS
    assert first.start <= FALL_BY
    assert "Lower lr from 0.01 to 0.001" in first.advice
    assert all(report.of("collapse") for step, report in reports if step >= announced)


@named({"good", "leashed", "too cold"})
def test_no_alarm_is_raised_in_any_prefix_and_little_is_taken_back(run):
    reports = [report for _, report in run.replay()]
    assert not any(report.alarms for report in reports)
    assert flips(reports) <= 1


@named({"good"})
def test_a_live_run_is_not_called_flat_before_it_learns(run):
    assert not any(report.of("plateau_low") for _, report in run.replay())
