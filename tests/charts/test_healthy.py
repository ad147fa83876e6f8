"""Drawings of healthy curves: there for each word, inside their box, and nothing but a drawing."""

from __future__ import annotations

import re
from typing import get_args
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.charts.healthy import EDGE, HEALTHY, HEIGHT, WIDTH, curve, drawing
from astuner_nb.core.metrics import FIVE, KNOWN, Shape, is_sparse

heights = st.lists(st.floats(0, 1), min_size=2, max_size=30).map(tuple)


def test_there_is_one_for_each_shape_that_a_table_may_name():
    assert set(HEALTHY) == set(get_args(Shape))


@pytest.mark.parametrize("shape", HEALTHY)
def test_each_is_an_svg_that_takes_the_colour_of_the_text(shape):
    svg = ElementTree.fromstring(drawing(shape))
    assert (svg.get("stroke"), svg.get("aria-hidden"), len(svg)) == ("currentColor", "true", 2)


@given(heights)
def test_a_curve_stays_inside_and_runs_from_the_first_point_to_the_last(points):
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", curve(points))]
    xs, ys = numbers[::2], numbers[1::2]
    assert xs == sorted(xs)
    assert (xs[0], xs[-1]) == (EDGE, WIDTH - EDGE)
    assert all(EDGE <= y <= HEIGHT - EDGE for y in ys)
    assert ys[0] == pytest.approx(EDGE + (HEIGHT - 2 * EDGE) * (1 - points[0]), abs=0.051)
    assert ys[-1] == pytest.approx(EDGE + (HEIGHT - 2 * EDGE) * (1 - points[-1]), abs=0.051)


def test_every_metric_with_a_figure_of_its_own_says_how_it_should_look_in_both_languages():
    silent = [name for name, one in KNOWN.items() if not (one.should and one.should_zh and one.shape)]
    assert all(map(is_sparse, silent))  # held-out points are drawn in the figure of what they measure
    assert all(metric.should.endswith(".") and metric.should_zh.endswith("。") for metric in FIVE)
