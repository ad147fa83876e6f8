"""What a figure should look like: a `?` at each that somebody knows of."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from ipywidgets.widgets.widget import _instances

from astuner_nb.core.metrics import Metric, describe
from astuner_nb.views.pictures.picture import Axis, Picture
from astuner_nb.widgets.figures import Figures
from astuner_nb.widgets.should import explained

texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Cc"]), min_size=1)


def notes(figures: Figures) -> list[str]:
    """What stands behind the `?` of each figure."""
    return [framed.children[1].value for framed in figures.widget.children]


def test_it_is_closed_and_says_so():
    svg = explained(describe("kl"))
    assert "aria-expanded='false'" in svg
    assert "<div role='note' hidden=''>" in svg
    assert escape(describe("kl").should) in svg


def test_nothing_is_asked_of_a_metric_that_nobody_knows():
    assert explained(Metric("my/metric", "my/metric")) == ""


@given(texts, texts)
def test_titles_and_sentences_are_only_text(title, should):
    root = ElementTree.fromstring(f"<p>{explained(replace(describe('kl'), title=title, should=should))}</p>")
    assert [node.tag for node in root.iter()] == ["p", "button", "div", "svg", "path", "path", "p"]
    assert root.find("div/p").text == should
    assert title in root.find("button").get("aria-label")


def test_each_figure_has_its_own_and_takes_it_along_when_it_goes():
    figures = Figures(lambda *_: None, link="x")
    figures.arrange(["reward", "mine"])
    figures.show([Picture(describe(metric), Axis(""), ()) for metric in figures.metrics])
    about, none = notes(figures)
    assert "Rises quickly" in about
    assert none == ""
    before = len(_instances)
    figures.arrange(["mine"])
    assert notes(figures) == [""]
    assert len(_instances) < before - 2
