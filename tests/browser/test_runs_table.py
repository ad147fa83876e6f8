"""The table of runs in a real page: what a person does in it, at a thousand runs too."""

from __future__ import annotations

import json
import statistics

import pytest

from .harness import Notebook

KERNEL = """
import math, random
from dataclasses import replace
import ipywidgets as ipw
from astuner_nb.views.tables.table import TableRow, TableRows
from astuner_nb.widgets.runs_table import RunsTable

COLUMNS = ("lr", "backbone", *(f"metric{n} last" for n in range(18)))
KINDS = ("config", "config", *["metric"] * 17, "delta")
draw = random.Random(1)

def row(n):
    cells = (10 ** draw.uniform(-6, -3), "local", *(draw.random() for _ in range(17)), draw.uniform(-1, 1))
    return TableRow(
        key=f"made:#{n}", name=f"run <b>{n}</b>", source="made", state="running" if n == 1 else "finished",
        tags=("paper",) if n % 9 == 0 else (), note="", group="", created="2026-01-05T10:00:00+00:00",
        url="https://x.y/z" if n % 2 else "", color="", pinned=False, hidden=False, selected=False, baseline=False,
        cells=cells, spark=tuple(math.sin(k / 3 + n) for k in range(24)), mark=f"#{n + 1}", swatch="#0a7bc4",
        drawn="line", alive=n == 1, detail="", progress=f"{n}/60", what_changed="", reading="", severity="", parent="",
    )

class Owner:
    def __init__(self, count):
        self.heard = []
        self.rows = {one.key: one for one in map(row, range(count))}
        self.order, self.sort, self.search = list(self.rows), ("", False), ""
        self.table = RunsTable(self.on_verb)
        self.show()

    def on_verb(self, verb, key, value):
        self.heard.append([verb, key, value])
        if verb == "sort":
            self.sort = self.now.sort_after(value)
        elif verb == "search":
            self.search, self.order = value, [key for key in self.rows if value in key]
        elif verb in CHANGES:
            self.rows[key] = replace(self.rows[key], **CHANGES[verb](value))
        self.show()

    def show(self, words=""):
        rows = [self.rows[key] for key in self.order]
        if self.sort[0] in COLUMNS:
            place = COLUMNS.index(self.sort[0])
            rows.sort(key=lambda one: one.cells[place], reverse=self.sort[1])
        self.now = TableRows(COLUMNS, KINDS, ("higher",) * len(COLUMNS), tuple(rows), self.sort, self.search)
        self.table.show(self.now, words or f"{len(rows)} of {len(self.rows)} runs are left.")

CHANGES = {
    "show": lambda value: {"hidden": not value},
    "pick": lambda value: {"selected": True},
    "pin": lambda value: {"pinned": value},
    "baseline": lambda value: {"baseline": value},
    "rename": lambda value: {"name": value},
    "note": lambda value: {"note": value},
    "tags": lambda value: {"tags": tuple(value)},
    "color": lambda value: {"color": value, "swatch": value},
}
"""
SHOW = "ipw.VBox([owner.table]).add_class('astuner-panel')"
ROWS = "tr[data-run]"
FRAMES = """() => { window.frames_ms = []; const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = draw => ask(time => { const begin = performance.now(); draw(time);
document.querySelector('.astuner-runs').getBoundingClientRect();
window.frames_ms.push(performance.now() - begin); }); }"""


@pytest.fixture
def opened(open_notebook):
    """`opened(count, **more)`: a table of so many runs in a page."""

    def open_one(count: int, **more: int) -> Notebook:
        notebook = open_notebook([KERNEL, f"owner = Owner({count})", SHOW], **more)
        notebook.run_all()
        notebook.wait(f"() => document.querySelectorAll('{ROWS}').length > 0")
        notebook.page.locator(".astuner-panel").first.scroll_into_view_if_needed()
        return notebook

    return open_one


def heard(notebook: Notebook) -> list:
    return json.loads(notebook.execute("import json; print(json.dumps(owner.heard))"))


def names(notebook: Notebook) -> list[str]:
    return notebook.page.locator(f"{ROWS} .astuner-name").all_inner_texts()


def test_all_that_a_mouse_does_arrives_and_comes_back_into_the_row(opened):
    notebook = opened(12)
    rows = notebook.page.locator(ROWS)
    third = rows.nth(2)
    third.evaluate("tr => { window.third = tr; }")
    third.locator("input[type=checkbox]").uncheck()
    third.locator(".astuner-pin").click()
    third.locator(".astuner-flag").click()
    third.locator(".astuner-name").click(modifiers=["Shift"])
    third.locator(".astuner-state-cell").click()
    third.locator("input[type=color]").evaluate(
        "node => { node.value = '#123456'; node.dispatchEvent(new Event('change')); }"
    )
    rows.nth(1).locator(".astuner-stop").click()
    key = "made:#2"
    expected = [
        ["show", key, False], ["pin", key, True], ["baseline", key, True], ["pick", key, {"add": True}],
        ["pick", key, {"add": False}], ["color", key, "#123456"], ["stop", "made:#1", None],
    ]  # fmt: skip
    notebook.wait_until(lambda: heard(notebook) == expected, "all verbs")
    notebook.wait("() => window.third.isConnected && window.third.matches('.astuner-is-pinned.astuner-is-selected')")
    assert third.locator("input[type=checkbox]").is_checked() is False
    assert third.locator(".astuner-swatch").evaluate("bar => bar.style.background") == "rgb(18, 52, 86)"
    assert names(notebook)[2] == "#3run <b>2</b>"
    assert notebook.page.locator(".astuner-runs b").count() == 0


def test_a_person_writes_about_a_run_with_the_keyboard(opened):
    notebook = opened(3)
    row = notebook.page.locator(ROWS).nth(1)
    more = row.locator(".astuner-more")
    more.focus()
    notebook.page.keyboard.press("Enter")
    editor = notebook.page.locator(".astuner-editor")
    editor.get_by_label("name of").fill("mine")
    notebook.execute("owner.rows['made:#1'] = replace(owner.rows['made:#1'], progress='59/60'); owner.show()")
    notebook.wait_until(lambda: "59/60" in row.inner_text(), "a row that goes on under the editor")
    editor.get_by_label("tags of").fill("good, seed 1")
    editor.get_by_label("note of").fill("<i>why</i>")
    notebook.page.keyboard.press("Enter")
    key = "made:#1"
    written = [["rename", key, "mine"], ["tags", key, ["good", "seed 1"]], ["note", key, "<i>why</i>"]]
    notebook.wait_until(lambda: heard(notebook) == written, "three verbs")
    notebook.wait_until(lambda: row.locator(".astuner-note").inner_text() == "<i>why</i>", "the note")
    assert row.locator(".astuner-chip").all_inner_texts() == ["good", "seed 1"]
    assert editor.count() == 0
    more.click()
    notebook.page.keyboard.press("Escape")
    notebook.wait_until(lambda: editor.count() == 0, "the editor closed")
    assert len(heard(notebook)) == 3
    assert more.evaluate("node => node === document.activeElement")


def test_titles_sort_and_a_search_leaves_those_it_finds(opened):
    notebook = opened(12)
    title = notebook.page.locator("th[data-column=c3] button")
    ways = []
    for _ in range(3):
        title.click()
        notebook.wait_until(lambda: len(heard(notebook)) > len(ways), "the click")
        notebook.wait("n => document.querySelectorAll('th[aria-sort]').length === n", int(len(ways) < 2))
        ways.append(notebook.page.locator("th[data-column=c3]").get_attribute("aria-sort"))
    assert ways == ["descending", "ascending", None]
    notebook.page.get_by_label("search names").press_sequentially("dd")  # which would delete the cell
    notebook.wait_until(lambda: heard(notebook)[-1] == ["search", "", "dd"], "the search")
    assert notebook.js("() => window.jupyterapp.shell.currentWidget.content.model.cells.length") == 3
    assert notebook.page.locator(".astuner-runs > p").inner_text() == "0 of 12 runs are left."
    notebook.page.get_by_label("search names").fill("#1")
    notebook.wait_until(lambda: len(names(notebook)) == 3, "1, 10 and 11")
    assert notebook.page.locator(".astuner-count").inner_text() == "3 of 12 runs are left."
    notebook.page.get_by_label("show all").uncheck()
    notebook.wait_until(lambda: heard(notebook)[-1] == ["show_all", "", False], "all out of sight")


def test_a_button_under_the_pointer_keeps_its_click_while_rows_move(opened):
    notebook = opened(12)
    button = notebook.page.locator(ROWS).nth(4).locator(".astuner-pin")
    button.hover()
    notebook.page.mouse.down()
    notebook.execute("owner.order.reverse(); owner.show()")
    notebook.execute("owner.heard.append('moved')")
    notebook.page.mouse.up()
    notebook.wait_until(lambda: heard(notebook) == ["moved", ["pin", "made:#4", True]], "the click")
    notebook.wait_until(lambda: names(notebook)[0] == "#12run <b>11</b>", "the order that waited")


def test_the_newest_rows_are_there_after_a_reload_and_in_a_second_view(opened):
    notebook = opened(5)
    notebook.execute("owner.order.reverse(); owner.show()")
    notebook.wait_until(lambda: names(notebook)[0] == "#5run <b>4</b>", "the new order")
    notebook.run(2)
    notebook.wait_until(lambda: names(notebook)[0] == "#5run <b>4</b>", "the same, displayed again")
    notebook.reload()
    notebook.wait_until(lambda: names(notebook)[:1] == ["#5run <b>4</b>"], "the same after the reload")
    notebook.execute("owner.on_verb('rename', 'made:#4', 'other')")
    notebook.wait_until(lambda: names(notebook)[0] == "#5other", "and it goes on")


def test_a_thousand_rows_are_drawn_at_once_and_change_quickly(opened):
    notebook = opened(1000, anew=True)  # frames are measured in its tab for good
    notebook.js(FRAMES)
    assert notebook.page.locator(ROWS).count() <= 60
    took = []
    for number in range(9):
        notebook.js("() => { window.frames_ms.length = 0; }")
        down = notebook.js("() => window.astunerWire.down")
        notebook.execute(
            "keys = draw.sample(list(owner.rows), 50)\n"
            "for key in keys: owner.rows[key] = replace(owner.rows[key], progress='60/60', note='')\n"
            f"draw.shuffle(owner.order); owner.show('turn {number}')"
        )
        notebook.wait_until(lambda: f"turn {number}" in notebook.page.locator(".astuner-count").inner_text(), "a turn")  # noqa: B023
        took.append(max(notebook.js("() => window.frames_ms")))
        assert notebook.js("() => window.astunerWire.down") - down < 12_000
    assert statistics.median(took) < 150, took  # some 20 ms where nothing else runs
    first = notebook.execute("print(owner.order[0], owner.order[-1])").split()
    assert notebook.page.locator(ROWS).first.get_attribute("data-run") == first[0]
    notebook.js("() => { document.querySelector('.astuner-runs').scrollTop = 1e9; }")
    notebook.wait_until(
        lambda: notebook.page.locator(ROWS).last.get_attribute("data-run") == first[1], "the last row at the end"
    )
    assert notebook.page.locator(ROWS).count() <= 60


OVERFLOW = """() => {
const panel = document.querySelector('.astuner-panel'), box = panel.querySelector('.astuner-runs');
box.scrollLeft = 1e6;
const at = node => node.getBoundingClientRect(), row = box.querySelector('tr[data-run]');
const started = row.lastElementChild;
return { over: panel.scrollWidth - panel.clientWidth, scrolled: box.scrollLeft,
  name: at(row.cells[1]).left - at(box).left, cell: at(row.cells[1]).width / at(box).width,
  last: at(box).right - at(started).right, started: at(started).width }; }"""


def test_nothing_overflows_and_names_stay_while_the_rest_is_scrolled(opened, pictures):
    notebook = opened(20)
    for width, dark in [(1400, False), (1400, True), (700, True), (700, False)]:
        notebook.resize(width)
        notebook.theme(dark=dark)
        seen = notebook.js(OVERFLOW)
        notebook.screenshot(pictures / f"table-{width}-{'dark' if dark else 'light'}.png")
        assert seen["over"] <= 1
        assert seen["scrolled"] > 0
        assert abs(seen["name"] - 60) < 2
        assert seen["cell"] < 0.4
        assert seen["last"] >= -1
        assert seen["started"] > 80
