"""A comparison in a real JupyterLab: three sources, a slider, groups, a baseline, a report, a reload, no kernel."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

import astuner_nb as anb

from .harness import LabServer, Notebook

HISTORIES = Path(__file__).parents[2] / "notebooks" / "histories"
SOURCES = "'runs:made', 'swanlab:histories/swanlog', 'wandb:histories/wandb'"
CELLS = ["import astuner_nb as anb", f"view = anb.compare({SOURCES}, metrics=['reward', 'kl'])\nview"]
RATES, SEEDS, STEPS = (1e-5, 1e-4, 3e-3), range(3), 40
CURVE = "t.mode === 'lines' && t.name !== 'plateaus' && !t.fill?.startsWith('to')"
VISIBLE = f"g.data.filter(t => t.visible !== false && {CURVE}).length"


@pytest.fixture
def rewards() -> dict[tuple[float, int], np.ndarray]:
    """(rate, seed) → the reward of that run."""
    rng = np.random.default_rng(11)
    return {(lr, seed): rng.normal(loc=lr * 100, size=STEPS) for lr, seed in itertools.product(RATES, SEEDS)}


@pytest.fixture
def comparing(open_notebook, lab_server: LabServer, rewards) -> Notebook:
    """A notebook that compares nine runs of a store with two of SwanLab and two of W&B."""
    shutil.rmtree(lab_server.root / "made", ignore_errors=True)
    for (lr, seed), reward in rewards.items():
        with anb.init(project="sweep", name=f"<b>r{lr:g}s{seed}", config={"lr": lr, "seed": seed},
                      store=lab_server.root / "made") as run:  # fmt: skip
            for step, value in enumerate(reward):
                run.log({"reward": float(value), "kl": step / STEPS}, step=step)
    shutil.copytree(HISTORIES, lab_server.root / "histories", dirs_exist_ok=True)
    notebook = open_notebook(CELLS, height=1600)
    notebook.run_all()
    notebook.wait_plots(2)
    notebook.wait_plot(f"{VISIBLE} === 13")
    return notebook


def rows(notebook: Notebook) -> list[str]:
    return notebook.page.locator("tr[data-run] .astuner-name").all_inner_texts()


def row(notebook: Notebook, name: str):
    return notebook.page.locator("tr[data-run]", has_text=name)


def slide(notebook: Notebook, name: str, end: str, key: str, until: str) -> None:
    """Press `key` on one end of a range slider until the table says `until`."""
    slider = notebook.page.locator(".astuner-range", has_text=name)
    handle = slider.locator(f".noUi-handle-{end}")
    handle.focus()
    words = notebook.page.locator(".astuner-count")
    for _ in range(80):
        if until in words.inner_text():
            return
        handle.press(key)
        notebook.page.wait_for_timeout(30)
    notebook.wait_until(lambda: until in words.inner_text(), f"{until}, but {words.inner_text()}")


def menu(notebook: Notebook, first: str, choice: str) -> None:
    """Choose from the menu whose first words are `first`."""
    notebook.page.locator(".astuner-menu select", has_text=first).first.select_option(label=choice)


def tab(notebook: Notebook, name: str) -> None:
    notebook.page.get_by_role("tab", name=name).click()


def test_filter_group_baseline_report_and_reload(comparing, rewards, pictures, chromium):
    notebook = comparing
    names = [f"<b>r{lr:g}s{seed}" for lr, seed in rewards]
    assert all(any(name in shown for shown in rows(notebook)) for name in names)

    # A range slider: curves and table follow.
    slide(notebook, "lr", "lower", "ArrowRight", "10 of 13 runs are left")
    notebook.wait_plot(f"{VISIBLE} === 10")
    notebook.wait_until(lambda: len(rows(notebook)) == 10, "ten rows")
    assert not any("r1e-05" in name for name in rows(notebook))

    # Groups: what is drawn is what numpy says.
    menu(notebook, "group by …", "lr")
    notebook.wait_plot("g.data.some(t => t.visible && t.name === 'lr 0.003 (n = 3)')")
    drawn = notebook.plot("g.data.find(t => t.visible && t.name === 'lr 0.003 (n = 3)' && !t.fill?.startsWith('to')).y")
    members = np.stack([rewards[3e-3, seed] for seed in SEEDS])
    assert list(drawn.values() if isinstance(drawn, dict) else drawn) == pytest.approx(members.mean(axis=0), abs=1e-6)
    band = notebook.plot("g.data.find(t => t.visible && t.name === 'lr 0.003 (n = 3)' && t.fill?.startsWith('to')).y")
    upper = list(band.values() if isinstance(band, dict) else band)[:STEPS]
    assert upper == pytest.approx(members.mean(axis=0) + members.std(axis=0), abs=1e-6)
    printed = notebook.execute("f = view.bands('reward'); print(f[f.group == 'lr 0.003']['std'].tolist())")
    assert eval(printed) == pytest.approx(members.std(axis=0))  # a list of numbers that we printed

    # A baseline: differences in the table, and hyper-parameters side by side.
    row(notebook, "r0.003s0").locator("button[aria-label^='compare all others']").click()
    notebook.wait("() => [...document.querySelectorAll('.astuner-table th')].some(t => t.title.startsWith('Δ reward'))")
    tab(notebook, "differences")
    notebook.wait("() => document.querySelector('.astuner-diff thead th:nth-child(2)')?.innerText.includes('r0.003s0')")
    seeds = notebook.page.locator(".astuner-diff tr", has_text="seed").locator("td").all_inner_texts()
    assert seeds[0] == "0"
    assert {"1", "2"} <= set(seeds)

    # The report works with the network off.
    tab(notebook, "take away")
    with notebook.page.expect_download() as download:
        notebook.page.get_by_role("button", name="HTML report").click()
    report = pictures / "report.html"
    download.value.save_as(report)
    assert_report_works_offline(chromium, report)

    # A reload finds the view again.
    notebook.page.get_by_role("tab", name="run", exact=True).click()
    before = rows(notebook)
    notebook.reload()
    notebook.wait_plot("g.data.some(t => t.visible && t.name === 'lr 0.003 (n = 3)')")
    notebook.wait_until(lambda: rows(notebook) == before, "the same rows")
    assert "10 of 13 runs are left" in notebook.page.locator(".astuner-count").inner_text()
    screenshots(notebook, pictures)


def assert_report_works_offline(chromium, report: Path) -> None:
    asked: list[str] = []
    page = chromium.new_page()
    page.on("request", lambda request: asked.append(request.url))
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(report.as_uri())
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot .main-svg').length > 0")
    text = page.inner_text("body")
    assert "10 of 13 runs are left" in text
    assert "r0.003s1" in text
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert troubles == []
    page.close()


def screenshots(notebook: Notebook, pictures: Path) -> None:
    """For people to look at; and nothing is wider than the page."""
    for dark in (False, True):
        notebook.theme(dark=dark)
        notebook.screenshot(pictures / f"compare-{'dark' if dark else 'light'}.png")
    notebook.theme(dark=False)
    notebook.resize(700)
    notebook.screenshot(pictures / "compare-700.png")
    overflow = "() => { const p = document.querySelector('.astuner-panel'); return p.scrollWidth - p.clientWidth; }"
    assert notebook.js(overflow) <= 1


def test_a_click_anywhere_emphasises_a_run_everywhere(comparing):
    notebook = comparing
    thick = "g.data.filter(t => t.line?.width > 2 && t.visible && t.name !== 'plateaus').map(t => t.name)"
    row(notebook, "r0.003s1").locator(".astuner-name").click()
    for number in (0, 1):
        notebook.wait_plot(f"({thick}).length === 1 && ({thick})[0].includes('r0.003s1')", number)
    menu(notebook, "colour: run", "colour: lr")
    entry = notebook.page.locator(".astuner-legend button", has_text="1e-05")
    entry.click()
    notebook.wait_plot(f"({thick}).length === 3 && ({thick}).every(n => n.includes('r1e-05'))")
    notebook.wait_until(lambda: entry.get_attribute("aria-pressed") == "true", "the legend shows it pressed")
    number = notebook.plot("g.data.findIndex(t => t.name.includes('r0.003s2'))")
    x, y = notebook.point(number, 20)
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.click(x, y)
    notebook.wait_plot(f"({thick}).length === 1 && ({thick})[0].includes('r0.003s2')", 1)
    pressed = notebook.page.locator(".astuner-name[aria-pressed=true]")
    notebook.wait_until(
        lambda: ["r0.003s2" in text for text in pressed.all_inner_texts()] == [True], "its row is pressed"
    )


def test_smoothing_axes_and_names_are_kept_and_a_view_can_be_pasted(comparing):
    notebook = comparing
    menu(notebook, "no smoothing", "EMA")
    notebook.wait_plot("g.data.some(t => t.visible && t.opacity < 0.5 && t.line.width === 1)")
    menu(notebook, "step", "time")
    notebook.wait_plot("g._fullLayout.xaxis.title.text === 'seconds since the start'")
    text = notebook.execute("print(view.state())")
    notebook.execute("view.change(lambda _: anb.compare().options)")
    notebook.wait_plot("!g._fullLayout.xaxis.title.text?.includes('seconds')")
    tab(notebook, "take away")
    field = notebook.page.locator(".astuner-text input")
    notebook.wait_until(lambda: field.input_value().startswith("anb1."), "the text of the present view")
    field.fill(text)
    field.press("Enter")
    notebook.wait_plot("g._fullLayout.xaxis.title.text === 'seconds since the start'")
    assert notebook.execute("print(view.options.smooth)") == "ema"
    row(notebook, "r0.003s1").locator("button[aria-label^='write about']").click()
    name = notebook.page.locator("input[aria-label^='name of']")
    name.fill("the <i>best</i>")
    name.press("Enter")
    notebook.wait_until(lambda: any("the <i>best</i>" in shown for shown in rows(notebook)), "the new name")
    kept = notebook.execute("print(sum(view.notes_of(r).name == 'the <i>best</i>' for r in view.runs))")
    assert kept == "1"


def test_a_closed_notebook_still_shows_its_figures(comparing):
    notebook = comparing
    notebook.wait_until(lambda: "svg+xml" in str(notebook.outputs(1)), "a still picture in the output")
    still = ".astuner-still img"
    assert not notebook.page.locator(still).is_visible()  # the panel is alive
    notebook.save()
    notebook.js("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    notebook.page.reload()
    notebook.wait(f"() => document.querySelector('{still}')?.naturalWidth > 300")
    assert notebook.page.locator(still).is_visible()
