"""Marks as they are drawn: in Plotly's words, in a report and in an SVG."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.views.files.report import figure_of, report
from astuner_nb.views.files.svg import svg
from astuner_nb.views.pictures.mark_looks import AMBER, LOOKS, VERMILLION, labels
from astuner_nb.views.pictures.mark_traces import LINE_LETTERS, MOST_LINES, hover, mark_layout, mark_traces
from astuner_nb.views.pictures.picture import Axis, Mark
from astuner_nb.views.pictures.traces import layout

from .made_pictures import COLOURS, EVIL, HALF, line, picture

NAN = float("nan")
NOTHING = pd.DataFrame()
SVG = "{http://www.w3.org/2000/svg}"
CURVE = line(range(0, 101), np.linspace(0, 1, 101))


def phase(start, end, label="", text="evidence"):
    return Mark("phase", start, end, NAN, text, COLOURS[0], label)


def bar(start, end, level=0.9, text="stays"):
    return Mark("plateau", start, end, level, text, COLOURS[0])


def point(kind, x, y=0.5, text="said"):
    return Mark(kind, x, x, y, text, COLOURS[0])


THREE = [phase(0, 30, "initial"), phase(30, 60, "learning"), phase(60, 100, "convergence")]
ALL = [*THREE, bar(60, 100), *(point(kind, 10.0 + 9 * place) for place, kind in enumerate(LOOKS))]


def figure(*marks, **more) -> go.Figure:
    return figure_of(picture(more.pop("curve", CURVE), marks=marks, **more))


# ---- plotly


def test_without_marks_nothing_is_added():
    bare = picture(CURVE)
    assert (mark_traces(bare), mark_layout(bare)) == ([], {})
    assert figure_of(bare).to_dict()["layout"].keys() == {*layout(bare).keys(), "template"}


def test_plotly_takes_every_kind_in_two_traces_in_front_of_the_curves():
    drawn = figure(*ALL)
    curve, bars, points = drawn.data
    assert curve.zorder < bars.zorder < points.zorder
    assert len(points.x) == len(LOOKS) == len(set(points.marker.symbol))
    by_symbol = dict(zip(points.marker.symbol, points.marker.color, strict=True))
    assert (by_symbol["triangle-down"], by_symbol["triangle-up"]) == (VERMILLION, AMBER)
    assert by_symbol["star"] == by_symbol["star-open"] == COLOURS[0]


def test_phases_are_shaded_over_the_whole_height_behind_the_curves_and_named_within():
    drawn = figure(*THREE)
    assert [(shape.x0, shape.x1, shape.yref, shape.layer) for shape in drawn.layout.shapes] == [
        (0, 30, "y domain", "below"),
        (30, 60, "y domain", "below"),
        (60, 100, "y domain", "below"),
    ]
    first, second, third = (shape.fillcolor for shape in drawn.layout.shapes)
    assert first == third != second
    assert [(name.text, name.hovertext) for name in drawn.layout.annotations] == [
        ("initial", "evidence"),
        ("learning", "evidence"),
        ("convergence", "evidence"),
    ]
    assert not figure(phase(0, 30)).layout.annotations


def test_names_stand_in_one_row_beside_each_other_and_the_last_ends_within_the_figure():
    first, second, third = labels([(0, 0.05, "initial"), (0.05, 0.98, "learning"), (0.98, 1, "convergence")], 300)
    assert (first.shift_px, third.shift_px) == (0, 0)
    assert second.shift_px > 0
    assert [label.at_end for label in (first, second, third)] == [False, False, True]
    crowded = labels([(0, 0.9, "initial"), (0.9, 0.95, "learning"), (0.95, 1, "convergence")], 60)
    assert [label.text for label in crowded] == ["initial", "", ""]


SPANS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.text(max_size=12)), max_size=5)


@given(SPANS, st.floats(100, 1000))
def test_no_two_names_lie_on_top_of_one_another(spans, width_px):
    ends_px = 0.0
    for (start, end, text), label in zip(spans, labels(spans, width_px), strict=True):
        wide_px = 5 * len(text)
        left_px = (end * width_px - wide_px if label.at_end else start * width_px) + label.shift_px
        if label.text:
            assert ends_px <= left_px + 1e-6
            assert left_px + wide_px <= width_px + 1e-6
            ends_px = left_px + wide_px


def test_names_take_the_pointer_from_no_mark():
    for name in figure(*THREE).layout.annotations:
        assert (name.y, name.yref, name.yanchor) == (1, "y domain", "bottom")


def test_a_bar_tells_of_itself_all_along_at_records_of_its_run():
    every_tenth = line(range(0, 101, 10), range(11))
    [bars] = figure(bar(20, 50), bar(80, 100), curve=every_tenth).data[1:]
    assert list(bars.x) == [20, 30, 40, 50, None, 80, 90, 100]
    assert list(bars.y) == [0.9] * 4 + [None] + [0.9] * 3
    assert set(bars.hovertext) == {"stays", None}


def test_all_that_stands_at_one_place_is_said_there():
    [points] = figure(point("best", 40, 0.8, "Best."), point("alarm", 40, 0.7, "Fell."), point("note", 50)).data[1:]
    assert points.hovertext == ("Best.<br>Fell.", "Best.<br>Fell.", "said")


def test_dates_are_milliseconds_and_logarithms_exponents_where_plotly_wants_them():
    when = line([1.7e9, 1.7e9 + 100], [0, 1])
    on_dates = figure(phase(1.7e9, 1.7e9 + 50, "initial"), point("best", 1.7e9 + 9), curve=when, axis=Axis("", "date"))
    assert on_dates.layout.shapes[0].x0 == on_dates.layout.annotations[0].x == 1.7e12
    assert on_dates.data[1].x == (1.7e12 + 9e3,)
    marks = [phase(0, 100, "learning"), point("best", 0), point("note", 10)]
    logged = figure(*marks, curve=line([0, 1, 100], [1, 2, 3]), axis=Axis("tokens", "log"))
    assert (logged.layout.shapes[0].x0, logged.layout.annotations[0].x) == (1, 0)
    assert logged.data[1].x == (10,)


def test_what_has_no_place_is_left_out():
    assert mark_traces(picture(CURVE, marks=[point("best", NAN), point("best", 1, NAN), bar(0, 9, float("inf"))])) == []
    assert mark_traces(picture(CURVE, marks=[point("best", 1, -1), bar(0, 9, 0)], log_y=True)) == []
    assert mark_layout(picture(marks=THREE)) == {}
    assert mark_layout(picture(line([5], [1]), marks=THREE)) == {}


def test_hover_is_text_in_short_lines():
    said = hover(EVIL + HALF + " word" * 500)
    lines = said.split("<br>")
    assert len(lines) == MOST_LINES
    assert not {"<", ">", "$", "{", "%", "\0", "\u202e"} & set("".join(lines))
    assert max(map(len, hover("word " * 60).split("<br>"))) <= LINE_LETTERS
    assert hover("") == ""


# ---- files


def texts(document, tag="title"):
    return ["".join(found.itertext()) for found in ET.fromstring(document).iter(f"{SVG}{tag}")]


def test_an_svg_has_every_mark_with_its_words_and_colours():
    document = svg([picture(CURVE, marks=ALL)])
    assert texts(document).count("said") == len(LOOKS)
    assert texts(document).count("stays") == 1
    assert texts(document).count("evidence") == 6  # of three phases and their names
    assert {"initial", "learning", "convergence"} <= set(texts(document, "text"))
    assert all(colour in document for colour in (VERMILLION, AMBER))
    behind, in_front = document.index("evidence"), document.index("said")
    assert behind < document.index('overflow="hidden"') < in_front


def test_an_svg_leaves_out_what_lies_outside_and_what_an_empty_figure_has():
    outside = [point("best", 200), point("note", 50, 9.0), bar(150, 200), phase(120, 200, "late")]
    assert texts(svg([picture(CURVE, marks=outside)])) == []
    assert texts(svg([picture(line([], []), marks=ALL)])) == []


def test_a_report_has_them_and_its_lines_stay_binary():
    page = report("t", [picture(CURVE, marks=ALL)], NOTHING, NOTHING, [], "")
    start = page.index('id="figures">') + len('id="figures">')
    [drawn] = json.loads(page[start : page.index("</script>", start)])
    assert [trace["name"] for trace in drawn["data"]] == ["run", "plateaus", "marks"]
    assert "bdata" in drawn["data"][0]["y"]
    assert len(drawn["layout"]["shapes"]) == 3


def test_hostile_words_are_text_everywhere():
    evil = EVIL + HALF
    marks = [phase(0, 50, "<i>%{x}$x$", evil), bar(10, 60, 0.5, evil), point("best", 20, 0.5, evil)]
    made = picture(CURVE, marks=marks)
    drawn = figure_of(made).to_dict()
    said = [*drawn["data"][1]["hovertext"], *drawn["data"][2]["hovertext"]]
    [name] = drawn["layout"]["annotations"]
    said += [name["text"], name["hovertext"]]
    assert not any({"<", "$", "%", "{"} & set(text.replace("<br>", "")) for text in said)
    document = svg([made])
    assert {found.tag for found in ET.fromstring(document).iter()} <= {
        SVG + tag for tag in ("svg", "g", "path", "text", "tspan", "title")
    }
    report("t", [made], NOTHING, NOTHING, [], "").encode("utf-8")
    document.encode("utf-8")


ANY = st.floats(allow_nan=True, allow_infinity=True)
KINDS = st.sampled_from(["phase", "plateau", *LOOKS])
MARKS = st.lists(st.builds(Mark, KINDS, ANY, ANY, ANY, st.text(), st.just("#112233"), st.text()), max_size=6)


@given(MARKS, st.lists(st.tuples(ANY, ANY), max_size=5), st.sampled_from(["linear", "log", "date"]), st.booleans())
def test_any_marks_make_a_figure(marks, points, scale, log_y):
    x, y = zip(*points, strict=True) if points else ((), ())
    made = picture(line(x, y), marks=marks, axis=Axis("", scale), log_y=log_y)
    go.Figure(mark_traces(made), mark_layout(made)).to_json()
    ET.fromstring(svg([made]).encode())


@pytest.mark.parametrize("kind", LOOKS)
def test_each_kind_has_an_outline_of_about_its_size(kind):
    [path] = [
        found.get("d")
        for found in ET.fromstring(svg([picture(CURVE, marks=[point(kind, 50)])])).iter(f"{SVG}path")
        if found.get("transform")
    ]
    numbers = [abs(float(word)) for word in path.replace("V", " ").translate(str.maketrans("MLaz", "    ")).split()]
    assert LOOKS[kind].size_px / 2 <= max(numbers) <= 1.5 * LOOKS[kind].size_px
