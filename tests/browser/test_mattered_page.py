"""What mattered in a real JupyterLab: brushes, clicks and keys select runs in the kernel, and hear of selections."""

from __future__ import annotations

import json

import pytest

from .harness import Notebook

SETUP = """
import queue, threading
from astuner_nb.views.mattered.outcomes import ShownRun
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.summaries import from_extremes
from astuner_nb.widgets.mattered import Mattered

turns, view, chosen = queue.Queue(), ViewOptions(), []

def later(act):
    return lambda *arguments: turns.put(lambda: act(*arguments))

def on_select(keys):
    global view
    chosen.append([key[1:] for key in keys])
    view = view.with_selected(*keys)
    mattered.paint(runs, view)

def live():
    while True:
        turns.get()()

def run(number):
    config = {"lr": 10.0 ** (number % 5 - 7), "adv_estimator": ["grpo", "rloo"][number % 2], "<img src=x onerror='hit=1'>": number}
    if number % 4:
        config["entropy_coef"] = number / 100
    name = f"run {number} <img src=x onerror='hit=1'>"
    return ShownRun(f"r{number}", name, ["#0a7bc4", "#d55e00"][number % 2], config, {"reward": from_extremes(0.0, 0.0, float(number), 9, "higher")})

mattered = Mattered(later, on_select)
runs = tuple(map(run, range(20)))
mattered.paint(runs, view)
threading.Thread(target=live, daemon=True).start()
"""  # noqa: E501
STAGE = ".astuner-scroll .astuner-stage"
INK = """([place, number]) => { const c = document.querySelectorAll(place + ' canvas')[number];
  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(byte => byte); }"""


FITS = "() => { const m = document.querySelector('.astuner-mattered'); return m.scrollWidth <= m.clientWidth; }"


@pytest.fixture
def mattered(open_notebook) -> Notebook:
    """Twenty runs on the page, and their widget in the kernel."""
    notebook = open_notebook([SETUP, "mattered.widget"])
    notebook.run(0)
    notebook.run(1)
    notebook.page.wait_for_selector(".astuner-axis-bar")
    notebook.wait(INK, [STAGE, 0])
    return notebook


def selected(notebook: Notebook) -> list[str]:
    """The runs that the kernel was told of last; none where it was told of none."""
    return json.loads(notebook.execute("import json; print(json.dumps(chosen[-1] if chosen else None))"))


def until_selected(notebook: Notebook, runs: list[int]) -> None:
    wanted = sorted(map(str, runs))
    notebook.wait_until(lambda: sorted(selected(notebook) or ["nobody"]) == wanted, f"{wanted} selected")


def bar(notebook: Notebook, name: str):
    return notebook.page.locator(f".astuner-axis-bar[aria-label^='{name}:']")


def brush(notebook: Notebook, name: str, start: float, end: float) -> None:
    """Drag along the axis `name` from one part of it to another."""
    bar(notebook, name).scroll_into_view_if_needed()
    box = bar(notebook, name).bounding_box()
    x, bottom, height = box["x"] + box["width"] / 2, box["y"] + box["height"], box["height"]
    notebook.drag((x, bottom - start * height), (x, bottom - end * height))


def test_brushes_select_runs_everywhere_and_leave_when_another_selection_is_made(mattered, pictures):
    brush(mattered, "reward best", 0.5, 0.995)
    until_selected(mattered, range(10, 19))
    brush(mattered, "adv_estimator", 0.5, -0.1)  # beyond its end
    until_selected(mattered, [10, 12, 14, 16, 18])
    clear = mattered.page.get_by_role("button", name="clear selection")
    assert clear.inner_text() == "clear selection (5)"
    for dark in (False, True):
        mattered.theme(dark=dark)
        mattered.screenshot(pictures / f"mattered-{'dark' if dark else 'light'}.png")
    mattered.execute("later(on_select)(['r3'])")  # in a table, say
    mattered.wait("() => document.querySelectorAll('.astuner-brush:not([hidden])').length === 0")
    mattered.wait("() => [...document.querySelectorAll('button')].some(b => b.textContent === 'clear selection (1)')")
    clear.click()
    mattered.wait_until(lambda: selected(mattered) == [], "nothing selected")
    assert mattered.js("() => window.hit") is None


def test_a_point_is_selected_by_a_click_and_a_line_too(mattered):
    mattered.wait(INK, [".astuner-below", 0])
    scatter = mattered.page.locator(".astuner-below .astuner-stage")
    scatter.focus()
    scatter.press("ArrowLeft")  # to the last: the highest learning rate
    assert "run 19 <img" in mattered.page.locator(".astuner-tip").inner_text()
    scatter.press("Enter")
    until_selected(mattered, [19])
    mattered.wait(INK, [".astuner-below", 1])
    scatter.press("Enter")
    mattered.wait_until(lambda: selected(mattered) == [], "nothing selected")
    bar(mattered, "reward best").scroll_into_view_if_needed()
    box = bar(mattered, "reward best").bounding_box()
    mattered.page.mouse.click(box["x"] - 4, box["y"] + box["height"] * (1 - 7 / 19) + 0.5)
    mattered.wait_until(lambda: selected(mattered), "a line selected")
    assert len(selected(mattered)) == 1


def test_an_axis_is_brushed_with_keys_that_jupyterlab_does_not_take(mattered):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = mattered.js(active)
    bar(mattered, "reward best").focus()
    mattered.page.keyboard.press("ArrowUp")
    until_selected(mattered, range(15, 20))
    mattered.page.keyboard.press("Shift+ArrowDown")
    until_selected(mattered, range(15, 19))
    mattered.page.keyboard.press("Escape")
    mattered.wait_until(lambda: selected(mattered) == [], "nothing selected")
    assert mattered.js(active) == before


def test_axes_outcome_and_importance_are_chosen_and_come_back_after_a_reload_at_any_width(mattered):
    page = mattered.page
    page.get_by_role("button", name="axes: 4 of 4").click()
    page.get_by_role("checkbox", name="adv_estimator").uncheck()
    page.get_by_role("button", name="axes: 3 of 4").wait_for()
    page.get_by_label("outcome", exact=True).select_option("reward last")
    page.wait_for_selector(".astuner-axis-bar[aria-label^='reward last:']")
    page.get_by_role("button", name="compute").click()
    page.wait_for_selector(".astuner-refused")
    assert "The outcome is the same in all 20 runs" in page.locator(".astuner-importance").inner_text()
    mattered.reload()
    page.wait_for_selector(".astuner-axis-bar[aria-label^='reward last:']")
    mattered.wait(INK, [STAGE, 0])
    assert page.locator(".astuner-refused").count() == 1
    for width in (1400, 700):
        mattered.resize(width)
        mattered.wait(FITS)
        mattered.wait(INK, [STAGE, 0])
