"""How often the diagnosis is right about made curves that it was not tuned on: counts, not seconds."""

import pytest

from .curves import BENIGN, FAMILIES, Labelled, half
from .scores import NEAR, borders, by_kind, false_alarms, flips, read, replayed, setbacks

REPLAYED = 40
"""Healthy runs that are read while they grow."""


@pytest.fixture(scope="module")
def told():
    return read(half("held_out"))


def test_drops_and_collapses_are_found_and_placed(told):
    score = setbacks(told)
    assert score.recall >= 0.95, score.missed
    assert score.precision >= 0.95, score.wrong


def test_borders_of_learning_are_near_the_true_ones(told):
    away = borders(told)
    far = [name for name, distance in away if distance > NEAR]
    assert len(far) <= 0.1 * len(away), far


def test_healthy_runs_raise_no_alarm(told):
    wrong, healthy = false_alarms(told)
    assert healthy > 200
    assert len(wrong) <= 0.05 * healthy, wrong


def test_every_kind_is_found_where_it_is_and_nowhere_else(told):
    for kind, score in by_kind(told).items():
        recall, precision = (0.8, 0.95) if kind == "oscillation" else (0.93, 0.93)
        assert score.recall >= recall, (kind, score.missed)
        assert score.precision >= precision, (kind, score.wrong)


def test_no_rule_fails(told):
    assert {trouble for _, report in told for trouble in report.troubles} == set()


def test_a_healthy_run_raises_no_alarm_while_it_grows_and_hardly_takes_a_word_back(told):
    healthy = [run for run, _ in told if run.healthy and run.steps <= 200][:REPLAYED]
    assert len(healthy) == REPLAYED
    reports = {run.name: list(replayed(run, every=10)) for run in healthy}
    alarmed = [name for name, row in reports.items() if any(report.alarms for report in row)]
    assert len(alarmed) <= 0.05 * REPLAYED, alarmed
    assert sum(map(flips, reports.values())) <= REPLAYED


def test_the_halves_are_made_the_same_way_of_other_seeds():
    tuning, held_out = half("tuning"), half("held_out")
    assert [run.name for run in tuning] == [run.name for run in held_out]
    long = [(one, other) for one, other in zip(tuning, held_out, strict=True) if "healthy_short" not in one.name]
    assert all(_values(one) != _values(other) for one, other in long)
    assert {run.name.rpartition(" ")[0] for run in tuning} == {family.__name__ for family in FAMILIES}
    assert all(not (run.kinds - BENIGN) & run.also for run in tuning)


def _values(run: Labelled) -> bytes:
    return next(iter(run.history.values())).value.tobytes()
