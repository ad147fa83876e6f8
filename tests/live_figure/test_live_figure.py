"""The kernel's side of `LiveFigure`, with a comm that records what would go to the page."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import subprocess
import sys
import threading
import time
from itertools import count

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plotly.subplots import make_subplots

from astuner_nb.core.errors import BadValue
from astuner_nb.live_figure.figure import SEND_GAP_S, LiveFigure
from astuner_nb.live_figure.page_source import page_module


@pytest.fixture
def switching():
    """Threads take turns far more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def until(condition, timeout_s=10):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def holds(figure, trace=0):
    return len(figure.data[trace].y) if figure.data[trace].y is not None else 0


# ---- it is a figure


def test_it_is_a_figure_with_all_that_plotly_offers(make, tmp_path):
    figure = make([go.Scatter(y=[1, 2, 3], name="a")], layout={"title": {"text": "t"}})
    assert isinstance(figure, go.Figure)
    figure.add_scatter(x=[1], y=[2], name="b").update_layout(xaxis_title_text="step")
    with figure.batch_update():
        figure.data[0].name = "renamed"
        figure.layout.yaxis.range = [0, 1]
    figure.write_html(tmp_path / "f.html", include_plotlyjs=False)
    assert "renamed" in (tmp_path / "f.html").read_text()
    assert json.loads(figure.to_json())["layout"]["title"]["text"] == "t"
    again = copy.deepcopy(figure)
    assert isinstance(again, LiveFigure)
    assert again == figure
    again.close()


def test_magic_underscores_and_subplots_work(make):
    figure = make(layout_title_text="reward", height=200)
    assert figure.layout.title.text == "reward"
    panel = make_subplots(rows=1, cols=2, figure=make())
    panel.add_scatter(y=[1], row=1, col=2)
    assert panel.data[0].xaxis == "x2"


def test_json_of_a_stream_is_that_of_a_plain_figure(make):
    figure = make([go.Scatter(x=[0.0], y=[1.0])])
    figure.extend({0: ([1, 2], [3, 4])})
    plain = go.Figure([go.Scatter(x=np.array([0.0, 1, 2]), y=np.array([1.0, 3, 4]))])
    assert json.loads(figure.to_json()) == json.loads(plain.to_json())


def test_its_repr_is_short(make):
    figure = make([go.Scatter(y=np.arange(1e5))])
    assert repr(figure) == "LiveFigure(1 traces, 100000 points)"


def test_frames_and_animations_are_refused_with_a_sentence(make):
    with pytest.raises(BadValue, match="frames"):
        make(frames=[go.Frame()])
    figure = make([go.Scatter(y=[1])])
    with pytest.raises(BadValue, match="frames"):
        figure.frames = [go.Frame()]
    with pytest.raises(BadValue, match="animations"), figure.batch_animate():
        figure.data[0].name = "b"


@pytest.mark.parametrize("height", [0, -5, "300px", float("nan")])
def test_a_height_that_is_none_is_refused(make, height):
    with pytest.raises(BadValue, match="height"):
        make(height=height)


# ---- points


def test_points_are_appended_in_python_and_sent_as_deltas(make):
    figure = make([go.Scatter(x=[0.0, 1.0], y=[5.0, 6.0]), go.Scatter()])
    figure.extend({0: ([2], [7]), 1: (np.array([1, 2]), [np.nan, None])})
    assert list(figure.data[0].x) == [0, 1, 2]
    assert list(figure.data[0].y) == [5, 6, 7]
    until(lambda: figure.comm.of("points"))
    content, (xs, ys) = figure.comm.said[-1]
    assert {k: content[k] for k in "ion"} == {"i": [0, 1], "o": [2, 0], "n": [1, 2]}
    assert list(np.frombuffer(xs)) == [2, 1, 2]
    assert np.array_equal(np.frombuffer(ys), [7, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize("kind", ["i1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", "?"])
def test_every_kind_of_number_arrives(make, kind):
    figure = make([go.Scatter()])
    figure.extend({0: (np.arange(3).astype(kind), np.ones(3, kind))})
    assert list(figure.data[0].y) == [1, 1, 1]


@pytest.mark.parametrize("values", [[1, 2], (1.0, 2), pd.Series([1, 2]), range(1, 3), np.array([1, 2], object)])
def test_every_kind_of_sequence_arrives(make, values):
    figure = make([go.Scatter()])
    figure.extend({0: (values, values)})
    assert list(figure.data[0].x) == [1, 2]


def test_large_numbers_are_not_rounded(make):
    figure = make([go.Scatter()])
    figure.extend({0: ([1], [123_456_789])})
    until(lambda: figure.comm.points().get(0) == ([1], [123_456_789]))


BAD = {
    "no such trace": ({5: ([1], [1])}, "no trace 5"),
    "a negative trace": ({-1: ([1], [1])}, "no trace -1"),
    "a name": ({"reward": ([1], [1])}, "no trace 'reward'"),
    "lengths": ({0: ([1, 2], [1])}, "2 x and 1 y"),
    "text": ({0: ([1], ["high"])}, "'high'"),
    "digits as text": ({0: (["1"], [1])}, "text"),
    "text among numbers": ({0: ([1, 2], [1, "a"])}, "not a number"),
    "complex": ({0: ([1], [1j])}, "not a number"),
    "a scalar": ({0: (1, 1)}, "shape"),
    "ragged": ({0: ([1, 2], [[1], [1, 2]])}, "array"),
    "two dimensions": ({0: ([[1, 2]], [1])}, "shape"),
    "no pair": ({0: [1]}, "pair"),
    "dates for y": ({0: ([1], [np.datetime64("2024-01-01")])}, "not a number"),
    "dates after numbers": ({0: ([np.datetime64("2024-01-01")], [1])}, "mixes"),
    "a time zone": ({0: ([dt.datetime(2024, 1, 1, tzinfo=dt.UTC)], [1])}, "time zone"),
}


@pytest.mark.parametrize(("points", "says"), BAD.values(), ids=BAD)
def test_bad_points_are_refused_whole(make, points, says):
    figure = make([go.Scatter(x=[0.0], y=[0.0]), go.Scatter(x=[0.0], y=[0.0])])
    before = len(figure.comm.messages)
    with pytest.raises(BadValue, match=re.escape(says)):
        figure.extend({1: ([1], [1]), **points})
    assert [holds(figure, 0), holds(figure, 1)] == [1, 1]
    assert len(figure.comm.messages) == before


def test_traces_that_cannot_grow_are_refused(make):
    figure = make([go.Heatmap(z=[[1]]), go.Scatter(x=[1, 2, 3], y=[1, 2])])
    with pytest.raises(BadValue, match="heatmap"):
        figure.extend({0: ([1], [1])})
    with pytest.raises(BadValue, match="3 x and 2 y"):
        figure.extend({1: ([1], [1])})


def test_x_that_was_counted_or_text_is_written_out_and_told_to_the_page(make):
    figure = make([go.Scatter(y=[5, 6]), go.Scatter(x0=10, dx=5, y=[1, 2])])
    figure.extend({0: ([2], [7]), 1: ([20], [3])})
    assert list(figure.data[0].x) == [0, 1, 2]
    assert list(figure.data[1].x) == [10, 15, 20]
    assert [edit[:2] for content in figure.comm.of("set") for edit in content["traces"]] == [
        [0, ["x"]], [0, ["y"]], [1, ["x"]], [1, ["y"]],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "dates",
    [
        [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 3)],
        np.array(["2024-01-02", "2024-01-03"], "M8[D]"),
        pd.Series(pd.to_datetime(["2024-01-02", "2024-01-03"])),
        [dt.date(2024, 1, 2), dt.date(2024, 1, 3)],
    ],
)
def test_dates_travel_as_milliseconds_and_their_axis_knows(make, dates):
    figure = make([go.Scatter(x=["2024-01-01"], y=[1.0])])
    figure.extend({0: (dates, [2, 3])})
    until(lambda: figure.comm.of("points"))
    assert figure.layout.xaxis.type == "date"
    sent = next(np.frombuffer(b[0]) for c, b in figure.comm.said if c["op"] == "points")
    assert list(np.diff(sent)) == [86_400_000]
    assert sent[0] == 1_704_153_600_000
    assert json.loads(figure.to_json())["data"][0]["x"][2].startswith("2024-01-03")


def test_assigning_arrays_between_points_is_right(make):
    figure = make([go.Scatter(x=[0.0], y=[0.0])])
    figure.extend({0: ([1], [1])})
    figure.data[0].y = [8, 9]
    figure.extend({0: ([2], [10])})
    assert list(figure.data[0].y) == [8, 9, 10]
    until(lambda: figure.comm.of("points")[-1]["o"] == [2])


def test_points_follow_their_trace_when_traces_move_and_go(make):
    figure = make([go.Scatter(name=name) for name in "abc"])
    figure.extend({0: ([1], [1]), 1: ([1], [2]), 2: ([1], [3])})
    figure.data = [figure.data[2], figure.data[0]]
    figure.extend({0: ([2], [30]), 1: ([2], [10])})
    assert [list(trace.y) for trace in figure.data] == [[3, 30], [1, 10]]
    assert [content["i"] for content in figure.comm.of("keep")] == [[0, 2], [1, 0]]


def test_a_tight_loop_sends_few_messages_and_loses_nothing(make):
    figure = make([go.Scatter()])
    start = time.monotonic()
    for step in range(5000):
        figure.extend({0: ([step], [step])})
    until(lambda: len(figure.comm.points().get(0, ([],))[0]) == 5000)
    assert list(figure.data[0].y) == list(range(5000))
    assert len(figure.comm.of("points")) <= (time.monotonic() - start) / SEND_GAP_S + 2


def test_an_edit_comes_after_the_points_before_it(make):
    figure = make([go.Scatter()])
    for step in range(10):
        figure.extend({0: ([step], [step])})
    figure.data[0].name = "done"
    ops = [content["op"] for content, _ in figure.comm.said]
    assert ops[-1] == "set"
    assert len(figure.comm.points()[0][0]) == 10


def test_many_threads_extend_and_every_point_arrives_in_order(make):
    figure = make([go.Scatter() for _ in range(8)])

    def push(trace):
        for step in range(200):
            figure.extend({trace: ([step], [step])})

    threads = [threading.Thread(target=push, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for k in range(50):
        figure.add_scatter(name=f"new {k}")
    for thread in threads:
        thread.join()
    until(lambda: sum(len(x) for x, _ in figure.comm.points().values()) == 1600)
    assert all(list(trace.y) == list(range(200)) for trace in figure.data[:8])
    numbers = [content["seq"] for content, _ in figure.comm.said]
    assert numbers == list(range(1, len(numbers) + 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.floats(width=32), max_size=20)), max_size=15))
def test_page_and_python_hold_the_same_points(pushes):
    figure = LiveFigure([go.Scatter() for _ in range(3)])
    expected = [[], [], []]
    for trace, ys in pushes:
        figure.extend({trace: (np.arange(len(ys)) + len(expected[trace]), ys)})
        expected[trace].extend(ys)
    figure._send_points()
    page = figure.comm.points()
    for k, ys in enumerate(expected):
        assert np.array_equal(page.get(k, ([], []))[1], ys, equal_nan=True)
        assert np.array_equal([] if figure.data[k].y is None else figure.data[k].y, ys, equal_nan=True)
    figure.close()


# ---- the whole figure and edits


def test_the_first_message_has_everything_and_edits_come_one_by_one(make):
    figure = make([go.Scatter(y=np.arange(3), name="a")])
    opened = figure.comm.messages[0][1]["state"]["_figure"]
    assert opened["data"][0]["name"] == "a"
    assert opened["seq"] == 0
    figure.update_layout(title_text="reward", xaxis_range=[0, 5])
    figure.data[0].line.color = "red"
    assert figure.comm.of("set")[0]["layout"] == [[["title", "text"], "reward"], [["xaxis", "range"], [0, 5]]]
    assert figure.comm.of("set")[1]["traces"] == [[0, ["line", "color"], "red"]]


def test_nobody_asks_nothing_is_built(make, monkeypatch):
    figure = make([go.Scatter()])
    built = []
    whole = figure._whole
    monkeypatch.setitem(figure.__dict__, "_whole", lambda: built.append(1) or whole())
    for step in range(20):
        figure.extend({0: ([step], [step])})
    assert built == []
    figure.comm.hear(op="sync", seq=-1)
    assert len(built) == 1


def test_a_page_that_missed_something_gets_the_whole_figure_and_one_that_did_not_gets_nothing(make):
    figure = make([go.Scatter()])
    figure.extend({0: ([1], [1])})
    figure.comm.hear(op="sync", seq=1)
    assert figure.comm.states == []
    figure.comm.hear(op="sync", seq=0)
    assert figure.comm.states[0]["state"]["_figure"]["seq"] == 1


def test_a_page_that_opens_while_traces_come_and_go_never_gets_one_twice(make, switching):
    figure = make()
    before = figure._whole()
    done = threading.Event()
    snapshots = []

    def change():
        for number in count():
            if number >= 30 and len(snapshots) > 10:
                break
            figure.add_scatter(y=[number])
            if number % 10 == 9:
                figure.data = figure.data[1:]
        done.set()

    thread = threading.Thread(target=change)
    thread.start()
    while not done.is_set():
        snapshots.append(figure._whole())
    thread.join()
    added = {content["seq"]: len(content["traces"]) for content in figure.comm.of("add")}
    kept = {content["seq"]: len(content["i"]) for content in figure.comm.of("keep")}
    counts, now = {before["seq"]: len(before["data"])}, len(before["data"])
    for number in sorted({**added, **kept}):
        now = kept.get(number, now + added.get(number, 0))
        counts[number] = now
    assert [len(one["data"]) for one in snapshots] == [counts[one["seq"]] for one in snapshots]


def test_displaying_sends_the_figure_again_only_if_something_came_since(make):
    figure = make([go.Scatter(y=[1])])
    figure._repr_mimebundle_()
    assert figure.comm.states == []
    figure.add_scatter(y=[2])
    bundle = figure._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in (bundle[0] if isinstance(bundle, tuple) else bundle)
    assert len(figure.comm.states[0]["state"]["_figure"]["data"]) == 2
    figure._repr_mimebundle_()
    assert len(figure.comm.states) == 1


def test_the_state_has_points_that_are_still_on_their_way(make):
    figure = make([go.Scatter()])
    for step in range(3):
        figure.extend({0: ([step], [step])})
    figure.comm.hear(op="sync", seq=-1)
    array = figure.comm.states[-1]["buffer_paths"]
    assert [path[-1] for path in array] == ["b", "b"]
    assert len(figure.comm.messages[-1][2][0]) == 3 * 8


def test_plotlys_own_template_stays_at_home_and_a_chosen_one_travels(make):
    figure = make()
    assert "template" not in figure._whole()["layout"]
    figure.update_layout(template="plotly_dark")
    assert figure.comm.of("set")[-1]["layout"][0][0] == ["template"]
    assert "template" in figure._whole()["layout"]
    figure.update_layout(template="plotly")
    assert figure.comm.of("set")[-1]["layout"] == [[["template"], None]]


def test_assigning_a_layout_replaces_it_in_the_page_too(make):
    figure = make(layout_title_text="old")
    figure.layout = {"yaxis": {"title": {"text": "new"}}}
    assert figure.comm.states[-1]["state"]["_figure"]["layout"] == {"yaxis": {"title": {"text": "new"}}}


def test_everything_that_travels_is_json(make):
    figure = make(
        [
            go.Scatter(x=pd.date_range("2024", periods=2), y=[1.0, np.nan], text=["a", None], customdata=np.eye(2)),
            go.Heatmap(z=np.array([[1.0, np.nan]])),
            go.Scatter(y=np.arange(3, dtype="i8"), marker={"size": np.arange(40), "color": list(range(40))}),
        ]
    )
    figure.layout.xaxis.tickvals = np.array([1.0, np.nan])
    figure.data[0].customdata = np.ones((2, 2))
    figure.layout.shapes = [{"type": "line", "x0": dt.datetime(2024, 1, 1)}]
    figure.comm.hear(op="sync", seq=-1)
    for _, data, _ in figure.comm.messages:
        json.dumps(data, allow_nan=False)


def test_traces_dealt_out_by_restyle_each_get_their_value(make):
    figure = make([go.Scatter(), go.Scatter()])
    figure.plotly_restyle({"name": ["a", "b"], "visible": "legendonly"})
    edits = {(index, path[0]): value for index, path, value in figure.comm.of("set")[-1]["traces"]}
    assert edits == {
        (0, "name"): "a", (1, "name"): "b", (0, "visible"): "legendonly", (1, "visible"): "legendonly",
    }  # fmt: skip


# ---- the page's doings


def test_a_zoom_is_kept_and_not_sent_back(make):
    figure = make([go.Scatter(y=[1, 2])])
    figure.comm.hear(op="relayout", edits={"xaxis.range": [0, 1], "xaxis.autorange": False, "no.such.thing": 1})
    assert tuple(figure.layout.xaxis.range) == (0, 1)
    figure.comm.hear(op="restyle", edits={"visible": ["legendonly"]}, traces=[0])
    assert figure.data[0].visible == "legendonly"
    figure.comm.hear(op="restyle", edits={"visible": [True]}, traces=[7])  # a trace that is gone
    assert figure.comm.said == []


def test_what_a_callback_does_during_a_page_event_is_sent(make):
    figure = make([go.Scatter(y=[1, 2])])
    figure.layout.on_change(lambda layout, xrange: figure.add_scatter(y=[1]), "xaxis.range")
    figure.comm.hear(op="relayout", edits={"xaxis.range": [0, 1]})
    assert len(figure.comm.of("add")) == 1


def test_another_threads_messages_survive_a_page_event(make):
    figure = make([go.Scatter(y=[1, 2])])

    def during(layout, xrange):
        thread = threading.Thread(target=lambda: figure.extend({0: ([2], [3])}))
        thread.start()
        thread.join()

    figure.layout.on_change(during, "xaxis.range")
    figure.comm.hear(op="relayout", edits={"xaxis.range": [0, 1]})
    until(lambda: figure.comm.of("points"))


def test_callbacks_run_with_plotlys_arguments(make, event):
    figure = make([go.Scatter(y=[1, 2], name="a"), go.Scatter(y=[1, 2])])
    seen = []
    figure.data[0].on_click(lambda trace, points, state: seen.append((trace.name, points.point_inds, state.shift)))
    figure.data[1].on_hover(lambda trace, points, state: seen.append(("hover", points.xs, points.ys)))
    figure.comm.hear(**event("click", (0, 1, 1, 2)))
    figure.comm.hear(**event("hover", (0, 1, 1, 2)))
    figure.comm.hear(**event("hover", (1, 0, 5, 6)))
    assert seen == [("a", [1], True), ("hover", [5], [6])]


def test_selections_reach_their_callbacks(make, event):
    figure = make([go.Scatter(y=[1, 2])])
    seen = []
    figure.data[0].on_selection(lambda trace, points, selector: seen.append((points.point_inds, selector)))
    figure.data[0].on_deselect(lambda trace, points: seen.append("off"))
    figure.comm.hear(**event("selected", (0, 1, 1, 2), box={"x": [0, 1], "y": [2, 3]}))
    figure.comm.hear(**event("selected", (0, 1, 1, 2), lasso={"x": [0, 1], "y": [2, 3]}))
    figure.comm.hear(**event("deselect"))
    assert [s[1].type for s in seen[:2]] == ["box", "lasso"]
    assert seen[0][1].xrange == [0, 1]
    assert seen[2] == "off"


def test_only_events_that_somebody_wants_are_asked_for(make):
    early = go.Scatter(y=[1])
    early.on_click(print)
    figure = make([go.Scatter(y=[1])])
    assert figure._events == []
    figure.data[0].on_hover(print)
    figure.add_trace(early)
    figure.data[1].on_click(print)
    assert figure._events == ["hover", "click"]


def test_plotly_js_is_packed_once_and_sent_when_asked(make):
    import gzip

    figure = make()
    figure.comm.hear(op="plotly")
    content, (packed,) = figure.comm.said[-1]
    assert content == {"op": "plotly"}
    assert b"plotly.js v" in gzip.decompress(packed)[:200]


# ---- without a kernel, and the page's module


def test_it_works_in_a_plain_process_without_a_word():
    code = (
        "import astuner_nb.live_figure.figure as m\n"
        "f = m.LiveFigure(layout_title_text='t')\n"
        "f.add_scatter(name='a')\n"
        "for k in range(100): f.extend({0: ([k], [k])})\n"
        "assert len(f.data[0].y) == 100 and 'title' in f.to_json()\n"
        "import threading; assert threading.active_count() == 1\n"
        "f.close(); f.extend({0: ([1], [1])})\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_page_module_is_one_module_and_small():
    source = page_module()
    assert "import " not in re.sub(r"//.*", "", source).replace("import(", "")
    assert source.count("export ") == 1
    assert len(source) < 30_000  # every figure carries it
    subprocess.run(["node", "--input-type=module", "--check"], input=source, text=True, check=True)
