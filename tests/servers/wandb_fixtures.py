"""A W&B server for one test, and the environment in which the real client finds that server and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.wandb_server import WandbServer


@pytest.fixture
def wandb_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Empty places for the client, and none of its variables; more may be set. The client is torn down at the end."""
    for name in [name for name in os.environ if name.startswith("WANDB_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    (tmp_path / "work").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "work")
    for name in ("DIR", "CACHE_DIR", "CONFIG_DIR", "DATA_DIR", "ARTIFACT_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / "wandb" / name.lower()))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("ASTUNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    yield monkeypatch
    import wandb

    wandb.teardown()


@pytest.fixture
def wandb_server(wandb_environment: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    """A server without a run; the client of this process and of its children is logged in there."""
    with WandbServer() as server:
        wandb_environment.setenv("WANDB_BASE_URL", server.url)
        wandb_environment.setenv("WANDB_API_KEY", server.key)
        yield server
