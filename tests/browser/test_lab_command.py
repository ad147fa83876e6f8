"""`astuner lab`: from one command to the open notebook, on the loopback interface alone."""

import os
import re
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import BrowserContext

from .harness import WAIT_S


@pytest.fixture
def started(tmp_path):
    """`astuner lab` where no browser can be opened; yields the process and the address it printed."""
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    process = subprocess.Popen(
        [sys.executable, "-m", "astuner_nb.cli", "lab", "new folder/my tune.ipynb"],
        cwd=tmp_path, env=env | own, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        lines = iter(process.stderr.readline, "")
        yield process, next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\S+", line)))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:  # a worker thread of the server's own may hold up its end
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def answers(address: str) -> bool:
    """Whether somebody listens there."""
    parts = urlsplit(address)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def test_it_prints_an_address_that_opens_the_notebook(started, chromium: BrowserContext, tmp_path, wait_for):
    process, address = started
    wait_for(lambda: answers(address), what="the server")  # which listens a moment after it said so
    assert sorted(path.name for path in (tmp_path / "new folder").glob("*.*")) == ["math_agent.yaml", "my tune.ipynb"]
    page = chromium.new_page()
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=WAIT_S * 1000)
    assert "from a slider to a live curve" in page.locator(".jp-NotebookPanel h1").first.inner_text()
    page.close()
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    listening = [c.laddr.ip for p in family for c in p.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    assert set(listening) == {"127.0.0.1"}
