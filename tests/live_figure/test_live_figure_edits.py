"""`restyle`: many traces in one message, checked as plotly checks; and arrays of 4-byte numbers on their way."""

from __future__ import annotations

import re
import time

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue
from astuner_nb.live_figure.edits import carry_out, checked


def test_many_traces_change_in_one_message(make):
    figure = make([go.Scatter(y=[1], name=name) for name in "abc"])
    figure.restyle({0: {"visible": False}, 2: {"line.color": "#ff0000", "line_width": 3, "opacity": 0.5}})
    (content,) = figure.comm.of("set")
    assert content["traces"] == [
        [0, ["visible"], False], [2, ["line", "color"], "#ff0000"], [2, ["line", "width"], 3], [2, ["opacity"], 0.5],
    ]  # fmt: skip
    assert figure.data[0].visible is False
    assert figure.data[2].line.color == "#ff0000"
    assert figure.to_dict()["data"][2] == {
        "type": "scatter", "y": [1], "name": "c", "line": {"color": "#ff0000", "width": 3}, "opacity": 0.5,
    }  # fmt: skip


def test_what_is_so_already_is_not_sent(make):
    figure = make([go.Scatter(y=[1], visible=True), go.Scatter(y=[1])])
    figure.restyle({0: {"visible": True}, 1: {"line.dash": None}})
    assert figure.comm.said == []
    figure.restyle({0: {"visible": "legendonly"}, 1: {"visible": True}})
    assert [edit[0] for edit in figure.comm.of("set")[0]["traces"]] == [0, 1]
    figure.restyle({})
    assert len(figure.comm.said) == 1


def test_none_takes_a_property_away(make):
    figure = make([go.Scatter(y=[1], line={"color": "red", "width": 2})])
    figure.restyle({0: {"line.color": None}})
    assert figure.to_dict()["data"][0]["line"] == {"width": 2}
    assert figure.comm.of("set")[0]["traces"] == [[0, ["line", "color"], None]]


@pytest.mark.parametrize("kind", ["f4", "f8", "i4", "i8"])
def test_columns_are_copied_and_travel_as_they_are(make, kind):
    figure = make([go.Scatter(x=[0.0], y=[0.0])])
    x = np.arange(500).astype(kind)
    figure.restyle({0: {"x": x, "y": x}})
    x[0] = 77
    assert figure.data[0].x[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        figure.data[0].x[0] = 1
    content, buffers = figure.comm.said[-1]
    sent = "float64" if kind == "i8" else np.dtype(kind).name  # a page has no 64-bit integers
    assert [edit[2]["nd"] for edit in content["traces"]] == [sent, sent]
    assert [len(buffer) for buffer in buffers] == [500 * np.dtype(sent).itemsize] * 2


def test_float32_travels_as_four_bytes_whichever_way_it_goes(make):
    x = np.arange(100, dtype="f4")
    figure = make([go.Scatter(x=x, y=x)])
    (_, opened, buffers) = figure.comm.messages[0]
    assert opened["state"]["_figure"]["data"][0]["x"] == {"nd": "float32"}
    assert [len(buffer) for buffer in buffers] == [400, 400]
    figure.add_traces([{"type": "scatter", "x": x, "y": x}])
    figure.data[0].y = x + 1
    assert [len(buffer) for _, buffers in figure.comm.said for buffer in buffers] == [400] * 3


def test_points_go_on_behind_new_columns(make):
    figure = make([go.Scatter()])
    figure.extend({0: ([1], [1])})
    figure.restyle({0: {"x": np.array([1.0, 2.0]), "y": np.array([8.0, 9.0])}})
    figure.extend({0: ([3], [10])})
    figure._send_points()
    assert list(figure.data[0].y) == [8, 9, 10]
    assert figure.comm.of("points")[-1]["o"] == [2]


BAD = {
    "no such trace": ({7: {"visible": True}}, "no trace 7"),
    "a negative trace": ({-1: {"visible": True}}, "no trace -1"),
    "a name": ({"a": {"visible": True}}, "no trace 'a'"),
    "no such property": ({1: {"colour": "red"}}, "no property 'colour'"),
    "no such part": ({1: {"line.colour": "red"}}, "no property 'line.colour'"),
    "a group": ({1: {"line": {"color": "red"}}}, "not one property"),
    "the type": ({1: {"type": "bar"}}, "not one property"),
    "an empty name": ({1: {"": 1}}, "no property ''"),
    "a number": ({1: {5: 1}}, "no property 5"),
    "a colour that is none": ({1: {"line.color": "nocolour"}}, "line.color of trace 1 cannot be 'nocolour'"),
    "a number as text": ({1: {"opacity": "half"}}, "opacity of trace 1 cannot be 'half'"),
    "a list": ({1: {"visible": [True, False]}}, "visible of trace 1 cannot be [True, False]"),
    "a scalar for points": ({1: {"x": 5}}, "x of trace 1 cannot be 5"),
}


@pytest.mark.parametrize(("changes", "says"), BAD.values(), ids=BAD)
def test_a_bad_change_is_refused_with_all_others(make, changes, says):
    figure = make([go.Scatter(y=[1]), go.Scatter(y=[1])])
    before = figure.to_dict()
    with pytest.raises(BadValue, match=re.escape(says)):
        figure.restyle({0: {"visible": False}, **changes})
    assert figure.to_dict() == before
    assert figure.comm.said == []


def test_who_listens_to_a_property_hears_of_it(make):
    figure = make([go.Scatter(y=[1]), go.Scatter(y=[1])])
    heard = []
    figure.data[0].on_change(lambda trace, visible: heard.append(visible), "visible")
    figure.data[1].line.on_change(lambda line, color: heard.append(color), "color")
    figure.restyle({0: {"visible": False, "opacity": 1}, 1: {"line.color": "red", "line.width": 2}})
    assert heard == [False, "red"]


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "visible": st.sampled_from([True, False, "legendonly", None]),
        "opacity": st.sampled_from([0, 0.5, 1, None]),
        "name": st.text(max_size=4) | st.none(),
        "line.color": st.sampled_from(["red", "#00ff00", None]),
        "line_width": st.integers(0, 5) | st.none(),
        "marker.line.width": st.sampled_from([0, 1.5, None]),
        "x": st.lists(st.floats(allow_nan=False, width=32), max_size=4),
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.integers(0, 2), VALUES, max_size=3), max_size=4))
def test_it_leaves_what_plotlys_own_way_leaves(steps):
    ours, theirs = (go.Figure([go.Scatter(y=[1]) for _ in range(3)]) for _ in range(2))
    for changes in steps:
        carry_out(checked(changes, ours._data_objs), ours._data)
        for number, properties in changes.items():
            for key, value in properties.items():
                theirs.data[number][key] = value
    assert ours.to_json() == theirs.to_json()


def test_two_hundred_traces_take_milliseconds(make):
    figure = make([go.Scatter(y=[1]) for _ in range(200)])
    took_s = []
    for shade in "0123456":
        start = time.perf_counter()
        figure.restyle({number: {"line.color": f"#0{shade}0000", "visible": True} for number in range(200)})
        took_s.append(time.perf_counter() - start)
    assert min(took_s) < 0.02  # one by one it is 100 ms and more
