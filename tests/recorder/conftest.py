"""What the tests of the recorder share: run directories, and scripts that run in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def _no_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASTUNER_RUN_DIR", "ASTUNER_RUNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Runs Python source in `tmp_path`, in a process of its own, with `args` as its arguments."""

    def run(source: str, *args: object, **env: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "script.py"
        path.write_text(source)
        return subprocess.run(
            [sys.executable, str(path), *map(str, args)],
            env={**os.environ, **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
