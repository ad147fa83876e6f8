"""A slow line: a loopback TCP proxy that lets so many bytes a second through, each way, over all connections together.

Chromium's own throttling slows single requests down; a line is shared by all of them, and what a server wrote too much
of waits in it. The buffers of the sockets are small, so that a server feels how slow it is.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BINDER = Path(__file__).parents[2] / "binder"

PIECE = 4_096
"""Bytes that pass at once."""
BUFFER = 16_384
"""Bytes that a socket of the line holds back, about."""
BURST_S = 0.05
"""How much of the time that nobody used may be caught up with."""


class Bucket:
    """One direction: bytes pass in the order in which they were asked for, at the line's rate.

    Attributes:
        bytes_s: The rate; may be changed at any time.
        passed: Bytes that went through since the line was opened.
    """

    def __init__(self, bytes_s: float) -> None:
        self.bytes_s = bytes_s
        self.passed = 0
        self._free_at = 0.0

    async def take(self, count: int) -> None:
        """Returns once `count` bytes may pass."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now - BURST_S) + count / self.bytes_s
        self.passed += count
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


class SlowLine:
    """`with SlowLine(server, mbit_s=1) as line`: stands for the server, for a page that opens `line.url`.

    Attributes:
        url: The server's address through the line.
        token: The server's token.
        down: What comes to the page.
        up: What it sends.
    """

    def __init__(self, server: Any, mbit_s: float) -> None:
        self.token, self._target = server.token, urlsplit(server.url)
        self.down, self.up = Bucket(0), Bucket(0)
        self.set_rate(mbit_s)
        self._loop = asyncio.new_event_loop()
        self._carried: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> SlowLine:
        self._thread.start()
        self._listener = self._call(self._listen())
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set_rate(self, mbit_s: float) -> None:
        """Makes the line as quick as that, each way."""
        self.down.bytes_s = self.up.bytes_s = mbit_s * 1e6 / 8

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> asyncio.Server:
        listener = socket.socket()
        _hold_little(listener)  # the sockets it accepts have the same buffers
        listener.bind(("127.0.0.1", 0))
        return await asyncio.start_server(self._accept, sock=listener, limit=BUFFER)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._join(reader, writer))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one connection until both sides have said all."""
        there = socket.socket()
        _hold_little(there)
        there.setblocking(False)
        await self._loop.sock_connect(there, (self._target.hostname, self._target.port))
        far_reader, far_writer = await asyncio.open_connection(sock=there, limit=BUFFER)
        try:
            await asyncio.gather(_carry(reader, far_writer, self.up), _carry(far_reader, writer, self.down))
        finally:
            writer.close()
            far_writer.close()

    async def _close(self) -> None:
        self._listener.close()
        for task in (carried := list(self._carried)):
            task.cancel()
        await asyncio.gather(*carried, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bucket: Bucket) -> None:
    try:
        while piece := await reader.read(PIECE):
            await bucket.take(len(piece))
            writer.write(piece)
            await writer.drain()
        writer.write_eof()  # the other direction may have more to say
    except OSError:
        writer.close()  # one side has gone: so does the connection


def serve_as_binder(root: Path) -> Path:
    """Gives a JupyterLab that is to start in `root` the settings that it has on Binder; returns `root`."""
    subprocess.run([BINDER / "postBuild", root / ".binder"], check=True)
    own = root / ".jupyter" / "config"  # where LabServer has its settings
    own.mkdir(parents=True)
    shutil.copy(root / ".binder/etc/jupyter/jupyter_server_config.json", own)
    return root


def _hold_little(one: socket.socket) -> None:
    for side in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        one.setsockopt(socket.SOL_SOCKET, side, BUFFER)
