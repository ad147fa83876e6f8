"""The monitor, turn by turn: what it finds, in which order, and what it never does."""

import threading

import pytest

from astuner_nb import recorder
from astuner_nb.core.errors import BadValue
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.monitor import Monitor
from astuner_nb.store.run_store import RunStore

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
