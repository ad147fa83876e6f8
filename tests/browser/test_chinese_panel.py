"""Both panels in Chinese, in a real JupyterLab: a run is started and read, others are compared, without an error."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from .harness import LabServer

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LAB = "import astuner_nb as anb\nlab = anb.Lab('math_agent.yaml', runs='chinese', language='zh')\nlab"
COMPARISON = "view = anb.compare('swanlab:histories/swanlog', 'wandb:histories/wandb', language='zh')\nview"
TABS = ("运行", "差别", "什么起了作用", "带走")


def test_both_panels_speak_chinese(open_notebook, lab_server: LabServer, pictures: Path):
    shutil.copy(NOTEBOOKS / "math_agent.yaml", lab_server.root)
    shutil.copytree(NOTEBOOKS / "histories", lab_server.root / "histories", dirs_exist_ok=True)
    notebook = open_notebook([LAB, COMPARISON], height=1700)
    page = notebook.page
    notebook.run(0)
    page.locator(".astuner-panel").scroll_into_view_if_needed()
    notebook.wait_plots(5)
    notebook.execute("lab.set(lr=0.01, total_steps=60, train_batch_size=4, num_repeat=4, save_freq=10)")
    page.locator(".astuner-panel button.jupyter-button", has_text="运行").first.click()
    state = page.locator(".astuner-table .astuner-state").first
    notebook.wait_until(lambda: state.count() > 0 and state.inner_text() == "已完成", "the run is finished, in Chinese")
    phrase = page.locator(".astuner-reading-card [role=status]")
    notebook.wait_until(lambda: bool(re.search("第 \\d+ 步崩溃", phrase.inner_text())), "the card says what happened")
    assert notebook.plot("g.layout.title.text").startswith("<b>奖励</b>")
    assert "第" in notebook.plot("g.data.flatMap(t => t.hovertext ?? []).join(' ')")
    heads = page.locator(".astuner-table th").all_inner_texts()
    assert {"运行", "来源", "状态", "reward 最新", "走势"} <= set(heads)
    for number, tab in enumerate(TABS):
        page.locator(".astuner-details .lm-TabBar-tabLabel", has_text=tab).first.click()
        page.screenshot(path=pictures / f"tuning-{number}.png")

    notebook.run(1)
    comparison = page.locator(".astuner-panel").nth(1)
    comparison.scroll_into_view_if_needed()
    rows = comparison.locator(".astuner-table tr[data-run]")
    notebook.wait_until(lambda: rows.count() > 2, "the runs of both sources are there")
    comparison.locator(".astuner-details .lm-TabBar-tabLabel", has_text=TABS[2]).click()
    axes = comparison.locator(".astuner-mattered button", has_text="轴")
    notebook.wait_until(lambda: axes.first.is_visible(), "the parallel coordinates are there")
    assert "显示全部" in comparison.locator(".astuner-count").inner_text()
    page.screenshot(path=pictures / "comparison.png")
