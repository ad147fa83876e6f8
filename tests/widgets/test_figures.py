"""The grid of figures: what changed from one picture to the next is all that travels."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from astuner_nb.core.metrics import describe
from astuner_nb.views.pictures.picture import Axis, Line, Mark, Picture
from astuner_nb.widgets.figures import SHORT, TURN_BYTES, Figures


def line(id: str, y=(1.0, 2.0, 3.0), **look) -> Line:
    values = np.asarray(y, np.float64)
    return Line(id, id, np.arange(len(values), dtype=np.float64), values, id, f"#{id}", "#0a7bc4", **look)


def picture(*lines: Line, axis: Axis = Axis(""), **more) -> Picture:  # noqa: B008  # a frozen value
    return Picture(describe("reward"), axis, lines, **more)


class Page:
    """The figures, and what a page was told of the only one since it was last asked."""

    def __init__(self) -> None:
        self.picks: list[tuple[str, bool]] = []
        self.marks: list[Mark] = []
        self.figures = Figures(lambda run, add: self.picks.append((run, add)), link="x", on_mark=self.marks.append)
        self.figures.arrange(["reward"])
        self.figure = self.figures.figures["reward"]
        self._said: list[dict] = []
        self.figure.send = lambda content, buffers=None: self._said.append(content)

    def show(self, *pictures: Picture) -> list[str]:
        """Which kinds of message that took."""
        return [message["op"] for message in self.told(*pictures)]

    def told(self, *pictures: Picture) -> list[dict]:
        """The messages themselves, without their numbers' arrays."""
        self.figures.show(pictures)
        said, self._said = self._said, []
        return said


def connected(monkeypatch) -> Page:
    """A page connected as in a kernel."""
    monkeypatch.setattr("astuner_nb.live_figure.figure.SEND_GAP_S", 0.0)
    opened = Page()
    monkeypatch.setattr("astuner_nb.live_figure.figure.DummyComm", type("NoComm", (), {}))
    return opened


@pytest.fixture
def page(monkeypatch):
    return connected(monkeypatch)


def test_the_same_picture_sends_nothing(page):
    shown = picture(line("a"), line("b"))
    assert "add" in page.show(shown)
    assert page.show(shown) == []
    assert page.show(picture(*shown.lines)) == []


def test_hiding_and_showing_again_sends_no_points(page):
    a, b = line("a"), line("b")
    page.show(picture(a, b))
    assert page.show(picture(replace(a, visible=False), b)) == ["set"]
    assert [trace.visible for trace in page.figure.data] == [False, True]
    assert page.show(picture(a, b)) == ["set"]
    assert [len(trace.y) for trace in page.figure.data] == [3, 3]


def test_a_line_that_is_gone_is_hidden_and_comes_back_as_it_was(page):
    a, b = line("a"), line("b")
    page.show(picture(a, b))
    assert page.show(picture(b)) == ["set"]
    assert page.show(picture(a, b)) == ["set"]
    assert [(trace.name, trace.visible) for trace in page.figure.data] == [("a", True), ("b", True)]


def test_points_behind_the_end_of_a_line_that_grows_are_appended(page):
    page.show(picture(line("a", grows=True)))
    assert page.show(picture(line("a", (1, 2, 3, 4), grows=True))) == ["points"]
    assert list(page.figure.data[0].y) == [1, 2, 3, 4]


def test_other_points_replace_those_that_were(page):
    page.show(picture(line("a", grows=True)))
    assert page.show(picture(line("a", (5, 6, 7, 8), grows=True))) == ["set"]
    assert list(page.figure.data[0].y) == [5, 6, 7, 8]


def test_looks_change_without_points(page):
    a = line("a")
    page.show(picture(a))
    assert page.show(picture(replace(a, colour="#123456", width=3.0, layer=3))) == ["set"]
    trace = page.figure.data[0]
    assert (trace.line.color, trace.line.width, trace.zorder) == ("#123456", 3.0, 3)


def test_many_lines_travel_in_portions_visible_ones_first(page):
    long = np.random.default_rng(0).normal(size=1_000)
    lines = [line(f"{n}", long, visible=n >= 15) for n in range(20)]
    page.show(picture(*lines))
    first = len(page.figure.data)
    assert 0 < first < 20
    assert all(trace.visible for trace in page.figure.data[:5])
    for _ in range(20):
        page.show()
    assert len(page.figure.data) == 20
    assert first * 8_400 <= TURN_BYTES + 8_400
    assert {trace.name for trace in page.figure.data if trace.visible} == {str(n) for n in range(15, 20)}


def test_long_lines_travel_in_half_the_bytes_and_short_ones_with_all_digits(page):
    page.show(
        picture(
            line("short", [0.1]), line("long", np.full(SHORT + 1, 0.1)), line("live", np.full(900, 0.1), grows=True)
        )
    )
    kinds = {trace.name: trace.y.dtype for trace in page.figure.data}
    assert kinds == {"short": np.float64, "long": np.float32, "live": np.float64}
    dates = 1.7e9 + np.arange(SHORT + 1.0)
    page.show(picture(replace(line("d", np.ones(SHORT + 1)), x=dates), axis=Axis("", "date")))
    assert list(page.figure.data[0].x) == list(dates * 1000)  # seconds become milliseconds, and none is lost


def test_another_axis_begins_anew_and_forgets_the_zoom(page):
    page.show(picture(line("a"), axis=Axis("tokens")))
    page.figure.update_xaxes(range=[1, 2])
    page.show(picture(line("a"), axis=Axis("")))
    assert page.figure.layout.xaxis.range is None
    assert page.figure.layout.xaxis.title.text is None
    assert [trace.name for trace in page.figure.data] == ["a"]


def test_a_range_without_outliers_comes_and_goes(page):
    page.show(picture(line("a"), y_range=(0.0, 1.0)))
    assert tuple(page.figure.layout.yaxis.range) == (0.0, 1.0)
    page.show(picture(line("a")))
    assert page.figure.layout.yaxis.range is None


def test_few_lines_are_compared_at_one_x_and_many_one_by_one(page):
    page.show(picture(*(line(str(n)) for n in range(3))))
    assert page.figure.layout.hovermode == "x unified"
    page.show(picture(*(line(str(n)) for n in range(12))))
    assert page.figure.layout.hovermode == "closest"


def test_figures_come_and_go_in_order_and_one_alone_is_large(page):
    page.figures.arrange(["kl", "reward", "loss"])
    assert page.figures.metrics == ["kl", "reward", "loss"]
    assert page.figures.figures["reward"] is page.figure
    assert "astuner-large" not in page.figures.widget._dom_classes
    page.figures.arrange(["reward"])
    page.show(picture(line("a")))
    assert "astuner-large" in page.figures.widget._dom_classes
    assert page.figure.layout.height > 300


def test_names_are_text(page):
    page.show(picture(line("<img src=x onerror=alert(1)>")))
    trace = page.figure.data[0]
    assert "<img" not in trace.name + trace.hovertemplate


WHILE_IMPORTING = """
import sys, threading
import numpy as np
from astuner_nb.core.metrics import describe
from astuner_nb.views.pictures.picture import Axis, Line, Picture
from astuner_nb.widgets.figures import Figures

def shown(count):
    steps = np.arange(float(count))
    lines = [Line(f"{n}", f"run {n}", steps, steps * n, f"{n}", f"#{n}", "#0a7bc4", visible=n != count % 9)
             for n in range(count // 9 + 1)]
    return [Picture(describe(name), Axis(""), lines) for name in figures.metrics]

figures = Figures(lambda run, add: None, link="x")
figures.arrange(["reward", "loss"])
figures.show(shown(5))
assert "pandas" not in sys.modules
begun, turns, seen = threading.Event(), 0, False
importing = threading.Thread(target=lambda: (begun.set(), __import__("pandas")))
importing.start()
while importing.is_alive():
    turns += 1
    figures.show(shown(5 + turns % 40))
    seen = seen or "pandas" in sys.modules
figures.show(shown(50))
for figure in figures.figures.values():
    assert [len(line.x) for line in figure.data] == [50] * 6, figure.data
print(seen)
"""


def test_figures_go_on_while_another_thread_imports_pandas():
    done = subprocess.run([sys.executable, "-c", WHILE_IMPORTING], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("True", 0), done.stderr
