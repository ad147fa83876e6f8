"""`swanlab://` through SwanLab's real client, against a server that can do everything wrong."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.trackers.history_cache import HistoryCache
from astuner_nb.trackers.patience import Patience, in_thread
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.swanlab.cloud import SwanLabCloud, SwanLabRun
from astuner_nb.trackers.where import where

from ..servers.swanlab_server import SwanLabServer

DEADLINE_S = 2.0
ALL = math.inf


@pytest.fixture
def source(swanlab_server: SwanLabServer, tmp_path: Path) -> SwanLabCloud:
    """Project alice/math on the server, which has run `r1` of 60 steps."""
    swanlab_server.add_run(
        "alice/math",
        "r1",
        {"reward": [(step, step / 10) for step in range(60)], "__swanlab__.cpu.pct": [(0, 50.0)]},
        name="grpo-1",
        config={"lr": 1e-5, "model": {"layers": [1, 2], "name": "qwen"}, "clip": None, "use_kl": True},
        tags=["grpo", "small"],
        group="sweep",
        created=1_767_323_045.0,
        finished=1_767_326_645.0,
    )
    return SwanLabCloud("alice/math", HistoryCache(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _silence(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing is ever printed, by us or by SwanLab's client."""
    yield
    assert capfd.readouterr() == ("", "")


def patience(deadline_s: float = DEADLINE_S) -> Patience:
    return Patience(deadline_s, "swanlab://alice/math")


def listed(source: SwanLabCloud, limit: int = 100, **wanted: Any) -> Listing:
    return source.list(where(**wanted), limit, patience())


def only(source: SwanLabCloud) -> SwanLabRun:
    (run,) = listed(source).runs
    assert isinstance(run, SwanLabRun)
    return run


def points(history: History, key: str = "reward") -> list[tuple[float, float]]:
    return list(zip(history[key].step.tolist(), history[key].value.tolist(), strict=True))


def error_of(call: Callable[[], object], server: SwanLabServer | None = None) -> TrackerError:
    """What `call` raises, in time, and without the key in it."""
    start = time.monotonic()
    with pytest.raises(TrackerError) as caught:
        call()
    assert time.monotonic() - start < DEADLINE_S + 0.5
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in f"{error!r}{error}{error.args}"
        error = error.__cause__ or error.__context__
    if server is not None:
        assert server.url.removeprefix("http://") in str(caught.value)
        assert "alice/math" in str(caught.value)
    return caught.value


def blames_the_key(error: TrackerError) -> bool:
    return " key" in str(error).lower()


# Listing


def test_a_run_is_described_in_our_words(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    run = only(source)
    host = swanlab_server.url.removeprefix("http://")
    assert run.key == f"swanlab:{host}/alice/math#r1"
    assert (run.id, run.name, run.project, run.group, run.tags) == ("r1", "grpo-1", "math", "sweep", ("grpo", "small"))
    assert run.config == {
        "lr": 1e-5,
        "model.layers": "[1, 2]",
        "model.name": "qwen",
        "clip": None,
        "use_kl": True,
    }
    assert run.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert run.finished == datetime(2026, 1, 2, 4, 4, 5, tzinfo=UTC)
    assert run.url == f"{swanlab_server.url}/@alice/math/runs/r1/chart"
    assert repr(run) == "<Run r1 'math' 'grpo-1' of swanlab: finished>"


@pytest.mark.parametrize(
    ("word", "state", "says"),
    [
        ("RUNNING", RunState.RUNNING, ""),
        ("FINISHED", RunState.FINISHED, ""),
        ("CRASHED", RunState.FAILED, "crashed"),
        ("ABORTED", RunState.STOPPED, "aborted"),
        ("OFFLINE", RunState.LOST, "not heard"),
        ("HIBERNATING", RunState.LOST, "'HIBERNATING'"),
    ],
)
def test_states_are_ours(
    source: SwanLabCloud, swanlab_server: SwanLabServer, word: str, state: RunState, says: str
) -> None:
    swanlab_server.run("alice/math", "r1").state = word
    run = only(source)
    assert run.state is state
    assert says in run.detail
    assert (run.finished is None) == (state is RunState.RUNNING)


def test_the_newest_come_first_and_no_more_than_asked_for(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    for i in range(100):
        swanlab_server.add_run("alice/math", f"x{i}", created=1.5e9 + (i * 37 % 100))
    told: list[tuple[str, int, int]] = []
    listing = source.list(where(), 10, Patience(DEADLINE_S, progress=lambda *one: told.append(one)))
    times = [run.created for run in listing.runs]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]  # all are known
    assert listing.runs[0].id == "r1"
    assert (len(listing.runs), listing.complete) == (10, False)
    assert told == [("runs", 64, 101)]  # the older ones were not looked at
    assert len(listed(source, 101).runs) == 101
    assert listed(source, 101).complete


def test_an_empty_project_is_an_empty_listing(swanlab_server: SwanLabServer, source: SwanLabCloud) -> None:
    swanlab_server.add_project("alice/empty")
    listing = listed(SwanLabCloud("alice/empty"))
    assert (list(listing.runs), listing.complete, list(listing.skipped)) == ([], True, [])


def test_a_description_that_is_not_in_the_listing_is_asked_for(
    source: SwanLabCloud, swanlab_server: SwanLabServer
) -> None:
    for i in range(20):
        run = swanlab_server.add_run("alice/math", f"x{i}", config={"lr": i}, created=2e9 + i)
        run.overrides["project_id"] = ...
    listing = swanlab_server.answer

    def without_profiles(request: Any, *rest: Any) -> Any:
        answer = listing(request, *rest)
        if request.path.endswith("/shows"):
            answer.body = [{key: one[key] for key in one if key != "profile"} for one in answer.body]
        return answer

    swanlab_server.answer = without_profiles  # type: ignore[method-assign]
    assert [run.config["lr"] for run in listed(source, config={"lr": (5, 7)}).runs] == [7, 6, 5]
    assert len(swanlab_server.asked("GET", "/project/alice/math")) == 1


def test_a_run_that_makes_no_sense_is_named_and_left_out(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    swanlab_server.add_run("alice/math", "no-id").overrides["cuid"] = ...
    swanlab_server.add_run("alice/math", "odd").overrides["labels"] = 7
    listing = listed(source)
    assert [run.id for run in listing.runs] == ["r1"]
    assert len(listing.skipped) == 2
    assert any("Run odd of alice/math" in sentence for sentence in listing.skipped)


@pytest.mark.parametrize("missing", ["labels", "colors", "state", "cluster", "finishedAt", "name", "createdAt"])
def test_a_server_may_say_less(source: SwanLabCloud, swanlab_server: SwanLabServer, missing: str) -> None:
    swanlab_server.run("alice/math", "r1").overrides[missing] = ...
    assert only(source).id == "r1"


def test_times_may_be_numbers(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    swanlab_server.run("alice/math", "r1").overrides.update(createdAt=1_767_323_045)
    run = only(source)
    assert run.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert len(run.fetch(["reward"], None, patience())["reward"]) == 60


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"state": "finished"}, "a"),
        ({"state": ["failed", "running"]}, "bc"),
        ({"state": "lost"}, "d"),
        ({"name": "grpo-1"}, "a"),
        ({"name": "*-1"}, "ac"),
        ({"name": "[gp]*-2"}, "b"),
        ({"tag": "small"}, "ac"),
        ({"tag": ["small", "x"]}, "c"),
        ({"lr": (1e-5, None)}, "bcd"),
        ({"lr": 1e-5}, "b"),
        ({"lr": [9e-6, 1e-4]}, "ac"),
        ({"algorithm": "ppo"}, "cd"),
        ({"algorithm": ["ppo", "grpo"], "state": "finished"}, "a"),
        ({"use_kl": True}, "a"),
        ({"config": {"model.size": 7}}, "ab"),
    ],
)
def test_what_is_asked_for_comes(
    swanlab_server: SwanLabServer, tmp_path: Path, wanted: dict[str, Any], expected: str
) -> None:
    rows = [
        ("a", "grpo-1", "FINISHED", ["small"], 9e-6, "grpo", 7),
        ("b", "grpo-2", "CRASHED", ["large"], 1e-5, "grpo", 7),
        ("c", "ppo-1", "RUNNING", ["small", "x"], 1e-4, "ppo", 8),
        ("d", "ppo-10", "NEW-WORD", [], 1e-3, "ppo", 8),
    ]
    for id, name, state, tags, lr, algorithm, size in rows:
        config = {"lr": lr, "algorithm": algorithm, "model": {"size": size}, "use_kl": id == "a"}
        swanlab_server.add_run("alice/math", id, name=name, state=state, tags=tags, config=config)
    swanlab_server.add_run("alice/math", "pinned", name="pinned", tags=["pinned"], pinned=True, state="x")
    found = listed(SwanLabCloud("alice/math", HistoryCache(tmp_path)), **wanted).runs
    assert sorted(run.id for run in found if run.id != "pinned") == list(expected)
    assert ("pinned" in {run.id for run in found}) == (wanted == {"state": "lost"})  # ours filters after the server's


def test_the_server_is_asked_to_filter(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    listed(source, state="finished", name="grpo-*", tag="small", batch_size=(8, None))
    (request,) = swanlab_server.asked("POST", "*/shows")
    assert [(one["key"], one["type"], one["op"], one["value"]) for one in request.body["filters"]] == [
        ("state", "STABLE", "IN", ["FINISHED"]),
        ("name", "STABLE", "CONTAIN", ["grpo-"]),
        ("labels", "STABLE", "CONTAIN", ["small"]),
        ("batch_size", "CONFIG", "GTE", ["8.0"]),
    ]


def test_one_run_can_be_named(source: SwanLabCloud, tmp_path: Path) -> None:
    one = SwanLabCloud("alice/math/r1", HistoryCache(tmp_path))
    assert [run.key for run in listed(one).runs] == [only(source).key]
    assert listed(one, state="running") == Listing([])
    assert points(only(one).fetch(["reward"], None, patience()))[-1] == (59, 5.9)


@pytest.mark.parametrize(
    "text", ["", "alice", "alice/", "a/b/c/d", "a//b", "a b/c", "a/b?x=1", "a/..", "a/b#c", "a/%2e", "a/b/.", "a/b/c?d"]
)
def test_other_texts_name_no_project(text: str) -> None:
    with pytest.raises(BadValue, match=r"swanlab://alice/math"):
        SwanLabCloud(text)


def test_a_run_may_have_almost_any_id(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    swanlab_server.add_run("alice/math", "run 1 é@+", {"reward": [(0, 1.0)]})
    (run,) = listed(SwanLabCloud("alice/math/run 1 é@+")).runs
    assert isinstance(run, SwanLabRun)
    assert run.refreshed(patience()).key == run.key
    assert points(run.fetch(run.keys(patience()), ALL, patience())) == [(0, 1.0)]


# Curves


def test_sampled_curves(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    swanlab_server.add_run("alice/math", "r1", {"reward": [(i, float(i), 1.7e9 + i) for i in range(4000)]})
    run = only(source)
    sampled = run.fetch(["reward"], None, patience())
    assert (len(sampled["reward"]), sampled.sampled) == (1500, True)
    assert sampled["reward"].time[0] == 1.7e9
    few = run.fetch(["reward"], 100, patience())
    assert (len(few["reward"]), few.sampled) == (100, True)
    every = run.fetch(["reward"], ALL, patience())
    assert (len(every["reward"]), every.sampled) == (4000, False)
    assert every["reward"].time[-1] == 1.7e9 + 3999
    assert len(run.fetch(["reward"], 2000, patience())["reward"]) == 4000  # a server samples at 1,500 at most


def test_sampled_and_full_curves_are_the_same_where_nothing_was_left_out(source: SwanLabCloud) -> None:
    run = only(source)
    sampled, full = (run.fetch(["reward"], limit, patience()) for limit in (None, ALL))
    assert points(sampled) == points(full) == [(step, step / 10) for step in range(60)]
    assert sampled["reward"].time.tolist() == full["reward"].time.tolist()
    assert not sampled.sampled


def test_system_metrics_are_no_keys(source: SwanLabCloud) -> None:
    assert only(source).keys(patience()) == ["reward"]


@pytest.mark.parametrize("limit", [None, ALL])
def test_unknown_keys_are_left_out(source: SwanLabCloud, limit: float | None) -> None:
    assert set(only(source).fetch(["reward", "nobody", " "], limit, patience())) == {"reward"}
    assert len(only(source).fetch(["nobody"], limit, patience())) == 0
    assert len(only(source).fetch([], limit, patience())) == 0


@pytest.mark.parametrize("limit", [None, ALL])
def test_many_keys_are_asked_for_in_packs(
    source: SwanLabCloud, swanlab_server: SwanLabServer, limit: float | None
) -> None:
    series = {f"k{i}": [(step, float(step + i)) for step in range(5)] for i in range(40)}
    swanlab_server.add_run("alice/math", "r1", series)
    run = only(source)
    before = len(swanlab_server.requests)
    history = run.fetch(run.keys(patience()), limit, patience())
    assert {key: points(history, key) for key in history} == series
    assert len(swanlab_server.requests) - before == 1 + 3 * (3 if limit is None else 5)


def test_texts_become_numbers(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    values: list[Any] = ["nan", "NaN", "inf", "-Infinity", "0.5", None, "what", 2.0]
    swanlab_server.keep_nan = True
    swanlab_server.add_run("alice/math", "r1", {"kl": list(enumerate(values))})
    run = only(source)
    for limit in (None, ALL):
        found = points(run.fetch(["kl"], limit, patience()), "kl")
        assert [step for step, _ in found] == [0, 1, 2, 3, 4, 7]
        assert str([value for _, value in found]) == "[nan, nan, inf, -inf, 0.5, 2.0]"


def test_a_kept_curve_needs_no_server(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    run = only(source)
    assert len(run.history()["reward"]) == 60
    swanlab_server.close()
    assert len(run.history()["reward"]) == 60


def test_refreshed_says_how_it_stands_now(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    stored = swanlab_server.run("alice/math", "r1")
    stored.state, stored.finished = "RUNNING", None
    run = only(source)
    stored.state = "ABORTED"
    now = run.refreshed(patience())
    assert (run.state, now.state, now.key) == (RunState.RUNNING, RunState.STOPPED, run.key)
    assert len(now.fetch(["reward"], None, patience())["reward"]) == 60


def test_a_run_that_was_deleted_meanwhile(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    run = only(source)
    swanlab_server.delete_run("alice/math", "r1")
    for call in (
        lambda: run.refreshed(patience()),
        lambda: run.keys(patience()),
        lambda: run.fetch(["reward"], None, patience()),
        lambda: run.fetch(["reward"], ALL, patience()),
    ):
        error = error_of(call, swanlab_server)
        assert type(error) is NotFound
        assert "run r1 of alice/math" in str(error)


# What goes wrong


def test_a_missing_project_and_a_missing_run(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    project = error_of(lambda: listed(SwanLabCloud("alice/mth")))
    run = error_of(lambda: listed(SwanLabCloud("alice/math/r2")), swanlab_server)
    assert (type(project), type(run)) == (NotFound, NotFound)
    assert "no project alice/mth" in str(project)
    assert "no run r2 of alice/math" in str(run)


WORDS: dict[type[TrackerError], str] = {
    AccessDenied: "key",
    NotFound: "Look at the name",
    RateLimited: "fewer requests",
    ServerFailed: "Try again later",
    Unreachable: "network",
}
STATUSES: list[tuple[int, type[TrackerError]]] = [
    (400, ServerFailed),
    (401, AccessDenied),
    (403, AccessDenied),
    (404, NotFound),
    (429, RateLimited),
]
BROKEN: list[dict[str, Any]] = [
    {"kind": "cut"},
    *({"kind": "body", "body": body} for body in ("null", "", "<html>busy</html>", "[7]", '{"x": 1}', '"text"', "{}")),
]
LISTING = ["/login/api_key", "/project/alice/math", "/project/alice/math/runs/shows"]
POINTS = ["/house/metrics/scalar/keys", "/house/metrics/scalar"]
TABLE = ["/house/metrics/scalar/export", "/files/presigned/get", "/blob/*"]


def hit(source: SwanLabCloud, server: SwanLabServer, path: str, **fault: Any) -> TrackerError:
    """The error of the question that asks for `path`, after the fault was injected there."""
    if path in LISTING:
        server.fault(path=path, **fault)
        return error_of(lambda: listed(source), server)
    run = only(source)
    server.fault(path=path, **fault)
    if path in TABLE:
        return error_of(lambda: run.fetch(["reward"], ALL, patience()), server)
    return error_of(lambda: run.fetch(run.keys(patience()), None, patience()), server)


@pytest.mark.parametrize(("status", "kind"), STATUSES)
@pytest.mark.parametrize("path", [*LISTING[1:], *POINTS, *TABLE])
def test_each_status_is_told_apart(
    source: SwanLabCloud, swanlab_server: SwanLabServer, path: str, status: int, kind: type[TrackerError]
) -> None:
    error = hit(source, swanlab_server, path, kind="status", status=status)
    assert type(error) is kind
    assert WORDS[kind] in str(error)
    assert str(status) in str(error)
    assert blames_the_key(error) == (kind is AccessDenied)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_key_that_is_refused(source: SwanLabCloud, swanlab_server: SwanLabServer, status: int) -> None:
    error = hit(source, swanlab_server, "/login/api_key", kind="status", status=status)
    assert type(error) is AccessDenied
    assert "does not accept the API key" in str(error)
    assert len(swanlab_server.requests) == 1


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (429, RateLimited), (500, ServerFailed)])
def test_a_login_that_fails_for_another_reason(
    source: SwanLabCloud, swanlab_server: SwanLabServer, status: int, kind: type[TrackerError]
) -> None:
    error = hit(source, swanlab_server, "/login/api_key", kind="status", status=status)
    assert type(error) is kind
    assert not blames_the_key(error)


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: f"{fault['kind']} {fault.get('body', '')}".strip())
@pytest.mark.parametrize("path", [*LISTING, *POINTS, *TABLE])
def test_no_garbage_is_taken_for_an_answer(
    source: SwanLabCloud, swanlab_server: SwanLabServer, path: str, fault: dict[str, Any]
) -> None:
    error = hit(source, swanlab_server, path, **fault)
    assert type(error) is ServerFailed
    assert not blames_the_key(error)


@pytest.mark.parametrize("path", [LISTING[2], "/house/metrics/scalar", "/blob/*"])
@pytest.mark.parametrize(
    "fault",
    [{"kind": "torn"}, {"kind": "drop"}, {"kind": "status", "status": 500}, {"kind": "status", "status": 503}],
    ids=["torn", "drop", "500", "503"],
)
def test_a_server_that_never_gets_it_done(
    source: SwanLabCloud, swanlab_server: SwanLabServer, path: str, fault: dict[str, Any]
) -> None:
    error = hit(source, swanlab_server, path, **fault)
    assert type(error) is ServerFailed
    assert len(swanlab_server.asked("*", path)) == 3


@pytest.mark.parametrize("path", [LISTING[0], LISTING[2], "/house/metrics/scalar", "/blob/*"])
def test_a_silent_host_is_unreachable_within_the_deadline(
    source: SwanLabCloud, swanlab_server: SwanLabServer, path: str, wait_for: Callable[..., Any]
) -> None:
    error = hit(source, swanlab_server, path, kind="hang")
    assert type(error) is Unreachable
    assert not blames_the_key(error)
    wait_for(lambda: not [one for one in threading.enumerate() if one.name == "astuner-tracker"], 5)


def test_a_link_that_leads_nowhere(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    error = hit(source, swanlab_server, "/files/presigned/get", kind="relative")
    assert type(error) is ServerFailed


def test_a_table_that_ends_early_is_noticed(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    run = only(source)
    whole = swanlab_server.run("alice/math", "r1").table(["reward"])
    swanlab_server.fault("body", body="\n".join([*whole.split("\n")[:30], ""]), path="/blob/*")
    error = error_of(lambda: run.fetch(["reward"], ALL, patience()), swanlab_server)
    assert type(error) is ServerFailed
    assert "'reward'" in str(error)
    swanlab_server.run("alice/math", "r1").state = "RUNNING"  # of a run that goes on, the end may not be there yet
    assert len(only(source).fetch(["reward"], ALL, patience())["reward"]) == 29


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "drop"}, {"kind": "body", "body": "x"}])
def test_statistics_that_nobody_needs_may_fail(
    source: SwanLabCloud, swanlab_server: SwanLabServer, fault: dict[str, Any]
) -> None:
    swanlab_server.fault(path="/house/metrics/scalar/value", **fault)
    run = only(source)
    assert len(run.fetch(["reward"], None, patience())["reward"]) == 60
    assert len(run.fetch(["reward"], ALL, patience())["reward"]) == 60


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "drop"}, {"kind": "torn"}])
@pytest.mark.parametrize("path", ["/login/api_key", "/project/alice/math/runs/shows"])
def test_what_fails_for_a_moment_is_tried_again(
    source: SwanLabCloud, swanlab_server: SwanLabServer, path: str, fault: dict[str, Any]
) -> None:
    swanlab_server.fault(path=path, times=2, **fault)
    assert only(source).id == "r1"
    assert len(swanlab_server.asked("*", path)) >= 3


@pytest.mark.parametrize(
    ("header", "wait_s"), [(7, 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), (None, None), ("-3", 0.0)]
)
def test_how_long_to_wait_is_passed_on(
    source: SwanLabCloud, swanlab_server: SwanLabServer, header: Any, wait_s: float | None
) -> None:
    error = hit(source, swanlab_server, LISTING[1], kind="status", status=429, retry_after=header)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == wait_s
    assert len(swanlab_server.asked("GET", LISTING[1])) == 1  # not again, and nothing after it
    assert not swanlab_server.asked("POST", "*/shows")


@pytest.mark.parametrize(
    ("host", "reason"),
    [("http://127.0.0.1:9", "refused"), ("http://nobody.invalid", "no host of that name"), ("{tls}", "http://")],
)
def test_a_dead_host_is_unreachable_at_once(
    source: SwanLabCloud,
    swanlab_server: SwanLabServer,
    swanlab_environment: pytest.MonkeyPatch,
    host: str,
    reason: str,
) -> None:
    host = host.replace("{tls}", swanlab_server.url.replace("http://", "https://"))
    swanlab_environment.setenv("SWANLAB_API_HOST", host)
    start = time.monotonic()
    error = error_of(lambda: listed(source))
    assert time.monotonic() - start < 2
    assert type(error) is Unreachable
    assert reason in str(error)
    assert "alice/math" in str(error)
    assert host.partition("://")[2] in str(error)
    assert not blames_the_key(error)


def test_a_server_that_goes_away_between_two_questions(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    run = only(source)
    swanlab_server.close()
    for call in (lambda: run.fetch(["reward"], None, patience()), lambda: listed(source)):
        error = error_of(call)
        assert type(error) is Unreachable
        assert not blames_the_key(error)


@pytest.mark.parametrize(("written", "shown"), [("yesterday", "yesterday"), ("{key}", "…")])
def test_a_client_that_cannot_read_the_answer(
    source: SwanLabCloud, swanlab_server: SwanLabServer, written: str, shown: str
) -> None:
    swanlab_server.run("alice/math", "r1").overrides["createdAt"] = written.format(key=swanlab_server.key)
    run = only(source)
    assert run.created is None
    error = error_of(lambda: run.keys(patience()), swanlab_server)
    assert type(error) is ServerFailed
    assert shown in str(error)


# The key


def test_without_a_key_it_is_said_at_once(source: SwanLabCloud, swanlab_environment: pytest.MonkeyPatch) -> None:
    swanlab_environment.delenv("SWANLAB_API_KEY")
    swanlab_environment.delenv("SWANLAB_INTERACTIVE")
    error = error_of(lambda: listed(source))
    assert type(error) is AccessDenied
    assert "no API key" in str(error)
    assert "alice/math" in str(error)


def test_a_wrong_key_and_then_the_right_one(
    source: SwanLabCloud, swanlab_server: SwanLabServer, swanlab_environment: pytest.MonkeyPatch
) -> None:
    swanlab_environment.setenv("SWANLAB_API_KEY", "a-wrong-secret")
    error = error_of(lambda: listed(source), swanlab_server)
    assert type(error) is AccessDenied
    assert len(swanlab_server.requests) == 1
    swanlab_environment.setenv("SWANLAB_API_KEY", swanlab_server.key)
    assert only(source).id == "r1"


def test_a_login_that_is_over_is_made_anew(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    only(source)
    swanlab_server.fault("status", status=401, times=1, path="/project/*")
    assert "no longer accepts" in str(error_of(lambda: listed(source), swanlab_server))
    assert only(source).id == "r1"


@pytest.mark.parametrize("key", ["schlüssel-secret", "secret\x07"])
def test_a_key_that_can_be_none(source: SwanLabCloud, swanlab_environment: pytest.MonkeyPatch, key: str) -> None:
    swanlab_environment.setenv("SWANLAB_API_KEY", key)
    assert type(error_of(lambda: listed(source))) is AccessDenied


def test_the_clients_own_files_are_looked_at(
    source: SwanLabCloud, swanlab_server: SwanLabServer, swanlab_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SWANLAB_API_KEY", "SWANLAB_API_HOST"):
        swanlab_environment.delenv(name)
    (tmp_path / "swanlab").mkdir()
    netrc = tmp_path / "swanlab" / ".netrc"
    netrc.write_text(f"machine {swanlab_server.url}\n login https://board.example\n password {swanlab_server.key}\n")
    netrc.chmod(0o600)
    assert only(source).url == "https://board.example/@alice/math/runs/r1/chart"


def test_settings_that_cannot_be_read_give_nothing_away(
    source: SwanLabCloud, swanlab_environment: pytest.MonkeyPatch
) -> None:
    swanlab_environment.setenv("SWANLAB_MODE", "nonsense")
    error = error_of(lambda: listed(source))
    assert "settings cannot be read" in str(error)
    assert not blames_the_key(error)


def test_swanlab_may_be_missing(source: SwanLabCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "swanlab", None)
    assert "pip install" in str(error_of(lambda: listed(source)))


# How it behaves


def test_it_logs_in_once_for_many_questions(source: SwanLabCloud, swanlab_server: SwanLabServer) -> None:
    for i in range(20):
        swanlab_server.add_run("alice/math", f"x{i}", {"reward": [(step, float(i)) for step in range(5)]})
    runs = [run for run in listed(source).runs if isinstance(run, SwanLabRun) and run.id != "r1"]
    one = patience(20)
    histories = one.map(lambda run: run.fetch(run.keys(one), None, one), runs, "histories")
    assert [points(history)[0] for history in histories] == [(0, float(run.id[1:])) for run in runs]
    assert len(swanlab_server.asked("POST", "/login/api_key")) == 3  # one of ours, two of SwanLab's client


def test_a_hanging_server_keeps_nobody_else_waiting(
    source: SwanLabCloud, swanlab_server: SwanLabServer, swanlab_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = only(source)
    swanlab_server.fault("hang")
    stuck = in_thread(lambda _: run.fetch(["reward"], None, patience()), None)
    with SwanLabServer(key="another-secret") as other:
        other.add_run("bob/code", "b1", {"reward": [(0, 1.0)]})
        swanlab_environment.setenv("SWANLAB_API_HOST", other.url)
        swanlab_environment.setenv("SWANLAB_API_KEY", other.key)
        theirs = only(SwanLabCloud("bob/code", HistoryCache(tmp_path)))
        assert points(theirs.fetch(["reward"], None, patience())) == [(0, 1.0)]
        assert not stuck.done()
        assert isinstance(stuck.exception(10), Unreachable)


def test_a_question_can_be_cancelled(
    source: SwanLabCloud, swanlab_server: SwanLabServer, wait_for: Callable[..., Any]
) -> None:
    run = only(source)
    swanlab_server.fault("hang", path="/house/*")
    one = patience(30)
    asking = in_thread(lambda _: run.keys(one), None)
    wait_for(lambda: swanlab_server.asked("POST", "/house/*"), 5)
    one.cancel()
    assert isinstance(asking.exception(2), Cancelled)


def test_the_console_of_the_client_prints_again_afterwards(
    source: SwanLabCloud,
    swanlab_server: SwanLabServer,
    capfd: pytest.CaptureFixture[str],
    wait_for: Callable[..., Any],
) -> None:
    from swanlab.sdk.internal.pkg import console

    swanlab_server.fault("status", status=403, path="/project/*")
    one = patience()
    for asking in [in_thread(lambda _: source.list(where(), 5, one), None) for _ in range(8)]:
        assert isinstance(asking.exception(5), AccessDenied)
    assert capfd.readouterr() == ("", "")
    wait_for(lambda: console.c.quiet is False, 5, "the console is loud again")


def test_opening_costs_nothing(swanlab_server: SwanLabServer) -> None:
    source = "import sys; from astuner_nb.trackers.swanlab.cloud import SwanLabCloud; SwanLabCloud('alice/math');"
    check = "assert not {'swanlab', 'requests', 'pydantic_settings'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", source + check], check=True, timeout=30)
    assert swanlab_server.requests == []
    assert swanlab_server.key not in repr(vars(SwanLabCloud("alice/math")))


LATE = """
import sys
from astuner_nb.core.errors import TrackerError
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.swanlab.cloud import SwanLabCloud
from astuner_nb.trackers.where import where
try:
    SwanLabCloud("alice/math").list(where(), 5, Patience(float(sys.argv[1]), "swanlab://alice/math"))
except TrackerError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("fault", "deadline_s", "said"),
    [
        ({"kind": "hang"}, 1.5, "Unreachable No answer from swanlab://alice/math within 1.5 s"),
        ({"kind": "status", "status": 401}, 10, "ServerFailed"),
        ({"kind": "body", "body": "null"}, 10, "ServerFailed"),
    ],
    ids=["hangs", "refuses", "babbles"],
)
def test_a_login_that_works_once_only(
    source: SwanLabCloud, swanlab_server: SwanLabServer, fault: Any, deadline_s: float, said: str
) -> None:
    """SwanLab's client logs in by itself after us: what befalls it there takes no 76 s, and lets the process end."""
    swanlab_server.fault(path="/login/api_key", after=1, **fault)
    done = subprocess.run([sys.executable, "-c", LATE, str(deadline_s)], capture_output=True, text=True, timeout=20)
    assert done.stdout.startswith(said)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
