"""A real JupyterLab on 127.0.0.1, driven by a real (headless) Chromium: what the end-to-end tests stand on.

How it answers the questions of a test:

- *Has the cell run?* JupyterLab puts itself on `window.jupyterapp` (`expose_app_in_browser`); its command
  `notebook:run-cell` resolves when the kernel has answered. No sleeps, no looking for `[*]`.
- *What is drawn?* Every plot is a `div.js-plotly-plot` that carries `data`, `layout` and `_fullLayout`.
- *What went over the wire?* A script in the page counts the bytes of the kernel's websockets.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, sync_playwright

START_S = 90
WAIT_S = 60
PLOTS = ".jp-OutputArea-output .js-plotly-plot"  # the loader of plotly.js holds a hidden plot elsewhere for a moment

CHROMIUM_FLAGS = [
    "--no-sandbox",  # needed as root and in most containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
]

# The page's side of `Notebook.wire`: counts what crosses the kernel's websockets, without copying it.
COUNT_WIRE = """
(() => {
  const utf8 = new TextEncoder();
  const size = data => typeof data === 'string' ? utf8.encode(data).length : data.byteLength ?? data.size ?? 0;
  const wire = window.astunerWire = {down: 0, up: 0, frames: 0};
  window.WebSocket = class extends window.WebSocket {
    constructor(url, ...rest) {
      super(url, ...rest);
      this.ofKernel = /\\/channels/.test(String(url));
      if (this.ofKernel) this.addEventListener('message', event => { wire.down += size(event.data); wire.frames++; });
    }
    send(data) { if (this.ofKernel) wire.up += size(data); return super.send(data); }
  };
})();
"""

# JupyterLab itself says these; they are none of ours.
NOT_OURS = ("favicon", "Failed to load resource", "Error displaying widget: model not found", "Canceled future")


def chromium_path() -> str | None:
    """The browser to use: `ASTUNER_CHROMIUM`, then one on PATH, then (None) the one Playwright installed."""
    if chosen := os.environ.get("ASTUNER_CHROMIUM"):
        return chosen
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def open_browser(flags: Sequence[str] = ()) -> Iterator[Browser]:
    """A headless Chromium; without one, an error that says how to get it."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*CHROMIUM_FLAGS, *flags])
        except Error as error:
            raise RuntimeError(f"No Chromium to test with ({str(error).splitlines()[0]}); run `make tools`.") from None
        try:
            yield browser
        finally:
            browser.close()


class LabServer:
    """A JupyterLab server of its own, apart from the configuration of whoever runs the tests; use with `with`."""

    python = Path(sys.executable)
    """Whose JupyterLab it is."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.token = secrets.token_hex(16)
        self.url = ""

    def __enter__(self) -> LabServer:
        self.root.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = (self.root / "server.log").open("w")
        self._process = subprocess.Popen(
            [self.python, "-m", "jupyterlab", *self._options(port)],
            env=self._environment(), stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def write_notebook(self, name: str, cells: Sequence[str]) -> str:
        """Writes a notebook of code cells and returns its name."""
        head = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        notebook = {
            "cells": [{**head, "id": f"cell{k}", "source": source} for k, source in enumerate(cells)],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.root / name).write_text(json.dumps(notebook))
        return name

    def _options(self, port: int) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
        ]

    def _environment(self) -> dict[str, str]:
        home = self.root / ".jupyter"
        quiet = home / "config/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        quiet.parent.mkdir(parents=True, exist_ok=True)
        quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')  # or a toast covers the page
        own = {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "run"),
            "IPYTHONDIR": str(home / "ipython"),
            "PATH": os.pathsep.join([str(self.python.parent), os.environ.get("PATH", "")]),
        }
        return {**{key: value for key, value in os.environ.items() if key != "JUPYTER_PATH"}, **own}

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended while starting:\n{self._tail()}")
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{self.url}/api?token={self.token}", timeout=2).close()
                return
            time.sleep(0.2)
        raise TimeoutError(f"JupyterLab did not answer within {START_S} s:\n{self._tail()}")

    def _tail(self) -> str:
        return (self.root / "server.log").read_text()[-3000:]


class Notebook:
    """A notebook open in a browser tab; close it, which also ends its kernel, or leave its tab to the next one.

    A tab of its own takes seconds, as JupyterLab has to be loaded; in one that another notebook has left it is there.
    """

    def __init__(
        self, server: LabServer, browser: Browser | BrowserContext, name: str,
        *, width: int = 1400, height: int = 1000, left: Page | None = None,
    ) -> None:  # fmt: skip
        self.server, self.name = server, name
        self.console: list[str] = []
        self.tabs: list[Notebook] = []
        self.page = left or browser.new_page()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.set_default_timeout(WAIT_S * 1000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._catch)
        self.devtools = self.page.context.new_cdp_session(self.page)
        self._open(anew=left is None)
        self.theme(dark=False)  # the server remembers what the last test chose

    def _open(self, anew: bool) -> None:
        if anew:
            self.page.add_init_script(COUNT_WIRE)
            start = f"{self.server.url}/doc/tree/{self.name}?token={self.server.token}&reset"  # no remembered layout
            self.page.goto(start)
        else:
            self.js("() => Object.assign(window.astunerWire, {down: 0, up: 0, frames: 0})")
            self.js("async path => { await window.jupyterapp.commands.execute('docmanager:open', {path}); }", self.name)
        self.wait_ready()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(message.text)

    def _catch(self, error: Error) -> None:
        self._note(f"uncaught: {error.stack or error}")

    def _note(self, text: str) -> None:
        if not any(known in text for known in NOT_OURS):
            self.console.append(text)

    def wait_ready(self) -> None:
        """Waits until the notebook is there and its kernel answers."""
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
        self.js(
            """async () => { const panel = window.jupyterapp.shell.currentWidget; await panel.context.ready;
            await panel.sessionContext.ready; await panel.sessionContext.session.kernel.info; }"""
        )

    def second_tab(self) -> Notebook:
        """The same notebook in another tab of the same browser, on the same kernel."""
        self.tabs.append(Notebook(self.server, self.page.context, self.name))
        return self.tabs[-1]

    def js(self, code: str, argument: Any = None) -> Any:
        """What a JavaScript function returns in the page."""
        return self.page.evaluate(code, argument)

    def wait(self, code: str, argument: Any = None, *, timeout_s: float = WAIT_S) -> None:
        """Waits until a JavaScript function in the page is true."""
        self.page.wait_for_function(code, arg=argument, timeout=timeout_s * 1000)

    def wait_until(self, holds: Callable[[], bool], what: str, *, timeout_s: float = WAIT_S) -> None:
        """Waits until a Python condition holds, keeping the page alive meanwhile."""
        until = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > until:
                raise TimeoutError(f"after {timeout_s} s still not so: {what}")
            self.page.wait_for_timeout(50)

    # ---- cells and kernel

    def run(self, cell: int, *, wait: bool = True) -> None:
        """Runs a cell. With `wait`, returns when the kernel has answered; raises if the cell failed."""
        self.js(
            """async ([index, wait]) => { const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
            notebook.activeCellIndex = index; notebook.deselectAll();
            const done = app.commands.execute('notebook:run-cell'); if (wait) await done; }""",
            [cell, wait],
        )
        if wait and (failed := [out for out in self.outputs(cell) if out["output_type"] == "error"]):
            raise RuntimeError("\n".join(failed[0]["traceback"]))

    def run_all(self) -> None:
        """Runs all cells in order."""
        for cell in range(self.js("() => window.jupyterapp.shell.currentWidget.content.model.cells.length")):
            self.run(cell)

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """The outputs of a cell, as nbformat has them."""
        return self.js("i => window.jupyterapp.shell.currentWidget.content.model.cells.get(i).outputs.toJSON()", cell)

    def text(self, cell: int) -> str:
        """What a cell printed."""
        return "".join("".join(out["text"]) for out in self.outputs(cell) if out["output_type"] == "stream")

    def execute(self, code: str) -> str:
        """What code prints in the notebook's kernel, run beside its cells; raises what the code raises."""
        printed, error = self.js(
            """async code => { const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({code, store_history: false}); let out = '', error = null;
            future.onIOPub = m => { if (m.header.msg_type === 'stream') out += m.content.text;
              if (m.header.msg_type === 'error') error = `${m.content.ename}: ${m.content.evalue}`; };
            await future.done; return [out, error]; }""",
            code,
        )
        if error:
            raise RuntimeError(error)
        return printed.strip()

    def is_busy(self) -> bool:
        """Whether the kernel is running something."""
        return self.js("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status") == "busy"

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Within, the kernel runs a cell that has no end; it is interrupted behind it."""
        kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        self.js(f"() => {{ {kernel}.requestExecute({{code: 'import time; time.sleep(600)'}}); }}")
        self.wait(f"() => {kernel}.status === 'busy'")
        yield
        assert self.is_busy(), "the cell has ended"
        self.js(f"() => {kernel}.interrupt()")
        self.wait(f"() => {kernel}.status === 'idle'")

    def restart_kernel(self) -> None:
        """Restarts the kernel and waits until the new one answers."""
        self.js("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        self.wait("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'")

    def save(self) -> None:
        """Saves the notebook. Outputs show after a reload only if they were saved."""
        self.js("() => window.jupyterapp.shell.currentWidget.context.save()")

    def reload(self) -> None:
        """Saves and reloads the page; the kernel lives on."""
        self.save()
        self.page.reload()
        self.wait_ready()

    def errors(self) -> list[str]:
        """What went wrong in the browser, here and in the tabs opened from here."""
        return self.console + [message for tab in self.tabs for message in tab.console]

    def close(self) -> None:
        """Ends the kernel and closes the tab, and those opened from it."""
        for tab in self.tabs:
            tab.page.close()
        with contextlib.suppress(Error):
            self.js("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.close()

    def leave(self) -> Page:
        """Ends the kernel and leaves the empty tab to another notebook; closes those opened from it."""
        for tab in self.tabs:
            tab.page.close()
        self.page.mouse.move(0, 0)
        self.js(
            """async () => { const widget = window.jupyterapp.shell.currentWidget;
            await widget.sessionContext.ready;  // JupyterLab trips over a notebook that goes while its kernel starts
            await widget.sessionContext.shutdown(); widget.dispose(); }"""
        )
        self.page.remove_listener("console", self._hear)
        self.page.remove_listener("pageerror", self._catch)
        self.devtools.detach()
        return self.page

    # ---- plots

    def wait_plots(self, count: int = 1) -> None:
        """Waits until `count` plots are drawn in the outputs."""
        self.wait(
            f"""count => {{ const plots = [...document.querySelectorAll('{PLOTS}')];
            return plots.length >= count && plots.every(p => p._fullLayout && p.querySelector('.main-svg')); }}""",
            count,
        )

    def plot(self, read: str, number: int = 0) -> Any:
        """What `read`, an expression over the drawn plot `g`, is: "g.data.map(t => t.name)"."""
        return self.js(f"n => {{ const g = document.querySelectorAll('{PLOTS}')[n]; return {read}; }}", number)

    def wait_plot(self, holds: str, number: int = 0, *, timeout_s: float = WAIT_S) -> None:
        """Waits until an expression over the drawn plot `g` is true."""
        guarded = f"n => {{ const g = document.querySelectorAll('{PLOTS}')[n]; return g?._fullLayout && ({holds}); }}"
        try:
            self.wait(guarded, number, timeout_s=timeout_s)
        except Error as error:
            seen = self.plot("g && {n: g.data?.map(t => t.y?.length), layout: g.layout}", number)
            raise AssertionError(f"never true of plot {number}: {holds}\nseen: {seen}\n{error}") from None

    def point(self, trace: int, index: int, number: int = 0) -> tuple[float, float]:
        """Where on the screen a drawn point is, in pixels."""
        place = f"""(() => {{ const {{xaxis, yaxis}} = g._fullLayout, trace = g.data[{trace}];
            const frame = g.getBoundingClientRect(), x = trace.x[{index}], y = trace.y[{index}];
            return [frame.x + xaxis._offset + xaxis.c2p(x), frame.y + yaxis._offset + yaxis.c2p(y)]; }})()"""
        x, y = self.plot(place, number)
        return x, y

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, release: bool = True) -> None:
        """Drags the mouse; a horizontal drag in a plot zooms x."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        self.page.mouse.move(*end, steps=4)
        if release:
            self.page.mouse.up()

    # ---- the page

    def wire(self) -> dict[str, int]:
        """Bytes down and up and frames down, over the kernel's websockets, since the page was opened."""
        return dict(self.js("() => ({...window.astunerWire})"))

    def heap(self) -> int:
        """Bytes of JavaScript heap in use, after a collection."""
        self.devtools.send("HeapProfiler.enable")
        self.devtools.send("HeapProfiler.collectGarbage")
        return int(self.devtools.send("Runtime.getHeapUsage")["usedSize"])

    def throttle(self, mbit_s: float | None, latency_ms: float = 0) -> None:
        """Makes the line slow, websockets included; None: as fast as it is."""
        rate = -1 if mbit_s is None else mbit_s * 1e6 / 8
        self.devtools.send("Network.enable")
        self.devtools.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": latency_ms, "downloadThroughput": rate, "uploadThroughput": rate},
        )

    def theme(self, *, dark: bool) -> None:
        """Changes JupyterLab's theme and waits until the page has it."""
        if self.js("() => document.body.dataset.jpThemeLight") == ("false" if dark else "true"):
            return
        theme = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.js("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        self.wait("light => document.body.dataset.jpThemeLight === light", "false" if dark else "true")
        self.wait("() => !document.getElementById('jupyterlab-splash')")  # it lies over the page and takes the mouse

    def resize(self, width: int, height: int = 1000) -> None:
        """Changes the size of the browser's window, in pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def screenshot(self, path: Path) -> Path:
        """A picture of the page."""
        self.page.screenshot(path=str(path))
        return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
