"""The tuning notebook over 1 Mbit/s: served as on Binder and as JupyterLab does by itself, on all cores and on one.

Each visit has a server, a kernel and a browser profile of its own. The line is a proxy that all connections share.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.tune import WATCH
from tests.browser.harness import LabServer, Notebook, open_browser
from tests.browser.slow_line import SlowLine, serve_as_binder

EXAMPLE = Path(__file__).parents[1] / "notebooks" / "math_agent.yaml"
PANEL = "import astuner_nb as anb\nlab = anb.Lab('math_agent.yaml')\nlab"
SLOW, QUICK = 1.0, 10_000.0
STEPS = 60
PATIENCE_MS = 300_000
HEAD = "| served | answers | page open | first figure | panel | Run → first point | record → painted, p50, p95 | live |"


@dataclass(frozen=True)
class Way:
    """How the notebook is reached."""

    mbit_s: float
    """The line, each way."""
    as_binder: bool = True
    """Whether the server has Binder's settings."""
    one_core: bool = False
    """Whether server, kernel and job share one core; the browser has the others."""
    python: Path = Path(sys.executable)
    """Whose JupyterLab and whose package it is."""

    def __str__(self) -> str:
        line = f"{self.mbit_s:g} Mbit/s" if self.mbit_s < QUICK else "loopback"
        return f"{'as on Binder' if self.as_binder else 'by itself'}, {line}{', one core' if self.one_core else ''}"


def main() -> None:
    """Print the table."""
    table(Way(QUICK), Way(SLOW), Way(SLOW, as_binder=False), Way(SLOW, one_core=True))


def table(*ways: Way) -> None:
    """Print a visit for each way, and what else the machine was busy with: times say little where it was."""
    print(f"{HEAD}\n{'|---' * (HEAD.count('|') - 1)}|")
    for way in ways:
        print(row(way), flush=True)
    print(f"\nLoad of the last five minutes: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores.")


def row(way: Way) -> str:
    """A visit, as a row."""
    return f"| {' | '.join((str(way), *visit(way)))} |"


def visit(way: Way) -> Sequence[str]:
    """Opens the notebook and trains once: what the columns of the table say after the first one."""
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        server = server_in(Path(folder) / "root", way)
        took = stopwatch()
        with one_core(way.one_core):
            server.__enter__()
        answers_s = took()
        try:
            with SlowLine(server, way.mbit_s) as line:
                notebook = Notebook(line, browser.new_context(), "panel.ipynb")
                notebook.page.set_default_timeout(PATIENCE_MS)
                opened = f"{took() - answers_s:.1f} s, {line.down.passed / 1e6:.1f} MB"
                check_rate(notebook, line, way)
                found = (f"{answers_s:.1f} s", opened, *show(notebook, line), *train(notebook, line))
                notebook.close()
        finally:
            server.__exit__()
    return found


def server_in(root: Path, way: Way) -> LabServer:
    """A server that is to start in `root`, with the notebook there."""
    root.mkdir()
    shutil.copy(EXAMPLE, root)
    server = LabServer(serve_as_binder(root) if way.as_binder else root)
    server.python = way.python
    server.write_notebook("panel.ipynb", [PANEL])
    return server


def show(notebook: Notebook, line: SlowLine) -> tuple[str, str]:
    """Seconds from the cell to the first figure, and to the whole panel with what was sent for it."""
    before, took = line.down.passed, stopwatch()
    notebook.run(0, wait=False)
    notebook.wait_plots(1)
    first = took()
    notebook.wait_plots(5)
    return f"{first:.1f} s", f"{took():.1f} s, {(line.down.passed - before) / 1e3:.0f} kB"


def train(notebook: Notebook, line: SlowLine) -> tuple[str, str, str]:
    """Seconds from the start of a run to its first point, how far the curve is behind, and what is sent for it."""
    wait_quiet(line)
    notebook.js(WATCH)
    before, took = line.down.passed, stopwatch()
    notebook.execute(f"run = lab.start(total_steps={STEPS})")
    notebook.wait_plot("g.data[0]?.y?.length >= 1")
    first = took()
    notebook.execute("lab.wait(run, timeout_s=300)")
    notebook.wait_plot(f"g.data[0].y.length === {STEPS}")
    kb_s = (line.down.passed - before) / 1e3 / took()
    made = notebook.execute("print(*run.history()['reward'].time)").split()
    painted = notebook.js("() => window.painted[0]")
    behind = [first_with(painted, number) - float(at) for number, at in enumerate(made)]
    p50, p95 = np.percentile(behind, [50, 95])
    return f"{first:.1f} s", f"{p50:.2f} s, {p95:.2f} s", f"{kb_s:.1f} kB/s"


def first_with(painted: Sequence[tuple[int, float]], number: int) -> float:
    """When the first frame was painted that shows record `number`."""
    return next(when for shown, when in painted if shown > number)


def check_rate(notebook: Notebook, line: SlowLine, way: Way) -> None:
    """Fails where something came quicker than the line lets it: the rest would say nothing."""
    wait_quiet(line)
    before, took = line.down.passed, stopwatch()
    notebook.execute(f"print({secrets.token_hex(60_000)!r})")
    mbit_s = (line.down.passed - before) * 8e-6 / took()
    assert mbit_s < 1.2 * way.mbit_s, f"the line let {mbit_s:.2f} Mbit/s through"


def wait_quiet(line: SlowLine) -> None:
    """Waits until nothing comes any more."""
    last = -1
    while last != line.down.passed:
        last = line.down.passed
        time.sleep(0.7)


def stopwatch() -> Callable[[], float]:
    """What tells the seconds since it was made."""
    began = time.perf_counter()
    return lambda: time.perf_counter() - began


@contextlib.contextmanager
def one_core(wanted: bool) -> Iterator[None]:
    """What is started in here, and its children for good, run on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)} if wanted else before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


if __name__ == "__main__":
    main()
