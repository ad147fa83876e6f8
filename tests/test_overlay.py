"""Sources laid over what is followed: in the background, each with its own trouble, without a display."""

import threading
from dataclasses import replace

import pytest

import astuner_nb as anb
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.monitor import Monitor
from astuner_nb.overlay import Overlay
from astuner_nb.recorder import Recorder, create_run_directory, write_json_atomic
from astuner_nb.trackers import registry
from astuner_nb.trackers.history_cache import HistoryCache
from astuner_nb.trackers.registry import SourceEntry
from astuner_nb.trackers.source import Listing

from .trackers.places import MadeRun, Server, cloud_run

VERL = {"critic/score/mean": {0: 0.25, 1: 0.5}, "actor/ppo_kl": {0: 0.125}, "actor/kl_loss": {0: 0.5}}


class Gated:
    """A source that answers when its gate is opened, with what it was given."""

    def __init__(self):
        self.gate, self.answer = threading.Event(), Listing([MadeRun("old", VERL)])

    def __call__(self, rest):
        return self

    def list(self, where, limit, patience):
        patience.tell("runs", 3, 7)
        while not self.gate.wait(0.01):
            patience.check("listing its runs")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def gated(monkeypatch):
    """`gated:anything` opens it."""
    source = Gated()
    entry = SourceEntry("gated:ANY", "a test", "itself", source)
    monkeypatch.setattr(registry, "SOURCES", (*registry.SOURCES, entry))
    yield source
    source.gate.set()


@pytest.fixture
def monitor():
    monitor = Monitor(LocalLauncher())
    yield monitor
    monitor.close()


@pytest.fixture
def overlay(monitor):
    return Overlay(monitor)


@pytest.fixture
def turned(monitor, wait_for):
    """`turned(holds)`: take turns until `holds()`; returns all that grew meanwhile."""

    def turn(holds):
        grown = {}

        def step():
            for key, chunks in monitor.step().grown.items():
                grown.setdefault(key, {}).update(chunks)
            return holds()

        wait_for(step)
        return grown

    return turn


def test_adding_returns_at_once_and_says_how_far_it_is(overlay, gated, turned):
    (laid,) = overlay.add("gated:x")
    assert laid.state == "opening"
    turned(lambda: laid.opening.progress)
    assert overlay.words(laid) == "opening … 3 of 7 runs"
    gated.gate.set()
    grown = turned(lambda: laid.runs)
    assert (laid.state, overlay.words(laid)) == ("open", "1 run")
    grown |= turned(lambda: True)
    assert not grown or set(grown) == {laid.runs[0].key}


def test_metrics_arrive_under_canonical_names_and_what_is_another_quantity_stays_apart(overlay, monitor):
    run = MadeRun("verl", VERL)
    overlay.add(run)
    chunks = monitor.step().grown[run.key]
    assert {name: chunk.value.tolist() for name, chunk in chunks.items()} == {
        "reward": [0.25, 0.5],
        "kl": [0.5],
        "kl_old": [0.125],
    }
    followed = monitor.followed[run.key]
    assert followed.names["reward"] == "critic/score/mean"
    assert followed.history["reward"].key == "critic/score/mean"


def test_a_preferred_key_that_comes_late_begins_the_run_anew(overlay, monitor, tmp_path):
    files = create_run_directory(tmp_path, "p", "late")
    with Recorder(files.directory) as recorder:
        recorder.log({"critic/rewards/mean": 0.5}, step=1)
        overlay.add(anb.runs(f"runs:{tmp_path}"))
        (chunks,) = monitor.step().grown.values()
        assert set(chunks) == {"reward"}
        recorder.log({"critic/score/mean": 0.75}, step=2)
        turn = monitor.step()
    (key,) = turn.restarted
    assert {name: chunk.value.tolist() for name, chunk in turn.grown[key].items()} == {
        "critic/rewards/mean": [0.5],
        "reward": [0.75],
    }


@pytest.mark.parametrize("error", [anb.Unreachable("nobody answers at x:1"), anb.AccessDenied("the key is wrong")])
def test_one_sources_trouble_is_its_own(overlay, gated, turned, error):
    gated.answer = error
    gated.gate.set()
    (laid,) = overlay.add("gated:x")
    (good,) = overlay.add([MadeRun("good", VERL)])
    grown = turned(lambda: laid.state == "failed")
    assert overlay.words(laid) == str(error)
    assert good.runs[0].key in grown | turned(lambda: True) or good.state == "open"
    gated.answer = Listing([])
    overlay.retry(laid)
    turned(lambda: laid.state == "open")
    assert overlay.words(laid) == "there are no runs"


def test_an_error_nobody_foresaw_is_said_too(overlay, gated, turned):
    gated.answer = ZeroDivisionError("oops")
    gated.gate.set()
    (laid,) = overlay.add("gated:x")
    turned(lambda: laid.state == "failed")
    assert "ZeroDivisionError" in overlay.words(laid)


def test_cancel_retry_and_dismiss(overlay, gated, turned):
    (laid,) = overlay.add("gated:x")
    overlay.cancel(laid)
    turned(lambda: laid.state == "cancelled")
    assert "Cancelled" in overlay.words(laid)
    gated.gate.set()
    overlay.retry(laid)
    turned(lambda: laid.state == "open")
    overlay.dismiss(laid)
    assert overlay.laid == []


def test_adding_twice_opens_once(overlay, gated):
    assert len(overlay.add("gated:x", "gated:y")) == 2
    assert overlay.add("gated:x") == []
    assert [laid.uri for laid in overlay.laid] == ["gated:x", "gated:y"]


@pytest.mark.parametrize("what", [7, [7], None, {"a": 1}, "nothing"])
def test_what_is_no_source_is_refused_and_nothing_is_added(overlay, what):
    with pytest.raises(anb.BadValue):
        overlay.add(what)
    assert overlay.laid == []


def test_runs_that_cannot_be_read_are_counted_and_the_others_go_on(overlay, monitor, tmp_path, turned):
    cache = HistoryCache(tmp_path / "kept")
    good, bad = Server(VERL), Server(fail=anb.ServerFailed("the server failed with 500"))
    runs = [cloud_run(good, cache, "good"), cloud_run(bad, cache, "bad")]
    (laid,) = overlay.add(runs)
    turned(lambda: "could not be read" in overlay.words(laid))
    turned(lambda: monitor.followed[runs[0].key].settled)
    assert overlay.words(laid) == "2 runs · 1 could not be read: the server failed with 500"


def test_sampled_histories_are_counted(overlay, monitor, tmp_path, turned):
    (laid,) = overlay.add([cloud_run(Server(VERL, sampled=True), HistoryCache(tmp_path / "kept"))])
    turned(lambda: "sampled by the server" in overlay.words(laid))
    assert "1 sampled by the server" in overlay.words(laid)


def test_runs_that_come_later_are_found(overlay, monitor, gated, turned, monkeypatch):
    monkeypatch.setattr("astuner_nb.overlay.LOOK_AGAIN_S", 0.0)
    gated.gate.set()
    (laid,) = overlay.add("gated:x")
    turned(lambda: len(monitor.followed) == 1)
    gated.answer = anb.Unreachable("for a moment")
    turned(lambda: laid.again is not None and laid.again.ended)
    assert laid.state == "open"  # what was found stays, and the next look may succeed
    gated.answer = Listing([MadeRun("new", VERL), MadeRun("old", VERL)])
    turned(lambda: len(monitor.followed) == 2)
    assert [run.name for run in laid.runs] == ["new", "old"]
    assert overlay.words(laid).startswith("2 runs")


def test_runs_that_were_left_out_at_first_stay_out(overlay, monitor, gated, turned, monkeypatch):
    monkeypatch.setattr("astuner_nb.overlay.LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr("astuner_nb.overlay.FOLLOWED", 1)
    gated.answer = Listing([MadeRun("b", VERL), MadeRun("a", VERL)])
    gated.gate.set()
    overlay.add("gated:x")
    turned(lambda: len(monitor.followed) == 1)
    gated.answer = Listing([MadeRun("c", VERL), MadeRun("b", VERL), MadeRun("a", VERL)])
    turned(lambda: len(monitor.followed) == 2)
    assert [one.run.name for one in monitor.followed.values()] == ["b", "c"]


def test_more_runs_than_are_followed_are_counted(overlay, monkeypatch):
    monkeypatch.setattr("astuner_nb.overlay.FOLLOWED", 2)
    (laid,) = overlay.add([MadeRun(str(index)) for index in range(5)])
    assert (len(laid.runs), laid.more) == (2, 3)
    assert "newest" in overlay.words(laid)


def test_of_many_runs_only_the_five_are_read_until_another_gets_a_figure(overlay, monitor, store, monkeypatch):
    monkeypatch.setattr("astuner_nb.overlay.MANY", 1)
    monkeypatch.setattr("astuner_nb.store.compact.WORTH_BYTES", 1)
    for number in range(2):
        with anb.init(project="p", config={"n": number}) as run:
            run.log({"reward": 0.5, "own": 1.0}, step=1)
    runs = anb.runs()
    for run in runs:
        run.history()  # makes its cache
    overlay.add(runs)
    monitor.step()
    followed = list(monitor.followed.values())
    assert [list(one.history) for one in followed] == [["reward"]] * 2
    assert [one.there for one in followed] == [["reward", "own"]] * 2
    monitor.widen(["own"])
    for _ in range(3):
        monitor.step()
    assert [sorted(one.history) for one in monitor.followed.values()] == [["own", "reward"]] * 2


def test_of_a_server_fewer_runs_are_followed_than_of_a_folder(overlay, gated, turned, monkeypatch):
    entry = SourceEntry("gated://ANY", "a test", "itself", gated)
    monkeypatch.setattr(registry, "SOURCES", (*registry.SOURCES, entry))
    gated.answer = Listing([MadeRun(str(index)) for index in range(1_001)])
    gated.gate.set()
    server, folder = overlay.add("gated://x", "gated:x")
    (given,) = overlay.add([MadeRun(f"given {index}") for index in range(1_001)])
    turned(lambda: server.runs and folder.runs)
    assert [(len(laid.runs), laid.more) for laid in (server, folder, given)] == [(200, 801), (1_000, 1), (1_000, 1)]
    newest = "the newest, as no more than {} of one source are followed at first; anb.runs(…).filter(…) finds others"
    assert f"200 runs · {newest.format(200)}" in overlay.words(server)
    for laid in (folder, given):
        assert f"1,000 runs · {newest.format('1,000')}" in overlay.words(laid)
    found = overlay.found()
    assert (found.complete, [run.key for run in found[:1_000]]) == (False, [run.key for run in folder.runs])
    assert [run.key for run in found[1_000:]] == [run.key for run in given.runs]  # the server's are the folder's here


def names_of(runs):
    return [run.name for run in runs]


def test_what_was_found_comes_in_the_order_of_the_sources_and_each_run_once(overlay, gated, turned):
    both = [MadeRun("a", VERL), MadeRun("b", VERL)]
    overlay.add(both, "gated:x")
    overlay.add(both[1], MadeRun("c", VERL))
    gated.answer = Listing([MadeRun("a", VERL), MadeRun("d", VERL)], complete=False, skipped=("e is damaged.",))
    gated.gate.set()
    found = overlay.found()  # no turn has been taken
    assert names_of(found) == ["a", "b", "d", "c"]
    assert (found.complete, found.skipped) == (False, ("e is damaged.",))
    turned(lambda: overlay.laid[1].runs)
    assert names_of(overlay.found()) == ["a", "b", "d", "c"]


def test_who_asks_what_was_found_waits_for_sources_that_are_being_opened(overlay, gated):
    overlay.add("gated:x")
    opener = threading.Timer(0.1, gated.gate.set)
    opener.start()
    assert names_of(overlay.found()) == ["old"]
    opener.join()


def test_nothing_was_found_where_nothing_was_added(overlay):
    assert (len(overlay.found()), overlay.found().complete) == (0, True)


def test_a_source_that_failed_is_an_error_and_no_empty_set(overlay, gated, turned):
    overlay.add(MadeRun("good", VERL))
    gated.answer = anb.AccessDenied("the key is wrong")
    gated.gate.set()
    (laid,) = overlay.add("gated:x")
    with pytest.raises(anb.AccessDenied, match="the key is wrong"):
        overlay.found()
    overlay.dismiss(laid)
    assert names_of(overlay.found()) == ["good"]


def test_a_source_that_takes_too_long_is_named(overlay, gated):
    overlay.add("gated:x")
    with pytest.raises(anb.Unreachable, match="gated:x is still being opened"):
        overlay.found(timeout_s=0.0)


def test_what_was_found_goes_by_the_names_of_the_overlay(monitor, gated):
    names = anb.Aliases().with_metrics({"reward": ["actor/ppo_kl"]})
    overlay = Overlay(monitor, names)
    overlay.add("gated:x")
    gated.gate.set()
    found = overlay.found()
    assert found.names is names
    assert [run.aliases for run in found] == [names]


def test_runs_that_came_later_belong_to_what_was_found(overlay, gated, turned, monkeypatch):
    monkeypatch.setattr("astuner_nb.overlay.LOOK_AGAIN_S", 0.0)
    gated.gate.set()
    overlay.add("gated:x")
    turned(lambda: names_of(overlay.found()) == ["old"])
    gated.answer = Listing([MadeRun("new", VERL), MadeRun("old", VERL)])
    turned(lambda: names_of(overlay.found()) == ["new", "old"])


def test_what_only_the_monitor_follows_was_not_found_here_and_adding_it_is_harmless(overlay, monitor):
    run = MadeRun("of the lab", VERL)
    monitor.follow(run)
    monitor.step()
    assert names_of(overlay.found()) == []
    before = monitor.followed[run.key]
    overlay.add(run)
    assert monitor.step().added == []
    assert monitor.followed[run.key] is before
    assert names_of(overlay.found()) == ["of the lab"]


def test_runs_found_after_a_comparison_was_widened_are_read_as_widely(monitor, tmp_path, turned):
    cache = HistoryCache(tmp_path / "kept")
    curves = {"reward": {0: 0.5}, "own": {0: 7.0}}
    early, late = (cloud_run(Server(curves), cache, name) for name in ("early", "late"))
    overlay = Overlay(monitor, metrics=["reward"])
    overlay.add(early)
    turned(lambda: monitor.followed[early.key].settled)
    monitor.widen(["own"])
    overlay.add(late)
    turned(lambda: len(monitor.followed) == 2 and all(one.settled for one in monitor.followed.values()))
    assert [set(one.history) for one in monitor.followed.values()] == [{"reward", "own"}] * 2


def test_a_lab_shows_them_beside_its_own_and_cannot_stop_them(store, gated, wait_for):
    lab = anb.Lab()
    try:
        lab.overlay("gated:x", [MadeRun("given", VERL)])
        gated.gate.set()
        wait_for(lambda: (lab.monitor.step(), len(lab.monitor.followed) == 2)[1])
        key = next(iter(lab.monitor.followed))
        with pytest.raises(anb.BadValue, match="watched here, not stopped"):
            lab.stored(key)
    finally:
        lab.close()


def test_a_run_of_the_store_is_followed_live_in_a_comparison(tmp_path, wait_for):
    files = create_run_directory(tmp_path, "p", "live")
    comparison = anb.compare(f"runs:{tmp_path}", metrics=["reward"])
    try:
        with Recorder(files.directory) as recorder:
            recorder.log(reward=1.0, step=1)
            wait_for(lambda: (comparison.monitor.step(), comparison.monitor.followed)[1])
            recorder.log(reward=2.0, step=2)
            wait_for(
                lambda: (comparison.monitor.step(), len(next(iter(comparison.monitor.followed.values())).history))[1]
            )
        write_json_atomic(files.exit, {"code": 0, "stopped": False, "t": 0})
        (followed,) = comparison.monitor.followed.values()
        wait_for(lambda: (comparison.monitor.step(), followed.settled)[1])
        assert followed.history["reward"].value.tolist() == [1.0, 2.0]
    finally:
        comparison.close()


def test_a_renamed_run_keeps_its_identity():
    run = MadeRun("a", VERL)
    assert run.with_aliases(run.aliases.with_metrics({"reward": ["actor/ppo_kl"]})) == run
    assert replace(run, name="b").key == run.key
