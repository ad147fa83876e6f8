"""The board on a headless view: whatever it says, carried out on plain lists, gives the histories back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.charts.board import AddCurve, AddFigure, Board, Clear, Extend, Show, Style
from astuner_nb.charts.palette import COLOURS, colour
from astuner_nb.core.metrics import FIVE


class HeadlessView:
    """Carries out changes on lists: what `LiveFigure` does, without a browser."""

    def __init__(self):
        self.order, self.curves = [], {}

    def apply(self, changes):
        for change in changes:
            match change:
                case AddFigure():
                    self.order.insert(change.position, change.metric.name)
                    self.curves[change.metric.name] = []
                case AddCurve():
                    new = {"run": change.run_id, "name": change.name, "visible": change.visible, "x": [], "y": []}
                    self.curves[change.metric].append(new)
                case Extend():
                    for number, (x, y) in change.points.items():
                        self.curves[change.metric][number]["x"] += list(x)
                        self.curves[change.metric][number]["y"] += list(y)
                case Clear():
                    for number in change.curves:
                        self.curves[change.metric][number].update(x=[], y=[])
                case Show():
                    for number, visible in change.visible.items():
                        self.curves[change.metric][number]["visible"] = visible

    def of(self, run_id):
        return {c["name"]: (c["x"], c["y"]) for curves in self.curves.values() for c in curves if c["run"] == run_id}


def points(*steps):
    steps = np.array(steps, float)
    return steps, steps * 10


def board_and_view(metrics=()):
    board, view = Board(metrics), HeadlessView()
    view.apply(board.begin())
    return board, view


def test_the_five_figures_stand_there_before_the_first_point():
    _, view = board_and_view(FIVE)
    assert view.order == ["reward", "success_rate", "loss", "response_length", "kl"]


def test_with_given_figures_no_other_is_added_and_held_out_points_join_theirs():
    board, view = board_and_view(FIVE)
    board.add_run("a", Style("#1", "a", "red"))
    view.apply(board.grow({"a": {"reward": points(1, 2), "entropy": points(1), "val/reward": points(2)}}))
    assert len(view.order) == 5
    assert [curve["name"] for curve in view.curves["reward"]] == ["reward", "val/reward"]


def test_without_given_figures_each_metric_gets_one_known_names_first():
    board, view = board_and_view()
    board.add_run("a", Style("#1", "a", "red"))
    view.apply(board.grow({"a": {"zeta": points(1)}}))
    view.apply(board.grow({"a": {"loss": points(1), "val/loss": points(1)}}))
    assert view.order == ["loss", "zeta"]
    assert board.metrics == ["loss", "zeta"]


def test_runs_that_grow_in_one_turn_are_drawn_once_a_figure():
    board, _ = board_and_view(FIVE)
    for run_id in "ab":
        board.add_run(run_id, Style("#1", run_id, "red"))
    changes = board.grow({"a": {"reward": points(1)}, "b": {"reward": points(1)}})
    extends = [change for change in changes if isinstance(change, Extend)]
    assert len(extends) == 1
    assert set(extends[0].points) == {0, 1}


def test_hidden_runs_stay_hidden_when_they_grow_and_come_back_when_shown():
    board, view = board_and_view(FIVE)
    board.add_run("a", Style("#1", "a", "red"))
    view.apply(board.grow({"a": {"loss": points(1)}}))
    view.apply(board.show_only([], dict))
    view.apply(board.grow({"a": {"loss": points(2), "kl": points(2)}}))
    assert [view.curves[name][0]["visible"] for name in ("loss", "kl")] == [False, False]
    view.apply(board.show_only(["a"], dict))
    assert [view.curves[name][0]["visible"] for name in ("loss", "kl")] == [True, True]
    assert view.of("a") == {"loss": ([1, 2], [10, 20]), "kl": ([2], [20])}


def test_a_run_that_was_never_shown_has_no_curves_and_gets_all_its_points_when_it_is():
    board, view = board_and_view(FIVE)
    board.add_run("a", Style("#1", "a", "red"), visible=False)
    assert board.grow({"a": {"loss": points(1)}}) == []
    view.apply(board.show_only(["a", "unknown"], lambda run_id: {"loss": points(1)}))
    view.apply(board.grow({"a": {"loss": points(2)}}))
    assert view.of("a") == {"loss": ([1, 2], [10, 20])}
    assert view.curves["loss"][0]["visible"] is True


def test_a_restart_clears_the_points_of_that_run_alone():
    board, view = board_and_view(FIVE)
    for run_id in "ab":
        board.add_run(run_id, Style("#1", run_id, "red"))
        view.apply(board.grow({run_id: {"loss": points(1, 2)}}))
    view.apply(board.restart("a"))
    view.apply(board.grow({"a": {"loss": points(7)}}))
    assert view.of("a")["loss"] == ([7], [70])
    assert view.of("b")["loss"] == ([1, 2], [10, 20])


turns = st.lists(
    st.dictionaries(
        st.sampled_from("abc"),
        st.dictionaries(
            st.sampled_from(["loss", "reward", "val/reward", "x", "y/z"]), st.lists(st.integers(0, 99), max_size=3)
        ),
    ),
    max_size=8,
)


@given(turns)
def test_any_sequence_of_turns_draws_every_point_once_and_in_order(sequence):
    board, view = board_and_view()
    for run_id in "abc":
        board.add_run(run_id, Style("#1", run_id, "red"))
    expected = {}
    for turn in sequence:
        view.apply(board.grow({run: {k: points(*v) for k, v in metrics.items()} for run, metrics in turn.items()}))
        for run, metrics in turn.items():
            for name, steps in metrics.items():
                expected.setdefault(run, {}).setdefault(name, []).extend(steps)
    for run in "abc":
        assert {name: x for name, (x, _) in view.of(run).items()} == expected.get(run, {})
    assert view.order == board.metrics


def test_colours_are_told_apart_and_come_again():
    assert len(set(COLOURS)) == len(COLOURS)
    assert colour(0) == colour(len(COLOURS))
