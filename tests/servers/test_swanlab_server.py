"""The server is one that SwanLab's real client takes for SwanLab: what it logs there it reads back."""

from __future__ import annotations

import http.client
import json
import math
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from .swanlab_server import SwanLabServer

LOGGING = """
import swanlab
run = swanlab.init(project="math", workspace="alice", name="grpo", id="abcd1234", resume="allow", group="sweep",
                   tags=["grpo", "small"], config={"lr": 1e-5, "model": {"layers": [1, 2]}})
for step in range(50):
    swanlab.log({"reward": step / 10, "kl": float("nan") if step == 7 else 0.5})
print("a line of output")
swanlab.finish(state="%s")
"""
RESUMING = """
import swanlab
swanlab.init(project="math", workspace="alice", id="abcd1234", resume="must")
swanlab.log({"reward": 7.0})
swanlab.finish()
"""


def python(source: str) -> None:
    """Run `source` in an interpreter of its own: SwanLab's client changes the process that it logs from."""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def fetch(server: SwanLabServer, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], Any]:
    """Status, headers and parsed body of one request."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    try:
        connection.request(method, f"/api{path}", json.dumps(body), {"Cookie": "sid=1", "authorization": server.key})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), json.loads(answer.read() or "null")
    finally:
        connection.close()


@pytest.fixture
def api(swanlab_server: SwanLabServer) -> Any:
    """The real client, logged in."""
    import swanlab

    return swanlab.Api()


def test_a_logged_run_is_read_back(swanlab_server: SwanLabServer) -> None:
    import swanlab

    python(LOGGING % "success")
    run = next(iter(swanlab.Api().runs("alice/math")))
    assert (run.run_id, run.name, run.state, run.group) == ("abcd1234", "grpo", "FINISHED", "sweep")
    assert [label["name"] for label in run.labels] == ["grpo", "small"]
    assert run.profile["config"]["lr"]["value"] == 1e-5
    assert run.profile["config"]["model"]["value"] == {"layers": [1, 2]}
    assert run.created_at < run.finished_at
    assert [key.key for key in run.series()] == ["kl", "reward"]
    reward, kl = run.metrics(["reward", "kl"], all=True)["list"]
    assert [(point["step"], point["value"]) for point in reward["metrics"]] == [(i, i / 10) for i in range(50)]
    assert [point["step"] for point in kl["metrics"] if math.isnan(point["value"])] == [7]
    assert run.summary()["reward"]["value"] == 4.9
    assert "a line of output" in [line["message"] for line in run.logs()["logs"]]


def test_a_resumed_run_goes_on_at_its_next_step(swanlab_server: SwanLabServer) -> None:
    python(LOGGING % "crashed")
    assert swanlab_server.run("alice/math", "abcd1234").state == "CRASHED"
    python(RESUMING)
    run = swanlab_server.run("alice/math", "abcd1234")
    assert run.state == "FINISHED"
    assert run.name == "grpo"
    assert [point[:2] for point in run.series["reward"][-2:]] == [(49, 4.9), (50, 7.0)]


def test_pages_hold_all_runs_once(swanlab_server: SwanLabServer, api: Any) -> None:
    for i in range(25):
        swanlab_server.add_run("alice/math", f"r{i}")
    found = [run.run_id for run in api.runs_get("alice/math", size=10, all=True)]
    assert found == [f"r{i}" for i in reversed(range(25))]
    assert len(swanlab_server.asked("GET", "/project/alice/math/runs")) == 3
    assert [project.path for project in api.projects("alice")] == ["alice/math"]


def test_the_newest_run_comes_first(swanlab_server: SwanLabServer, api: Any) -> None:
    for id, created in (("old", 1.7e9), ("new", 1.8e9), ("middle", 1.75e9)):
        swanlab_server.add_run("alice/math", id, created=created)
    assert [run.run_id for run in api.runs("alice/math")] == ["new", "middle", "old"]


@pytest.mark.parametrize(
    ("key", "kind", "op", "value", "expected"),
    [
        ("state", "STABLE", "EQ", ["FINISHED"], "a"),
        ("state", "STABLE", "IN", ["FINISHED", "CRASHED"], "ab"),
        ("state", "STABLE", "NOT IN", ["FINISHED"], "bc"),
        ("state", "STABLE", "NEQ", ["CRASHED"], "ac"),
        ("name", "STABLE", "CONTAIN", ["grpo-"], "ab"),
        ("labels", "STABLE", "CONTAIN", ["small"], "ac"),
        ("labels", "STABLE", "IN", ["large"], "b"),
        ("lr", "CONFIG", "GTE", ["1e-05"], "bc"),
        ("lr", "CONFIG", "LTE", ["9e-06"], "a"),
        ("algorithm", "CONFIG", "IN", ["ppo"], "c"),
        ("reward", "SCALAR", "GTE", ["2"], "bc"),
    ],
)
def test_filters_filter(
    swanlab_server: SwanLabServer, api: Any, key: str, kind: str, op: str, value: list[str], expected: str
) -> None:
    rows = [
        ("a", "grpo-1", "FINISHED", ["small"], 9e-6, "grpo"),
        ("b", "grpo-2", "CRASHED", ["large"], 1e-5, "grpo"),
        ("c", "ppo-1", "RUNNING", ["small", "x"], 1e-4, "ppo"),
    ]
    for i, (id, name, state, tags, lr, algorithm) in enumerate(rows):
        config = {"lr": lr, "algorithm": algorithm}
        series = {"reward": [(0, i + 1.0)]}
        swanlab_server.add_run("alice/math", id, series, name=name, state=state, tags=tags, config=config)
    found = api.runs("alice/math", filters=[{"key": key, "type": kind, "op": op, "value": value}])
    assert sorted(run.run_id for run in found) == list(expected)


def test_a_pinned_run_passes_every_filter(swanlab_server: SwanLabServer, api: Any) -> None:
    swanlab_server.add_run("alice/math", "pinned", pinned=True)
    found = api.runs("alice/math", filters=[{"key": "name", "type": "STABLE", "op": "EQ", "value": ["x"]}])
    assert [run.run_id for run in found] == ["pinned"]


def test_it_samples_what_is_long(swanlab_server: SwanLabServer, api: Any) -> None:
    swanlab_server.add_run("alice/math", "r", {"reward": [(step, float(step)) for step in range(5000)]})
    run = api.run("alice/math/r")
    points = run.metrics(["reward"])["list"][0]["metrics"]
    assert len(points) == 1500
    assert (points[0]["index"], points[-1]["index"]) == (0, 4999)
    assert len(run.metrics(["reward"], sample=10)["list"][0]["metrics"]) == 10
    assert len(run.metrics(["reward"], all=True)["list"][0]["metrics"]) == 5000
    assert run.metrics(["reward"])["list"][0]["latest"]["data"] == 4999.0


def test_a_sampled_nan_is_left_out_unless_asked_for(swanlab_server: SwanLabServer, api: Any) -> None:
    swanlab_server.add_run("alice/math", "r", {"kl": [(0, 1.0), (1, "nan"), (2, 3.0)]})
    run = api.run("alice/math/r")
    assert [point["data"] for point in run.metrics(["kl"])["list"][0]["metrics"]] == [1.0, 3.0]
    swanlab_server.keep_nan = True
    assert [point["data"] for point in run.metrics(["kl"])["list"][0]["metrics"]] == [1.0, "nan", 3.0]


def test_more_keys_than_a_page_are_all_listed(swanlab_server: SwanLabServer, api: Any) -> None:
    swanlab_server.add_run("alice/math", "r", {f"key{i:04}": [(0, 0.0)] for i in range(2100)})
    assert len(list(api.run("alice/math/r").series())) == 2100
    assert len(swanlab_server.asked("POST", "/house/metrics/scalar/keys")) == 2


def test_a_wrong_key_is_refused(swanlab_server: SwanLabServer, capsys: pytest.CaptureFixture[str]) -> None:
    import swanlab
    from swanlab.exceptions import AuthenticationError

    with pytest.raises(AuthenticationError):
        swanlab.Api(api_key="wrong", host=swanlab_server.url)
    assert "401" in capsys.readouterr().out  # the client prints what it was told


def test_without_a_login_nothing_is_told(swanlab_server: SwanLabServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(swanlab_server.url).netloc, timeout=5)
    connection.request("GET", "/api/project/alice/math")
    assert connection.getresponse().status == 401
    connection.close()


def test_a_status_comes_as_often_as_told_and_then_no_more(swanlab_server: SwanLabServer) -> None:
    swanlab_server.fault("status", status=429, retry_after=7, path="/user/*", times=2, after=1)
    answers = [fetch(swanlab_server, "GET", "/user/profile") for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, 429, 429, 200]
    assert answers[1][1]["Retry-After"] == "7"
    assert answers[1][2] == {"code": "429", "message": "Injected"}


def test_faults_hit_only_what_they_name(swanlab_server: SwanLabServer) -> None:
    swanlab_server.fault("status", status=500, method="POST", path="/user/*")
    assert fetch(swanlab_server, "GET", "/user/profile")[0] == 200
    assert fetch(swanlab_server, "GET", "/unknown")[0] == 404


@pytest.mark.parametrize("kind", ["drop", "torn"])
def test_a_connection_can_break(swanlab_server: SwanLabServer, kind: Any) -> None:
    swanlab_server.add_project("alice/math")
    swanlab_server.fault(kind, times=1)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        fetch(swanlab_server, "GET", "/project/alice/math")
    assert fetch(swanlab_server, "GET", "/project/alice/math")[2]["path"] == "alice/math"


def test_answers_can_be_cut_replaced_and_delayed(swanlab_server: SwanLabServer) -> None:
    swanlab_server.add_project("alice/math")
    swanlab_server.fault("cut", times=1)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        fetch(swanlab_server, "GET", "/project/alice/math")
    swanlab_server.fault("body", body="[1]", times=1)
    assert fetch(swanlab_server, "GET", "/project/alice/math")[2] == [1]
    swanlab_server.fault("relative", times=1)
    assert fetch(swanlab_server, "POST", "/files/presigned/get", {"paths": ["x"]})[2] == {"urls": ["/blob/x"]}
    swanlab_server.fault("delay", seconds=0.2, times=1)
    start = time.monotonic()
    fetch(swanlab_server, "GET", "/user/profile")
    assert time.monotonic() - start >= 0.2


@pytest.mark.usefixtures("nothing_left")
def test_closing_ends_what_hangs() -> None:
    ended = threading.Event()

    def ask() -> None:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            fetch(server, "GET", "/user/profile")
        ended.set()

    with SwanLabServer() as server:
        server.fault("hang")
        thread = threading.Thread(target=ask)
        thread.start()
        deadline = time.monotonic() + 5
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not ended.is_set()
    thread.join(5)
    assert ended.is_set()
