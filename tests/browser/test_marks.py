"""Marks in a real JupyterLab: they are seen, they say what they mean, and a click on one is heard."""

from __future__ import annotations

import pytest

from .harness import Notebook

SETUP = """
import numpy as np
from dataclasses import replace
from astuner_nb.core.metrics import describe
from astuner_nb.views.pictures.picture import Axis, Line, Mark, Picture
from astuner_nb.widgets.figures import Figures

EVIL = "<script>window.owned = 1</script><img src=x onerror='window.owned = 2'> %{y} $x$"
BLUE, clicked, picked = "#0a7bc4", [], []
figures = Figures(lambda *pick: picked.append(pick), link="marks", on_mark=lambda mark: clicked.append(mark.kind))
figures.arrange(["reward", "kl"])

def curve(points):
    x = np.arange(float(points))
    return Line("a", "a", x, np.sin(x / 20), "#1 run", "#1 run", BLUE, grows=True)

def show(points=100, best=31.0, marked=True):
    y = float(np.sin(best / 20))
    marks = [
        Mark("phase", 0, 28, np.nan, f"first {EVIL}", BLUE, "initial"),
        Mark("phase", 28, points - 1.0, np.nan, "then", BLUE, "learning"),
        Mark("plateau", 60, 80, float(np.sin(70 / 20)), "stays", BLUE),
        Mark("checkpoint", 10, 10, float(np.sin(0.5)), "Checkpoint of step 10.", BLUE),
        Mark("best", best, best, y, f"Best at {best:g}. {EVIL}", BLUE),
    ]
    shown = {"lines": [curve(points)], "marks": marks if marked else ()}
    figures.show([Picture(describe(metric), Axis(""), **shown) for metric in figures.metrics])

show()
"""
SHADES = "g.querySelectorAll('.shape-group path').length"  # plotly.js leaves empty groups behind
POINTS = "g.querySelectorAll('path.point').length"
HOVERED = "g.querySelector('.hoverlayer')?.textContent ?? ''"
BLINKED = """() => { window.lost = 0;
  const plots = [...document.querySelectorAll('.jp-OutputArea-output .js-plotly-plot')];
  const look = () => { for (const kind of ['.shape-group path', 'path.point'])
      if (plots.some(plot => plot.querySelectorAll(kind).length !== 2)) window.lost++;
    window.watching = requestAnimationFrame(look); };
  look(); }"""


@pytest.fixture
def notebook(open_notebook) -> Notebook:
    """Two figures with marks."""
    opened = open_notebook([SETUP, "figures.widget"])
    opened.run_all()
    opened.wait_plots(2)
    opened.wait_plot(f"{SHADES} === 2 && {POINTS} === 2", timeout_s=10)
    return opened


def point_at(notebook: Notebook, mark: int) -> None:
    """Moves the pointer onto a point of the marks' trace of the first figure."""
    x, y = notebook.point(2, mark)
    notebook.page.mouse.move(x - 4, y + 4)
    notebook.page.mouse.move(x, y)


def under(notebook: Notebook, mark: int) -> str:
    """The class of what takes the mouse where a mark is drawn."""
    place = list(notebook.point(2, mark))
    return notebook.js("([x, y]) => document.elementFromPoint(x, y).getAttribute('class')", place)


def heard(notebook: Notebook) -> str:
    """Which marks and which runs were clicked."""
    return notebook.execute("print(clicked, picked)")


def test_they_are_drawn_tell_what_they_mean_as_text_and_are_clicked(notebook, pictures):
    assert notebook.plot("g.data.map(t => t.name).join()") == "#1 run,plateaus,marks"
    names = notebook.plot("[...g.querySelectorAll('.annotation-text')].map(t => t.textContent).join()")
    assert names == "initial,learning"
    assert all("drag" in under(notebook, mark) for mark in (0, 1))  # nothing lies over a mark
    point_at(notebook, 1)
    notebook.wait_plot(f"{HOVERED}.includes('Best at 31.')")
    said = notebook.plot(HOVERED)
    assert "<script>" in said
    assert "%{y} $x$" in said
    notebook.page.mouse.click(*notebook.point(2, 1))
    notebook.wait_until(lambda: heard(notebook) == "['best'] []", "the mark is clicked")
    notebook.page.mouse.click(*notebook.point(0, 70))  # where a bar lies on the curve
    notebook.wait_until(lambda: heard(notebook) == "['best'] [('a', False)]", "the run is picked")
    notebook.theme(dark=True)
    notebook.wait_plot(f"{SHADES} === 2 && {POINTS} === 2 && g._fullLayout.font.color === '#d5d8dc'")
    notebook.screenshot(pictures / "dark.png")
    assert notebook.js("() => window.owned ?? null") is None


def test_marks_follow_a_run_that_grows_without_a_blink_and_go(notebook):
    notebook.js(BLINKED)
    notebook.execute("import time\nfor n in range(20): show(100 + n, 31.0 + n % 2); time.sleep(0.03)")
    notebook.wait_plot("g.data[0].x.length === 119 && g.layout.shapes[1].x1 === 118 && g.data[2].x[1] === 32")
    assert notebook.js("() => { cancelAnimationFrame(window.watching); return window.lost; }") == 0
    notebook.execute("show(119, marked=False)")
    notebook.wait_plot(f"{SHADES} === 0 && {POINTS} === 0 && g.data.length === 1", timeout_s=20)
