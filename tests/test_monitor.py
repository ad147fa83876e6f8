"""The monitor, turn by turn: what it finds, in which order, and what it never does."""

import shutil
import threading

import pytest

from astuner_nb import recorder
from astuner_nb.core.errors import BadValue, ServerFailed
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.monitor import Monitor
from astuner_nb.store.run_store import RunStore
from astuner_nb.trackers.history_cache import HistoryCache

from .trackers.places import MadeRun, Server, cloud_run

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def monitor():
    monitor = Monitor(LocalLauncher())
    yield monitor
    monitor.close()


@pytest.fixture
def script(store):
    """A run made by a script in this very process."""
    script = recorder.init(project="p", config={"lr": 1.0}, store=store)
    yield script
    script.finish()


def run_of(script):
    return RunStore().get(script.id)


def test_a_turn_tells_what_is_new_and_the_next_tells_nothing(monitor, script):
    script.log({"loss": 1.0}, step=1)
    monitor.follow(run_of(script))
    turn = monitor.step()
    assert [run.id for run in turn.added] == [script.id]
    assert turn.changed[script.id].state == "running"
    assert turn.grown[script.id]["loss"].value.tolist() == [1.0]
    assert not monitor.step()
    script.log({"loss": 0.5}, step=2)
    chunk = monitor.step().grown[script.id]["loss"]
    assert (chunk.start, chunk.step.tolist()) == (1, [2.0])


def test_the_last_records_of_an_ended_run_are_read(monitor, script):
    monitor.follow(run_of(script))
    monitor.step()
    script.log({"loss": 9.0}, step=1)
    script.finish()
    turn = monitor.step()
    assert turn.changed[script.id].state == "finished"
    assert turn.grown[script.id]["loss"].value.tolist() == [9.0]
    monitor.step()
    assert monitor.followed[script.id].settled


def test_a_truncated_log_is_told_as_a_restart(monitor, script):
    for step in range(3):
        script.log({"loss": float(step)}, step=step)
    run = run_of(script)
    monitor.follow(run)
    monitor.step()
    run.files.metrics.write_text('{"step": 7, "t": 1.0, "loss": 70.0}\n')
    turn = monitor.step()
    assert turn.restarted == {script.id}
    assert turn.grown[script.id]["loss"].step.tolist() == [7.0]


def test_a_new_listener_is_told_what_was_found_before(monitor, script):
    script.log({"loss": 1.0}, step=1)
    monitor.follow(run_of(script))
    monitor.step()
    heard = []
    unlink = monitor.listen(heard.append, replay=True)
    assert [run.id for run in heard[0].added] == [script.id]
    assert heard[0].grown[script.id]["loss"].value.tolist() == [1.0]
    unlink()
    unlink()
    monitor.step()
    assert len(heard) == 1


def test_commands_are_carried_out_in_order_and_a_refusal_becomes_a_sentence(monitor):
    done = []

    def refuse():
        raise BadValue("lr = 7 is out of range.")

    for command in (lambda: done.append(1), refuse, lambda: done.append(2)):
        monitor.enqueue(command)
    assert monitor.step().problems == ["lr = 7 is out of range."]
    assert done == [1, 2]


def test_running_runs_come_first_and_a_long_backlog_is_read_over_several_turns(monitor, store, monkeypatch):
    ended = []
    for number in range(5):
        with recorder.init(project="p", name=str(number), store=store) as script:
            script.log({"loss": float(number)}, step=1)
        ended.append(script.id)
        monitor.follow(run_of(script))
    running = recorder.init(project="p", store=store)
    running.log({"loss": 9.0}, step=1)
    monitor.follow(run_of(running))
    monkeypatch.setattr("astuner_nb.monitor.TURN_S", 0.0)  # time for one run a turn
    assert list(monitor.step().grown) == [running.id]
    read = set()
    for _ in range(40):
        read |= set(monitor.step().grown)
    running.finish()
    assert read == set()  # with time for one alone, the one that goes on has it
    for _ in range(40):
        read |= set(monitor.step().grown)
    assert read == set(ended)


def test_a_thread_takes_turns_until_closed_and_survives_a_broken_listener(monitor, script, wait_for):
    told = []

    def broken(turn):
        told.append(turn.problems)
        raise RuntimeError("boom")

    monitor.listen(broken)
    monitor.start()
    monitor.start()
    wait_for(lambda: any("boom" in problem for problems in told for problem in problems), what="the complaint")
    assert [thread.name for thread in threading.enumerate()].count("astuner-monitor") == 1
    monitor.close()
    assert "astuner-monitor" not in [thread.name for thread in threading.enumerate()]


def test_following_twice_and_a_directory_that_vanishes_harm_nobody(monitor, script):
    script.log({"loss": 1.0}, step=1)
    run = run_of(script)
    monitor.follow(run)
    monitor.follow(run)
    assert len(monitor.step().added) == 1
    run.files.metrics.unlink()
    monitor.step()
    assert run.id in monitor.followed


# ---- a part of a run's metrics, and more of them later

RECORDS = 1_000
"""Enough for a log that is worth a cache."""


def values(turn_or_history, name="reward"):
    return {key: one[name].value.tolist() for key, one in turn_or_history.items() if name in one}


def settle(monitor):
    """Turns until nothing more is expected; returns all of them."""
    turns = [monitor.step()]
    while not all(followed.settled for followed in monitor.followed.values()):
        turns.append(monitor.step())
        assert len(turns) < 100
    return turns


def histories(monitor):
    return {key: followed.history for key, followed in monitor.followed.items()}


def settled_by_a_turn(monitor):
    """One turn; whether nothing more is expected now."""
    monitor.step()
    return all(followed.settled for followed in monitor.followed.values())


@pytest.fixture
def ended(store):
    """`ended(cached)`: a run of three metrics that has ended."""

    def make(cached=True):
        with recorder.init(project="p", store=store) as script:
            for step in range(RECORDS):
                script.log({"critic/rewards/mean": -step, "reward": step / 8, "actor/kl_loss": step / 16}, step=step)
        run = run_of(script)
        if cached:
            run.history()
        assert run.files.cache.exists() is cached
        return run

    return make


def test_of_an_ended_run_the_metrics_asked_for_are_read_and_no_others(monitor, ended):
    run = ended()
    monitor.follow(run, metrics=["kl"])
    (turn, *_) = settle(monitor)
    assert {key: set(chunks) for key, chunks in turn.grown.items()} == {run.key: {"kl"}}
    followed = monitor.followed[run.key]
    assert (set(followed.history), followed.metrics) == ({"kl"}, ("kl",))
    assert dict(followed.names) == {"kl": "actor/kl_loss", "reward": "reward"}  # it has that one too


def test_a_part_of_the_keys_does_not_change_what_they_are_called(monitor, ended):
    run = ended()
    monitor.follow(run, metrics=["critic/rewards/mean"])
    (turn, *_) = settle(monitor)
    assert set(turn.grown[run.key]) == set(monitor.followed[run.key].history) == {"critic/rewards/mean"}


def test_without_a_cache_one_is_made_and_what_nobody_asked_for_is_let_go(monitor, ended):
    run = ended(cached=False)
    monitor.follow(run, metrics=["reward"])
    settle(monitor)
    followed = monitor.followed[run.key]
    assert run.files.cache.exists()
    assert set(followed.history) == set(followed.tail.history) == {"reward"}
    assert len(followed.history["reward"]) == RECORDS


def test_a_damaged_cache_is_made_anew(monitor, ended):
    run = ended()
    run.files.cache.write_bytes(run.files.cache.read_bytes()[:-100])
    monitor.follow(run, metrics=["kl"])
    settle(monitor)
    followed = monitor.followed[run.key]
    assert (len(followed.history["kl"]), followed.trouble) == (RECORDS, "")


def test_more_metrics_come_as_a_restart_with_all_points(monitor, ended):
    run = ended()
    monitor.follow(run, metrics=["kl"])
    settle(monitor)
    monitor.widen(["reward", "not there"])
    assert set(monitor.followed[run.key].history) == {"kl"}  # nothing happens before a turn
    turn = monitor.step()
    assert turn.restarted == {run.key}
    assert {name: (chunk.start, len(chunk)) for name, chunk in turn.grown[run.key].items()} == {
        "reward": (0, RECORDS),
        "kl": (0, RECORDS),
    }
    followed = monitor.followed[run.key]
    assert (set(followed.history), followed.metrics) == ({"kl", "reward"}, ("kl", "reward", "not there"))
    settle(monitor)
    monitor.widen(["kl", "not there"])
    assert not monitor.step()
    assert followed.settled


def test_earlier_points_stand_until_the_further_ones_are_there(monitor, tmp_path, wait_for):
    server = Server({"reward": {0: 0.5, 1: 1.0}, "own": {0: 7.0}})
    run = cloud_run(server, HistoryCache(tmp_path / "kept"))
    monitor.follow(run, metrics=["reward"])
    wait_for(lambda: settled_by_a_turn(monitor))
    server.gate.clear()
    monitor.widen(["own"])
    monitor.widen(["another"])
    assert not monitor.step()
    followed = monitor.followed[run.key]
    coming = followed.wider
    monitor.widen(["own"])  # who asks for it again does not have it begin again
    for _ in range(5):
        assert not monitor.step()
    assert followed.wider is coming
    assert values(histories(monitor)) == {run.key: [0.5, 1.0]}
    assert (followed.metrics, followed.settled, followed.quiet) == (("reward",), False, False)
    server.gate.set()
    turns = []
    wait_for(lambda: (turns.append(monitor.step()), turns[-1])[1], what="the further metric")
    assert turns[-1].restarted == {run.key}
    assert values(turns[-1].grown) == {run.key: [0.5, 1.0]}
    assert values(turns[-1].grown, "own") == {run.key: [7.0]}
    assert followed.metrics == ("reward", "own", "another")
    wait_for(lambda: settled_by_a_turn(monitor))


def test_where_more_cannot_be_had_that_is_said_and_what_there_is_stays(monitor, tmp_path, wait_for):
    server = Server({"reward": {0: 0.5}, "own": {0: 7.0}})
    run = cloud_run(server, HistoryCache(tmp_path / "kept"))
    monitor.follow(run, metrics=["reward"])
    wait_for(lambda: settled_by_a_turn(monitor))
    server.fail = ServerFailed("it failed with 500")
    monitor.widen(["own"])
    wait_for(lambda: (monitor.step(), monitor.followed[run.key].trouble)[1])
    assert monitor.followed[run.key].trouble == "it failed with 500"
    assert values(histories(monitor)) == {run.key: [0.5]}


def test_whoever_reads_everything_already_is_left_alone(monitor, ended, script):
    script.log({"loss": 1.0}, step=1)
    whole, live, file = ended(), run_of(script), MadeRun("file", {"loss": {0: 1.0}})
    monitor.follow(whole)
    monitor.follow(live, metrics=["loss"])
    monitor.follow(file, metrics=["loss"])
    monitor.step()
    tails = {key: followed.tail for key, followed in monitor.followed.items()}
    monitor.widen(["reward"])
    assert not monitor.step().restarted
    assert {key: followed.tail for key, followed in monitor.followed.items()} == tails
    assert {key: one.metrics for key, one in monitor.followed.items()} == {
        whole.key: None,
        live.key: ("loss", "reward"),
        file.key: ("loss", "reward"),
    }


def test_a_live_run_that_was_widened_keeps_the_further_metric_when_it_ends(monitor, script):
    for step in range(RECORDS):
        script.log({"loss": 1.0 * step, "reward": 2.0 * step, "own": 3.0 * step, "more": 4.0 * step}, step=step)
    run = run_of(script)
    monitor.follow(run, metrics=["loss"])
    monitor.step()
    monitor.widen(["own"])
    monitor.step()
    script.finish()
    settle(monitor)
    assert set(monitor.followed[run.key].history) == {"loss", "own"}
    assert len(monitor.followed[run.key].history["own"]) == RECORDS


def test_a_server_asked_for_canonical_metrics_is_asked_for_these_and_the_further_ones(monitor, tmp_path, wait_for):
    server = Server({"reward": {0: 0.5}, "own": {0: 7.0}, "other": {0: 8.0}})
    run = cloud_run(server, HistoryCache(tmp_path / "kept"))
    monitor.follow(run)
    wait_for(lambda: settled_by_a_turn(monitor))
    asked = len(server.asked)
    monitor.widen(["reward", "kl"])
    monitor.step()
    assert (monitor.followed[run.key].settled, len(server.asked)) == (True, asked)
    monitor.widen(["own"])
    monitor.step()
    wait_for(lambda: settled_by_a_turn(monitor))
    assert set(monitor.followed[run.key].history) == {"reward", "own"}


def test_runs_that_come_later_are_read_with_all_that_is_wanted_by_then(monitor, ended):
    early, late, whole = ended(), ended(), ended()
    monitor.follow(early, metrics=["kl"])
    monitor.widen(["reward"])  # its tail has not read anything yet
    monitor.follow(late, metrics=["kl"])
    monitor.follow(whole)
    turns = settle(monitor)
    assert [turn.restarted for turn in turns] == [set()] * len(turns)
    assert {key: set(one.history) for key, one in monitor.followed.items()} == {
        early.key: {"kl", "reward"},
        late.key: {"kl", "reward"},
        whole.key: {"kl", "reward", "critic/rewards/mean"},
    }


def test_widening_from_many_threads_asks_for_all_of_it(monitor, ended, wait_for):
    runs = [ended() for _ in range(5)]
    for run in runs:
        monitor.follow(run, metrics=["not there"])
    monitor.start()
    names = ["kl", "reward", "critic/rewards/mean", *map(str, range(20))]
    threads = [threading.Thread(target=monitor.widen, args=([name],)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = {*names, "not there"}
    wait_for(lambda: all(set(one.metrics or ()) == asked for one in monitor.followed.values()), what="all metrics")
    wait_for(lambda: all(one.settled for one in monitor.followed.values()), what="the end")
    assert [set(history) for history in histories(monitor).values()] == [set(names[:3])] * 5


def test_a_history_is_made_anew_where_it_grew_and_not_otherwise(monitor, script):
    script.log({"loss": 1.0}, step=1)
    run = run_of(script)
    monitor.follow(run)
    monitor.step()
    followed = monitor.followed[run.key]
    history = followed.history
    assert values({"": history}, "loss") == {"": [1.0]}
    monitor.step()
    assert followed.history is history
    script.log({"loss": 0.5}, step=2)
    monitor.step()
    assert values({"": followed.history}, "loss") == {"": [1.0, 0.5]}
    assert values({"": history}, "loss") == {"": [1.0]}
    run.files.metrics.write_text("")
    monitor.step()
    assert dict(followed.history) == {}


def test_settled_runs_cost_a_turn_nothing(monitor, ended, store):
    runs = [ended() for _ in range(3)]
    for run in runs:
        monitor.follow(run, metrics=["reward"])
    settle(monitor)
    shutil.rmtree(store)
    assert not monitor.step()  # nobody looked
    assert {key: len(one.history["reward"]) for key, one in monitor.followed.items()} == {
        run.key: RECORDS for run in runs
    }


def test_a_run_that_was_removed_since_it_was_listed_is_told_and_the_others_are_followed(monitor, ended):
    gone, there = ended(), ended()
    shutil.rmtree(gone.directory)
    monitor.follow(gone)
    monitor.follow(there)
    turn = monitor.step()
    assert turn.added == [there]
    assert [str(gone.directory) in problem for problem in turn.problems] == [True]
