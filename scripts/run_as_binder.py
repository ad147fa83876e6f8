"""Runs every notebook as Binder would, in the environment of the Python that runs this; prints a JSON object a line.

`scripts/rehearse_binder.py` starts it from the root of a copy of the repository, where it may without a network.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

START_S = 120
CELL_S = 300
SAMPLE_S = 0.2

FROM_A_THREAD = """import threading
import astuner_nb as anb

figure, troubles = anb.LiveFigure(), []
figure.add_scatter(x=[], y=[])

def grow():
    try:
        figure.extend({0: ([1], [2.0])})
    except BaseException as error:
        troubles.append(error)

thread = threading.Thread(target=grow)
thread.start()
thread.join()
assert not troubles, f"this kernel refuses what a thread sends to the page: {troubles[0]!r}"
"""
"""Notebooks pass without a page, even where none of their live figures would move: this cell would not."""


class Trap:
    """A proxy that serves nothing and remembers who was asked for: what should need no network asks for nobody."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    def environment(self) -> dict[str, str]:
        """The variables that send clients here."""
        here = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), here)
        both = {**proxies, "no_proxy": "127.0.0.1,localhost,::1"}
        return {**both, **{name.upper(): value for name, value in both.items()}}

    def _listen(self) -> None:
        while True:
            caller, _ = self._socket.accept()
            with caller:
                caller.settimeout(2)
                try:
                    self.asked.append(caller.recv(200).split(b"\r\n")[0].decode("latin-1"))
                except OSError:
                    self.asked.append("somebody who said nothing")


class Memory:
    """The memory of everything that the rehearsal runs, but this process: the most of it, and who had how much then.

    Pages that several processes share count once, dealt out among them (Linux's PSS).
    """

    def __init__(self) -> None:
        self.most: dict[str, float] = {}
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> dict[str, float]:
        """Stops looking. Returns MB at the fullest moment, by who had them."""
        self._ended.set()
        return self.most

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            now = sample()
            if sum(now.values()) > sum(self.most.values()):
                self.most = now


def sample() -> dict[str, float]:
    """MB (PSS) of server, kernel and jobs now: of all that have our home, which is the rehearsal's own."""
    found = {"server": 0.0, "kernel": 0.0, "jobs": 0.0}
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("HOME") == os.environ["HOME"]:
                found[role(process.cmdline())] += process.memory_full_info().pss / 1e6
        except psutil.Error:
            continue  # it has just ended
    return found


def role(words: Sequence[str]) -> str:
    """What a process is to the reader of the table."""
    if "jupyterlab" in words:
        return "server"
    return "kernel" if "ipykernel_launcher" in words else "jobs"


def start_server() -> subprocess.Popen[bytes]:
    """A JupyterLab that answers, started as Binder starts it: no browser, a token, the root of the repository."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    options = f"--ip=127.0.0.1 --port={port} --no-browser --allow-root --IdentityProvider.token={token}"
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options.split()],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + START_S
    while not answers(f"http://127.0.0.1:{port}/api?token={token}"):
        if server.poll() is not None or time.monotonic() > until:
            server.kill()
            raise SystemExit(f"JupyterLab did not answer within {START_S} s; start it by hand to see why.")
        time.sleep(0.1)
    return server


def answers(url: str) -> bool:
    """Whether a server is there."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def run(notebook: Any, folder: Path) -> dict[str, Any]:
    """Seconds, memory and error (or None) of a notebook that is run in `folder`."""
    memory, began, error = Memory(), time.monotonic(), None
    client = NotebookClient(
        notebook, timeout=CELL_S, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    try:
        client.execute()
    except CellExecutionError as trouble:
        error = str(trouble)
    return {"seconds": time.monotonic() - began, "memory_mb": memory.end(), "error": error}


def raise_loopback() -> None:
    """Brings 127.0.0.1 up where nobody has: in a network of our own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.pack("16sh22x", b"lo", 0x41)  # up and running
        fcntl.ioctl(any_socket, 0x8914, flags)  # SIOCSIFFLAGS, see netdevice(7)


def main(names: Sequence[str]) -> None:
    """Run the notebooks called `names`, or all, beside a JupyterLab."""
    folder = Path("notebooks").resolve()
    if os.environ.get("ASTUNER_OWN_NETWORK"):
        raise_loopback()
    trap = Trap()
    os.environ.update(trap.environment())
    server = start_server()
    try:
        probe = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FROM_A_THREAD)])
        say(notebook="(points from a thread)", **run(probe, folder))
        for path in sorted(folder.glob("*.ipynb")):
            if not names or path.name in names:
                say(notebook=path.name, **run(nbformat.read(path, as_version=4), folder))
    finally:
        server.terminate()
        server.wait()
    say(asked=trap.asked)


def say(**what: Any) -> None:
    """One line for who started this."""
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
