"""The overlay notebook in a real JupyterLab: old runs of four trackers, a live one, and what goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .harness import LabServer, Notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LINES = "g.data.filter(t => t.mode === 'lines' && t.visible && t.name !== 'plateaus').map(t => [t.name, t.y.length])"
CLIENT = """
import os, time, wandb
run = wandb.init(mode="offline", project="p", name="live <b>one</b>", dir=".")
for step in range(400):
    run.log({"train/reward": step / 400}, step=step)
    time.sleep(0.05)
    if os.path.exists("enough"):
        break
run.finish()
"""


@pytest.fixture
def overlaying(open_notebook, lab_server: LabServer) -> Notebook:
    """The shipped overlay notebook, open, beside its histories, with no runs yet."""
    shutil.rmtree(lab_server.root / "runs", ignore_errors=True)
    shutil.copytree(NOTEBOOKS / "histories", lab_server.root / "histories", dirs_exist_ok=True)
    shutil.copy(NOTEBOOKS / "math_agent.yaml", lab_server.root)
    cells = json.loads((NOTEBOOKS / "02_overlay.ipynb").read_text())["cells"]
    return open_notebook(["pass", *("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")])


def cards(notebook: Notebook) -> str:
    return " ".join(notebook.page.locator(".astuner-cards").all_inner_texts())


def rows(notebook: Notebook) -> list[str]:
    return notebook.page.locator(".astuner-table tbody tr").all_inner_texts()


def type_uri(notebook: Notebook, uri: str) -> None:
    field = notebook.page.locator(".astuner-uri input").last
    field.fill(uri)
    field.press("Enter")


def test_rewards_of_four_trackers_stand_in_one_figure_and_come_back_after_a_reload(overlaying, pictures):
    notebook = overlaying
    notebook.run(1)
    notebook.wait_plots(1)
    notebook.wait_plot(f"({LINES}).length === 6 && ({LINES}).every(([, n]) => n === 120)")
    sources = notebook.page.locator(".astuner-source").all_inner_texts()
    assert sorted(sources) == ["runs", "swanlab", "swanlab", "tensorboard", "wandb", "wandb"]
    hovers = notebook.plot("g.data.map(t => t.hovertemplate)")
    for key in ("critic/real_reward", "train/reward", "critic/score/mean"):
        assert any(key in hover for hover in hovers)
    first = notebook.plot("g.data.map(t => [t.name, ...t.y].join())")
    notebook.reload()
    notebook.wait_plots(1)
    assert notebook.plot("g.data.map(t => [t.name, ...t.y].join())") == first
    for dark in (False, True):
        notebook.theme(dark=dark)
        notebook.screenshot(pictures / f"overlay-{'dark' if dark else 'light'}.png")
    notebook.resize(700)
    notebook.screenshot(pictures / "overlay-700.png")
    overflow = notebook.js(
        "() => { const p = document.querySelector('.astuner-panel'); return p.scrollWidth - p.clientWidth; }"
    )
    assert overflow <= 1


def test_every_cell_runs_and_old_runs_stand_beside_one_that_trains(overlaying):
    notebook = overlaying
    notebook.run_all()
    panel = notebook.page.locator(".astuner-panel").last
    panel.scroll_into_view_if_needed()
    notebook.execute("run = lab.start(total_steps=30, train_batch_size=2)")
    notebook.wait_until(lambda: len(panel.locator("tbody tr").all()) == 5, "four old runs and a new one")
    notebook.wait_until(lambda: "finished" in panel.locator("tbody tr").first.inner_text(), "the end")
    # `notebook.plot` counts the plots of the page: the reward of the last panel is the fifth from its end
    count = notebook.js("() => document.querySelectorAll('.jp-OutputArea-output .js-plotly-plot').length")
    notebook.wait_plot(f"({LINES}).length === 5 && Math.min(...({LINES}).map(([, n]) => n)) === 30", count - 5)


def test_a_growing_wandb_file_is_followed_and_trouble_is_told_in_a_card(overlaying, lab_server: LabServer, tmp_path):
    notebook = overlaying
    env = {
        **os.environ,
        "WANDB_SILENT": "true",
        "WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL": "0.2",
        "WANDB_CONSOLE": "off",
    }
    client = subprocess.Popen([sys.executable, "-c", CLIENT], cwd=tmp_path, env=env)
    try:
        notebook.execute("import astuner_nb as anb; live = anb.compare(metrics=['reward'])")
        notebook.run(0)
        notebook.js(
            "() => { const nb = window.jupyterapp.shell.currentWidget.content;"
            " nb.activeCellIndex = 0; nb.activeCell.model.sharedModel.setSource('live'); }"
        )
        notebook.run(0)
        notebook.wait_until(lambda: notebook.page.locator(".astuner-uri").count() == 1, "the panel")
        type_uri(notebook, f"wandb:{tmp_path}")
        notebook.wait_plots(1)
        notebook.wait_plot(f"({LINES}).length === 1 && ({LINES})[0][1] > 5")
        seen = notebook.plot(LINES)[0][1]
        notebook.wait_plot(f"({LINES})[0][1] > {seen} + 10")
        assert "running" in rows(notebook)[0]
        notebook.wait_until(lambda: "live <b>one</b>" in rows(notebook)[0], "its name, as text")

        type_uri(notebook, "swanlab:no/such/folder")
        notebook.wait_until(lambda: "no/such/folder" in cards(notebook) and "There is no" in cards(notebook), "a card")
        seen = notebook.plot(LINES)[0][1]
        notebook.wait_plot(f"({LINES})[0][1] > {seen}")  # the other goes on
        (tmp_path / "enough").touch()
        assert client.wait(60) == 0
        notebook.wait_until(lambda: "finished" in rows(notebook)[0], "the end")
        notebook.execute("live.close()")
    finally:
        (tmp_path / "enough").touch()
        client.wait(60)
