"""`wandb://ENTITY/PROJECT` through the real client, against a server on this machine."""

import asyncio
import math
import os
import subprocess
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from astuner_nb.core.errors import (
    AccessDenied,
    BadValue,
    Cancelled,
    NotFound,
    RateLimited,
    ServerFailed,
    TrackerError,
    Unreachable,
)
from astuner_nb.core.states import RunState
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.wandb.account import Account
from astuner_nb.trackers.wandb.cloud import WandbCloud
from astuner_nb.trackers.wandb.public_reader import PublicReader
from astuner_nb.trackers.wandb.reader import Project
from astuner_nb.trackers.wandb.service_reader import ServiceReader
from astuner_nb.trackers.where import Where, where
from tests.servers.wandb_memory import BEGAN, StoredRun, steps

URI = "wandb://acme/grpo"


def listed(text="acme/grpo", wanted=None, limit=1000, deadline_s=10.0, progress=None):
    """What the source lists."""
    return WandbCloud(text).list(wanted or Where(), limit, Patience(deadline_s, f"wandb://{text}", progress))


def only(server, **fields):
    """The run that the server then has, as the source lists it, and no more requests noted."""
    server.add(StoredRun(**{"id": "r1", "name": "one", **fields}))
    [run] = listed(f"acme/grpo/{fields.get('id', 'r1')}").runs
    server.requests.clear()
    return run


def mixed_rows(count=2_000):
    """Three metrics of different cadence, as a trainer logs them."""
    rows = list(steps(count, reward=lambda step: step / 2, loss=lambda step: 1 / (step + 1)))
    for row in rows[::50]:
        row["val/acc"] = row["_step"] / count
    for row in rows[7::100]:
        row["eval.pass"] = 0.5
    return rows


def operations(server):
    return Counter(request.operation for request in server.requests)


# ------------------------------------------------------------------------------------------------------- the text


@pytest.mark.parametrize("text", ["", "acme", "acme/", "/grpo", "acme/grpo/r1/x", "acme //x", "a b/c"])
def test_a_text_that_names_no_project_is_a_bad_value(text):
    with pytest.raises(BadValue, match="wandb://alice/math-agent"):
        WandbCloud(text)


def test_making_a_source_asks_nobody(wandb_server):
    assert repr(WandbCloud("acme/grpo/")) == "WandbCloud('acme/grpo')"
    assert repr(WandbCloud("acme/my project/r1")) == "WandbCloud('acme/my project/r1')"
    assert wandb_server.requests == []


# ------------------------------------------------------------------------------------------------------- listing


def test_a_run_as_the_server_describes_it(wandb_server):
    run = only(
        wandb_server,
        name="grpo-a",
        config={"lr": 1e-6, "model": {"name": "qwen", "layers": [1, 2]}, "seed": None, "fast": True},
        tags=["a", "b"],
        group="sweep",
        created=datetime(2026, 3, 1, 12, tzinfo=UTC),
        heartbeat=datetime(2026, 3, 1, 14, tzinfo=UTC),
    )
    host = wandb_server.url.removeprefix("http://")
    assert (run.id, run.name, run.project, run.source, run.place) == (
        "r1",
        "grpo-a",
        "grpo",
        "wandb",
        f"{host}/acme/grpo",
    )
    assert run.config == {"lr": 1e-6, "model.name": "qwen", "model.layers": "[1, 2]", "seed": None, "fast": True}
    assert (run.tags, run.group, run.state) == (("a", "b"), "sweep", RunState.FINISHED)
    assert run.created == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert run.finished == datetime(2026, 3, 1, 14, tzinfo=UTC)
    assert run.url == f"{wandb_server.url}/acme/grpo/runs/r1"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("running", RunState.RUNNING),
        ("finished", RunState.FINISHED),
        ("crashed", RunState.FAILED),
        ("failed", RunState.FAILED),
        ("killed", RunState.STOPPED),
        ("pending", RunState.STARTING),
        ("dreaming", RunState.LOST),
    ],
)
def test_states(wandb_server, theirs, ours):
    run = only(wandb_server, state=theirs)
    assert run.state is ours
    assert (run.finished is not None) == ours.ended


def test_sixty_runs_with_their_configurations_take_one_request(wandb_server):
    told = []
    for index in range(60):
        made = BEGAN + timedelta(hours=index)
        wandb_server.add(
            StoredRun(f"r{index}", f"run {index}", config={"lr": index}, rows=list(steps(3)), created=made)
        )
    listing = listed(progress=lambda *progress: told.append(progress))
    assert [run.config["lr"] for run in listing.runs] == list(reversed(range(60)))
    assert listing.complete
    assert operations(wandb_server) == {"Runs": 1}
    assert told == [("runs", 60, 60)]


def test_pages_are_put_together(wandb_server):
    for index in range(60):
        wandb_server.add(StoredRun(f"r{index}", None, created=BEGAN + timedelta(hours=index)))
    wandb_server.page_limit = 25
    listing = listed()
    assert [run.name for run in listing.runs] == [f"r{index}" for index in reversed(range(60))]
    assert wandb_server.count("Runs") == 3


def test_a_limit_takes_the_newest_and_says_that_there_are_more(wandb_server):
    for index in range(5):
        wandb_server.add(StoredRun(f"r{index}", "x", created=BEGAN + timedelta(hours=index)))
    some, all_of_them = listed(limit=2), listed(limit=5)
    assert [run.id for run in some.runs] == ["r4", "r3"]
    assert (some.complete, all_of_them.complete) == (False, True)


def test_an_empty_project_lists_nothing(wandb_server):
    wandb_server.project("acme", "grpo")
    assert listed() == type(listed())([], True)


def test_a_new_listing_sees_what_is_new(wandb_server):
    wandb_server.add(StoredRun("r1", "one"))
    source = WandbCloud("acme/grpo")
    assert len(source.list(Where(), 10, Patience(5)).runs) == 1
    wandb_server.add(StoredRun("r2", "two"))
    wandb_server.runs["acme", "grpo"]["r1"].state = "crashed"
    runs = source.list(Where(), 10, Patience(5)).runs
    assert {run.id: run.state for run in runs} == {"r1": RunState.FAILED, "r2": RunState.FINISHED}


@pytest.mark.parametrize(
    ("wanted", "expected", "pushed"),
    [
        (where(state="finished"), {"a", "d"}, "state"),
        (where(state=["failed", "running"]), {"b", "c"}, "state"),
        (where(name="grpo-*"), {"a", "b"}, "displayName"),
        (where(name="?"), {"d"}, "displayName"),
        (where(name="grpo-[a]"), {"a"}, ""),
        (where(tag=["x", "y"]), {"c"}, "tags"),
        (where(batch=(16, 64)), {"a", "c"}, "config.batch"),
        (where(batch=[16, 32]), {"a"}, "config.batch"),
        (where(config={"optimizer.name": "adam"}), {"b"}, ""),
        (where(fast=True), {"d"}, ""),
        (where(state="finished", name="grpo-*", tag="x", batch=(None, 32)), {"a"}, "$and"),
    ],
)
def test_filters_are_pushed_to_the_server_and_lose_nothing(wandb_server, wanted, expected, pushed):
    for run in (
        StoredRun("a", "grpo-a", config={"batch": 32}, tags=["x"]),
        StoredRun("b", "grpo-b", state="running", config={"batch": 128, "optimizer": {"name": "adam"}}),
        StoredRun("c", "ppo", state="crashed", config={"batch": 64.0}, tags=["x", "y"]),
        StoredRun("d", None, config={"batch": True, "fast": True}),
    ):
        wandb_server.add(run)
    assert {run.id for run in listed(wanted=wanted).runs} == expected
    [request] = wandb_server.of("Runs")
    assert pushed in request.variables["filters"]
    assert (request.variables["filters"] == "{}") == (pushed == "")


def test_listing_leaves_nothing_behind(wandb_server, tmp_path, capfd):
    environment = dict(os.environ)
    run = only(wandb_server, rows=mixed_rows(100))
    run.history()
    run.history(max_points="all")
    assert dict(os.environ) == environment
    assert list((tmp_path / "work").iterdir()) == []
    assert not (tmp_path / "wandb" / "dir").exists()
    assert capfd.readouterr() == ("", "")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if wandb_server.key.encode() in path.read_bytes()]


def test_a_cell_shows_nothing_but_what_it_prints(wandb_server, tmp_path):
    import nbformat
    from nbclient import NotebookClient

    wandb_server.add(StoredRun("r1", "one", rows=mixed_rows(100)))
    cell = """
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.wandb.cloud import WandbCloud
from astuner_nb.trackers.where import Where
[run] = WandbCloud("acme/grpo").list(Where(), 10, Patience(20)).runs
print(len(run.history()["reward"]), len(run.history(max_points="all")["reward"]))"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, timeout=60).execute()
    assert [output.get("text") for output in notebook.cells[0].outputs] == ["100 100\n"]


# ------------------------------------------------------------------------------------------------------- histories


def test_metrics_of_different_cadence_keep_all_points_in_one_request(wandb_server):
    run = only(wandb_server, rows=mixed_rows(1_400))
    assert list(run.keys(Patience(5))) == ["reward", "loss", "val/acc", "eval.pass"]
    history = run.history()
    assert {name: len(series) for name, series in history.items()} == {
        "reward": 1_400,
        "loss": 1_400,
        "val/acc": 28,
        "eval.pass": 14,
    }
    assert not history.sampled
    np.testing.assert_array_equal(history["val/acc"].step, np.arange(0, 1_400, 50))
    np.testing.assert_array_equal(history["reward"].value, np.arange(1_400) / 2)
    np.testing.assert_array_equal(history["reward"].time, 1_767_225_600.0 + np.arange(1_400))
    assert operations(wandb_server) == {"RunSampledHistory": 1}


def test_a_hundred_metrics_take_one_request(wandb_server):
    run = only(wandb_server, rows=list(steps(20, **{f"metric__{index}": 1.0 for index in range(100)})))
    assert len(run.history()) == 100
    assert operations(wandb_server) == {"RunSampledHistory": 1}


def test_a_sample_says_that_it_is_one(wandb_server):
    run = only(wandb_server, rows=mixed_rows(5_000))
    history = run.history()
    assert history.sampled
    assert (len(history["reward"]), len(history["val/acc"])) == (1_500, 100)
    assert not run.fetch(["val/acc"], None, Patience(5)).sampled
    assert len(run.fetch(["reward"], 4_000, Patience(5))["reward"]) == 4_000


def test_all_points_come_from_the_exports(wandb_server):
    wandb_server.part_rows = 700
    run = only(wandb_server, rows=mixed_rows(2_000))
    history = run.history(max_points="all")
    assert {name: len(series) for name, series in history.items()} == {
        "reward": 2_000,
        "loss": 2_000,
        "val/acc": 40,
        "eval.pass": 20,
    }
    assert not history.sampled
    np.testing.assert_array_equal(history["reward"].value, np.arange(2_000) / 2)
    assert history["reward"].time[5] == 1_767_225_605.0
    assert operations(wandb_server) == {"RunParquetHistory": 1, "parquet": 3}


@pytest.mark.parametrize("way", ["without pyarrow", "not all exported", "exports gone"])
def test_all_points_without_exports(wandb_server, monkeypatch, way):
    run = only(wandb_server, rows=mixed_rows(2_000), exported=1_500 if way == "not all exported" else None)
    if way == "without pyarrow":
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    if way == "exports gone":
        wandb_server.fail("parquet", status=404, times=1)
    history = run.history(max_points="all")
    assert [len(series) for series in history.values()] == [2_000, 2_000, 40, 20]
    np.testing.assert_array_equal(history["reward"].value, np.arange(2_000) / 2)


def test_a_run_that_goes_on_is_never_read_from_the_clients_cache(wandb_server):
    rows = mixed_rows(300)
    run = only(wandb_server, state="running", rows=rows[:200], exported=100)
    assert len(run.history(max_points="all")["reward"]) == 200
    stored = wandb_server.runs["acme", "grpo"]["r1"]
    stored.rows, stored.exported = rows, 250
    assert len(run.history(max_points="all")["reward"]) == 300
    assert len(run.history()["reward"]) == 300


@pytest.mark.parametrize("max_points", [None, "all"])
def test_of_points_logged_at_one_step_the_last_stands(wandb_server, max_points):
    rows = list(steps(10, reward=1.0))
    again = [{**row, "reward": 2.0} for row in rows[5:]]
    history = only(wandb_server, rows=[*rows, *again]).history(max_points=max_points)
    np.testing.assert_array_equal(history["reward"].step, np.arange(10))
    np.testing.assert_array_equal(history["reward"].value, [1.0] * 5 + [2.0] * 5)


@pytest.mark.parametrize("spelling", ["NaN", None])
@pytest.mark.parametrize("max_points", [None, "all"])
@pytest.mark.parametrize("state", ["finished", "running"])
def test_nan_and_the_infinities_are_points(wandb_server, spelling, max_points, state):
    wandb_server.nan = spelling
    values = [1.0, math.nan, math.inf, -math.inf, 2.0, True]
    rows = [{"_step": step, "_timestamp": 1e9, "x": value} for step, value in enumerate(values)]
    history = only(wandb_server, rows=rows, state=state).history(max_points=max_points)
    np.testing.assert_array_equal(history["x"].value, values)


@pytest.mark.parametrize("max_points", [None, "all"])
@pytest.mark.parametrize("keys_known", [True, False])
def test_only_scalars_of_the_user_are_curves(wandb_server, max_points, keys_known):
    histogram = {"_type": "histogram", "values": [1, 2], "bins": [0, 1, 2]}
    rows = list(steps(5, x=1.0, note="fine", weights=histogram))
    rows[2]["system/gpu"] = 50.0
    run = only(wandb_server, rows=rows, keys_known=keys_known)
    assert list(run.history(max_points=max_points)) == ["x"]
    asked = run.fetch(["x", "note", "weights", "nothing"], math.inf if max_points else None, Patience(5))
    assert list(asked) == ["x"]


def test_keys_that_the_listing_does_not_have_take_one_request(wandb_server):
    run = only(wandb_server, rows=mixed_rows(100), keys_known=False)
    assert sorted(run.keys(Patience(5))) == ["eval.pass", "loss", "reward", "val/acc"]
    assert operations(wandb_server) == {"RunHistoryKeys": 1}


def test_a_run_that_logged_nothing_has_no_curves(wandb_server):
    run = only(wandb_server, rows=[])
    assert dict(run.history()) == dict(run.history(max_points="all")) == {}


def test_points_without_a_time_are_points(wandb_server):
    rows = [{"_step": step, "x": 1.0} for step in range(5)] + list(steps(9, y=2.0))[5:]
    history = only(wandb_server, rows=rows).history()
    assert {name: len(series) for name, series in history.items()} == {"x": 5, "y": 4}
    assert np.isnan(history["x"].time).all()
    assert operations(wandb_server) == {"RunSampledHistory": 2}


def test_a_run_that_goes_on_without_known_keys_is_read_to_its_last_step(wandb_server):
    run = only(wandb_server, state="running", rows=mixed_rows(100), keys_known=False)
    assert len(run.history(max_points="all")["reward"]) == 100


def test_a_refreshed_run_is_the_run_of_now(wandb_server):
    run = only(wandb_server, state="running", rows=mixed_rows(10))
    stored = wandb_server.runs["acme", "grpo"]["r1"]
    stored.state, stored.config = "finished", {"lr": 2}
    stored.rows[3]["late"] = 1.0
    now = run.refreshed(Patience(5))
    assert (now.state, now.config, now.key) == (RunState.FINISHED, {"lr": 2}, run.key)
    assert "late" in now.keys(Patience(5))
    assert operations(wandb_server) == {"Run": 1}


def test_a_run_deleted_meanwhile_is_not_found(wandb_server):
    run = only(wandb_server, rows=mixed_rows(10))
    live = only(wandb_server, id="r2", state="running", rows=mixed_rows(10))
    del wandb_server.runs["acme", "grpo"]["r1"], wandb_server.runs["acme", "grpo"]["r2"]
    for ask in (
        lambda: run.refreshed(Patience(5)),
        lambda: run.fetch(["reward"], None, Patience(5)),
        lambda: run.fetch(["reward"], math.inf, Patience(5)),
        lambda: live.fetch(["reward"], math.inf, Patience(5)),
    ):
        with pytest.raises(NotFound, match=r"does not have the run acme/grpo/r[12]"):
            ask()


def test_from_many_threads_and_inside_a_running_loop(wandb_server):
    runs = [only(wandb_server, id=f"r{index}", rows=mixed_rows(50)) for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        lengths = [len(history["reward"]) for history in pool.map(lambda run: run.history(), runs)]
    assert lengths == [50] * 8

    async def in_a_loop():
        return listed(), runs[0].history(max_points="all")

    with ThreadPoolExecutor(1) as pool:  # this thread may have a loop of its own already
        listing, history = pool.submit(lambda: asyncio.run(in_a_loop())).result()
    assert (len(listing.runs), len(history["reward"])) == (8, 50)
    assert operations(wandb_server)["RunSampledHistory"] == 8


def test_a_run_that_the_real_client_logged_online(wandb_server):
    import wandb

    logged = wandb.init(
        entity="acme",
        project="grpo",
        name="grpo-a",
        config={"lr": 1e-6, "model": {"name": "qwen"}},
        settings=wandb.Settings(console="off", silent=True, x_disable_stats=True),
    )
    for step in range(30):
        extra = {"eval": {"acc": step / 30}} if step % 10 == 0 else {}
        logged.log({"reward": step / 2, "kl": math.nan if step == 3 else 0.1, **extra}, step=step)
    logged.finish()
    [run] = listed().runs
    assert (run.name, run.config, run.state) == ("grpo-a", {"lr": 1e-6, "model.name": "qwen"}, RunState.FINISHED)
    for history in (run.history(), run.history(max_points="all")):
        np.testing.assert_array_equal(history["reward"].value, np.arange(30) / 2)
        np.testing.assert_array_equal(history["eval.acc"].step, [0, 10, 20])
        assert math.isnan(history["kl"].value[3])


def test_the_public_calls_alone_give_the_same(wandb_server):
    for index in range(5):
        made = BEGAN + timedelta(hours=index)
        wandb_server.add(StoredRun(f"r{index}", "x", rows=mixed_rows(200), config={"lr": 1e-6}, created=made))
    project = Project(Account(wandb_server.url, wandb_server.key, "a test"), "acme", "grpo")
    ours, theirs = ServiceReader(project), PublicReader(project)
    for cursor in (None, "3"):
        pages = [ours.page({}, cursor and f"c{2}", 3, Patience(5)), theirs.page({}, cursor, 3, Patience(5))]
        assert [[node["name"] for node in page.nodes] for page in pages] in (
            [["r4", "r3", "r2"]] * 2,
            [["r1", "r0"]] * 2,
        )
        assert [page.cursor is None for page in pages] == [cursor is not None] * 2
    for each in (ours, theirs):
        first = each.page({}, None, 3, Patience(5))
        second = each.page({}, first.cursor, 3, Patience(5))
        assert [node["name"] for page in (first, second) for node in page.nodes] == ["r4", "r3", "r2", "r1", "r0"]
        assert (first.total, second.cursor) == (5, None)
    nodes = [ours.run("r1", Patience(5)), theirs.run("r1", Patience(5))]
    assert all(nodes[0][name] == nodes[1][name] for name in ("name", "displayName", "state", "tags", "historyKeys"))
    samples = [each.sampled("r1", ["reward", "val/acc"], 50, Patience(5)) for each in (ours, theirs)]
    assert samples[0] == samples[1]
    histories = [each.complete("r1", ["reward", "val/acc"], True, Patience(5)) for each in (ours, theirs)]
    for name in ("reward", "val/acc"):
        np.testing.assert_array_equal(histories[0][name].value, histories[1][name].value)
    for each in (ours, theirs):
        with pytest.raises(NotFound):
            each.run("nope", Patience(5))
    with pytest.raises(NotFound):
        PublicReader(Project(project.account, "acme", "nope")).page({}, None, 3, Patience(5))


# ------------------------------------------------------------------------------------------------------- failures

FAULTS = {
    "400": ({"status": 400}, ServerFailed, "HTTP 400, 'something went wrong'"),
    "401": ({"status": 401}, AccessDenied, "does not accept the API key from WANDB_API_KEY"),
    "403": ({"status": 403}, AccessDenied, "may not read"),
    "404": ({"status": 404}, NotFound, "HTTP 404"),
    "429": ({"status": 429, "retry_after_s": 1}, RateLimited, "wants fewer requests"),
    "429 for long": ({"status": 429, "retry_after_s": 30}, RateLimited, "left alone for 30 s"),
    "429 without a time": ({"status": 429}, RateLimited, "wants fewer requests"),
    "500": ({"status": 500}, ServerFailed, "HTTP 500"),
    "503": ({"status": 503}, ServerFailed, "HTTP 503"),
    "errors": ({"kind": "errors", "message": "the shards are\ndown"}, ServerFailed, "the shards are down"),
    "no permission": ({"kind": "errors", "message": "permission denied"}, AccessDenied, "may not read"),
    "garbage": ({"kind": "garbage"}, ServerFailed, "invalid character '<'"),
    "drop": ({"kind": "drop"}, Unreachable, "does not answer: EOF"),
    "hang": ({"kind": "hang"}, Unreachable, "within 3 s"),
}
QUICK = ("400", "403", "500", "errors", "drop")


def told(error):
    """Everything that a person could see of an error."""
    return "".join(traceback.format_exception(error.value)) + repr(error.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_listing_says_what_happened_in_time(wandb_server, fault, capfd):
    kind, expected, words = FAULTS[fault]
    wandb_server.add(StoredRun("r1", "one"))
    wandb_server.fail("*", **kind)
    began = time.monotonic()
    with pytest.raises(TrackerError) as error:
        listed(deadline_s=3)
    assert time.monotonic() - began < 3.5
    assert type(error.value) is expected
    assert words in str(error.value)
    assert "API key" not in str(error.value) or expected is AccessDenied
    assert wandb_server.key not in told(error)
    assert capfd.readouterr() == ("", "")
    wandb_server.heal()
    assert len(listed().runs) == 1


@pytest.mark.parametrize("fault", QUICK)
@pytest.mark.parametrize("operation", ["RunSampledHistory", "RunParquetHistory", "HistoryPage"])
def test_a_failing_history_says_what_happened_in_time(wandb_server, fault, operation):
    kind, expected, _ = FAULTS[fault]
    state = "running" if operation == "HistoryPage" else "finished"
    run = only(wandb_server, rows=mixed_rows(50), state=state)
    wandb_server.fail(operation, **kind)
    began = time.monotonic()
    with pytest.raises(TrackerError) as error:
        run.history(max_points=None if operation == "RunSampledHistory" else "all", patience=Patience(4, run.key))
    assert time.monotonic() - began < 4.5
    assert type(error.value) is expected
    assert wandb_server.key not in told(error)


def test_how_long_to_wait_is_handed_on(wandb_server):
    wandb_server.fail("*", status=429, retry_after_s=30)
    with pytest.raises(RateLimited) as error:
        listed(deadline_s=4)
    assert error.value.retry_after_s == 30


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429, "retry_after_s": 1}, {"kind": "drop"}])
def test_a_single_fault_is_got_over(wandb_server, fault):
    wandb_server.add(StoredRun("r1", "one"))
    wandb_server.fail("Runs", times=1, **fault)
    assert len(listed().runs) == 1


@pytest.mark.parametrize("answer", [{"runs": None}, {"runs": {"edges": [{"node": {}}], "pageInfo": {}}}, None])
def test_an_answer_that_makes_no_sense_is_the_servers_failure(wandb_server, monkeypatch, answer):
    from tests.servers import wandb_server as module

    monkeypatch.setitem(
        module.OPERATIONS, "Runs", lambda *_: {"projekt": answer} if answer is None else {"project": answer}
    )
    with pytest.raises(ServerFailed, match="makes no sense"):
        listed()


def test_missing_projects_and_runs(wandb_server):
    wandb_server.add(StoredRun("r1", "one"))
    with pytest.raises(NotFound, match="the project acme/nope"):
        listed("acme/nope")
    with pytest.raises(NotFound, match="the run acme/grpo/nope"):
        listed("acme/grpo/nope")
    with pytest.raises(NotFound, match="the run acme/nope/r1"):
        listed("acme/nope/r1")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_a_dead_network_is_told_soon_and_not_blamed_on_the_key(wandb_server, wandb_environment, url):
    wandb_environment.setenv("WANDB_BASE_URL", url)
    began = time.monotonic()
    with pytest.raises(Unreachable, match=url.removeprefix("http://")) as error:
        listed(deadline_s=5)
    assert time.monotonic() - began < 4
    assert "API key" not in str(error.value)


def test_without_a_key_nobody_is_asked(wandb_server, wandb_environment, tmp_path, capfd):
    wandb_environment.delenv("WANDB_API_KEY")
    with pytest.raises(AccessDenied, match="WANDB_API_KEY is not set") as error:
        listed(deadline_s=3)
    assert str(tmp_path / "netrc") in str(error.value)
    assert wandb_server.requests == []
    assert capfd.readouterr() == ("", "")


def test_a_wrong_key(wandb_server, wandb_environment):
    wandb_environment.setenv("WANDB_API_KEY", "f" * 40)
    with pytest.raises(AccessDenied, match="permission denied") as error:
        listed()
    assert "f" * 40 not in told(error)


def test_the_key_of_the_netrc_file(wandb_server, wandb_environment, tmp_path):
    wandb_server.add(StoredRun("r1", "one"))
    wandb_environment.delenv("WANDB_API_KEY")
    host = wandb_server.url.removeprefix("http://")
    (tmp_path / "netrc").write_text(f"machine {host}\n  login user\n  password {wandb_server.key}\n")
    assert len(listed().runs) == 1


def test_a_changed_key_and_host_are_noticed(wandb_server, wandb_environment):
    wandb_server.add(StoredRun("r1", "one"))
    source = WandbCloud("acme/grpo")
    assert len(source.list(Where(), 10, Patience(5)).runs) == 1
    wandb_environment.setenv("WANDB_API_KEY", "f" * 40)
    with pytest.raises(AccessDenied):
        source.list(Where(), 10, Patience(5))
    wandb_environment.delenv("WANDB_API_KEY")
    wandb_environment.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(
        AccessDenied, match=r"no API key for 127\.0\.0\.1:9"
    ):  # W&B's settings have one, for the other host
        source.list(Where(), 10, Patience(5))


def test_nobody_waits_for_what_was_cancelled(wandb_server):
    wandb_server.fail("*", "hang")
    patience = Patience(30, URI)
    with ThreadPoolExecutor(1) as pool:
        listing = pool.submit(WandbCloud("acme/grpo").list, Where(), 10, patience)
        while not wandb_server.requests:
            time.sleep(0.01)
        patience.cancel()
        assert isinstance(listing.exception(timeout=2), Cancelled)


def test_the_client_may_be_torn_down_between_two_questions(wandb_server):
    import wandb

    run = only(wandb_server, rows=mixed_rows(10))
    wandb.teardown()
    assert len(run.history()["reward"]) == 10


WITHOUT_HELPER = """
import psutil
from astuner_nb.core.errors import ServerFailed
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.wandb.cloud import WandbCloud
from astuner_nb.trackers.where import Where
[run] = WandbCloud("acme/grpo").list(Where(), 10, Patience(20)).runs
[helper] = [child for child in psutil.Process().children() if "wandb-core" in child.name()]
helper.kill()
for limit in (None, float("inf")):
    try:
        run.fetch(["reward"], limit, Patience(5))
    except ServerFailed as error:
        print(error)
"""


def test_a_dead_helper_process_is_named(wandb_server):
    wandb_server.add(StoredRun("r1", "one", rows=mixed_rows(10)))
    child = [sys.executable, "-c", WITHOUT_HELPER]
    done = subprocess.run(child, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert done.stdout.count("The helper process of W&B's client has gone") == 2


def test_an_address_inherited_from_a_process_that_is_gone(wandb_server, wandb_environment):
    wandb_environment.setenv("WANDB_SERVICE", "3-1-unix-/nowhere/socket")
    with pytest.raises(ServerFailed, match="Remove WANDB_SERVICE"):
        listed()
