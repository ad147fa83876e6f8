"""The controls of a comparison without a browser: each is a verb of the view, and paints what the view says."""

from __future__ import annotations

import base64
from dataclasses import replace

import ipywidgets as ipw
import pytest

import astuner_nb as anb
from astuner_nb.trackers.where import Between, OneOf
from astuner_nb.views.tables.sliders import ChoiceSlider, RangeSlider
from astuner_nb.widgets.filters import PLACES, Filters, places_of
from astuner_nb.widgets.picks import Picks
from astuner_nb.widgets.still import Still
from tests.trackers.places import MadeRun

pytestmark = pytest.mark.usefixtures("nothing_left")


def all_below(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_below(child)


class Person:
    """Uses a panel; the test takes the turns."""

    def __init__(self, view) -> None:
        self.view = view
        view.monitor.start = lambda: None
        self.root = view.panel.widget
        self.turn()

    def turn(self) -> None:
        self.view.monitor.step()
        self.view.monitor.step()

    def parts(self, kind):
        return [part for part in all_below(self.root) if isinstance(part, kind)]

    def menu(self, choice):
        """The menu that offers `choice`."""
        return next(
            menu
            for menu in self.parts(ipw.Dropdown)
            if choice in [o[1] if isinstance(o, tuple) else o for o in menu.options]
        )

    def range(self, name):
        return next(part for part in self.parts(ipw.SelectionRangeSlider) if part.description == name)

    def button(self, word, kind=ipw.Button):
        return next(part for part in self.parts(kind) if part.description == word)

    def field(self, placeholder):
        return next(part for part in self.parts(ipw.Combobox) if part.placeholder == placeholder)

    def table(self):
        return next(part for part in all_below(self.root) if hasattr(part, "rows"))

    def does(self, verb, run, value) -> None:
        self.table()._heard(None, {"verb": verb, "key": run.key if run else "", "value": value}, [])
        self.turn()

    def html(self) -> str:
        return "".join(part.value for part in self.parts(ipw.HTML))


@pytest.fixture
def runs():
    return [
        MadeRun(
            f"r{number}",
            {"reward": {step: step * number for step in range(4)}, "own/metric": {0: 1.0}},
            config={"lr": 10.0**-number, "layers": number, "act": "relu" if number % 2 else "gelu"},
            tags=("theirs",),
        )
        for number in range(1, 6)
    ]


@pytest.fixture
def person(runs, store):
    view = anb.compare(runs)
    yield Person(view)
    view.close()


def test_a_range_slider_filters_and_at_both_ends_lets_go(person):
    slider = person.range("lr")
    assert len(slider.options) == PLACES
    last = len(slider.options) - 1
    slider.index = (0, last // 2)
    person.turn()
    assert len(person.table().rows) == 3
    assert isinstance(person.view.options.filters["lr"], Between)
    slider.index = (0, last)
    person.turn()
    assert person.view.options.filters == {}
    assert len(person.table().rows) == 5


def test_a_filter_in_code_moves_the_slider_and_one_that_fits_no_place_stays_as_it_is(person):
    person.view.filter(layers=(2, 4), lr=(3e-5, 1))
    person.turn()
    assert person.range("layers").value == (2.0, 4.0)
    assert person.view.options.filters["lr"] == Between(3e-5, 1)
    person.view.unfilter()
    person.turn()
    assert person.range("layers").value == (1.0, 5.0)


def test_choices_are_buttons_and_none_pressed_is_all(person):
    relu, gelu = (person.button(word, ipw.ToggleButton) for word in ("relu", "gelu"))
    relu.value = True
    person.turn()
    assert person.view.options.filters == {"act": OneOf(("relu",))}
    gelu.value = True
    relu.value = False
    person.turn()
    assert len(person.table().rows) == 2
    person.button("Show all").click()
    person.turn()
    assert (relu.value, gelu.value, len(person.table().rows)) == (False, False, 5)


def test_the_toolbar_is_verbs_and_follows_verbs(person):
    person.menu("twema").value = "ema"
    person.menu("samples").value = "time"
    person.button("log y", ipw.ToggleButton).value = True
    person.menu("source").value = "source" if "source" in dict(person.menu("source").options) else "group"
    person.turn()
    options = person.view.options
    assert (options.smooth, options.amount, options.x, options.log_y) == ("ema", 0.6, "time", True)
    person.view.smooth("none").x("step").y(log=False).color("lr").group("act", "ci95")
    person.turn()
    assert person.menu("twema").value == "none"
    assert person.menu("samples").value == "step"
    assert person.button("log y", ipw.ToggleButton).value is False
    assert person.menu("ci95").value == "ci95"
    assert person.menu("ci95").layout.display is None
    person.button("act").click()  # takes the key away
    person.turn()
    assert person.view.options.group == ()
    assert person.menu("ci95").layout.display == "none"


def test_a_smoothing_that_code_chose_moves_the_slider_and_stays(person):
    person.view.smooth("mean", 9)
    person.turn()
    slider = next(part for part in person.parts(ipw.FloatSlider))
    assert slider.value == pytest.approx(0.9)
    assert person.view.options.amount == 9


def test_a_figure_is_added_by_a_part_of_its_name_and_taken_away(person):
    field = person.field("add a figure …")
    field.value = "own/met"  # typed half: nothing yet
    person.turn()
    assert person.view.options.metrics == ()
    field.value = "own/metric"
    person.turn()
    assert person.view.options.metrics == ("reward", "own/metric")
    assert field.value == ""
    assert len(person.parts(anb.LiveFigure)) == 2
    person.button("reward").click()
    person.turn()
    assert [figure.layout.title.text for figure in person.parts(anb.LiveFigure)] == ["<b>own/metric</b>"]


def test_a_column_at_a_step_is_added(person):
    person.field("add a column …").value = "reward @ 2"
    person.turn()
    head = person.table().whole()["head"]
    assert "reward @ 2" in head["columns"]


def test_what_is_done_in_the_table_is_a_verb(person, runs):
    first, second = runs[:2]
    person.does("pin", first, True)
    person.does("baseline", second, True)
    person.does("show", second, False)
    person.does("color", first, "#112233")
    person.does("rename", first, "the one")
    person.does("note", first, "keep")
    person.does("tags", first, ["theirs", "mine"])
    options = person.view.options
    assert (options.pinned, options.baseline, options.hidden) == ((first.key,), second.key, {second.key})
    assert person.view.notes_of(first).tags == ("mine",)
    row = person.table().rows[0]
    assert (row.name, row.note, row.swatch, row.tags) == ("the one", "keep", "#112233", ("theirs", "mine"))
    person.does("search", None, "the o")
    assert [row.key for row in person.table().rows] == [first.key]
    person.does("search", None, "")
    person.does("sort", None, "reward best")
    bests = [row.key for row in person.table().rows][1:]  # pinned stays first
    assert bests == [run.key for run in reversed(runs[1:])]
    person.does("show_all", None, False)
    assert len(person.view.options.hidden) == 5
    person.does("show_all", None, True)
    assert person.view.options.hidden == frozenset()


def test_a_pick_emphasises_tells_of_the_run_and_again_lets_go(person, runs):
    person.does("pick", runs[0], {"add": False})
    assert person.view.options.selected == (runs[0].key,)
    assert "own/metric" in person.html() or "reward" in person.html()
    person.does("pick", runs[1], {"add": True})
    assert person.view.options.selected == (runs[0].key, runs[1].key)
    person.does("pick", runs[1], {"add": True})
    person.does("pick", runs[0], {"add": False})
    assert person.view.options.selected == ()


def test_differences_stand_in_their_tab_and_are_text(person, runs):
    person.view.baseline(runs[0])
    next(part for part in person.parts(ipw.Tab)).selected_index = 1
    person.turn()
    assert "astuner-other" in person.html()
    assert "gelu" in person.html()


def test_a_text_that_is_no_view_is_a_sentence_and_changes_nothing(person, runs):
    tabs = next(part for part in person.parts(ipw.Tab))
    tabs.selected_index = 3
    person.turn()
    field = next(part for part in person.parts(ipw.Text) if part.value.startswith("anb1."))
    good = anb.compare(runs).group("act").state()
    before = person.view.options
    field.value = "anb1.<script>"
    assert person.view.options is before
    assert "damaged" in person.html()
    field.value = good
    person.turn()
    assert person.view.options.group == ("act",)


def test_files_are_made_in_the_background_and_handed_to_the_browser(person, wait_for):
    saved = []
    download = next(part for part in all_below(person.root) if hasattr(part, "save") and not hasattr(part, "figures"))
    download.send = lambda content, buffers: saved.append((content["name"], bytes(buffers[0])))
    for word in ("HTML report", "CSV", "Parquet", "SVG"):
        person.button(word).click()
        wait_for(lambda: saved, what=word)
        name, content = saved.pop()
        assert name.startswith("comparison.")
        assert len(content) > 100


def test_a_still_picture_is_left_when_all_is_read(person):
    assert person.view.panel.still.svg.startswith("<svg")
    still = Still()
    shown = []
    still._handle = type("Handle", (), {"update": lambda _, html: shown.append(html.data)})()
    still.put("<svg>1</svg>")
    still.put("<svg>1</svg>")
    assert len(shown) == 1
    assert base64.b64encode(b"<svg>1</svg>").decode() in shown[0]


@pytest.mark.parametrize(
    ("low", "high", "log", "whole", "marks"),
    [
        (1e-5, 1e-1, True, False, (1e-5, 3e-4, 1e-1)),
        (0.0, 1.0, False, False, (0.0, 0.5, 1.0)),
        (1, 9, False, True, (1, 9)),
    ],
)
def test_the_ends_of_a_slider_stand_at_the_values_there_are(low, high, log, whole, marks):
    slider = RangeSlider("x", low, high, log, whole, 1.0, marks, 0)
    places = places_of(slider)
    assert places == sorted(places)
    assert set(map(float, marks)) <= set(places)
    assert (places[0], places[-1]) == (low, high)
    assert len(places) <= PLACES


def test_a_control_stays_the_same_one_while_runs_come_and_go(person):
    filters = Filters(person.view)
    lr = RangeSlider("lr", 1e-4, 1e-2, log=True, whole=False, step=2.0, marks=(1e-4, 1e-2), missing=0)
    act = ChoiceSlider("act", ("gelu", "relu"), counts=(2, 3), missing=0)
    filters.paint([lr, act], [])
    before = list(all_below(filters.widget))
    person.view.filter(lr=(None, 1e-3))
    wider = replace(lr, marks=(1e-5, 1e-4, 1e-2), low=1e-5)
    filters.paint([wider, replace(act, counts=(3, 3))], [])
    assert list(all_below(filters.widget)) == before  # somebody may have one in his hand
    slider = next(part for part in before if isinstance(part, ipw.SelectionRangeSlider))
    assert slider.value[0] == 1e-5
    assert slider.value[1] == pytest.approx(1e-3, rel=0.1)
    assert "3 runs" in next(part for part in before if isinstance(part, ipw.ToggleButton)).tooltip
    filters.paint([replace(act, choices=("gelu", "relu", "silu"), counts=(3, 3, 1))], [])
    kept = list(all_below(filters.widget))
    assert slider not in kept
    assert [part.description for part in kept if isinstance(part, ipw.ToggleButton)] == ["gelu", "relu", "silu"]
    for widget in kept:
        widget.close()


def test_a_word_that_stays_picked_keeps_its_button():
    picks = Picks("group by …", "", lambda words: None, called=str.upper)
    picks.show(["lr"], ["lr", "seed"])
    first = picks.widget.children[1]
    picks.show(["seed", "lr"], ["lr", "seed"])
    assert picks.widget.children[2] is first
    assert [button.description for button in picks.widget.children[1:]] == ["SEED", "LR"]
    picks.show(["seed"], ["lr", "seed"])
    assert first not in picks.widget.children
    assert picks.widget.children[0].options[-1] == ("LR", "lr")
    for widget in all_below(picks.widget):
        widget.close()
