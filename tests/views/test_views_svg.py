"""Figures as one SVG."""

import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.views.files.legend import MOST_IN_LEGEND
from astuner_nb.views.files.plot_area import NO_LINE, NO_NUMBER, NO_POINT, NOT_ABOVE_ZERO
from astuner_nb.views.files.svg import svg
from astuner_nb.views.files.svg_paths import FINE, thinned
from astuner_nb.views.pictures.picture import Axis

from .made_pictures import EVIL, HALF, line, picture, sweep

NAN = float("nan")
SVG = "{http://www.w3.org/2000/svg}"


def texts(document: str) -> list[str]:
    return ["".join(found.itertext()) for found in ET.fromstring(document).iter(f"{SVG}text")]


def curves(document: str) -> list[ET.Element]:
    """What is drawn in the figures: all paths of the inner documents."""
    return [
        path for inner in ET.fromstring(document).iter(f"{SVG}svg") if inner.get("fill") == "none" for path in inner
    ]


def places(path: ET.Element) -> list[tuple[float, float]]:
    """The corners of a path, in pixels of its figure."""
    found, x, y = [], 0, 0
    for command, arguments in re.findall(r"([MlhzZ])([^MlhzZ]*)", path.get("d")):
        numbers = list(map(int, re.findall(r"-?\d+", arguments)))
        if command == "M":
            x = y = 0
        if command in "Ml":
            for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
                x, y = x + dx, y + dy
                found.append((x / FINE, y / FINE))
    return found


def test_lines_lie_where_their_points_do():
    [drawn] = curves(svg([picture(line([0, 5, 10], [0, 1, 0]))], columns=1, width_px=500))
    (x0, y0), (x1, y1), (x2, y2) = places(drawn)
    assert x0 == 0
    assert x2 - x1 == pytest.approx(x1 - x0, abs=0.5)
    assert y0 == y2 > y1


def test_looks_and_layers():
    back, front = line([0, 1], [0, 1], "back", layer=-1, dashed=True), line([0, 1], [1, 0], opacity=0.5, width=3)
    drawn = curves(svg([picture(front, line([0, 1], [0, 0], visible=False), back)]))
    assert [path.get("stroke-dasharray") is not None for path in drawn] == [True, False]
    assert (drawn[1].get("opacity"), drawn[1].get("stroke-width")) == ("0.5", f"{3 * FINE}")


def test_a_band_is_filled_and_points_are_diamonds():
    band = line([0, 1, 1, 0], [1, 1, 0, 0], kind="band", opacity=0.16)
    filled, diamonds = curves(svg([picture(band, line([0, 1], [0, 1], kind="points"))]))
    assert (filled.get("fill"), filled.get("opacity"), filled.get("d")[-1]) == ("#0072b2", "0.16", "z")
    assert diamonds.get("d").count("z") == 2


def test_nan_and_infinity_make_a_gap():
    for missing in (NAN, float("inf")):
        [drawn] = curves(svg([picture(line(range(5), [0, 1, missing, 1, 0]))]))
        assert drawn.get("d").count("M") == 2
        assert len(places(drawn)) == 4


@pytest.mark.parametrize(
    ("lines", "more", "said"),
    [
        ([], {}, NO_LINE),
        ([line([0, 1], [0, 1], visible=False)], {}, NO_LINE),
        ([line([], [])], {}, NO_POINT),
        ([line([0, 1], [NAN, NAN])], {}, NO_NUMBER),
        ([line([0, 1], [0, -1])], {"log_y": True}, NOT_ABOVE_ZERO),
        ([line([0, -1], [1, 1])], {"axis": Axis("tokens", "log")}, NOT_ABOVE_ZERO),
    ],
)
def test_a_figure_without_a_point_says_why(lines, more, said):
    document = svg([picture(*lines, **more)])
    assert said in texts(document)
    assert curves(document) == []


@pytest.mark.parametrize(
    ("lines", "more", "said"),
    [
        ([line([3], [0.5])], {}, "One point so far."),
        ([line([3], [0.5]), line([4], [1])], {}, "One point each so far."),
        ([line([0, 1, 2], [3e-5] * 3)], {}, "Always 3e-05."),
        ([line([0, 1, 2], [0, 1, 10])], {"log_y": True}, "1 point not above 0 is not on a logarithmic axis."),
        ([line([0, 1, 2], [1, 2, 3])], {"message": "12 runs are not drawn."}, "12 runs are not drawn."),
    ],
)
def test_what_is_odd_is_drawn_and_said(lines, more, said):
    document = svg([picture(*lines, **more)])
    assert said in " ".join(texts(document))
    assert len(curves(document)) == len(lines)


def test_a_constant_lies_in_the_middle_and_its_axis_has_its_value():
    document = svg([picture(line([0, 1], [3e-5, 3e-5]))], columns=1, width_px=500)
    assert any(text.startswith("3.0e−5") for text in texts(document))
    [(_, y), _] = places(curves(document)[0])
    inner = next(one for one in ET.fromstring(document).iter(f"{SVG}svg") if one.get("fill") == "none")
    assert y == pytest.approx(float(inner.get("height")) / 2, abs=1)


def test_what_lies_outside_a_range_is_cut_off_by_the_figure():
    document = svg([picture(line([0, 1, 2], [0, 1e9, 0]), y_range=(-1, 1))])
    assert 'overflow="hidden"' in document
    assert min(y for _, y in places(curves(document)[0])) < -1000


def test_names_are_text_whatever_they_are():
    made = picture(line([0, 1], [0, 1], EVIL), title=EVIL + HALF, axis=Axis(EVIL + HALF), message=EVIL + HALF)
    document = svg([made], [(EVIL + HALF, "#112233")], EVIL + HALF)
    root = ET.fromstring(document)
    assert {found.tag for found in root.iter()} <= {SVG + tag for tag in ("svg", "g", "path", "text", "tspan")}
    assert "<script>" in " ".join(texts(document))
    document.encode("utf-8")


@given(st.text(), st.text())
def test_any_text_makes_valid_xml(one, other):
    ET.fromstring(svg([picture(line([0], [0]), title=one, message=other)], [(other, "#112233")], one).encode())


ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(st.tuples(ANY, ANY), max_size=40),
    st.sampled_from(["line", "points", "band"]),
    st.sampled_from(["linear", "log", "date"]),
    st.booleans(),
    st.none() | st.tuples(ANY, ANY),
)
def test_any_points_make_a_figure_with_finite_numbers(points, kind, scale, log_y, y_range):
    x, y = zip(*points, strict=True) if points else ((), ())
    document = svg([picture(line(x, y, kind=kind), axis=Axis("", scale), log_y=log_y, y_range=y_range)])
    ET.fromstring(document)
    numbers = re.sub(r"<text.*?</text>", "", document)
    assert not re.search(r"[\"\s-](nan|inf)\b", numbers)
    assert len(document) < 20_000


def test_a_sweep_is_small_and_quick():
    pictures = sweep(30, 2000)
    svg(pictures[:1])
    took = []
    for _ in range(5):
        begin = time.process_time()
        document = svg(pictures, [(f"#{n}", "#112233") for n in range(30)])
        took.append(time.process_time() - begin)
    assert len(document.encode()) < 300_000
    assert min(took) < 0.15
    assert len(curves(document)) == 150


def test_thinning_keeps_extremes_ends_and_gaps():
    rng = np.random.default_rng(1)
    y = rng.normal(size=10_000)
    y[1234], y[8765], y[5000:5100] = 99, -99, NAN
    kept = thinned(y, 200)
    assert len(kept) <= 310
    assert {0, 9_999, 1234, 8765} <= set(kept.tolist())
    assert np.isnan(y[kept]).any()
    assert (np.diff(kept) > 0).all()


@given(st.lists(ANY, min_size=1, max_size=300), st.integers(2, 50))
def test_thinning_loses_neither_the_highest_nor_the_lowest(values, points):
    y = np.array(values)
    kept = y[thinned(y, points)]
    assert len(kept) <= max(3 * points, 3) + 2
    if not np.isnan(y).all():
        assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(y), np.nanmax(y))


def test_a_legend_lists_the_first_and_counts_the_rest():
    document = svg([picture(line([0], [0]))], [(f"run {n}", "#112233") for n in range(40)])
    listed = [text for text in texts(document) if text.startswith("run ")]
    assert len(listed) == MOST_IN_LEGEND
    assert f"… and {40 - MOST_IN_LEGEND} more" in texts(document)


def test_nothing_from_outside_and_nothing_that_runs():
    document = svg(sweep(2, 10), [("a", "#112233")], "title")
    assert not re.search(r"<script|<style|<image|<use|<foreignObject|href|url\(|\bon\w+=|\bid=", document)
    assert document.count("http") == 1


def test_no_figure_at_all_is_a_document_too():
    assert ET.fromstring(svg([])).get("aria-label") == "No figure"
