"""`wandb://` keeps the contract of all sources, through W&B's own client."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from ..contracts.source import CONFIG, ROWS, Kept, SourceContract
from ..servers.wandb_memory import BEGAN, Row, StoredRun
from ..servers.wandb_server import WandbServer


class TestWandbCloud(SourceContract):
    """A project of two runs, and one that is not there."""

    @pytest.fixture
    def kept(self, wandb_server: WandbServer) -> Kept:
        for index, name in enumerate(ROWS):
            made = BEGAN + timedelta(minutes=index)
            config = CONFIG if name == "a" else {}
            wandb_server.add(StoredRun(f"r{index}", name, config=config, rows=rows_of(name), created=made))
        return Kept("wandb://acme/grpo", "wandb://acme/nothing")


def rows_of(name: str) -> list[Row]:
    """`ROWS[name]` as the client logs it."""
    steps = sorted({step for points in ROWS[name].values() for step in points})
    assert any(math.isnan(value) for value in ROWS["a"]["reward"].values())
    return [
        {"_step": step, "_timestamp": 1.7e9 + step, **{key: p[step] for key, p in ROWS[name].items() if step in p}}
        for step in steps
    ]
