"""Links, picks and downloads: what a live figure and its pages say to each other beside the picture."""

from __future__ import annotations

import re
import threading

import plotly.graph_objects as go
import pytest

from astuner_nb.core.errors import BadValue


def options(figure):
    """The `_options` that the page has, from what was sent."""
    states = [data["state"] for _, data, _ in figure.comm.messages if "state" in (data or {})]
    return [state["_options"] for state in states if "_options" in state][-1]


def test_a_link_reaches_the_page_at_once_and_later(make):
    figure = make(link="comparison")
    assert figure.link == options(figure)["link"] == "comparison"
    figure.link = "other"
    assert figure.link == options(figure)["link"] == "other"
    assert options(figure)["height"] == 360
    figure.link = ""
    assert options(figure)["link"] == ""
    assert make().link == ""


@pytest.mark.parametrize("name", [None, 3, b"a", ["a"]])
def test_a_link_that_is_no_text_is_refused(make, name):
    with pytest.raises(BadValue, match=re.escape(f"the link is {name!r}")):
        make(link=name)
    figure = make(link="a")
    with pytest.raises(BadValue, match="link"):
        figure.link = name
    assert figure.link == "a"


def test_a_pick_names_the_nearest_point_and_the_keys(make, event):
    figure = make([go.Scatter(y=[1, 2]), go.Scatter(y=[1, 2])])
    picked = []
    assert figure._events == []
    off = figure.on_pick(lambda trace, x, y, state: picked.append((trace, x, y, state.shift, state.ctrl)))
    assert figure._events == ["click"]
    figure.comm.hear(**event("click", (1, 0, 0, 1), (0, 0, 0, 1)))
    assert picked == [(1, 0, 1, True, None)]
    figure.comm.hear(**event("hover", (0, 0, 0, 1)))
    figure.comm.hear(**event("click"))
    figure.comm.hear(**event("click", (7, 0, 0, 1)))  # a trace that is gone
    off()
    off()
    figure.comm.hear(**event("click", (0, 0, 0, 1)))
    assert len(picked) == 1


def test_a_pick_beside_callbacks_of_traces_and_of_others(make, event):
    figure = make([go.Scatter(y=[1, 2])])
    heard = []
    figure.data[0].on_click(lambda trace, points, state: heard.append("trace"))
    offs = [figure.on_pick(lambda *_, n=n: (heard.append(n), offs[n]())) for n in range(2)]
    for _ in range(2):
        figure.comm.hear(**event("click", (0, 1, 1, 2)))
    assert heard == ["trace", 0, 1, "trace"]


def test_a_pick_runs_in_the_thread_that_hears_the_page(make, event):
    figure = make([go.Scatter(y=[1])])
    seen = []
    figure.on_pick(lambda *_: seen.append(threading.current_thread()))
    page = threading.Thread(target=lambda: figure.comm.hear(**event("click", (0, 0, 0, 1))))
    page.start()
    page.join()
    assert seen == [page]


def test_a_download_is_asked_for_without_disturbing_the_count_of_edits(make):
    figure = make([go.Scatter(y=[1])])
    figure.download("svg", "reward/mean")
    figure.data[0].name = "a"
    assert figure.comm.of("download") == [{"op": "download", "format": "svg", "name": "reward/mean"}]
    assert figure.comm.of("set")[0]["seq"] == 1
    figure.download()
    assert figure.comm.of("download")[1] == {"op": "download", "format": "png", "name": "figure"}


@pytest.mark.parametrize(("given", "says"), [(("gif",), "'gif'"), (("png", ""), "''"), (("png", None), "None")])
def test_a_download_that_cannot_be_is_refused(make, given, says):
    figure = make()
    with pytest.raises(BadValue, match=f"download: .*{says}"):
        figure.download(*given)
    assert figure.comm.said == []
