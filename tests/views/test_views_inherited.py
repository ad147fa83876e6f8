"""A run that went on from another: its curve leads on from its parent's, whatever is shown of the parent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from astuner_nb.core.metrics import describe
from astuner_nb.core.run import Parent
from astuner_nb.core.series import History, Series
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.painter import Painter
from astuner_nb.views.pictures.scene import Drawn


def run(key: str, first: int, last: int, level: float, parent: tuple[str, int] | None = None) -> Drawn:
    """A run with the steps from `first` to `last` and a reward of `level` all the way."""
    steps = np.arange(first, last + 1, dtype=np.float64)
    series = Series("reward", steps, np.full(len(steps), level), steps + 1.7e9)
    of = Parent(*parent) if parent else None
    return Drawn(key, f"#{key}", key, "#0a7bc4", {}, History({"reward": series}), parent=of)


def inherited(runs, options=None, shown=None):
    """Run key → its inherited line."""
    keys = [one.key for one in runs]
    seen = keys if shown is None else shown
    picture = Painter(describe).picture("reward", runs, set(seen), seen, options or ViewOptions())
    return {line.run: line for line in picture.lines if line.id.endswith("/inherited")}


def test_a_child_s_line_leads_from_its_parent_s_curve_to_its_own_first_point():
    line = inherited([run("p", 1, 9, 0.5), run("c", 5, 9, 0.8, ("p", 4))])["c"]
    assert line.x.tolist() == [1, 2, 3, 4, 5]
    assert line.y.tolist() == [0.5, 0.5, 0.5, 0.5, 0.8]
    assert (line.dashed, line.visible, line.mark) == (True, True, "")


def test_of_several_generations_each_is_taken_up_to_where_it_was_left():
    runs = [run("g", 1, 9, 0.1), run("p", 4, 9, 0.2, ("g", 3)), run("c", 7, 9, 0.3, ("p", 6))]
    line = inherited(runs)["c"]
    assert line.x.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert line.y.tolist() == [0.1] * 3 + [0.2] * 3 + [0.3]


def test_a_grandchild_that_left_before_its_parent_began_has_nothing_of_it():
    runs = [run("g", 1, 9, 0.1), run("p", 6, 9, 0.2, ("g", 5)), run("c", 4, 9, 0.3, ("p", 3))]
    assert inherited(runs)["c"].x.tolist() == [1, 2, 3, 4]


def test_a_parent_that_is_out_of_sight_still_lends_its_curve():
    line = inherited([run("p", 1, 9, 0.5), run("c", 5, 9, 0.8, ("p", 4))], shown=["c"])["c"]
    assert (line.visible, len(line.x)) == (True, 5)


@pytest.mark.parametrize("x", ["time", "wall"])
def test_time_begins_anew_with_each_run(x):
    assert inherited([run("p", 1, 9, 0.5), run("c", 5, 9, 0.8, ("p", 4))], ViewOptions(x=x)) == {}


def test_nothing_is_inherited_from_nobody():
    child = run("c", 5, 9, 0.8, ("gone", 4))
    assert inherited([child]) == {}
    assert inherited([replace(child, parent=None)]) == {}


def test_runs_that_claim_to_be_each_other_s_parents_end():
    runs = [run("a", 1, 5, 0.1, ("b", 3)), run("b", 1, 5, 0.2, ("a", 3))]
    assert {key: len(line.x) for key, line in inherited(runs).items()} == {"a": 4, "b": 4}
