"""`swanlab://` keeps the contract of all sources, through SwanLab's real client."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..contracts.source import CONFIG, HOSTILE, ROWS, Kept, SourceContract
from ..servers.swanlab_server import SwanLabServer


class TestSwanLabCloud(SourceContract):
    """A project of two runs, one that is not there, and one of which the server talks nonsense."""

    @pytest.fixture
    def kept(self, swanlab_server: SwanLabServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
        monkeypatch.setenv("ASTUNER_CACHE", str(tmp_path / "cache"))
        for i, (id, name) in enumerate({"r1": "a", "r2": HOSTILE}.items()):
            series = {key: list(points.items()) for key, points in ROWS[name].items()}
            config = CONFIG if name == "a" else {}
            swanlab_server.add_run("alice/math", id, series, name=name, config=config, created=1.7e9 + i)
        swanlab_server.fault("body", body="<html>busy</html>", path="/project/alice/damaged*")
        return Kept("swanlab://alice/math", "swanlab://alice/nobody", "swanlab://alice/damaged")
