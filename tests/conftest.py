"""What many tests need: conditions to wait for, a store of their own, and nothing left behind."""

import os
import threading
import time

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from .servers.swanlab_fixtures import swanlab_environment, swanlab_server
from .servers.wandb_fixtures import wandb_environment, wandb_server

__all__ = ["swanlab_environment", "swanlab_server", "wandb_environment", "wandb_server"]

# The machine that runs the checks is shared: how long an example takes says nothing. `make test` tries the same
# examples each time, so that it fails for a change and not for a draw; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("test", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def pytest_collection_modifyitems(items):
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("property")


@pytest.fixture
def wait_for():
    """`wait_for(condition, timeout_s)`: the first true answer of `condition()`; fails at the deadline."""

    def wait(condition, timeout_s=30.0, what="the condition"):
        deadline = time.monotonic() + timeout_s
        while not (answer := condition()):
            assert time.monotonic() < deadline, f"{what} did not come true within {timeout_s} s"
            time.sleep(0.01)
        return answer

    return wait


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store under a hostile path; it is also the default one."""
    path = tmp_path / "run 'a'; \"x\" $(touch y)"
    monkeypatch.setenv("ASTUNER_RUNS", str(path))
    return path


ENDING_S = 5.0
"""How long a thread may take to end, once what it waits for has."""


@pytest.fixture
def nothing_left():
    """Fails when a thread that was not there before does not end; one that has nothing left to do may finish."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    deadline = time.monotonic() + ENDING_S
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    assert [thread for thread in left if thread.is_alive()] == []
