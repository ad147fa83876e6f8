"""What Plotly is told about a picture."""

import numpy as np
import plotly.graph_objects as go
import pytest

from astuner_nb.views.pictures.picture import Axis
from astuner_nb.views.pictures.traces import MOST_LETTERS, layout, rgba, shown_text, trace

from .made_pictures import EVIL, line, picture


@pytest.mark.parametrize("kind", ["line", "points", "band"])
def test_plotly_takes_each_kind_and_no_kind_lacks_a_word_of_hover(kind):
    made = trace(line([0, 1, 0], [1, 2, 3], kind=kind, layer=-2, visible=False, opacity=0.2))
    drawn = go.Scatter(made)
    assert (drawn.zorder, drawn.visible) == (-2, False)
    assert {"hoverinfo", "hovertemplate"} <= made.keys()


def test_a_line_a_point_and_a_band_look_as_they_should():
    drawn = go.Scatter(trace(line([0], [1], width=3, dashed=True, opacity=0.5)))
    assert (drawn.mode, drawn.line.width, drawn.line.dash, drawn.opacity) == ("lines", 3, "dash", 0.5)
    points = go.Scatter(trace(line([0], [1], kind="points")))
    assert (points.mode, points.marker.symbol, points.marker.size) == ("markers", "diamond-open", 7)
    band = go.Scatter(trace(line([0], [1], kind="band", opacity=0.16)))
    assert (band.fill, band.fillcolor, band.line.width) == ("toself", "rgba(0,114,178,0.16)", 0)
    assert band.hoverinfo == "skip"


def test_without_a_mark_there_is_nothing_to_say_on_hover():
    assert trace(line([0], [1], mark=""))["hoverinfo"] == "skip"
    assert trace(line([0], [1], mark="#1"))["hovertemplate"] == "%{y:.4~g}<extra>#1</extra>"


def test_hostile_names_are_text_on_one_line():
    text = shown_text(EVIL)
    assert not {"<", ">", "$", "{", "%", "\0", "\x1b", "\n"} & set(text)
    assert "&amp;amp;" in text
    hover = str(trace(line([0], [1], mark=EVIL + "x" * 1000))["hovertemplate"])
    assert hover.count("%{") == 1
    assert hover.count("<") == 2
    assert len(hover) < 20 * MOST_LETTERS


def test_dates_are_milliseconds_and_other_axes_stay():
    seconds = line([1.7e9, 1.7e9 + 1], [0, 1])
    assert np.array_equal(trace(seconds, "date")["x"], [1.7e12, 1.7e12 + 1000])
    assert trace(seconds)["x"] is seconds.x
    assert go.Figure(layout=layout(picture(seconds, axis=Axis("when", "date")))).layout.xaxis.type == "date"


def test_steps_begin_at_zero_other_axes_where_their_points_do():
    assert layout(picture())["xaxis"]["rangemode"] == "tozero"
    assert "rangemode" not in layout(picture(axis=Axis("KL")))["xaxis"]
    assert layout(picture(axis=Axis("<b>KL")))["xaxis"]["title"]["text"] == "&lt;b&gt;KL"


def test_a_range_is_by_exponents_on_a_logarithmic_axis_and_left_to_plotly_where_there_is_none():
    assert layout(picture(y_range=(-1, 2)))["yaxis"]["range"] == [-1, 2]
    assert layout(picture(y_range=(0.1, 100), log_y=True))["yaxis"]["range"] == [-1, 2]
    assert layout(picture(y_range=(0, 10), log_y=True))["yaxis"]["range"] == [None, 1]
    go.Figure(layout=layout(picture(y_range=(float("-inf"), 10))))


def test_an_empty_figure_has_no_scale():
    assert layout(picture())["yaxis"]["showticklabels"] is False
    assert layout(picture(line([], [])))["xaxis"]["showticklabels"] is False
    assert layout(picture(line([1], [1])))["xaxis"]["showticklabels"] is True


def test_colours_with_an_opacity():
    assert rgba("#ff8000", 0.25) == "rgba(255,128,0,0.25)"
