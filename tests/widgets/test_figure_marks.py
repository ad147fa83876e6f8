"""Marks on live figures: what is another than before is all that travels, and a click on one is no click on a run."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from plotly.callbacks import InputDeviceState

from astuner_nb.live_figure.in_page import heard
from astuner_nb.views.pictures.picture import Axis, Mark

from .test_figures import connected, line, picture

NAN = float("nan")
BLUE = "#0a7bc4"
KEYS = InputDeviceState()
BEST = Mark("best", 2, 2, 3.0, "Best: 3 at step 2.", BLUE)
TICK = Mark("checkpoint", 1, 1, 2.0, "Checkpoint of step 1.", BLUE)
BAR = Mark("plateau", 1, 2, 2.5, "stays", BLUE)
FIRST = Mark("phase", 0, 1, NAN, "flat", BLUE, "initial")
SECOND = Mark("phase", 1, 2, NAN, "rises", BLUE, "learning")
CURVE = line("a", grows=True)


@pytest.fixture
def page(monkeypatch):
    return connected(monkeypatch)


def marked(*marks: Mark, curve=CURVE, **more):
    return picture(curve, marks=marks, **more)


def names(page):
    return [trace.name for trace in page.figure.data if trace.visible]


def test_a_figure_without_marks_is_told_what_it_was_told_before(page):
    page.show(marked())
    assert names(page) == ["a"]
    assert page.figure.layout.hoverdistance is None
    assert not {"shapes", "annotations"} & page.figure.to_dict()["layout"].keys()


def test_marks_come_after_the_curves_in_two_traces(page):
    assert "add" in page.show(marked(BEST, TICK, BAR, FIRST))
    assert names(page) == ["a", "plateaus", "marks"]
    assert len(page.figure.layout.shapes) == len(page.figure.layout.annotations) == 1


def test_the_same_marks_send_nothing(page):
    page.show(marked(BEST, BAR, FIRST, SECOND))
    assert page.show(marked(BEST, BAR, FIRST, SECOND)) == []
    assert page.show(marked(*(replace(mark) for mark in (BEST, BAR, FIRST, SECOND)))) == []


def test_a_mark_that_moves_sends_its_place_and_words_and_nothing_of_the_curve(page):
    page.show(marked(BEST, TICK))
    [message] = page.told(marked(replace(BEST, x=1, x_end=1, y=2.0, text="Best: 2 at step 1."), TICK))
    assert sorted(".".join(path) for _, path, _ in message["traces"]) == ["hovertext", "x", "y"]
    assert message["layout"] == []


def test_a_phase_that_grows_sends_its_end_alone(page):
    page.show(marked(FIRST, SECOND))
    longer = line("a", (1, 2, 3, 4), grows=True)
    told = page.told(marked(FIRST, replace(SECOND, x_end=3), curve=longer))
    edits = [edit for message in told if message["op"] == "set" for edit in message["layout"]]
    assert edits == [[["shapes", 1, "x1"], 3]]
    assert page.figure.layout.shapes[1].x1 == 3
    assert page.figure.layout.shapes[0].x1 == 1


def test_phases_come_and_go(page):
    page.show(marked(FIRST))
    page.show(marked(FIRST, SECOND))
    assert [shape.x0 for shape in page.figure.layout.shapes] == [0, 1]
    page.show(marked(SECOND))
    assert [shape.x0 for shape in page.figure.layout.shapes] == [1]
    assert [name.text for name in page.figure.layout.annotations] == ["learning"]
    page.show(marked())
    assert (page.figure.layout.shapes, page.figure.layout.annotations) == ((), ())


def test_marks_that_are_gone_are_hidden_and_come_back_in_place(page):
    page.show(marked(BEST, BAR))
    assert page.show(marked()) == ["set", "set"]
    assert names(page) == ["a"]
    assert page.figure.layout.hoverdistance is None
    assert page.show(marked()) == []
    page.show(marked(TICK))
    assert names(page) == ["a", "marks"]
    assert page.figure.data[2].hovertext == (TICK.text,)
    assert len(page.figure.data) == 3


def test_more_marks_lengthen_every_list_of_their_trace(page):
    page.show(marked(BEST))
    page.show(marked(TICK, BEST))
    points = page.figure.data[1]
    assert len(points.x) == len(points.y) == len(points.hovertext) == len(points.marker.symbol) == 2
    assert list(points.marker.size) == [8, 12]


def test_another_axis_begins_anew(page):
    page.show(marked(BEST, BAR))
    page.show(marked(replace(BEST, x=1.7e9, x_end=1.7e9), axis=Axis("", "date")))
    assert names(page) == ["a", "marks"]
    assert list(page.figure.data[1].x) == [1.7e12]


def test_a_click_on_a_mark_means_it_and_not_a_run(page):
    page.show(marked(TICK, BEST))
    click(page, 1, 2, 3.0)
    assert (page.marks, page.picks) == ([BEST], [])
    click(page, 0, 2, 3.0)
    assert (page.marks, page.picks) == ([BEST], [("a", False)])


def test_of_two_marks_at_one_place_the_front_one_is_clicked(page):
    alarm = replace(BEST, kind="alarm", text="Fell.")
    page.show(marked(BEST, alarm))
    click(page, 1, 2, 3.0)
    assert page.marks == [alarm]


def test_a_date_comes_back_as_a_text_and_an_unknown_place_is_none(page):
    moment = replace(BEST, x=1.7e9, x_end=1.7e9)
    page.show(marked(moment, axis=Axis("", "date")))
    click(page, 1, "2023-11-14 22:13:20", 3.0)
    assert page.marks == [moment]
    click(page, 1, 7.0, 3.0)
    click(page, 1, None, None)
    assert (page.marks, page.picks) == ([moment], [])


def click(page, trace, x, y):
    """What the page says of a click."""
    point = {"trace": trace, "index": 0, "x": x, "y": y}
    heard(page.figure, {"op": "event", "name": "click", "points": [point], "device": {}}, None)


def test_thirty_checkpoints_are_a_few_kilobytes(page):
    ticks = [Mark("checkpoint", n / 20, n / 20, 2.0, f"Checkpoint of step {n}.", BLUE) for n in range(30)]
    page.show(marked(*ticks, BEST))
    [message] = page.told(marked(*ticks, replace(BEST, x=1.5, x_end=1.5)))
    assert len(json.dumps(message)) < 500
    [message] = page.told(marked(*ticks, TICK, BEST))
    assert len(json.dumps(message)) < 5_000


def test_hostile_words_are_text(page):
    evil = "<script>alert(1)</script> %{y} $x$ <img src=x onerror=alert(2)>"
    page.show(marked(*(replace(mark, text=evil, label="<script>$x$") for mark in (BEST, BAR, FIRST))))
    state = json.dumps(
        [
            page.figure.data[1].hovertext,
            page.figure.data[2].hovertext,
            *(name.to_plotly_json() for name in page.figure.layout.annotations),
        ]
    )
    assert state.count("&lt;script&gt;") >= 4
    assert not any(sign in state for sign in ("<script", "<img", "%{", "$x"))
