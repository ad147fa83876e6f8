"""`LiveFigure` in a real JupyterLab: what is drawn, what is kept, and what never happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .harness import Notebook

SETUP = """import datetime, threading, time
import numpy as np
import plotly.graph_objects as go
from astuner_nb.live_figure.figure import LiveFigure

def stream(figure, start, stop, gap_s=0.02):
    for step in range(start, stop):
        figure.extend({k: ([step], [np.sin(step / 20) + k]) for k in range(len(figure.data))})
        time.sleep(gap_s)

def curves(count=2, points=100, **more):
    x = np.arange(float(points))
    lines = [go.Scatter(x=x, y=np.sin(x / 20) + k, mode="lines", name=f"run {k}") for k in range(count)]
    return LiveFigure(lines, **more)
"""
LENGTHS = "String(g.data.map(t => t.x.length))"
ZOOMED = "g._fullLayout.xaxis.range[0] > 15 && g._fullLayout.xaxis.range[1] < 85 && !g._fullLayout.xaxis.autorange"


@pytest.fixture
def show(open_notebook):
    """`show(*cells)` opens a notebook of these cells below the set-up, runs them and waits for the plot."""

    def run(*cells: str, plots: int = 1, **size: int) -> Notebook:
        notebook = open_notebook([SETUP, *cells], **size)
        notebook.run_all()
        notebook.wait_plots(plots)
        return notebook

    return run


def zoom(notebook: Notebook) -> None:
    """Drags from the 20th to the 80th point of the first trace, level: a zoom in x."""
    start, end = notebook.point(0, 20), notebook.point(0, 80)
    notebook.drag(start, (end[0], start[1]))
    notebook.wait_plot(ZOOMED)


def test_it_shows_and_streams_to_one_view_and_to_two(show):
    notebook = show("f = curves(); f", "stream(f, 100, 120)")
    notebook.wait_plot(f"{LENGTHS} === '120,120'")
    notebook.run(1)  # makes another figure in the same cell
    notebook.execute("from IPython.display import display")
    notebook.wait_plot(f"{LENGTHS} === '100,100'")
    notebook.js(
        "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(2).sharedModel.setSource('display(f, f)')"
    )
    notebook.run(2)
    notebook.wait_plots(3)
    notebook.execute("stream(f, 100, 130)")
    for number in range(3):
        notebook.wait_plot(f"{LENGTHS} === '130,130' && g.data[1].y.at(-1) === Math.sin(129 / 20) + 1", number)


def test_a_thread_streams_while_a_cell_is_busy(show):
    notebook = show("f = curves(); f", "threading.Thread(target=stream, args=(f, 100, 160)).start()")
    with notebook.busy():
        notebook.wait_plot(f"{LENGTHS} === '160,160'")


def test_a_reload_brings_back_all_points_the_zoom_and_what_was_hidden(show):
    notebook = show("f = curves(); f")
    zoom(notebook)
    notebook.page.locator(".legendtoggle").nth(1).click()
    notebook.wait_plot("g._fullData[1].visible === 'legendonly'")
    notebook.wait_until(
        lambda: notebook.execute("print(f.data[1].visible)") == "legendonly", "Python knows it is hidden"
    )
    notebook.execute("stream(f, 100, 140)")
    notebook.wait_plot(f"{LENGTHS} === '140,140' && {ZOOMED} && g._fullData[1].visible === 'legendonly'")
    notebook.reload()
    notebook.wait_plots()
    notebook.wait_plot(f"{LENGTHS} === '140,140' && {ZOOMED} && g._fullData[1].visible === 'legendonly'")
    notebook.execute("stream(f, 140, 150)")
    notebook.wait_plot(f"{LENGTHS} === '150,150' && {ZOOMED}")


def test_a_double_click_frees_the_zoom_in_python_too(show):
    notebook = show("f = curves(); f")
    zoom(notebook)
    notebook.wait_until(lambda: notebook.execute("print(f.layout.xaxis.autorange)") == "False", "Python knows the zoom")
    notebook.page.mouse.dblclick(*notebook.point(0, 50))
    notebook.wait_plot("g._fullLayout.xaxis.autorange")
    notebook.wait_until(lambda: notebook.execute("print(f.layout.xaxis.range)") == "None", "Python knows it is free")


def test_a_range_set_in_python_comes_before_an_earlier_zoom(show):
    notebook = show("f = curves(); f")
    zoom(notebook)
    notebook.execute("f.update_layout(xaxis_range=[0, 50], xaxis_autorange=False)")
    notebook.wait_plot("String(g._fullLayout.xaxis.range) === '0,50'")
    notebook.execute("f.update_layout(xaxis_range=None, xaxis_autorange=True)")
    notebook.wait_plot("g._fullLayout.xaxis.autorange && g._fullLayout.xaxis.range[1] > 90")


def test_edits_after_display_survive_a_new_theme_and_reach_a_second_view(show):
    notebook = show("f = curves(); f", "f.update_layout(title_text='reward'); f.data[0].line.dash = 'dot'")
    notebook.wait_plot("g._fullLayout.title.text === 'reward' && g._fullData[0].line.dash === 'dot'")
    notebook.theme(dark=True)
    notebook.wait_plot("g._fullLayout.font.color === '#d5d8dc' && g._fullLayout.title.text === 'reward'")
    notebook.js("() => window.jupyterapp.shell.currentWidget.content.model.cells.get(2).sharedModel.setSource('f')")
    notebook.run(2)
    notebook.wait_plots(2)
    notebook.wait_plot("g._fullLayout.title.text === 'reward' && g._fullData[0].line.dash === 'dot'", 1)
    notebook.theme(dark=False)
    notebook.wait_plot("g._fullLayout.font.color === '#3c4043' && g._fullLayout.title.text === 'reward'")


def test_edits_made_while_nothing_shows_the_figure_are_there_when_something_does(show):
    notebook = show(
        "f = curves(1); g = curves(1)",
        "f.add_scatter(x=[0, 1], y=[5, 5], name='late'); f.layout.title.text = 'early'; stream(f, 100, 110)",
        "import ipywidgets; ipywidgets.HBox([f, g])",
        plots=2,
    )
    notebook.wait_plot(f"{LENGTHS} === '110,12' && g.layout.title.text === 'early'")
    widths = [notebook.plot("g.getBoundingClientRect().width", number) for number in range(2)]
    assert widths[0] == pytest.approx(widths[1], abs=2)
    assert sum(widths) < 1300  # they share the row


def test_traces_come_move_and_go(show):
    notebook = show("f = curves(3, 10); f", "f.data = [f.data[2], f.data[0]]; f.add_scatter(y=[1, 2], name='new');")
    notebook.execute("stream(f, 10, 13)")
    notebook.wait_plot("String(g.data.map(t => [t.name, t.x.length])) === 'run 2,13,run 0,13,new,5'")


def test_a_second_tab_sees_the_same_stream(show):
    notebook = show("f = curves(); f")
    notebook.save()
    other = notebook.second_tab()
    other.wait_plots()
    notebook.execute("stream(f, 100, 120)")
    for tab in (notebook, other):
        tab.wait_plot(f"{LENGTHS} === '120,120'")


@pytest.mark.parametrize("lost", ["points", "an edit"])
def test_a_lost_message_is_noticed_and_repaired(show, lost):
    notebook = show("f = curves(); f")
    call = "f.extend({0: ([100], [1.0])}); f._send_points()" if lost == "points" else "f.update_layout(title_text='t')"
    # Takes the number of a message without sending it, as a broken line would.
    notebook.execute(f"send, f.send = f.send, lambda *_: None\n{call}\nf.send = send")
    notebook.execute("f.extend({1: ([100], [2.0])})")
    if lost == "points":
        notebook.wait_plot(f"{LENGTHS} === '101,101'")
    else:
        notebook.wait_plot(f"g.layout.title?.text === 't' && {LENGTHS} === '100,101'")


def test_points_lost_while_a_page_opens_are_asked_for_without_waiting_for_the_next(show):
    notebook = show("f = curves(); f")
    notebook.save()
    # The state that the reloaded page gets is made before these points and sent after them.
    notebook.execute("""
whole = f._whole
def late():
    state = whole()
    if not getattr(f, '_raced', False):
        f._raced = True
        stream(f, 100, 105, 0.05)
    return state
f._whole = late""")
    notebook.page.reload()
    notebook.wait_ready()
    notebook.wait_plots()
    notebook.wait_plot(f"{LENGTHS} === '105,105'")


def test_gaps_stay_gaps_also_in_a_long_line(show):
    notebook = show(
        "x = np.arange(20_000.); y = np.sin(x / 900); y[7000:9000] = np.nan\n"
        "f = LiveFigure([go.Scatter(x=x, y=y, mode='lines')]); f"
    )
    assert notebook.plot("g.data[0].x.length") < 2000
    assert notebook.plot("[...g.data[0].y].some(v => !(v === v))")
    segments = "g.querySelectorAll('.scatterlayer path.js-line').length"
    assert notebook.plot(segments) == 2
    notebook.execute("f.extend({0: ([20_000, 20_001, 20_002], [1, None, 1])})")
    notebook.wait_plot("g.data[0].x.at(-1) === 20002")
    # Zoomed in, every point of the window is drawn.
    notebook.execute("f.update_layout(xaxis_range=[1000, 1100])")
    notebook.wait_plot("[...g.data[0].x].filter(x => x >= 1000 && x <= 1100).length === 101")
    notebook.execute("f.update_layout(xaxis_range=None)")
    notebook.wait_plot("g._fullLayout.xaxis.range[1] > 20000 && g.data[0].x.length < 2000")


def test_dates_make_a_date_axis(show):
    notebook = show(
        "f = LiveFigure(); f.add_scatter(); f",
        "start = np.datetime64('2024-03-01T00:00:00')\n"
        "for k in range(50): f.extend({0: ([start + np.timedelta64(k, 'h')], [k])}); time.sleep(0.01)",
    )
    notebook.wait_plot("g._fullLayout.xaxis.type === 'date' && g.data[0].x.length === 50")
    assert notebook.plot("g._fullLayout.xaxis.range[0]").startswith("2024-0")
    notebook.reload()
    notebook.wait_plot("g._fullLayout.xaxis.type === 'date' && g.data[0].x.length === 50")


def test_clicks_and_hovers_reach_their_callbacks_with_true_indexes(show):
    notebook = show(
        "f = curves(2, 20_000, height=300); f",
        "seen = []\n"
        "f.data[0].on_click(lambda t, p, s: seen.append(('click', t.name, p.point_inds, p.xs, s.shift)))\n"
        "f.data[1].on_hover(lambda t, p, s: seen.append(('hover', t.name, p.point_inds, p.xs, None)))",
    )
    notebook.page.mouse.move(*notebook.point(1, 400))
    notebook.page.mouse.click(*notebook.point(0, 500))

    def seen() -> dict[str, tuple]:
        rows = json.loads(notebook.execute("import json; print(json.dumps(seen))"))
        return {row[0]: row for row in rows}

    notebook.wait_until(lambda: {"click", "hover"} <= set(seen()), "both callbacks ran")
    for kind, name in (("click", "run 0"), ("hover", "run 1")):
        _, trace, indexes, xs, _ = seen()[kind]
        assert trace == name
        assert indexes == xs  # point k is at x = k, though only a few of 20 000 are drawn


def test_hover_zoom_and_drag_survive_a_stream(show):
    notebook = show("f = curves(); f", "threading.Thread(target=stream, args=(f, 100, 250)).start()")
    x, y = notebook.point(0, 30)
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.move(x + 2, y)
    notebook.wait_plot("g.querySelector('.hoverlayer').childElementCount > 0")
    before = notebook.plot("g.data[0].x.length")
    notebook.wait_plot(f"g.data[0].x.length > {before + 10}")
    assert notebook.plot("g.querySelector('.hoverlayer').childElementCount") > 0

    start, end = notebook.point(0, 20), notebook.point(0, 60)
    notebook.drag(start, (end[0], start[1]), release=False)
    held = notebook.plot("g.data[0].x.length")
    notebook.wait_until(
        lambda: int(notebook.execute("print(len(f.data[0].x))")) > held + 20, "points came under the drag"
    )
    assert notebook.plot("g.data[0].x.length") == held  # nothing was drawn under it
    notebook.page.mouse.up()
    notebook.wait_plot(f"g.data[0].x.length > {held + 10} && !g._fullLayout.xaxis.autorange")
    notebook.wait_plot(f"{LENGTHS} === '250,250' && !g._fullLayout.xaxis.autorange")


def test_it_takes_the_width_it_gets(show):
    notebook = show("f = curves(); f")
    assert notebook.plot("g._fullLayout.width") > 1000
    notebook.resize(700)
    notebook.wait_plot("g._fullLayout.width < 640 && g._fullLayout.width === g.clientWidth")
    notebook.resize(1400)
    notebook.wait_plot("g._fullLayout.width > 1000")
    notebook.execute("f.update_layout(width=400, height=222)")
    notebook.wait_plot("g._fullLayout.width === 400 && g._fullLayout.height === 222")


def test_hidden_in_a_tab_it_is_drawn_when_the_tab_opens(show):
    notebook = show(
        "import ipywidgets\nf, g = curves(), curves(1)\nipywidgets.Tab([f, g], titles=['a', 'b'])",
        "stream(g, 100, 110)",
    )
    notebook.page.get_by_role("tab", name="b", exact=True).click()
    notebook.wait_plots(2)
    notebook.wait_plot("g.data[0].x.length === 110 && g._fullLayout.width > 600", 1)


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours #rrggbb: 4.5 is readable text."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_both_themes_are_readable_and_nothing_flashes_white(show, pictures: Path, dark):
    notebook = show("f = curves(3); f", "f.update_layout(title_text='reward', xaxis_title_text='step');")
    notebook.theme(dark=dark)
    ink = "#d5d8dc" if dark else "#3c4043"
    notebook.wait_plot(f"g._fullLayout.font.color === '{ink}' && g._fullLayout.width === g.clientWidth")
    x, y = notebook.point(0, 30)
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.move(x + 2, y)
    notebook.wait_plot("g.querySelector('.hoverlayer').childElementCount > 0")
    background = "#111111" if dark else "#ffffff"
    full = notebook.plot(
        "(({font, hoverlabel, xaxis, yaxis, paper_bgcolor, plot_bgcolor, colorway}) => ({text: font.color, card:"
        " hoverlabel.bgcolor, said: hoverlabel.font.color, tick: xaxis.tickfont.color, grid: yaxis.gridcolor,"
        " paper: paper_bgcolor, plot: plot_bgcolor, colours: colorway}))(g._fullLayout)"
    )
    assert full["paper"] == full["plot"] == "rgba(0,0,0,0)"
    assert contrast(full["text"], background) > 7
    assert contrast(full["said"], full["card"]) > 7
    assert contrast(full["tick"], background) > 3.5
    assert 1.05 < contrast(full["grid"], background) < 2  # there, but calm
    assert all(contrast(colour, background) > 3 for colour in full["colours"])
    notebook.screenshot(pictures / f"{'dark' if dark else 'light'}.png")


def test_hostile_names_are_text(show):
    names = [
        "<img src=x onerror=\"window.hacked='img'\">",
        "<a href=\"javascript:window.hacked='link'\">click</a>",
        "<svg onload=\"window.hacked='svg'\"><script>window.hacked='script'</script>",
        "<b onmouseover=\"window.hacked='over'\">bold</b>",
        "<a href=\"data:text/html,<script>window.hacked='data'</script>\">data</a>",
    ]
    notebook = show(
        f"names = {names!r}\nlines = [go.Scatter(x=[0, 1], y=[1, 2], name=n, text=names[:2]) for n in names]\n"
        "f = LiveFigure(lines); f",
        "f.update_layout(title_text=names[1], xaxis_title_text=names[0])\n"
        "f.layout.annotations = [dict(text=n, x=1, y=2, showarrow=False) for n in names]\n"
        "f.data[0].name = names[2]",
    )
    notebook.wait_plot("g.layout.annotations?.length === 5")
    notebook.page.mouse.move(*notebook.point(0, 0))
    notebook.wait_plot("g.querySelector('.hoverlayer').childElementCount > 0")
    assert notebook.plot("g.querySelectorAll('img, script, [onerror], [onload], [onmouseover]').length") == 0
    links = notebook.plot("[...g.querySelectorAll('a')].map(a => a.getAttribute('xlink:href') || a.href.baseVal)")
    assert not [link for link in links if link.startswith(("javascript:", "data:"))]
    for place in notebook.page.locator(".jp-OutputArea-output svg text").all()[:20]:
        place.dispatch_event("mouseover")
        place.dispatch_event("click")
    assert notebook.js("() => window.hacked") is None


def test_a_failed_load_says_so_and_can_be_repeated(open_notebook):
    notebook = open_notebook([SETUP, "f = curves(); f"], anew=True)
    notebook.run(0)
    notebook.js("() => { (window.astunerPlotly = Promise.reject(new Error('the line is cut'))).catch(() => {}); }")
    notebook.run(1)
    output = notebook.page.locator(".jp-OutputArea-output")
    output.get_by_text("the line is cut").wait_for()
    notebook.js("() => { window.astunerPlotly = undefined; }")
    output.get_by_role("button", name="Retry").click()
    notebook.wait_plots()


def test_without_jupyterlabs_plotly_the_kernel_brings_its_own(open_notebook):
    notebook = open_notebook([SETUP, "f = curves(); f"], anew=True)
    notebook.run(0)
    # As in a front end that has no plotly extension of its own.
    notebook.js(
        "() => { const r = window.jupyterapp.shell.currentWidget.content.rendermime;"
        " r.removeMimeType('application/vnd.plotly.v1+json'); }"
    )
    before = notebook.wire()["down"]
    notebook.run(1)
    notebook.wait_plots()
    assert notebook.wire()["down"] - before > 1_000_000


def test_closing_and_a_restarted_kernel_leave_no_errors(show):
    notebook = show("f = curves(); g = curves(); f")
    notebook.execute("g.close()")
    notebook.restart_kernel()
    zoom(notebook)  # nobody hears it; the picture still answers
    notebook.theme(dark=True)
    notebook.wait_plot("g._fullLayout.font.color === '#d5d8dc'")
    notebook.run(0)
    notebook.run(1)
    notebook.wait_plot("g._fullLayout.xaxis.autorange")


def test_a_removed_output_leaves_nothing_behind(show):
    notebook = show("f = curves(); f")
    notebook.execute("stream(f, 100, 110)")
    notebook.js("() => { const g = document.querySelector('.js-plotly-plot.astuner-figure'); window.left = g; }")
    notebook.js("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    notebook.wait("() => !window.left.isConnected && !window.left._fullLayout")
    notebook.execute("stream(f, 110, 120)")
    assert notebook.js("() => window.left._fullLayout ?? null") is None


def test_a_saved_notebook_holds_every_point(show):
    notebook = show("f = curves(1, 10); f", "stream(f, 10, 40)")
    notebook.wait_plot(f"{LENGTHS} === '40'")
    # What JupyterLab writes into the file when it is told to save widget state.
    saved = notebook.js(
        """async () => { const renderer = window.jupyterapp.shell.currentWidget.content.rendermime
          .createRenderer('application/vnd.jupyter.widget-view+json');
        const manager = await (renderer._manager.promise ?? renderer._manager), {state} = await manager.get_state();
        return Object.values(state).filter(model => model.state._figure).map(model => [
          model.state._figure.data[0].y, model.buffers.map(buffer => atob(buffer.data).length)]); }"""
    )
    ((y, bytes_saved),) = saved
    assert y == {"nd": "float64", "n": 40}
    assert all(40 * 8 <= size <= 256 * 8 for size in bytes_saved)
    assert len(bytes_saved) == 2


LINKED = "fs = [curves(3, link='one', height=220) for _ in range(3)]\nimport ipywidgets; ipywidgets.VBox(fs)"
LINKS = "globalThis[Symbol.for('astuner.links.1')]"
HOVERED = "g.querySelector('.hoverlayer').childElementCount > 0"


def test_linked_figures_share_zoom_and_reset_in_page_and_python_and_after_a_reload(show):
    notebook = show(LINKED, plots=3)
    fit = notebook.plot("g._fullLayout.xaxis.range")
    zoom(notebook)
    zoomed = notebook.plot("g._fullLayout.xaxis.range")
    for number in range(3):
        notebook.wait_plot(f"{ZOOMED} && String(g._fullLayout.xaxis.range) === '{','.join(map(str, zoomed))}'", number)
        assert notebook.plot("g._fullLayout.yaxis.autorange", number)
    notebook.wait_until(
        lambda: (
            json.loads(notebook.execute("import json; print(json.dumps([f.layout.xaxis.range for f in fs]))"))
            == [zoomed] * 3
        ),
        "all three Python figures know the zoom",
    )
    notebook.reload()
    notebook.wait_plots(3)
    for number in range(3):
        notebook.wait_plot(ZOOMED, number)
    # One that opens later takes over what the others show; one of another link does not.
    notebook.execute("late, other = curves(1, link='one'), curves(1, link='two')")
    notebook.js(
        "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(1).sharedModel"
        ".setSource('ipywidgets.VBox([*fs, late, other])')"
    )
    notebook.run(1)
    notebook.wait_plots(5)
    notebook.wait_plot(ZOOMED, 3)
    notebook.wait_plot("g._fullLayout.xaxis.autorange", 4)
    notebook.page.mouse.dblclick(*notebook.point(0, 50, 1))
    for number in range(4):
        notebook.wait_plot(f"String(g._fullLayout.xaxis.range) === '{','.join(map(str, fit))}'", number)
    notebook.wait_until(
        lambda: notebook.execute("print({f.layout.xaxis.range for f in [*fs, late]})") == "{None}", "Python knows"
    )


def test_the_pointer_over_one_figure_shows_the_others_at_the_same_x(show):
    notebook = show(LINKED, plots=3)
    x, y = notebook.point(0, 30)
    notebook.page.mouse.move(x - 40, y)
    notebook.page.mouse.move(x, y)
    for number in range(3):
        notebook.wait_plot(f"{HOVERED} && g._hoverdata.every(p => p.x === 30)", number)
    notebook.execute("stream(fs[1], 100, 105)")  # a new picture keeps it
    notebook.wait_plot(f"{LENGTHS} === '105,105,105' && {HOVERED}", 1)
    notebook.page.mouse.move(5, 5)
    for number in range(3):
        notebook.wait_plot(f"!({HOVERED})", number)


def test_a_link_set_later_counts_and_nothing_of_it_is_left(show):
    notebook = show("fs = [curves(1), curves(1)]\nimport ipywidgets; ipywidgets.VBox(fs)", plots=2)
    assert notebook.js(f"() => {LINKS} ?? null") is None
    zoom(notebook)
    assert notebook.plot("g._fullLayout.xaxis.autorange", 1)
    notebook.execute("for f in fs: f.link = 'late'")
    notebook.wait_plot(ZOOMED, 1)
    notebook.execute("for f in fs: f.link = ''")
    notebook.wait(f"() => !{LINKS}")
    notebook.execute("for f in fs: f.link = 'again'")
    notebook.wait(f"() => {LINKS}?.groups.get('again')?.size === 2")
    notebook.js("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    notebook.wait(f"() => !{LINKS}")


def test_a_pick_is_the_curve_under_the_pointer_also_between_points_and_beside_hidden_ones(show):
    notebook = show(
        "f = LiveFigure([go.Scatter(x=[0, 10], y=[k, k + 10], mode='lines', visible=k != 1) for k in range(0, 9)])\n"
        "picked = []; f.on_pick(lambda trace, x, y, state: picked.append([trace, x, y, state.shift])); f"
    )
    assert notebook.plot("g.data.length") == 8  # the hidden one is not handed to plotly.js
    place = (
        "(() => {{ const l = g._fullLayout, r = g.getBoundingClientRect();"
        " return [r.x + l.xaxis._offset + l.xaxis.d2p({x}), r.y + l.yaxis._offset + l.yaxis.d2p({y})]; }})()"
    )

    def click(x: float, y: float) -> None:
        notebook.page.mouse.click(*notebook.plot(place.format(x=x, y=y)))

    def picked() -> list[list[object]]:
        return json.loads(notebook.execute("import json; print(json.dumps(picked))"))

    notebook.page.keyboard.down("Shift")
    notebook.page.mouse.click(*notebook.point(4, 1))  # the fifth that is drawn
    notebook.page.keyboard.up("Shift")
    notebook.wait_until(lambda: len(picked()) == 1, "the first click came")
    click(9.8, 16.8)  # on the line of trace 7
    notebook.wait_until(lambda: len(picked()) == 2, "the second click came")
    click(9.8, 1)  # on nothing
    notebook.page.wait_for_timeout(400)  # or it would be a double click
    click(0.2, 2.2)
    notebook.wait_until(lambda: len(picked()) >= 3, "the last click came")
    assert picked() == [[5, 10, 15, True], [7, 10, 17, False], [2, 0, 2, False]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_download_is_one_picture_on_the_paper_of_the_theme(show, dark, tmp_path):
    notebook = show("f = curves(2, height=200); from IPython.display import display; display(f, f)", plots=2)
    notebook.theme(dark=dark)
    notebook.wait_plot(f"g._fullLayout.font.color === '{'#d5d8dc' if dark else '#3c4043'}'")
    downloads = []
    notebook.page.on("download", lambda download: downloads.append(download))
    for number, kind in enumerate(("png", "svg"), 1):
        notebook.execute(f"f.download('{kind}', 'reward')")
        notebook.wait_until(lambda count=number: len(downloads) >= count, "a file came")
        assert downloads[-1].suggested_filename == f"reward.{kind}"
        downloads[-1].save_as(tmp_path / f"reward.{kind}")
    paper = "17, 17, 17" if dark else "255, 255, 255"
    assert f"fill: rgb({paper}); fill-opacity: 1" in (tmp_path / "reward.svg").read_text()[:600]
    head = (tmp_path / "reward.png").read_bytes()[:24]
    size = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    assert size == (2 * notebook.plot("g._fullLayout.width"), 400)
    assert len(downloads) == 2


def test_float32_is_drawn_as_it_is_also_thin_and_grown(show):
    notebook = show(
        "x = np.arange(20_000, dtype='f4'); y = np.sin(x / 900).astype('f4')\n"
        "f = LiveFigure([go.Scatter(x=x[:50], y=y[:50], mode='lines'), go.Scatter(x=x, y=y, mode='lines')]); f"
    )
    assert notebook.plot("g.data[0].x.constructor.name") == "Float32Array"
    assert notebook.plot("g.data[1].x.length") < 2000
    assert notebook.plot("[...g.data[1].x].every((x, k) => Math.abs(g.data[1].y[k] - Math.sin(x / 900)) < 1e-6)")
    notebook.execute("f.extend({0: ([50], [0.5])})")
    notebook.wait_plot(
        "g.data[0].x.length === 51 && g.data[0].y[50] === 0.5 && g.data[0].y[49] === Math.fround(g.data[0].y[49])"
    )
    notebook.execute("f.restyle({n: {'y': y[:50] + np.float32(n + 1), 'x': x[:50]} for n in range(2)})")
    notebook.wait_plot(f"{LENGTHS} === '50,50' && g.data[1].y[0] === 2")
