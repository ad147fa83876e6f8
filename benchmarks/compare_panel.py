"""The panel of a comparison in JupyterLab and Chromium: opening, sliders, a slow line; beside plain `go.FigureWidget`.

    python -m benchmarks.compare_panel [STORE]

Takes about ten minutes; makes its thousand runs as `benchmarks.compare` does, or takes those of STORE. Every time is
taken in the page: from the moment the slider is where it is let go (or a cell is run) to the frame in which the figures
are what they are to be, with up to one frame on top, since a frame is known to be painted only by the one that follows.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.compare import RUNS, make_store
from tests.browser.harness import PLOTS, LabServer, Notebook, open_browser

FIVE = ["reward", "success_rate", "loss", "response_length", "kl"]
SLID = "weight_decay"
"""Drawn at random for each run: a range of it takes old and new runs alike."""
PLACES = (0.45, 0.1, 0.35, 0.05, 0.5, 0.15, 0.4, 0.1)
"""Where on the slider its lower end is put in turn, as a part of its width: a third of the runs come or go."""
ROUNDS = 3
SLOW_MBIT_S = 1.0
QUIET_S = 0.7
"""So long nothing may be painted or sent until a picture counts as the last."""
TALL = {"width": 1400, "height": 2200}
"""A window in which slider and figures are all in sight."""

SETUP = """import os, statistics, time
import numpy as np
import ipywidgets as ipw
import plotly.graph_objects as go
import astuner_nb as anb
import astuner_nb.widgets.comparison_panel
names = {names!r}

def settled(count):
    runs, followed = view.panel._runs, view.monitor.followed.values()
    read = len(followed) == count and all(one.tail.caught_up for one in followed)
    return read and not (any(one.waiting for one in runs._figures._shown.values()) or runs._stage._dirty)

def idle():
    time.sleep(1)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        view.monitor.step()
        took.append(time.perf_counter() - began)
    cpu, began = time.process_time(), time.perf_counter()
    time.sleep(5)
    return 1e3 * statistics.median(took), 100 * (time.process_time() - cpu) / (time.perf_counter() - began)
"""
OURS = "view = anb.compare(anb.runs('runs:made')[:{count}], metrics={metrics})\nview"
WHOLE = "view = anb.compare('runs:made', metrics={metrics})\nview"
# What anybody writes who has the curves and ipywidgets: a figure a metric, a trace a run, a slider that sets `visible`.
PEER = """runs = anb.runs('runs:made')[:{count}]
read = runs.histories(names)
figures = [
    go.FigureWidget([go.Scatter(x=read[run][name].step, y=read[run][name].value, name=run.name) for run in runs])
    for name in names
]
decay = [run.config["weight_decay"] for run in runs]
places = np.linspace(min(decay), max(decay), 60).tolist()
labelled = [(f"{{place:.3g}}", place) for place in places]
slider = ipw.SelectionRangeSlider(options=labelled, index=(0, 59), description="weight_decay")

def moved(_):
    low, high = slider.value
    for figure in figures:
        with figure.batch_update():
            for trace, value in zip(figure.data, decay):
                trace.visible = low <= value <= high

slider.observe(moved, names="index")
ipw.VBox([ipw.HBox([slider]).add_class("astuner-range"), *figures])"""

BARE = """slider = ipw.SelectionRangeSlider(options=list(range(60)), index=(0, 59), description="weight_decay")
echo = ipw.HTML("0").add_class("astuner-echo")
slider.observe(lambda _: setattr(echo, "value", str(slider.index)), names="index")
ipw.VBox([ipw.HBox([slider]).add_class("astuner-range"), echo])"""
"""What the way from a slider to the kernel and back takes by itself."""

# Notes of every figure when it was drawn anew, and which lines it showed: after the frame that shows it.
NOTE_PAINTS = f"""() => {{ window.paints = []; window.moved = 0;
  const seen = new WeakMap(), after = new MessageChannel(), queue = [];
  let said;
  after.port1.onmessage = () => {{
    const now = performance.now(); for (const one of queue.splice(0)) window.paints.push([...one, now]);
  }};
  const shown = t => t.visible !== false && t.visible !== 'legendonly' && t.y?.length;
  const look = () => {{
    document.querySelectorAll('{PLOTS}').forEach((g, number) => {{
      if (!g.calcdata || seen.get(g) === g.calcdata) return; // it changes when plotly.js has drawn
      seen.set(g, g.calcdata);
      const lines = g.data.filter(t => shown(t) && !t.fill?.startsWith('to'));
      queue.push([number, lines.map(t => t.name).join(), lines.length]);
    }});
    const echo = document.querySelector('.astuner-echo')?.textContent;
    if (echo !== said) queue.push([-1, said = echo, 1]);
    if (queue.length) after.port2.postMessage(0);
    requestAnimationFrame(look);
  }};
  window.addEventListener('pointerdown', () => {{ window.moved = performance.now(); }}, true);
  look(); }}"""
Row = tuple[str, str, str, str]
"""What, measured, beside it, the target."""
Paint = tuple[int, str, int, float]
"""Which figure, the names of its lines, how many, when (ms)."""


class Page:
    """A notebook whose first cell has run, and in which every frame is noted."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        notebook.run(0)
        notebook.js(NOTE_PAINTS)

    def paints(self) -> list[Paint]:
        """All since the slider was moved, or since the cell was run."""
        return [tuple(one) for one in self.notebook.js("() => window.paints.filter(p => p.at(-1) > window.moved)")]

    def open(self, settled: Callable[[], bool]) -> list[Paint]:
        """Run the panel's cell. Returns what was painted until `settled`, with times since the cell was run."""
        self.notebook.js("() => { window.moved = performance.now(); }")
        self.notebook.run(1, wait=False)
        self.notebook.wait_until(settled, "all is read and sent", timeout_s=300)
        self.wait_quiet()
        return self._since_moved()

    def slide(self, place: float) -> tuple[list[Paint], int]:
        """Take the slider's lower end there and let go. Returns what was painted, with times since it got there, and
        bytes down.
        """
        page, before = self.notebook.page, self.notebook.wire()["down"]
        slider = page.locator(".astuner-range", has_text=SLID)
        track, handle = (slider.locator(f".noUi-{part}").bounding_box() for part in ("base", "handle-lower"))
        assert track is not None
        assert handle is not None
        middle = handle["y"] + handle["height"] / 2
        page.mouse.move(handle["x"] + handle["width"] / 2, middle)
        page.mouse.down()
        page.mouse.move(track["x"] + place * track["width"], middle)
        page.mouse.up()
        self.notebook.wait("() => window.paints.some(p => p.at(-1) > window.moved)", timeout_s=120)
        self.wait_quiet()
        return self._since_moved(), self.notebook.wire()["down"] - before

    def wait_quiet(self) -> None:
        """Wait until nothing is painted and nothing comes any more."""
        self.notebook.js(
            """quiet => new Promise(done => {
              const state = () => `${window.paints.length}/${window.astunerWire.frames}`;
              let last = state(), since = performance.now();
              const look = () => {
                const now = state();
                if (now !== last) { last = now; since = performance.now(); }
                if (performance.now() - since > 1000 * quiet) done(); else setTimeout(look, 50);
              };
              look();
            })""",
            QUIET_S,
        )

    def _since_moved(self) -> list[Paint]:
        moved = self.notebook.js("() => window.moved")
        return [(number, names, count, at - moved) for number, names, count, at in self.paints()]


class Bench:
    """The server, the browser, and the notebooks that are measured in them."""

    def __init__(self, server: LabServer, browser: Any) -> None:
        self._server, self._browser = server, browser

    def page(self, cell: str) -> Page:
        """A fresh notebook with a fresh kernel, not yet run."""
        name = self._server.write_notebook("bench.ipynb", [SETUP.format(names=FIVE), cell])
        return Page(Notebook(self._server, self._browser, name, **TALL))


def last_of_all(paints: Sequence[Paint]) -> float:
    """When the last figure was first what it is now, ms."""
    last = {number: names for number, names, _, _ in paints}
    return max(
        min(at for n, names, _, at in paints if n == number and names == final) for number, final in last.items()
    )


def is_settled(page: Page, count: int) -> Callable[[], bool]:
    """Whether the kernel has read all of so many runs and sent all lines."""
    return lambda: page.notebook.execute(f"print('view' in globals() and settled({count}))") == "True"


def opening(bench: Bench, metrics: Sequence[str]) -> list[Row]:
    """A thousand runs by their URI, from the cell to figures."""
    first, whole, turn, cpu = [], [], [], []
    for _ in range(ROUNDS):
        page = bench.page(WHOLE.format(metrics=list(metrics)))
        paints = page.open(is_settled(page, RUNS))
        first.append(min(at for _, _, count, at in paints if count))
        whole.append(max(at for _, _, _, at in paints))
        ms, percent = map(float, page.notebook.execute("print(*idle())").split())
        turn.append(ms)
        cpu.append(percent)
        page.notebook.close()
    what = f"{RUNS:,} runs, {len(metrics)} figure{'s' if len(metrics) > 1 else ''}"
    return [
        (f"{what}: cell run → first curves painted", f"{statistics.median(first) / 1e3:.2f} s", "", ""),
        (f"{what}: cell run → all read, all lines there", f"{statistics.median(whole) / 1e3:.2f} s", "", ""),
        (f"{what}: a turn that finds nothing", f"{statistics.median(turn):.1f} ms",
         f"{statistics.median(cpu):.1f} % of a core, idle", ""),
    ]  # fmt: skip


def releases(page: Page) -> tuple[float, float]:
    """Median ms from a release to the repainted frame of all figures, and median bytes down a release."""
    page.slide(0.2)  # the first one brings controls to life
    found = [page.slide(place) for place in PLACES]
    times, sizes = [last_of_all(paints) for paints, _ in found], [size for _, size in found]
    return statistics.median(times), statistics.median(sizes)


VIEWS = {
    "30 of them lines": "pass",
    "all of them lines": "view.change(lambda o: o.with_max_lines(200))",
    "grouped by lr": "view.change(lambda o: o.with_max_lines(30)); view.group(by='lr')",
}


def sliding(bench: Bench, metrics: Sequence[str], most_ms: int) -> list[Row]:
    """Two hundred runs: from a slider's release to the repainted frame."""
    page = bench.page(OURS.format(count=200, metrics=list(metrics)))
    ready = is_settled(page, 200)
    page.open(ready)
    rows: list[Row] = []
    for what, change in VIEWS.items():
        page.notebook.execute(change)
        page.notebook.wait_until(ready, "all lines are sent", timeout_s=120)
        page.wait_quiet()
        ms, size = releases(page)
        page.notebook.throttle(SLOW_MBIT_S)
        slow, _ = releases(page)
        page.notebook.throttle(None)
        label = f"200 runs, {what}, {len(metrics)} figure{'s' if len(metrics) > 1 else ''}: release → repainted, p50"
        rows.append(
            (label, f"{ms:.0f} ms, {size / 1e3:.1f} kB", f"at {SLOW_MBIT_S:g} Mbit/s {slow:.0f} ms",
             f"≤ {most_ms} ms, ≤ 50 kB; ≤ 500 ms more")
        )  # fmt: skip
    page.notebook.close()
    return rows


def is_slow(bench: Bench) -> float:
    """Seconds that 125 kB need on the slow line, or the rest would say nothing."""
    page = bench.page("pass")
    page.notebook.throttle(SLOW_MBIT_S)
    took = page.notebook.js("() => performance.now()")
    page.notebook.execute("print('x' * 125_000)")
    took = (page.notebook.js("() => performance.now()") - took) / 1e3
    page.notebook.close()
    assert took > 0.8, f"125 kB came in {took:.2f} s: this Chromium does not slow websockets down"
    return float(took)


def round_trip(bench: Bench) -> list[Row]:
    """A slider of ipywidgets beside which the kernel writes a number: nothing can be faster."""
    page = bench.page(BARE)
    page.open(lambda: bool(page.paints()))
    ms, size = releases(page)
    page.notebook.throttle(SLOW_MBIT_S)
    slow, _ = releases(page)
    page.notebook.close()
    what = "a bare slider and a number that follows it: release → repainted, p50"
    return [(what, f"{ms:.0f} ms, {size / 1e3:.1f} kB", f"at {SLOW_MBIT_S:g} Mbit/s {slow:.0f} ms", "")]


def beside_figure_widget(bench: Bench, count: int = 20) -> list[Row]:
    """The same overlay by hand: one `go.FigureWidget` a metric, all points, a slider that sets `visible`."""
    measured: dict[str, tuple[list[float], ...]] = {"ours": ([], [], [], []), "peer": ([], [], [], [])}
    cells = {"ours": OURS.format(count=count, metrics=FIVE), "peer": PEER.format(count=count)}
    for _ in range(ROUNDS):
        for who, cell in cells.items():
            page = bench.page(cell)
            before = page.notebook.wire()["down"]
            paints = page.open(lambda page=page: _all_drawn(page, count))
            found = (_first_whole(paints, count), page.notebook.wire()["down"] - before, *releases(page))
            for kept, value in zip(measured[who], found, strict=True):
                kept.append(value)
            page.notebook.close()
    ours, peer = ([statistics.median(values) for values in measured[who]] for who in ("ours", "peer"))
    names = ("cell run → all curves painted", "to get there", "release → repainted, p50", "a release")
    units = (("s", 1e3), ("kB", 1e3), ("ms", 1.0), ("kB", 1e3))
    return [
        (f"{count} runs × 10,000 points × 5: {name}", f"{own / per:.3g} {unit}", f"{other / per:.4g} {unit}"
         f" ({other / own:.1f} ×)", "≥ 20 ×" if unit == "kB" else "≥ 5 ×")
        for name, (unit, per), own, other in zip(names, units, ours, peer, strict=True)
    ]  # fmt: skip


def _all_drawn(page: Page, count: int) -> bool:
    last = {number: shown for number, _, shown, _ in page.paints()}
    return len(last) == len(FIVE) and all(shown == count for shown in last.values())


def _first_whole(paints: Sequence[Paint], count: int) -> float:
    return max(min(at for n, _, shown, at in paints if n == number and shown == count) for number in range(len(FIVE)))


def main(store: Path | None = None) -> None:
    """Print the table."""
    with ExitStack() as opened:
        root = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        if store is None:
            make_store(root / "made", parquet=False)
        else:
            (root / "made").symlink_to(store.resolve())
        server = opened.enter_context(LabServer(root))
        bench = Bench(server, opened.enter_context(open_browser()))
        print(f"125 kB take {is_slow(bench):.1f} s on the slow line.\n")
        print("| what | measured | beside it | target |\n|---|---|---|---|")
        parts: list[Callable[[], list[Row]]] = [
            lambda: opening(bench, FIVE[:1]),
            lambda: opening(bench, FIVE),
            lambda: round_trip(bench),
            lambda: sliding(bench, FIVE[:1], 150),
            lambda: sliding(bench, FIVE, 400),
            lambda: beside_figure_widget(bench),
        ]
        for part in parts:
            for row in part():
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
