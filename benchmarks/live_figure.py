"""`LiveFigure` beside `go.FigureWidget` in the same JupyterLab: bytes, latency and, over a long stream, memory.

    python -m benchmarks.live_figure [--long]

Absolute times are those of a noisy machine; compare the columns of one row.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.browser.harness import LabServer, Notebook, open_browser

TRACES, POINTS = 20, 2_000

SETUP = """import json, os, resource, threading, time
import numpy as np
import plotly.graph_objects as go
from astuner_nb.live_figure.figure import LiveFigure

def lines(traces, points):
    x = np.arange(points, dtype="f4")
    return [go.Scatter(x=x, y=np.sin(x / 50) + k, mode="lines", name=f"run {k}") for k in range(traces)]

def push_live(figure, step):
    figure.extend({k: ([step], [np.sin(step / 50) + k]) for k in range(len(figure.data))})

def push_widget(figure, step):
    with figure.batch_update():
        for k, trace in enumerate(figure.data):
            trace.x = np.append(trace.x, np.float32(step))
            trace.y = np.append(trace.y, np.float32(np.sin(step / 50) + k))

def stream(push, figure, start, count, rate):
    sent, begin = [], time.time()
    for k in range(count):
        time.sleep(max(0, begin + k / rate - time.time()))
        sent.append(time.time() * 1000)
        push(figure, start + k)
    return sent

def rss_mb():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
"""
KINDS = {"LiveFigure": ("LiveFigure", "push_live"), "FigureWidget": ("go.FigureWidget", "push_widget")}

# Notes when each step was first painted: the newest x of the first trace, after the frame that shows it.
NOTE_PAINTS = """() => { window.paints = []; let seen = -1; const after = new MessageChannel(), queue = [];
  after.port1.onmessage = () => { const [x, t] = [queue.shift(), performance.timeOrigin + performance.now()];
    window.paints.push([x, t]); };
  const look = () => { const g = [...document.querySelectorAll('.jp-OutputArea-output .js-plotly-plot')].at(-1);
    const points = g?.calcdata?.[0], x = points?.at(-1)?.x; // calcdata changes when plotly.js has drawn
    if (x > seen) { seen = x; queue.push(x); after.port2.postMessage(0); }
    window.looking = requestAnimationFrame(look); };
  look(); }"""
CALM = "() => new Promise(done => requestIdleCallback(done, {timeout: 60000}))"


def show(notebook: Notebook, kind: str, traces: int, points: int) -> None:
    """Displays a figure of this kind as `f` and waits until it is drawn."""
    source = f"f = {KINDS[kind][0]}(lines({traces}, {points})); f"
    notebook.js(
        "s => window.jupyterapp.shell.currentWidget.content.model.cells.get(1).sharedModel.setSource(s)", source
    )
    notebook.run(1)
    notebook.wait_plots()
    notebook.js(CALM)


def wire_kb_an_update(notebook: Notebook, kind: str, updates: int = 10) -> float:
    """kB from kernel to page for one point to every trace."""
    show(notebook, kind, TRACES, POINTS)
    before = notebook.wire()["down"]
    notebook.execute(f"stream({KINDS[kind][1]}, f, {POINTS}, {updates}, 4)")
    notebook.wait_plot(f"g.data[0].x.at(-1) >= {POINTS + updates - 1}", timeout_s=120)
    return (notebook.wire()["down"] - before) / updates / 1e3


def display_kb(notebook: Notebook, kind: str) -> float:
    """kB from kernel to page to show one more figure (3 traces × 100 points)."""
    before = notebook.wire()["down"]
    show(notebook, kind, 3, 100)
    return (notebook.wire()["down"] - before) / 1e3


def paint_ms(notebook: Notebook, kind: str, traces: int = 50, rate: int = 20, seconds: int = 5) -> float:
    """Median time in ms from a push in Python to its picture (or a later one) being painted."""
    show(notebook, kind, traces, POINTS)
    notebook.js(NOTE_PAINTS)
    sent = json.loads(
        notebook.execute(f"print(json.dumps(stream({KINDS[kind][1]}, f, {POINTS}, {seconds * rate}, {rate})))")
    )
    last = POINTS + len(sent) - 1
    notebook.wait("last => window.paints.at(-1)?.[0] >= last", last, timeout_s=300)
    paints = notebook.js("() => { cancelAnimationFrame(window.looking); return window.paints; }")
    waits = sorted(next(t for x, t in paints if x >= POINTS + k) - at for k, at in enumerate(sent))
    return waits[len(waits) // 2]


def soak(notebook: Notebook, minutes: float) -> dict[str, tuple[float, float]]:
    """MB of browser heap and kernel memory before and after a stream of 10 traces at 5 a second."""
    show(notebook, "LiveFigure", 10, 100)
    measure = lambda: (notebook.heap() / 1e6, float(notebook.execute("print(rss_mb())")))  # noqa: E731
    before = measure()
    steps = int(minutes * 60 * 5)
    notebook.execute(f"threading.Thread(target=stream, args=(push_live, f, 100, {steps}, 5)).start()")
    notebook.wait_plot(f"g.data[0].x.at(-1) >= {99 + steps}", timeout_s=minutes * 60 + 120)
    after = measure()
    return {"browser heap": (before[0], after[0]), "kernel": (before[1], after[1])}


def row(what: str, live: float, widget: float, unit: str, target: str) -> str:
    """A line of the table."""
    return f"| {what} | {live:.1f} {unit} | {widget:.1f} {unit} | 1/{widget / live:.0f} | {target} |"


def main(arguments: list[str] | None = None) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="stream for ten minutes instead of one")
    minutes = 10 if parser.parse_args(arguments or []).long else 1
    with tempfile.TemporaryDirectory() as folder, LabServer(Path(folder)) as server, open_browser() as browser:

        def fresh() -> Notebook:
            notebook = Notebook(server, browser, server.write_notebook("bench.ipynb", [SETUP, ""]))
            notebook.run(0)
            return notebook

        def measure(what) -> tuple[float, float]:
            found = []
            for kind in KINDS:
                notebook = fresh()
                if what is display_kb:
                    what(notebook, kind)  # the first figure of a page also brings what is shared
                found.append(what(notebook, kind))
                notebook.close()
            return found[0], found[1]

        print("| | LiveFigure | FigureWidget | ratio | target |\n|---|---|---|---|---|")
        print(row(f"an update of {TRACES} × {POINTS} points", *measure(wire_kb_an_update), "kB", "1/100"))
        print(row("a further figure on a page", *measure(display_kb), "kB", "60 kB"))
        print(row("push → painted, 50 × 2000 at 20/s, p50", *measure(paint_ms), "ms", "1/10"))
        notebook = fresh()
        print(f"\n| LiveFigure, 10 traces at 5/s for {minutes} min | before | after |\n|---|---|---|")
        for what, (before, after) in soak(notebook, minutes).items():
            print(f"| {what} | {before:.0f} MB | {after:.0f} MB |")
        notebook.close()


if __name__ == "__main__":
    main(sys.argv[1:])
