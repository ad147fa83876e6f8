"""A SwanLab server for one test, and the environment in which the real client finds that server and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .swanlab_server import SwanLabServer


@pytest.fixture
def swanlab_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An empty home and working directory for the client, and none of its variables; for more of them to be set."""
    for name in [name for name in os.environ if name.startswith("SWANLAB_")]:
        monkeypatch.delenv(name)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    (tmp_path / "work").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("SWANLAB_ROOT", str(tmp_path / "swanlab"))
    monkeypatch.setenv("SWANLAB_CONFIG_DIR", str(tmp_path / "etc"))
    monkeypatch.setenv("SWANLAB_PROBE_MONITOR", "false")
    monkeypatch.setenv("SWANLAB_INTERACTIVE", "0")
    return monkeypatch


@pytest.fixture
def swanlab_server(swanlab_environment: pytest.MonkeyPatch) -> Iterator[SwanLabServer]:
    """A server that knows nothing yet; the client of this process and its children is logged in there."""
    with SwanLabServer() as server:
        swanlab_environment.setenv("SWANLAB_API_HOST", server.url)
        swanlab_environment.setenv("SWANLAB_API_KEY", server.key)
        yield server
