"""The tuning notebook over 1 Mbit/s, served as on Binder: the panel appears, its curves keep up, little is sent.

The page itself comes over a quick line here, counted all the same; `benchmarks/slow_line.py` has the times.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import BrowserContext

from .harness import LabServer, Notebook
from .slow_line import SlowLine, serve_as_binder

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PANEL = "import astuner_nb as anb\nlab = anb.Lab('math_agent.yaml')\nlab"
FIGURES = 5
STEPS = 60
QUICK, SLOW = 1_000.0, 1.0
DRAWN = "Math.max(0, ...g.data.filter(t => t.mode === 'lines').map(t => t.y.length))"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SlowLine]:
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(NOTEBOOKS / "math_agent.yaml", root)
    with LabServer(serve_as_binder(root)) as server, SlowLine(server, QUICK) as line:
        server.write_notebook("panel.ipynb", [PANEL])
        yield line


def test_a_panel_appears_and_its_curves_keep_up(line: SlowLine, chromium: BrowserContext):
    notebook = Notebook(line, chromium, "panel.ipynb")
    assert line.down.passed < 4_500_000  # 11 MB where nothing is compressed

    line.set_rate(SLOW)
    before = line.down.passed
    notebook.run(0)
    notebook.wait_plots(FIGURES)
    assert line.down.passed - before < 700_000  # 1.8 MB where nothing is compressed

    before = line.down.passed
    notebook.execute(f"run = lab.start(total_steps={STEPS})")
    notebook.wait_plot(f"{DRAWN} >= 10")
    assert notebook.execute("print(run.state)") == "running"  # they are drawn while it trains
    notebook.execute("lab.wait(run, timeout_s=150)")
    for number in range(FIGURES):
        notebook.wait_plot(f"{DRAWN} === {STEPS}", number)
    assert line.down.passed - before < 2_000 * STEPS  # five figures, table and all
    assert notebook.errors() == []
    notebook.close()


def test_what_goes_through_a_line_is_whole_and_counted():
    with socket.create_server(("127.0.0.1", 0)) as there:
        threading.Thread(target=echo, args=(there,), daemon=True).start()
        server = SimpleNamespace(token="", url=f"http://127.0.0.1:{there.getsockname()[1]}")
        sent = secrets.token_bytes(300_000)
        with SlowLine(server, QUICK) as line, socket.create_connection(("127.0.0.1", port(line.url))) as here:
            threading.Thread(target=lambda: (here.sendall(sent), here.shutdown(socket.SHUT_WR)), daemon=True).start()
            heard = b"".join(iter(lambda: here.recv(65_536), b""))
            assert heard == sent
            assert (line.down.passed, line.up.passed) == (len(sent), len(sent))


def echo(there: socket.socket) -> None:
    """Sends back what the first caller sends, once it has said all."""
    caller, _ = there.accept()
    with caller:
        caller.sendall(b"".join(iter(lambda: caller.recv(65_536), b"")))


def port(url: str) -> int:
    """Of an address."""
    return int(url.rpartition(":")[2])
