"""From the Run button to the painted curve: the built-in job and the panel, in a real JupyterLab."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

import astuner_nb as anb
from astuner_nb.recorder import read_json
from tests.browser.harness import LabServer, Notebook, open_browser

ROUNDS = 7
WRITER = """
import sys, time
import astuner_nb as anb
names = ("reward", "success_rate", "loss", "response_length", "kl")
with anb.init(project="math_agent", name="writer", store=sys.argv[1]) as run:
    for step in range(int(sys.argv[2])):
        run.log({name: step % 7 + 0.5 for name in names}, step=step)
        time.sleep(0.2)
"""
WATCH = """() => {
  window.painted = [...document.querySelectorAll('.jp-OutputArea-output .js-plotly-plot')].map(() => []);
  document.querySelectorAll('.jp-OutputArea-output .js-plotly-plot').forEach((plot, number) => {
    const note = () => requestAnimationFrame(() => {
      const channel = new MessageChannel();           // answers after the frame was painted
      channel.port1.onmessage = () => window.painted[number].push([plot.data[0]?.y?.length ?? 0, Date.now() / 1000]);
      channel.port2.postMessage(0);
    });
    plot.on('plotly_afterplot', note);
  });
}"""


Row = tuple[str, str, str, str]
"""What, ours, beside it, target."""


def main() -> None:
    """Print the table."""
    print("| what | measured | beside it | target |\n|---|---|---|---|")
    for row in (import_time(), first_step(), *training(), record_to_paint()):
        print(f"| {' | '.join(row)} |")


def import_time() -> Row:
    """Milliseconds that `import astuner_nb` adds to a bare interpreter, beside importing ipywidgets."""

    def seconds(code: str) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begin

    bare, ours, peer = (
        [seconds(code) for _ in range(ROUNDS)] for code in ("pass", "import astuner_nb", "import ipywidgets")
    )
    added, other = (1e3 * (statistics.median(times) - statistics.median(bare)) for times in (ours, peer))
    return ("`import astuner_nb` adds", f"{added:.0f} ms", f"ipywidgets {other:.0f} ms", "≤ 50 ms")


def first_step() -> Row:
    """Seconds from `start()` to the first record on disk, beside the same job as a bare subprocess."""
    with tempfile.TemporaryDirectory() as folder:
        lab = anb.Lab("math_agent.yaml", runs=folder)
        ours, bare = [], []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            run = lab.start()
            ours.append(_until(run.last_record) - begin)
            lab.stop(run)
            lab.wait(run, timeout_s=20)
            twin = lab.store.create("bare", "bare", lab.values)
            begin = time.perf_counter()
            spec = lab.plan.backbone.prepare(twin.directory, lab.values)
            process = subprocess.Popen(spec.argv, env={**os.environ, **spec.env}, stdout=subprocess.DEVNULL)
            bare.append(_until(twin.last_record) - begin)
            process.kill()
            process.wait()
        lab.close()
    own, other = statistics.median(ours), statistics.median(bare)
    return (
        "Run pressed → first record",
        f"{own:.2f} s",
        f"bare subprocess {other:.2f} s ({own / other:.2f} ×)",
        "≤ 1 s",
    )


def training() -> list[Row]:
    """Steps to 90 % success with the defaults, speed and memory of the job."""
    with tempfile.TemporaryDirectory() as folder:
        lab = anb.Lab("math_agent.yaml", runs=folder)
        run = lab.start(total_steps=120)
        _until(run.last_record)
        job = psutil.Process(read_json(run.files.job)["job"]["pid"])
        peak = 0
        while not run.state.ended:
            with suppress(psutil.Error):
                peak = max(peak, job.memory_info().rss)
            time.sleep(0.05)
        success = run.history()["success_rate"]
        lab.close()
    means = np.convolve(success.value, np.ones(5) / 5, "valid")
    step = int(success.step[4 + int(np.argmax(means >= 0.9))]) if (means >= 0.9).any() else None
    speed = (len(success) - 1) / (success.time[-1] - success.time[0])
    return [
        ("5-step mean success ≥ 0.9 at step", str(step), f"{speed:.1f} step/s", "≤ 120"),
        ("memory of the job (peak RSS)", f"{peak / 1e6:.0f} MB", "", "≤ 100 MB"),
    ]


def record_to_paint(records: int = 60) -> Row:
    """Seconds from the moment a record was made to the frame that shows it, over five live figures."""
    with tempfile.TemporaryDirectory() as folder, LabServer(Path(folder)) as server, open_browser() as browser:
        server.write_notebook("n.ipynb", ["import astuner_nb as anb\nlab = anb.Lab('math_agent.yaml')\nlab"])
        notebook = Notebook(server, browser.new_context(), "n.ipynb")
        notebook.run(0)
        notebook.wait_plots(5)
        notebook.js(WATCH)
        store = Path(folder) / "runs"
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(store), str(records)])
        writer.wait()
        for number in range(5):
            notebook.wait_plot(f"g.data[0].y.length >= {records}", number)
        painted = notebook.js("() => window.painted")
        made = anb.RunStore(store).runs()[0].history()["reward"].time
        notebook.close()
    delays = [_delay(made, figure, number) for figure in painted for number in range(10, records)]
    p50, p95 = np.percentile(delays, [50, 95])
    return ("record made → painted, 5 figures", f"p50 {p50:.2f} s", f"p95 {p95:.2f} s", "p50 ≤ 0.3 s")


def _delay(made: np.ndarray, painted: list[list[float]], number: int) -> float:
    """Seconds until the first frame that shows record `number`."""
    return next(when for shown, when in painted if shown > number) - float(made[number])


def _until(condition: Callable[[], object]) -> float:
    while not condition():
        time.sleep(0.002)
    return time.perf_counter()


if __name__ == "__main__":
    main()
