"""The process between a run and a tracker, with a tracker of another package that does what it is told, or not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time

import pytest

from astuner_nb.core.errors import BadValue
from astuner_nb.core.loggers import LOGGERS as NAMES
from astuner_nb.core.loggers import checked_loggers, logger_names
from astuner_nb.forwarding.status import LoggerState, logger_notes
from astuner_nb.trackers.loggers import LOGGERS, logger_entry

pytestmark = pytest.mark.usefixtures("filing")
SECRET = "the-key-of-the-filing-cabinet-0123456789"


def test_records_come_in_order_with_all_that_belongs_to_them(run, wait_for):
    assert run.start("filing") == []
    for step in range(20):
        run.recorder.log({"x": step / 2, "nan": float("nan"), "inf": float("inf"), "text": "a", "t": 1.0}, step=step)
    wait_for(lambda: len(run.steps()) == 20, what="all records")
    run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.DONE, what="the end")
    first, *records, last = run.lines()
    assert first == ["open", "a run", {"lr": 0.1, "optim.b": 2}, ["tag"]]
    assert [record[0] for record in records] == list(range(20))
    assert records[3][2] == {"x": "1.5", "nan": "nan", "inf": "inf", "t": "1.0"}
    assert all(abs(record[1] - time.time()) < 100 for record in records)
    assert last == ["close", "finished"]
    assert (run.note.sent, run.note.url, run.note.online) == (20, "http://filing/1", True)


def test_where_it_goes_stands_once_in_the_output(run, wait_for):
    run.start("filing")
    wait_for(lambda: run.note.state is LoggerState.LOGGING, what="the opening")
    run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.DONE, what="the end")
    assert run.output() == f"astuner: filing: Filed in {run.files.loggers}\n"


@pytest.mark.parametrize("end", ["finished", "failed", "stopped"])
def test_the_end_of_the_run_is_told(run, wait_for, end):
    run.start("filing")
    run.log(1)
    run.recorder.finish(end)
    wait_for(lambda: run.note.state is LoggerState.DONE, what="the end")
    assert run.lines()[-1] == ["close", end]


def test_a_tracker_is_started_once_for_a_run(run, wait_for, forwarders):
    for _ in range(3):
        assert run.start("filing", "console") == []
    run.log(1, 2)
    run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.DONE, what="the end")
    assert run.steps() == [1, 2]


def test_what_was_logged_before_it_started_is_handed_on_too(run, wait_for):
    run.log(*range(500))
    run.recorder.finish()
    run.start("filing")
    wait_for(lambda: run.note.state is LoggerState.DONE, what="the end")
    assert run.steps() == list(range(500))


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("raise in open", "The filing cabinet is locked: no key fits. Look for another."),
        ("die in open", "Its process has gone without a word"),
        ("raise in write", "It refused 20 of 20 records: ValueError: no room for step 19, says ***. It was given up"),
        ("raise in close", "RuntimeError: the cabinet fell over"),
    ],
)
def test_a_tracker_that_fails_says_so_and_the_run_goes_on(run, wait_for, filing, mode, sentence, monkeypatch):
    monkeypatch.setenv("FILING_API_KEY", SECRET)
    filing(mode)
    run.start("filing")
    run.log(*range(50))
    if mode == "raise in close":
        wait_for(lambda: len(run.steps()) == 50, what="all records")
        run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.FAILED, what="the failure")
    assert sentence in run.note.error
    assert run.recorder.log({"x": 1.0})
    assert run.recorder.lost == 0


def test_records_that_are_refused_are_counted_and_the_others_go_on(run, wait_for, filing):
    filing("raise now and then")
    run.start("filing")
    run.log(*range(9))
    run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.DONE, what="the end")
    assert run.steps() == [1, 2, 4, 5, 7, 8]
    assert run.note.sent == 6
    assert "It refused 3 of 9 records: ValueError: no room for step 6" in run.note.error


@pytest.mark.parametrize("mode", ["hang in open", "hang in write", "hang in close"])
def test_a_tracker_that_hangs_is_left_at_the_deadline(run, wait_for, filing, forwarders, mode, monkeypatch):
    monkeypatch.setenv("ASTUNER_LOGGER_CLOSE_S", "1")
    filing(mode)
    run.start("filing")
    run.log(*range(10))
    wait_for(lambda: run.lines(), what="the opening")
    run.recorder.finish()
    began = time.monotonic()
    wait_for(lambda: run.note.state is LoggerState.FAILED, 10.0, "the deadline")
    assert "It did not finish within 1 s of the run's end and was left." in run.note.error
    wait_for(lambda: not forwarders(), 5.0, "the end of the process")
    assert time.monotonic() - began < 8.0


def test_a_slow_tracker_is_not_cut_off_while_it_makes_progress(run, wait_for, filing, monkeypatch):
    monkeypatch.setenv("ASTUNER_LOGGER_CLOSE_S", "1")
    filing("slow")
    run.log(*range(30))
    run.recorder.finish()
    run.start("filing")
    wait_for(lambda: run.note.state.ended, what="the end")
    assert (run.note.state, run.steps()) == (LoggerState.DONE, list(range(30)))


def test_a_killed_forwarder_reads_as_failed(run, wait_for):
    run.start("filing")
    wait_for(lambda: run.note.state is LoggerState.LOGGING, what="the opening")
    os.kill(run.pid(), signal.SIGKILL)
    wait_for(lambda: run.note.state is LoggerState.FAILED, what="the failure")
    assert run.note.error.startswith("Its process has gone without a word")
    assert run.note.text.startswith("Filed in")


def test_a_forwarder_that_is_asked_to_end_closes_the_tracker(run, wait_for):
    run.start("filing")
    run.log(1)
    wait_for(lambda: run.steps() == [1], what="the record")
    os.kill(run.pid(), signal.SIGTERM)
    wait_for(lambda: run.note.state.ended, what="the end")
    assert run.lines()[-1] == ["close", "lost"]


def test_it_ends_when_the_directory_was_deleted(run, wait_for, forwarders):
    run.start("filing")
    wait_for(lambda: run.note.state is LoggerState.LOGGING, what="the opening")
    shutil.rmtree(run.files.directory)
    wait_for(lambda: not forwarders(), what="the end of the process")
    assert not run.files.directory.exists()


def test_it_follows_a_run_whose_directory_is_moved(run, wait_for, tmp_path, files_of):
    run.start("filing")
    wait_for(lambda: run.note.state is LoggerState.LOGGING, what="the opening")
    moved = tmp_path / "moved"
    run.recorder.close()
    run.files.directory.rename(moved)
    (moved / "metrics.jsonl").write_text('{"step": 7, "x": 1}\n')
    (moved / "exit.json").write_text('{"code": 0}')
    wait_for(lambda: logger_notes(moved)[0].state is LoggerState.DONE, what="the end")
    assert logger_notes(moved)[0].sent == 1


def test_a_run_that_was_lost_ends_it_too(store, wait_for, tmp_path, no_forwarder_left, monkeypatch):
    from astuner_nb.core.states import RunState
    from astuner_nb.forwarding.run_end import RunEnd
    from astuner_nb.recorder import create_run_directory, write_json_atomic

    files = create_run_directory(store, "p")
    write_json_atomic(files.job, {"host": "nowhere", "boot_id": "x", "supervisor": None, "job": None, "t": 0})
    os.utime(files.job, (0, 0))
    end = RunEnd(files, lost_s=0.3)
    assert end.look() is None
    assert wait_for(end.look, 5.0) is RunState.LOST
    files.metrics.write_text("{}\n")  # signs of life begin the wait again
    os.utime(files.metrics, (0, 0))
    assert end.look() is None


def test_an_unwritable_folder_costs_a_sentence_and_nothing_else(run):
    run.files.loggers.write_text("a file where the folder should be")
    (problem,) = run.start("filing")
    assert "filing: It was not started (" in problem
    assert "The run itself goes on" in problem
    assert logger_notes(run.files.directory) == []
    assert problem in run.output()


def test_a_status_that_cannot_be_written_does_not_stop_the_records(run, wait_for):
    run.start("filing")
    wait_for(lambda: run.note.state is LoggerState.LOGGING, what="the opening")
    status = run.files.logger_status("filing")
    status.unlink()
    status.mkdir()
    (status / "in the way").touch()
    run.log(1, 2, 3)
    wait_for(lambda: run.steps() == [1, 2, 3], what="the records")
    run.recorder.finish()
    wait_for(lambda: run.lines()[-1] == ["close", "finished"], what="the end")


def test_a_logger_that_is_announced_and_not_there_is_said(run, wait_for):
    assert run.start("missing") == []
    wait_for(lambda: run.note.state is LoggerState.FAILED, what="the failure")
    assert "The logger 'missing' cannot be loaded: a_filing_package:NotThere" in run.note.error
    assert run.note.sentence in run.output()


def test_an_unknown_logger_is_said_and_leaves_nothing(run):
    (problem,) = run.start("fillling")
    assert "Did you mean 'filing'?" in problem
    assert not run.files.logger_status("fillling").exists()


def test_no_key_reaches_a_file_a_log_or_an_argument(run, wait_for, filing, monkeypatch):
    monkeypatch.setenv("FILING_API_KEY", SECRET)
    filing("raise now and then")
    run.start("filing")
    run.log(*range(7))
    wait_for(lambda: "says ***" in run.note.error, what="the refusal")
    with open(f"/proc/{run.pid()}/cmdline") as file:
        assert SECRET not in file.read()
    run.recorder.finish()
    wait_for(lambda: run.note.state is LoggerState.DONE, what="the end")
    for path in run.files.directory.rglob("*"):
        assert path.is_dir() or SECRET not in path.read_text(errors="replace"), path
    assert {oct(p.stat().st_mode & 0o777) for p in run.files.directory.rglob("*") if p.is_file()} == {"0o600"}


def test_a_torn_last_line_waits(run, wait_for):
    run.start("filing")
    run.log(1)
    wait_for(lambda: run.steps() == [1], what="the record")
    with open(run.files.metrics, "a") as file:
        file.write('{"step": 2, "t": 1.0, ')
        file.flush()
        time.sleep(0.3)
        assert run.steps() == [1]
        file.write('"x": 2.0}\n')
    wait_for(lambda: run.steps() == [1, 2], what="the rest")


def test_a_status_of_nobody_reads_as_what_it_is(tmp_path, files_of):
    files = files_of(tmp_path)
    files.loggers.mkdir()
    files.logger_status("a").touch()
    files.logger_status("b").write_text("{")
    os.utime(files.logger_status("b"), (0, 0))
    files.logger_status("c").write_text(json.dumps({"logger": "c", "state": "done", "sent": 3}))
    files.logger_status("d").write_text(json.dumps({"of": "a tracker's own"}))
    files.logger_status("e").write_text(json.dumps({"logger": "e", "state": "logging", "pid": os.getpid(), "start": 1}))
    notes = logger_notes(tmp_path)
    assert [(note.name, note.state) for note in notes] == [
        ("a", "starting"),
        ("b", "failed"),
        ("c", "done"),
        ("e", "failed"),
    ]
    assert logger_notes(tmp_path / "nothing") == []


def test_unknown_loggers_name_the_nearest(filing):
    assert checked_loggers(None) == ()
    assert checked_loggers(["WandB ", "console", "wandb"]) == ("wandb", "console")
    assert {"filing", *NAMES} <= set(logger_names())
    for given, words in (("swanlb", "Did you mean 'swanlab'?"), ("fileing", "'filing'"), (3, "Give one or several of")):
        with pytest.raises(BadValue, match=words.replace("?", r"\?")):
            checked_loggers(given if isinstance(given, str) else [given])
    assert tuple(entry.name for entry in LOGGERS) == NAMES
    assert logger_entry("filing").sink().name == "filing"
