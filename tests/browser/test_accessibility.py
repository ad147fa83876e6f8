"""The panels for people who use a keyboard, a screen reader or little contrast; and nothing moves meanwhile."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest

from .axe import violations
from .harness import LabServer, Notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
OPEN = "import astuner_nb as anb\nlab = anb.Lab('math_agent.yaml', runs='{}')\nlab"
RUN = "lab.wait(lab.start(total_steps=60, train_batch_size=2, num_repeat=2, save_freq=10, lr={}), timeout_s=60)"
END = "for run in lab.runs: lab.stop(run)\nfor run in lab.runs: lab.wait(run, timeout_s=20)"
COMPARE = "import astuner_nb as anb\nanb.compare('swanlab:histories/swanlog', 'wandb:histories/wandb')"
TABS = {
    "run": ".astuner-panel",
    "differences": ".astuner-details",
    "what mattered": ".astuner-details",
    "take away": ".astuner-details",
}
"""Tab → where it is looked for what is wrong: above the tabs nothing depends on them."""
FIGURES = 5
MOST_STOPS = 150

FOCUSED = """() => { const e = document.activeElement, ring = getComputedStyle(e);
  return { inside: Boolean(e.closest('.astuner-panel')), kind: e.className.baseVal ?? e.className,
    name: e.ariaLabel || [...e.labels ?? []].map(l => l.textContent).join(' ').trim() || e.title || e.innerText,
    ring: ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2 }; }"""
WATCH = """() => { window.moved = [];
  const note = ({ node, previousRect: a, currentRect: b }) => {
    const at = node?.nodeType === 3 ? node.parentElement : node;
    if (at?.closest?.('.astuner-panel')) window.moved.push(`${at.className} ${[a.x, a.y]} → ${[b.x, b.y]}`);
  };
  const heard = list => list.getEntries().forEach(({ sources }) => sources.forEach(note));
  new PerformanceObserver(heard).observe({ type: 'layout-shift' }); }"""
PLACES = """() => ['actions button', 'framed', 'reading-card', 'runs', 'details'].map(part => `.astuner-${part}`)
  .flatMap(part => [...document.querySelectorAll(part)].map(e => e.getBoundingClientRect().y))"""


@pytest.fixture
def open_panel(open_notebook, lab_server: LabServer):
    """`open_panel(folder)` opens a tuning panel whose runs are kept there."""
    shutil.copy(NOTEBOOKS / "math_agent.yaml", lab_server.root)
    opened: list[Notebook] = []

    def open_one(folder: str) -> Notebook:
        opened.append(open_notebook([OPEN.format(folder)], height=1400))
        opened[-1].run_all()
        opened[-1].wait_plots(FIGURES)
        return opened[-1]

    yield open_one
    for notebook in opened:
        notebook.execute(END)


@pytest.fixture
def panel(open_panel, request: pytest.FixtureRequest) -> Notebook:
    """A tuning panel with no runs yet."""
    return open_panel(f"runs-{request.node.name}")


@pytest.fixture
def tuning(open_panel) -> Notebook:
    """A tuning panel with two runs that have ended, one of them in focus; all tests see the same two."""
    panel = open_panel("two")
    if panel.execute("print(len(lab.runs))").strip() == "0":
        panel.execute("\n".join(RUN.format(lr) for lr in (1e-4, 1e-3)))
    panel.page.locator("tr[data-run] .astuner-name").first.click()
    panel.page.locator(".astuner-reading-card [role=status]").wait_for()
    panel.wait("() => document.querySelector('.astuner-range .noUi-handle')?.ariaLabel")
    return panel


@pytest.fixture
def comparing(open_notebook, lab_server: LabServer) -> Notebook:
    """A comparison of runs of two trackers."""
    shutil.copytree(NOTEBOOKS / "histories", lab_server.root / "histories", dirs_exist_ok=True)
    notebook = open_notebook([COMPARE], height=1400)
    notebook.run_all()
    notebook.wait_plots(2)
    notebook.page.locator("tr[data-run]").nth(3).wait_for()
    notebook.wait("() => document.querySelector('.astuner-range .noUi-handle')?.ariaLabel")
    return notebook


def audited(notebook: Notebook) -> dict[str, str]:
    """What axe finds in either theme, wide and narrow, in each of the tabs, and where it did."""
    found: dict[str, str] = {}
    for dark, width in itertools.product((False, True), (1400, 700)):
        notebook.theme(dark=dark)
        notebook.resize(width, 1400)
        for tab, where in TABS.items():
            notebook.page.get_by_role("tab", name=tab, exact=True).click()
            for line in violations(notebook, where):
                found.setdefault(line, f"{'dark' if dark else 'light'}, {width} px, {tab}")
    return found


@pytest.mark.parametrize("shown", ["tuning", "comparing"])
def test_axe_finds_nothing_serious_in_either_theme_wide_or_narrow(shown, request: pytest.FixtureRequest):
    found = audited(request.getfixturevalue(shown))
    assert not found, "\n".join(f"{line} [{where}]" for line, where in found.items())


def walked(notebook: Notebook) -> list[dict[str, Any]]:
    """Where Tab stops in the panel, until it leaves it."""
    notebook.js("() => { const p = document.querySelector('.astuner-panel'); p.tabIndex = -1; p.focus(); }")
    stops: list[dict[str, Any]] = []
    while len(stops) < MOST_STOPS:
        notebook.page.keyboard.press("Tab")
        stops.append(notebook.js(FOCUSED))
        if not stops[-1]["inside"]:
            return stops[:-1]
    raise AssertionError(f"Tab never leaves the panel; it stops at {stops[-3:]}")


def test_tab_finds_every_control_with_its_name_and_a_ring_and_leaves_again(tuning: Notebook):
    stops = walked(tuning)
    assert [stop for stop in stops if not stop["ring"] or not stop["name"].strip()] == []
    names = [stop["name"] for stop in stops]
    for wanted in (
        "lr",
        "Start a run",
        "Values that tell a story",
        "Logarithmic x axis",
        "smoothing",
        "Show this metric",
        "goes on from there",
    ):
        assert any(wanted in name for name in names), wanted
    for wanted in (
        "lr, lowest",
        "lr, highest",
        "what the curves say",
        "search names",
        "run",
        "keep #1",
        "write about #2",
    ):
        assert any(name.startswith(wanted) for name in names), wanted
    kinds = [stop["kind"] for stop in stops]
    assert sum("modebar-btn" in kind for kind in kinds) == FIGURES  # one stop a figure; arrow keys go on from there
    assert sum(name.startswith("What should") for name in names) == FIGURES
    assert sum("lm-TabBar-tab" in kind for kind in kinds) == 1


def test_keys_work_controls_and_are_not_taken_by_the_notebook(tuning: Notebook):
    page = tuning.page
    handle = page.get_by_role("slider", name="lr", exact=True)
    handle.press("ArrowRight")
    assert handle.get_attribute("aria-valuetext") == "1.2e-4"  # what the readout says, not the exponent
    toggle = page.get_by_role("button", name="log y")
    toggle.press("Enter")
    tuning.wait("() => [...document.querySelectorAll('[aria-pressed=true]')].some(e => e.innerText === 'log y')")
    page.locator(".modebar-btn").first.press("ArrowRight")
    assert tuning.js("() => document.activeElement.dataset.title") == "Zoom"
    page.get_by_role("tab", name="run", exact=True).press("ArrowRight")
    page.keyboard.press("Enter")
    tuning.wait("() => document.querySelector('.astuner-details [aria-selected=true]').innerText === 'differences'")
    page.get_by_role("button", name="Start a run").or_(page.locator(".astuner-actions button")).first.press("Enter")
    page.locator("tr[data-run]").nth(2).wait_for()
    assert tuning.js("() => window.jupyterapp.shell.currentWidget.content.mode") == "command"


def test_a_question_mark_says_how_a_curve_should_look_and_moves_nothing(tuning: Notebook, pictures: Path):
    page, before = tuning.page, tuning.js(PLACES)
    asked = page.get_by_role("button", name="What should reward look like?")
    asked.press("Enter")
    note = page.get_by_role("note").filter(has_text="Rises quickly")
    note.wait_for()
    assert asked.get_attribute("aria-expanded") == "true"
    assert note.locator("svg path").count() == 2
    assert tuning.js(PLACES) == before
    tuning.screenshot(pictures / "asked.png")
    page.get_by_role("button", name="What should loss look like?").click()
    assert not note.is_visible()  # one at a time
    page.keyboard.press("Escape")
    assert page.get_by_role("note").count() == 0
    assert tuning.js("() => document.activeElement.ariaLabel") == "What should loss look like?"


@pytest.mark.parametrize("width", [1400, 700])
def test_nothing_moves_while_a_run_goes_on(panel: Notebook, width: int):
    panel.resize(width, 2400)
    panel.execute("lab.set(total_steps=1000, train_batch_size=4, num_repeat=4, min_step_s=0.02)")
    panel.page.locator(".astuner-actions button").first.click()
    panel.wait_plot("g.data.some(t => t.x.length > 3)")
    panel.wait("() => document.querySelector('.astuner-reading:not(:empty)')")
    panel.js(WATCH)
    before = panel.js(PLACES)
    panel.wait_plot("g.data.some(t => t.x.length > 120)")  # checkpoints, validation, phases and findings come meanwhile
    assert panel.js("() => window.moved") == []
    assert panel.js(PLACES) == before
