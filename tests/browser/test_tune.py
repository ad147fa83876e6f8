"""The tuning notebook in a real JupyterLab: what a person does from the first minute to the last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .harness import LabServer, Notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
FIGURES = ("reward", "success rate", "loss", "response length", "KL divergence")
CURVE = "t.mode === 'lines' && t.name !== 'plateaus'"
"""Whether a trace is a run's, and no mark."""
POINTS = f"g.data.reduce((n, t) => n + ({CURVE} ? t.y.length : 0), 0)"


class Panel:
    """What a person sees of the panel, and does to it."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.page = notebook.page

    def open(self) -> None:
        self.notebook.run(1)
        self.appear()

    def appear(self) -> None:
        self.page.locator(".astuner-panel").first.scroll_into_view_if_needed()
        self.notebook.wait_plots(len(FIGURES))

    def press(self, name: str) -> None:
        self.page.locator(".astuner-panel").first.locator("button.jupyter-button", has_text=name).click()

    def states(self) -> list[str]:
        return self.page.locator(".astuner-table .astuner-state").all_inner_texts()

    def wait_state(self, row: int, *states: str) -> None:
        seen = lambda: (found := self.states())[row:] and found[row] in states  # noqa: E731
        self.notebook.wait_until(seen, f"row {row} reads {states}")

    def points(self) -> list[int]:
        return [self.notebook.plot(POINTS, number) for number in range(len(FIGURES))]

    def wait_points(self, at_least: int) -> None:
        for number in range(len(FIGURES)):
            self.notebook.wait_plot(f"{POINTS} >= {at_least}", number)

    def preset(self, name: str) -> None:
        self.page.locator(".astuner-actions select").select_option(name)

    def readout(self, name: str) -> str:
        row = self.page.locator(".astuner-control").filter(has_text=name).first
        return row.locator(".widget-readout").inner_text()


@pytest.fixture
def tuning(open_notebook, lab_server: LabServer):
    """The shipped tuning notebook, open, in a folder that holds its YAML file, with no runs yet."""
    shutil.rmtree(lab_server.root / "runs", ignore_errors=True)
    shutil.copy(NOTEBOOKS / "math_agent.yaml", lab_server.root)
    cells = json.loads((NOTEBOOKS / "01_tune.ipynb").read_text())["cells"]
    notebook = open_notebook(["pass", *("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")])
    yield Panel(notebook)
    notebook.execute(
        "import astuner_nb as anb\n"
        "lab = anb.Lab('math_agent.yaml')\n"
        "for run in lab.runs: lab.stop(run)\n"
        "for run in lab.runs: lab.wait(run, timeout_s=20)"
    )


def test_from_a_slider_to_a_live_curve_and_back_after_a_reload(tuning: Panel, pictures: Path):
    tuning.open()
    assert tuning.notebook.is_busy() is False  # the cell returned at once
    slider = tuning.page.get_by_role("slider").first
    before = tuning.readout("lr")
    slider.focus()
    for _ in range(6):
        slider.press("ArrowRight")
    tuning.notebook.wait_until(lambda: tuning.readout("lr") != before, "the slider moved")
    assert tuning.states() == []  # moving a slider starts nothing

    tuning.press("Run")
    tuning.wait_state(0, "running")
    tuning.wait_points(10)
    assert tuning.states() == ["running"]  # the points came while it trains
    tuning.notebook.screenshot(pictures / "running.png")
    lr = float(tuning.notebook.execute("print(lab.runs[0].config['lr'])"))
    assert lr > 1e-4

    tuning.press("Stop")
    tuning.wait_state(0, "stopped")
    tuning.notebook.wait_until(lambda: len(set(tuning.points())) == 1, "all figures have the last step")
    kept = tuning.points()
    tuning.notebook.reload()
    tuning.appear()
    tuning.wait_points(min(kept))
    assert tuning.points() == kept
    assert tuning.states() == ["stopped"]


def test_a_restarted_kernel_finds_the_running_job_and_its_curve_goes_on(tuning: Panel):
    tuning.open()
    tuning.press("Run")
    tuning.wait_points(3)
    tuning.notebook.restart_kernel()
    tuning.open()
    tuning.wait_state(0, "running")
    tuning.wait_points(10)
    steps = tuning.notebook.plot("[...g.data[0].x]", 0)
    assert steps == [float(step) for step in range(1, len(steps) + 1)]  # no gap
    tuning.press("Stop")
    tuning.wait_state(0, "stopped")


def test_curves_grow_while_a_cell_is_busy_and_two_runs_are_overlaid(tuning: Panel):
    tuning.open()
    tuning.preset("too hot")
    tuning.notebook.wait_until(lambda: tuning.readout("lr") == "1.0e-2", "the preset moved the slider")
    tuning.press("Run")
    tuning.wait_state(0, "running")
    tuning.preset("good")
    tuning.notebook.wait_until(lambda: tuning.readout("lr") == "1.0e-4", "the preset moved the slider")
    tuning.press("Run")
    tuning.notebook.wait_until(lambda: tuning.states() == ["running", "running"], "both runs go on")
    with tuning.notebook.busy():
        start = tuning.points()
        grown = lambda: all(b > a + 4 for a, b in zip(start, tuning.points(), strict=True))  # noqa: E731
        tuning.notebook.wait_until(grown, "growth")
    colours = tuning.notebook.plot(f"g.data.filter(t => {CURVE}).map(t => t.line.color)")
    assert len(set(colours)) == 2


def test_hidden_curves_and_zoom_survive_a_reload(tuning: Panel):
    tuning.open()
    tuning.notebook.execute(
        "for n in range(2): lab.wait(lab.start(total_steps=20, train_batch_size=2, num_repeat=2), timeout_s=60)"
    )
    tuning.wait_points(40)
    tuning.page.locator(".astuner-table input").first.uncheck()
    tuning.notebook.wait_plot(f"g._fullData.filter(t => t.visible === true && {CURVE}).length === 1")
    left, right = tuning.notebook.point(0, 4), tuning.notebook.point(0, 12)
    tuning.notebook.drag((left[0], left[1]), (right[0], left[1]))
    tuning.notebook.wait_plot("g._fullLayout.xaxis.range[1] < 16")
    zoom = tuning.notebook.plot("g._fullLayout.xaxis.range.map(v => Math.round(10 * v))")
    tuning.notebook.wait_until(
        lambda: (
            tuning.notebook.execute("print(lab.panel._runs._figures.figures['reward'].layout.xaxis.range is not None)")
            == "True"
        ),
        "the kernel knows the zoom",
    )
    tuning.notebook.reload()
    tuning.appear()
    tuning.notebook.wait_plot(f"g._fullData.filter(t => t.visible === true && {CURVE}).length === 1")
    assert tuning.page.locator(".astuner-table input").first.is_checked() is False
    assert tuning.notebook.plot("g._fullLayout.xaxis.range.map(v => Math.round(10 * v))") == zoom


def test_a_function_of_one_s_own_gets_its_figures_and_its_last_words(tuning: Panel):
    tuning.notebook.execute(
        "import astuner_nb as anb\n"
        "@anb.experiment(lr=anb.Float(0.1, low=0.01, high=1.0, help='Step size.'))\n"
        "def climb(run, lr):\n"
        "    for step in range(12): run.log(step=step, loss=lr * step, height=step)\n"
        "    print('one line\\n' * 60)\n"
        "    raise RuntimeError('<img src=x onerror=alert(1)> the mountain ended')\n"
    )
    tuning.notebook.js(
        "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[0].setSource('climb.lab()')"
    )
    tuning.notebook.run(0)
    tuning.press("Run")
    tuning.wait_state(0, "failed")
    tuning.notebook.wait_plots(2)
    assert tuning.notebook.plot("g.data[0].y.length", 0) == 12
    assert tuning.notebook.plot("g.layout.title.text", 1) == "<b>height</b>"
    words = tuning.page.locator(".astuner-log pre")
    assert "RuntimeError: <img src=x onerror=alert(1)> the mountain ended" in words.inner_text()
    assert tuning.page.locator(".astuner-panel img").count() == 0
    below = tuning.notebook.js(
        "() => { const paper = document.querySelector('.astuner-paper'), pre = paper.querySelector('pre');"
        " return pre.getBoundingClientRect().bottom - paper.getBoundingClientRect().bottom; }"
    )
    assert below < 1  # the log opens at its end


def test_the_panel_fits_700_pixels_and_each_control_has_its_tooltip(tuning: Panel, pictures: Path):
    tuning.notebook.resize(700, 1400)
    tuning.open()
    wide = tuning.notebook.js(
        "() => [...document.querySelectorAll('.astuner-panel, .astuner-main, .astuner-controls, .astuner-figure')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
    )
    assert wide == []
    tips = tuning.notebook.js(
        "() => [...document.querySelectorAll('.astuner-row')].map(e => e.querySelector('[title]')?.title ?? '')"
    )
    assert len(tips) == 9
    assert all("Takes from" in tip and "default" in tip for tip in tips)
    tuning.notebook.screenshot(pictures / "narrow.png")
