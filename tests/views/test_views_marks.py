"""What is said of one run on its figures: which marks there are, where they lie, and what is told of them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.metrics import Metric
from astuner_nb.core.run import Change, Checkpoint, Parent
from astuner_nb.core.series import History, Series
from astuner_nb.diagnosis.findings import PLATEAUS, Finding, Phase, Severity
from astuner_nb.training import keeper
from astuner_nb.views.milestones import Milestones
from astuner_nb.views.pictures import marks as marking
from astuner_nb.views.pictures.course import Course, course
from astuner_nb.views.pictures.curves import Curve
from astuner_nb.views.pictures.marks import marks_of

from .made_pictures import EVIL

NAN = float("nan")
REWARD, LOSS, ENTROPY = Metric("reward", "reward", "", "higher"), Metric("loss", "loss"), Metric("entropy", "entropy")
KL = Metric("kl", "KL", "nats", "lower")
BLUE = "#0072b2"
STEPS = np.arange(1.0, 101.0)
RISE = np.minimum(STEPS, 60) / 100


def straight(y=RISE, x=STEPS, step=STEPS) -> Course:
    return Course(step, x, np.asarray(y, np.float64))


def finding(kind="drop", start=41.0, severity=Severity.WARNING, metric="reward", text="It fell.", **more) -> Finding:
    return Finding(kind, start, more.pop("end", start), severity, text, metric=metric, **more)


def saved(*steps: int, best: int = -1) -> Milestones:
    return Milestones(tuple(Checkpoint(step, Path(f"step-{step:06}.ckpt"), step == best) for step in steps))


def marks(metric=REWARD, findings=(), phases=(), milestones=Milestones(), courses=None, labelled=True):  # noqa: B008
    there = {metric.name: straight()} if courses is None else courses
    return marks_of(metric, findings, phases, milestones, there, BLUE, labelled=labelled)


def only(kind, found):
    return [mark for mark in found if mark.kind == kind]


# ---- phases and findings


PHASES = [
    Phase("initial", 1, 20, "stays at 0.1"),
    Phase("learning", 21, 60, "rises 0.5"),
    Phase("convergence", 61, 100, "no slope"),
]


def test_phases_join_without_a_strip_between_them_and_are_named_on_one_figure():
    found = only("phase", marks(phases=PHASES))
    assert [(mark.x, mark.x_end) for mark in found] == [(1, 21), (21, 61), (61, 100)]
    assert [mark.label for mark in found] == ["initial", "learning", "convergence"]
    assert [mark.text for mark in found] == ["stays at 0.1", "rises 0.5", "no slope"]
    elsewhere = only("phase", marks(LOSS, phases=PHASES, labelled=False))
    assert {mark.label for mark in elsewhere} == {""}
    assert len(elsewhere) == 3


def test_findings_stand_on_the_curve_of_their_own_figure_and_say_what_to_try():
    grave = finding("collapse", 60, Severity.ALARM, advice="Go back to step 40.")
    slight = finding("spread", 10, Severity.NOTE)
    found = marks(findings=[grave, finding(metric="kl"), finding(metric=""), slight])
    told = [mark for mark in found if mark.kind in ("alarm", "warning", "note")]
    assert [(mark.kind, mark.x, mark.y) for mark in told] == [("note", 10, 0.1), ("alarm", 60, 0.6)]
    assert told[1].text == "It fell. Go back to step 40."
    assert [mark.kind for mark in marks(KL, [finding(metric="kl")])] == ["best", "warning"]


def test_what_a_curve_shows_by_itself_has_no_mark():
    assert not marks(ENTROPY, [finding("rise", metric="entropy"), finding("too_short", metric="entropy")])


def test_a_finding_about_validation_stands_on_the_validation_curve():
    courses = {"reward": straight(), "val/reward": straight(np.full(100, 0.9))}
    [mark] = only("warning", marks(findings=[finding(metric="val/reward")], courses=courses))
    assert (mark.x, mark.y) == (41, 0.9)
    [mark] = only("warning", marks(findings=[finding(metric="val/reward")]))
    assert mark.y == pytest.approx(0.41)


@pytest.mark.parametrize("kind", sorted(PLATEAUS))
def test_a_plateau_is_a_bar_at_its_level(kind):
    [mark] = only("plateau", marks(findings=[finding(kind, 61, end=100, evidence={"level": 0.61})]))
    assert (mark.x, mark.x_end, mark.y) == (61, 100, 0.61)
    [mark] = only("plateau", marks(findings=[finding(kind, 70, end=90)]))
    assert mark.y == pytest.approx(0.6)


def test_a_level_is_found_past_what_is_not_finite():
    y = RISE.copy()
    y[30:] = NAN
    [mark] = only("alarm", marks(findings=[finding("nan", 31, Severity.ALARM)], courses={"reward": straight(y)}))
    assert (mark.x, mark.y) == (31, pytest.approx(0.3))
    assert marks(findings=[finding()], courses={"reward": straight(np.full(100, NAN))}) == ()


# ---- milestones


def test_the_best_record_is_the_logged_one_and_the_first_of_equals():
    y = RISE + 0.0
    y[33] = 0.95
    found = marks(courses={"reward": Course(STEPS, STEPS, y, np.full(100, 0.5))})
    [best] = only("best", found)
    assert (best.x, best.y, best.text) == (34, 0.95, "Best: 0.95 at step 34.")
    [lowest] = only("best", marks(KL))
    assert lowest.x == 1
    assert only("best", marks(REWARD))[0].x == 60
    assert not only("best", marks(LOSS))


def test_the_best_checkpoint_is_judged_by_several_records():
    y = np.full(100, 0.5)
    y[49], y[78:82] = 1.0, 0.7
    found = marks(milestones=saved(50, 80, 100, best=80), courses={"reward": straight(y)})
    [star] = only("best_checkpoint", found)
    assert star.x == 80
    assert star.text == "Best checkpoint: step 80, 0.7 is the mean of the 4 records around it, kept by keep_best."
    assert [mark.x for mark in only("checkpoint", found)] == [50, 100]


def test_the_star_and_what_is_kept_on_disk_follow_one_rule():
    assert (marking.BEFORE, marking.AFTER) == (keeper.BEFORE, keeper.AFTER)


def test_lower_is_better_where_it_is_and_nothing_is_best_where_nobody_can_tell():
    assert only("best_checkpoint", marks(KL, milestones=saved(20, 80)))[0].x == 20
    found = marks(LOSS, milestones=saved(20, 80, best=80))
    assert [mark.text for mark in found] == ["Checkpoint of step 20.", "Checkpoint of step 80, kept by keep_best."]


def test_a_checkpoint_from_before_the_first_record_is_a_tick():
    late = {"reward": straight(RISE[40:], STEPS[40:], STEPS[40:])}
    found = marks(milestones=saved(10, 41), courses=late)
    assert [mark.x for mark in only("checkpoint", found)] == [41]
    assert "step 41, 0.42 is the mean of the 3 records" in only("best_checkpoint", found)[0].text


def test_changes_say_from_which_value_to_which_and_refused_ones_are_left_out():
    changes = (
        Change(57, {"lr": 3e-5}, 0.0),
        Change(60, {"lr": -1.0}, 0.0, "lr must be positive"),
        Change(70, {"lr": 1e-5, "kl_loss_coef": 0.1}, 0.0),
    )
    found = only("change", marks(LOSS, milestones=Milestones(changes=changes, config={"lr": 1e-4})))
    assert [(mark.x, mark.text) for mark in found] == [
        (57, "lr 0.0001 → 3e-05 from step 57"),
        (70, "lr 3e-05 → 1e-05, kl_loss_coef 0.1 from step 70"),
    ]


def test_a_branch_stands_where_the_run_begins():
    late = {"reward": straight(RISE[40:], STEPS[40:], STEPS[40:])}
    [mark] = only("branch", marks(milestones=Milestones(parent=Parent("k", 40, "#2")), courses=late))
    assert (mark.x, mark.y, mark.text) == (41, 0.41, "Went on from #2 at 40.")
    [nameless] = only("branch", marks(milestones=Milestones(parent=Parent("k", 40))))
    assert nameless.text == "Went on from k at 40."


def test_without_a_curve_there_is_nothing_to_mark():
    assert marks(findings=[finding()], phases=PHASES, milestones=saved(1), courses={}) == ()
    nothing = Course(np.zeros(0), np.zeros(0), np.zeros(0))
    assert marks(findings=[finding()], phases=PHASES, milestones=saved(1), courses={"reward": nothing}) == ()


# ---- other axes


def history(step, value, time):
    return History({"reward": Series("reward", *(np.asarray(each, np.float64) for each in (step, value, time)))})


def test_steps_have_their_place_on_an_axis_of_time():
    run = history(STEPS, RISE, 1e9 + 2 * STEPS)
    on_time = course(run, "reward", "time", Curve(2 * (STEPS - 1), RISE, RISE))
    found = marks(findings=[finding()], phases=PHASES, courses={"reward": on_time})
    assert [mark.x for mark in only("warning", found)] == [80]
    assert [mark.x_end for mark in only("phase", found)] == [40, 120, 198]


def test_a_step_that_was_logged_again_lies_where_it_was_last():
    run = history([1, 2, 3, 2, 3], [0.1, 0.2, 0.3, 0.8, 0.9], [0, 10, 20, 30, 40])
    x, y = np.arange(0.0, 50, 10), run["reward"].value
    resumed = course(run, "reward", "time", Curve(x, y, y))
    assert (resumed.step.tolist(), resumed.x.tolist()) == ([1, 2, 3], [0, 30, 40])
    assert resumed.level(2) == 0.8


def test_on_an_axis_that_goes_back_places_are_marked_and_stretches_are_not():
    there_and_back = {"reward": straight(x=np.abs(STEPS - 50))}
    plateau = finding("plateau_low", 10, end=90)
    found = marks(LOSS, [finding(metric="loss"), plateau], PHASES, saved(30), there_and_back)
    assert [(mark.kind, mark.x) for mark in found] == [("checkpoint", 20), ("warning", 9)]
    assert not only("plateau", marks(findings=[plateau], courses=there_and_back))


ANY = st.floats(allow_nan=True, allow_infinity=True)
NUMBERS = st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), ANY), max_size=12)
KINDS = st.sampled_from(["drop", "plateau_low", "rise", EVIL])
FINDINGS = st.lists(st.tuples(KINDS, ANY, ANY, st.sampled_from(Severity), ANY), max_size=6)
SPANS = st.lists(st.tuples(ANY, ANY), max_size=4)


@given(NUMBERS, FINDINGS, SPANS, st.lists(st.integers(-5, 500), max_size=5), st.sampled_from([REWARD, KL, LOSS]))
def test_whatever_is_found_every_mark_has_a_place_within_its_curve(points, found, spans, steps, metric):
    step, x, y = (np.array(column) for column in zip(*points, strict=True)) if points else (np.zeros(0),) * 3
    made = marks_of(
        metric,
        [Finding(k, a, b, how, EVIL, {"level": level}, EVIL, metric.name) for k, a, b, how, level in found],
        [Phase("learning", start, end, EVIL) for start, end in spans],
        Milestones(saved(*steps).checkpoints, (Change(3, {"lr": 1}, 0.0),), Parent("k", 3)),
        {metric.name: Course(step, x, y)},
        BLUE,
        labelled=True,
    )
    for mark in made:
        assert x.min() <= mark.x <= mark.x_end <= x.max()
        assert math.isfinite(mark.y) or mark.kind == "phase"
