"""The moves of a run, and how metrics are named."""

import pytest

from astuner_nb.core.metrics import FIVE, describe, figure_of, is_sparse, known_first
from astuner_nb.core.states import ENDED, RunState


def test_no_end_leads_back_to_life():
    for state in ENDED:
        assert state.ended
        assert not state.may_become(RunState.RUNNING)
        assert state.may_become(state)


def test_a_lost_run_may_still_turn_out_to_have_ended():
    assert RunState.LOST.may_become(RunState.FINISHED)
    assert not RunState.FINISHED.may_become(RunState.LOST)


def test_known_metrics_come_first_in_the_order_of_the_panel():
    names = ["zeta", "kl", "val/reward", "reward", "zeta"]
    assert known_first(names) == ["reward", "kl", "val/reward", "zeta"]
    assert [metric.name for metric in FIVE] == ["reward", "success_rate", "loss", "response_length", "kl"]


@pytest.mark.parametrize(
    ("name", "figure", "sparse"),
    [
        ("loss", "loss", False),
        ("val/reward", "reward", True),
        ("eval/x", "x", True),
        ("val/", "val/", True),
        ("value", "value", False),
    ],
)
def test_held_out_metrics_share_the_figure_of_what_they_measure(name, figure, sparse):
    assert figure_of(name) == figure
    assert is_sparse(name) is sparse


def test_an_unknown_metric_keeps_its_own_name():
    assert describe("my/metric").title == "my/metric"
    assert describe("kl").unit == "nats/token"
