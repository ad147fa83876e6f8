"""Figures as image files."""

import os
import sys
import xml.etree.ElementTree as ET

import pytest

from astuner_nb.core.errors import BadValue, NotInstalled
from astuner_nb.views.files.image import LEGEND_ROW_PX, explain, grid_of, png, save_image
from astuner_nb.views.files.legend import MOST_IN_LEGEND, entries
from astuner_nb.views.files.report import figure_of

from .made_pictures import EVIL, line, picture, sweep


def test_an_svg_of_any_number_of_figures(tmp_path):
    path = save_image(sweep(2, 10), tmp_path / "a.SVG", [("run", "#112233")])
    document = ET.fromstring(path.read_bytes())
    assert document.get("aria-label", "").startswith("reward, ")
    assert "run" in "".join(document.itertext())


def test_another_kind_of_file_and_no_figure_are_refused(tmp_path):
    with pytest.raises(BadValue, match=r"written as \.svg or \.png, got '.*a\.jpg'\. Choose"):
        save_image(sweep(1, 2), tmp_path / "a.jpg")
    with pytest.raises(BadValue, match=r"There is no figure to write"):
        save_image([], tmp_path / "a.svg")
    assert os.listdir(tmp_path) == []


def test_a_png_without_kaleido_is_a_sentence_and_no_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(NotInstalled, match=r"^PNG needs kaleido.*Run `pip install kaleido`; \.svg works without it\.$"):
        save_image(sweep(1, 2), tmp_path / "a.png")
    assert os.listdir(tmp_path) == []


def test_a_png_is_drawn_where_kaleido_is_there():
    pytest.importorskip("kaleido")
    for pictures in (sweep(2, 20)[:1], sweep(2, 20)):
        try:
            image = png(pictures, [("run", "#112233")])
        except NotInstalled as error:
            pytest.skip(str(error))
        assert image.startswith(b"\x89PNG")


def test_a_grid_has_a_panel_a_picture_and_text_for_names():
    pictures = [*sweep(2, 10), picture(line([0], [1], EVIL), title=EVIL, message=EVIL * 3)]
    figure = grid_of(pictures, columns=4)
    assert len({trace.xaxis for trace in figure.data}) == 6
    assert len(figure.data) == 11
    said = [note.text for note in figure.layout.annotations] + [figure.layout.xaxis6.title.text]
    assert not any("<script>" in text or "<img" in text for text in said)


@pytest.mark.parametrize(("runs", "rows"), [(1, 1), (3, 1), (4, 2), (MOST_IN_LEGEND + 1, 9)])
def test_a_legend_below_names_colours_and_takes_no_room_from_the_figures(runs, rows):
    legend = [(EVIL * 20 if number else "#1", f"#0000{number:02x}") for number in range(runs)]
    figure = figure_of(sweep(1, 10)[0]).update_layout(width=1000)
    drawn, before = len(figure.data), figure.layout.height - figure.layout.margin.b - figure.layout.margin.t
    explain(figure, entries(legend))
    assert figure.layout.height - figure.layout.margin.b - figure.layout.margin.t == before
    listed = [one for one in figure.data if one.showlegend]
    assert [one.line.color for one in listed][:MOST_IN_LEGEND] == [colour for _, colour in legend][:MOST_IN_LEGEND]
    assert len(figure.data) == drawn + len(listed) == drawn + min(runs, MOST_IN_LEGEND + 1)
    assert not any("<script>" in one.name or "<img" in one.name for one in listed)
    assert figure.layout.legend.y == 0
    assert figure.layout.margin.b >= rows * LEGEND_ROW_PX
