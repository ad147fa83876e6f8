"""The local W&B server, as the real client sees it: what is logged is read back, and faults come as they are told."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from tests.servers.wandb_memory import BEGAN, StoredRun, fits, sampled, steps
from tests.servers.wandb_server import WandbServer

TRAINING = """
import wandb
run = wandb.init(entity="acme", project="online", id="logged", name="grpo-a", group="sweep", tags=["a", "b"],
                 config={"lr": 1e-6, "model": {"name": "qwen"}},
                 settings=wandb.Settings(console="off", silent=True, x_disable_stats=True))
for step in range(20):
    row = {"reward": step / 2, "eval": {"acc": step / 20}} if step % 5 == 0 else {"reward": step / 2}
    run.log({**row, "kl": float("nan") if step == 3 else 0.1}, step=step)
run.finish(exit_code=CODE)
"""


def log_online(code: int) -> None:
    """Train a moment in a process of its own, logged online by the real client."""
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    script = TRAINING.replace("CODE", str(code))
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def api(wandb_server):
    import wandb

    return wandb.Api(timeout=5)


@pytest.fixture
def run(wandb_server):
    return wandb_server.add(StoredRun("r1", "one", rows=list(steps(30, reward=lambda step: step / 2))))


def test_what_is_logged_online_is_read_back(wandb_server, api):
    log_online(code=0)
    found = api.run("acme/online/logged")
    assert (found.name, found.state, found.group, found.tags) == ("grpo-a", "finished", "sweep", ["a", "b"])
    assert found.config == {"lr": 1e-6, "model": {"name": "qwen"}}
    rows = list(found.scan_history())
    assert [row["reward"] for row in rows] == [step / 2 for step in range(20)]
    assert [row["eval.acc"] for row in rows if row.get("eval.acc") is not None] == [0, 0.25, 0.5, 0.75]
    assert rows[3]["kl"] != rows[3]["kl"]
    assert wandb_server.runs["acme", "online"]["logged"].files.keys() >= {"config.yaml", "wandb-summary.json"}


def test_an_exit_code_makes_the_run_failed(wandb_server, api):
    log_online(code=1)
    assert api.run("acme/online/logged").state == "failed"


def test_pages_come_in_order_and_whole(wandb_server, api):
    for index in range(7):
        wandb_server.add(StoredRun(f"r{index}", f"run {index}", created=BEGAN + timedelta(hours=index)))
    newest = [run.id for run in api.runs("acme/grpo", order="-created_at", per_page=3)]
    assert newest == [f"r{index}" for index in reversed(range(7))]
    assert wandb_server.count("Runs") == 3
    wandb_server.page_limit = 2
    api.flush()
    assert len(list(api.runs("acme/grpo", per_page=50))) == 7
    assert wandb_server.count("Runs") == 3 + 4


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"state": "running"}, {"b"}),
        ({"state": {"$in": ["finished", "crashed"]}}, {"a", "c"}),
        ({"displayName": {"$regex": "^grpo.*$"}}, {"a", "b"}),
        ({"tags": {"$in": ["x"]}}, {"a", "c"}),
        ({"config.lr": {"$gte": 1e-6, "$lte": 1e-5}}, {"a", "b"}),
        ({"config.optimizer.name": "adam"}, {"b"}),
        ({"$or": [{"displayName": "ppo"}, {"config.lr": 1e-6}]}, {"a", "c"}),
        ({"$and": [{"tags": {"$in": ["x"]}}, {"tags": {"$in": ["y"]}}]}, {"c"}),
        ({"$nor": [{"state": "running"}, {"group": "g"}]}, {"c"}),
        ({"group": {"$exists": True}}, {"a"}),
        ({"config.lr": {"$exists": False}}, {"c"}),
        ({}, {"a", "b", "c"}),
    ],
)
def test_filters(wanted, expected):
    runs = [
        StoredRun("a", "grpo-a", config={"lr": 1e-6}, tags=["x"], group="g"),
        StoredRun("b", "grpo-b", state="running", config={"lr": 1e-5, "optimizer": {"name": "adam"}}),
        StoredRun("c", "ppo", state="crashed", tags=["x", "y"]),
    ]
    assert {run.id for run in runs if fits(run, wanted)} == expected


def test_an_operator_that_is_none_is_an_error(wandb_server, api, run):
    from wandb.sdk.lib.service.service_connection import WandbApiFailedError

    with pytest.raises(WandbApiFailedError, match="unknown operator"):
        list(api.runs("acme/grpo", {"config.lr": {"$near": 1}}))


def test_one_spec_means_rows_that_have_all_of_its_keys():
    rows = [{"_step": 0, "a": 1, "b": 1}, {"_step": 1, "a": 2}, {"_step": 2, "b": 3}]
    assert sampled(rows, {"keys": ["_step", "a"]}, 10) == [{"_step": 0, "a": 1}, {"_step": 1, "a": 2}]
    assert sampled(rows, {"keys": ["_step", "a", "b"]}, 10) == [{"_step": 0, "a": 1, "b": 1}]
    assert [row["_step"] for row in sampled(list(steps(100)), {"keys": ["_step"]}, 3)] == [0, 49, 99]


def test_histories_sampled_scanned_and_exported(wandb_server, api, run, tmp_path):
    import pandas as pd

    found = api.run("acme/grpo/r1")
    assert len(found.history(pandas=False)) == 30
    assert len(found.history(keys=["reward"], samples=10, pandas=False)) == 10
    exports = found.download_history_exports(tmp_path / "exports")
    assert list(pd.read_parquet(exports.paths[0])["reward"]) == [step / 2 for step in range(30)]
    assert found.lastHistoryStep == 29


def test_a_run_that_goes_on_is_exported_in_part(wandb_server, api, tmp_path):
    from wandb.apis.public.runhistory import IncompleteRunHistoryError

    rows = list(steps(30, reward=lambda step: step / 2))
    wandb_server.add(StoredRun("live", "live", state="running", rows=rows, exported=20))
    found = api.run("acme/grpo/live")
    with pytest.raises(IncompleteRunHistoryError):
        found.download_history_exports(tmp_path / "exports")
    assert [row["_step"] for row in found.scan_history(page_size=7)] == list(range(30))
    assert {row["_step"] for row in found.scan_history(keys=["reward"])} == set(range(30))
    assert wandb_server.count("HistoryPage") >= 2
    assert wandb_server.count("SampledHistoryPage") >= 1


def test_parts_of_a_file_are_served():
    from urllib.request import Request, urlopen

    with WandbServer() as server:
        server.add(StoredRun("r1", "one", rows=list(steps(5))))
        address = f"{server.url}/parquet/acme/grpo/r1/0.parquet"
        whole = urlopen(address).read()
        with urlopen(Request(address, headers={"Range": "bytes=4-9"})) as answer:
            assert (answer.status, answer.read()) == (206, whole[4:10])
            assert answer.headers["Content-Range"] == f"bytes 4-9/{len(whole)}"
    assert whole[:4] == b"PAR1"


def test_a_wrong_key_is_refused(wandb_server, wandb_environment):
    import wandb

    with pytest.raises(wandb.errors.AuthenticationError, match="permission denied"):
        wandb.Api(timeout=5, api_key="f" * 40)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_status_reaches_the_client(wandb_server, api, run, status):
    from wandb.sdk.lib.service.service_connection import WandbApiFailedError

    wandb_server.fail("Runs", status=status, message="no such luck", times=1)
    with pytest.raises(WandbApiFailedError, match="no such luck") as raised:
        list(api.runs("acme/grpo"))
    assert raised.value.response.http_status == status
    api.flush()
    assert len(list(api.runs("acme/grpo"))) == 1


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 429, "retry_after_s": 1}, {"kind": "drop"}], ids=["500", "429", "drop"]
)
def test_a_fault_meets_as_many_requests_as_it_is_told(wandb_server, api, run, fault):
    wandb_server.fail("Run", times=1, **fault)
    assert api.run("acme/grpo/r1").name == "one"
    assert wandb_server.count("Run") == 2


def test_hanging_requests_and_their_threads_end_with_the_server(nothing_left):
    from http.client import HTTPConnection, HTTPException

    with WandbServer() as server:
        server.fail("*", "hang")
        connections = [HTTPConnection(*server.url.removeprefix("http://").split(":"), timeout=10) for _ in range(3)]
        for connection in connections:
            connection.request("POST", "/graphql", json.dumps({"query": "query Viewer { viewer { id } }"}))
    for connection in connections:
        with pytest.raises((HTTPException, OSError)):
            connection.getresponse()
        connection.close()


def test_each_answer_takes_its_time_and_each_request_is_noted(wandb_server, api, run):
    wandb_server.latency_s = 0.3
    began = time.monotonic()
    list(api.runs("acme/grpo", order="-created_at"))
    assert 0.3 <= time.monotonic() - began < 3
    [request] = wandb_server.of("Runs")
    assert (request.variables["entity"], request.variables["order"]) == ("acme", "-created_at")
    assert request.agent.startswith("W&B Public Client")
