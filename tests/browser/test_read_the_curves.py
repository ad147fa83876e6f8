"""Reading curves in a real JupyterLab: a run goes wrong and says so, is stopped, and repaired from its checkpoint."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .harness import LabServer, Notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CARD = ".astuner-reading-card"
OPEN = "import astuner_nb as anb\nlab = anb.Lab('math_agent.yaml')\nlab"
END = "for run in lab.runs: lab.stop(run)\nfor run in lab.runs: lab.wait(run, timeout_s=20)"


class Panel:
    """What a person sees of the panel, and does to it."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook, self.page = notebook, notebook.page
        notebook.run(0)
        self.page.locator(".astuner-panel").scroll_into_view_if_needed()
        notebook.wait_plots(5)

    def press(self, name: str) -> None:
        self.page.locator(".astuner-panel button.jupyter-button", has_text=name).first.click()

    def phrase(self) -> str:
        return self.page.locator(f"{CARD} [role=status]").inner_text() if self.has_card() else ""

    def has_card(self) -> bool:
        return self.page.locator(f"{CARD} [role=status]").count() > 0

    def wait_phrase(self, words: str) -> None:
        self.notebook.wait_until(lambda: words in self.phrase(), f"the card says {words!r}, not {self.phrase()!r}")

    def row(self, number: int) -> str:
        return self.page.locator(".astuner-table tr[data-run]").nth(number).inner_text()

    def states(self) -> list[str]:
        return self.page.locator(".astuner-table .astuner-state").all_inner_texts()

    def wait_states(self, *states: str) -> None:
        self.notebook.wait_until(lambda: self.states() == list(states), f"the table reads {states}")

    def marked(self, figure: int = 0) -> str:
        """All hover texts of the marks of one figure."""
        return self.notebook.plot("g.data.flatMap(t => t.hovertext ?? t.text ?? []).join('\\n')", figure)


@pytest.fixture
def panel(open_notebook, lab_server: LabServer):
    """A tuning panel in a folder of its own, with no runs yet."""
    shutil.rmtree(lab_server.root / "runs", ignore_errors=True)
    shutil.copy(NOTEBOOKS / "math_agent.yaml", lab_server.root)
    found = Panel(open_notebook([OPEN], height=1400))
    yield found
    found.notebook.execute(END)


def test_a_run_goes_wrong_says_so_is_stopped_and_repaired_from_its_best_checkpoint(panel: Panel, pictures: Path):
    panel.page.locator(".astuner-actions select").select_option("too hot")
    panel.notebook.wait_until(lambda: panel.notebook.execute("print(lab.values['lr'])") == "0.01", "the preset is set")
    panel.notebook.execute("lab.set(total_steps=1000)")
    panel.press("Run")
    panel.wait_phrase("collapsed")
    assert panel.states() == ["running"]  # it was announced while it runs
    panel.notebook.wait_until(lambda: "collapsed" in panel.row(0), "the table says so too")
    panel.notebook.wait_until(lambda: "noise" in panel.marked(1), "the figure has a mark with its numbers")
    panel.press("Stop")
    panel.wait_states("stopped")
    panel.notebook.wait_until(lambda: "Best checkpoint" in panel.marked(), "the best checkpoint has its star")
    kept = int(panel.notebook.execute("print([c.step for c in lab.runs[0].checkpoints() if c.best][0])"))
    assert panel.page.locator(f"{CARD} select").input_value() == f"☆ step {kept}"
    panel.notebook.screenshot(pictures / "collapsed.png")

    panel.notebook.execute(f"lab.set(lr=3e-4, total_steps={kept + 60})")
    panel.press("Branch")
    panel.wait_states("finished", "stopped")
    panel.notebook.execute("lab.view.select(lab.runs[0])")
    panel.notebook.wait_until(lambda: f"from #1 @ {kept}" in panel.row(0), "the table has the lineage")
    panel.notebook.wait_until(lambda: "#2" in panel.phrase() and "collapsed" not in panel.phrase(), "it has recovered")
    best = panel.notebook.execute(
        "h = lab.runs[0].history()['success_rate'].value; old = lab.runs[1].history()['success_rate'].value\n"
        "print(h[-10:].mean() > 0.3 > 0.1 > old[-10:].mean())"
    )
    assert best == "True"
    dashed = (
        "g.data.filter(t => t.line?.dash === 'dash' && t.visible !== false).map(t => [t.x[0], t.x[t.x.length - 1]])"
    )
    panel.notebook.wait_plot(f"JSON.stringify({dashed}) === '[[1,{kept + 1}]]'")  # its beginning is its parent's
    panel.notebook.screenshot(pictures / "repaired.png")


def test_a_live_change_is_applied_by_a_button_and_is_a_mark_on_the_curve(panel: Panel, pictures: Path):
    panel.notebook.execute("lab.set(total_steps=1000, min_step_s=0.03, train_batch_size=4, num_repeat=4)")
    panel.press("Run")
    panel.notebook.wait_until(lambda: "#1" in panel.phrase(), "the run is in focus")
    slider = panel.page.get_by_role("slider").first
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    panel.page.locator(".astuner-controls button", has_text="Apply to #1: lr").click()
    panel.notebook.wait_until(lambda: "lr 0.0001 →" in panel.marked(), "the change is marked")
    assert panel.states() == ["running"]
    step, lr = json.loads(
        panel.notebook.execute("import json; c = lab.runs[0].changes()[0]; print(json.dumps([c.step, c.values['lr']]))")
    )
    assert lr > 1e-4
    recorded = (
        "s = lab.runs[0].history(['lr'])['lr']; print(s.value[s.step >= {0}].min() if (s.step > {0} + 2).any() else 0)"
    )
    panel.notebook.wait_until(
        lambda: float(panel.notebook.execute(recorded.format(max(step, 11)))) == lr, "the record has the new rate"
    )
    panel.notebook.screenshot(pictures / "changed.png")
    panel.press("Stop")
    panel.wait_states("stopped")


def test_reading_is_switched_off_and_on_again(panel: Panel):
    panel.notebook.execute(
        "for n in range(1): lab.wait(lab.start(total_steps=20, train_batch_size=2, num_repeat=2), timeout_s=60)"
    )
    panel.notebook.wait_until(lambda: "#1" in panel.phrase(), "the only run is in focus")
    assert panel.notebook.plot("g.layout.shapes?.length ?? 0") + len(panel.marked()) > 0
    panel.press("read curves")
    panel.notebook.wait_until(lambda: not panel.page.locator(CARD).is_visible(), "the card has gone")
    panel.notebook.wait_plot(
        "(g.layout.shapes ?? []).length === 0 && !g.data.some(t => t.hovertext && t.visible !== false)"
    )
    panel.press("read curves")
    panel.notebook.wait_until(lambda: panel.page.locator(CARD).is_visible(), "the card is back")
