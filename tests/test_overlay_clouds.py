"""SwanLab's and W&B's clouds in the same figures as files, through their real clients, on servers of this machine."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import astuner_nb as anb
from astuner_nb.trackers import cloud_tail

from .servers.swanlab_server import SwanLabServer
from .servers.wandb_memory import StoredRun, steps
from .servers.wandb_server import WandbServer

STEPS = 30


@dataclass
class Clouds:
    """Both servers, a finished run in each."""

    swanlab: SwanLabServer
    wandb: WandbServer


@pytest.fixture
def clouds(swanlab_server: SwanLabServer, wandb_server: WandbServer, tmp_path, monkeypatch) -> Clouds:
    monkeypatch.setenv("ASTUNER_CACHE", str(tmp_path / "cache"))
    points = [(step, step / STEPS) for step in range(STEPS)]
    config = {"ajet": {"trainer_common": {"optim": {"lr": 1e-4}}}}
    swanlab_server.add_run("alice/math", "s1", {"critic/real_reward": points}, name="ajet", config=config)
    rows = list(steps(STEPS, **{"train/reward": lambda step: step / STEPS}))
    wandb_server.add(StoredRun("w1", "trl", config={"learning_rate": 3e-4}, rows=rows))
    return Clouds(swanlab_server, wandb_server)


@pytest.fixture
def followed(wait_for):
    """`followed(comparison, holds)`: turns until `holds()`."""

    def follow(comparison, holds, what="it"):
        wait_for(lambda: (comparison.monitor.step(), holds())[1], what=what)

    return follow


def rewards(comparison) -> dict[str, list[float]]:
    found = comparison.monitor.followed.values()
    return {one.run.name: one.history["reward"].value.tolist() for one in found if "reward" in one.history}


def test_two_clouds_and_their_names_line_up_and_cost_nothing_the_second_time(clouds, followed):
    wanted = {name: [step / STEPS for step in range(STEPS)] for name in ("ajet", "trl")}
    for opening in range(2):
        comparison = anb.compare("swanlab://alice/math", "wandb://acme/grpo")
        followed(comparison, lambda c=comparison: rewards(c) == wanted, "both rewards")
        runs = {one.run.name: one.run for one in comparison.monitor.followed.values()}
        comparison.close()
        assert {name: run.aliases.canonical_config(run.config)["lr"] for name, run in runs.items()} == {
            "ajet": 1e-4,
            "trl": 3e-4,
        }
        history_requests = (
            len(clouds.swanlab.asked("POST", "*/house/metrics/scalar")),
            clouds.wandb.count("RunSampledHistory"),
        )
        assert history_requests == (1, 1), f"opening {opening + 1}"


def test_a_frame_over_both_clouds(clouds):
    runs = anb.runs("swanlab://alice/math") + anb.runs("wandb://acme/grpo")
    frame = runs.to_frame(["reward"]).set_index("name")
    assert frame["lr"].to_dict() == {"ajet": 1e-4, "trl": 3e-4}
    assert frame["reward best"].to_dict() == {"ajet": 29 / 30, "trl": 29 / 30}
    assert frame["url"].str.startswith("http").all()


def test_a_run_that_goes_on_is_followed_and_its_end_is_noticed(clouds, followed, monkeypatch):
    monkeypatch.setattr(cloud_tail, "POLL_S", 0.2)
    run = clouds.wandb.add(StoredRun("w2", "going", state="running", rows=list(steps(5, reward=float))))
    comparison = anb.compare("wandb://acme/grpo")
    try:
        followed(comparison, lambda: len(rewards(comparison).get("going", [])) == 5, "the first points")
        run.rows.extend(list(steps(9, reward=float))[5:])
        followed(comparison, lambda: len(rewards(comparison)["going"]) == 9, "the new points")
        assert rewards(comparison)["going"] == [float(step) for step in range(9)]
        run.state = "finished"
        states = lambda: {one.run.name: str(one.status.state) for one in comparison.monitor.followed.values()}  # noqa: E731
        followed(comparison, lambda: states()["going"] == "finished", "its end")
    finally:
        comparison.close()


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (lambda clouds, env: clouds.wandb.fail("Runs", status=403), "acme/grpo"),
        (lambda clouds, env: clouds.wandb.fail("Runs", status=500), "500"),
        (lambda clouds, env: env.setenv("WANDB_BASE_URL", "http://127.0.0.1:9"), "127.0.0.1:9"),
        (lambda clouds, env: env.setenv("WANDB_API_KEY", "0" * 40), "key"),
    ],
)
def test_trouble_of_one_cloud_is_told_and_the_other_is_drawn(clouds, followed, monkeypatch, trouble, says):
    trouble(clouds, monkeypatch)
    comparison = anb.compare("wandb://acme/grpo", "swanlab://alice/math")
    try:
        bad, good = comparison.overlaid.laid
        followed(comparison, lambda: bad.state == "failed", "the error")
        assert says in comparison.overlaid.words(bad)
        followed(comparison, lambda: "ajet" in rewards(comparison), "the other source")
        assert good.state == "open"
    finally:
        comparison.close()
