"""The command line as people type it: real processes, a real terminal, a real Ctrl-C."""

import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from astuner_nb.core.states import RunState
from astuner_nb.store.run_store import RunStore

ASTUNER = [sys.executable, "-m", "astuner_nb.cli"]
SHORT = """
astuner:
  project_name: short
  data: {train_batch_size: 2}
  rollout: {num_repeat: 2}
  trainer_common: {total_steps: 20, log_freq: 3, save_freq: 8}
"""


def astuner(*arguments, cwd):
    return subprocess.run([*ASTUNER, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture
def conf(tmp_path, store):
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


def test_a_training_shows_progress_and_ends_with_where_it_is(conf, store):
    done = astuner("--conf", conf.name, "--backbone", "local", cwd=conf.parent)
    assert done.returncode == 0, done.stderr
    (run,) = RunStore().runs()
    last = done.stdout.splitlines()
    assert re.match(r"20/20  reward \S+  success \S+  loss \S+  length \S+  kl \S+  \S+ step/s", last[-2])
    assert last[-1] == f"finished: {run.directory}"
    assert run.state is RunState.FINISHED


def test_log_freq_and_save_freq_say_how_often_and_the_last_step_is_always_there(conf, store):
    astuner("--conf", conf.name, cwd=conf.parent)
    (run,) = RunStore().runs()
    assert run.history()["loss"].step.tolist() == [3, 6, 9, 12, 15, 18, 20]
    assert [checkpoint.step for checkpoint in run.checkpoints()] == [8, 16, 20]


def test_ctrl_c_in_a_terminal_ends_the_run_as_stopped(tmp_path, store, wait_for):
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [*ASTUNER, "--conf", "math_agent.yaml"],
        stdin=terminal, stdout=terminal, stderr=terminal, cwd=tmp_path, start_new_session=True,
        preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(terminal)
    try:
        (run,) = wait_for(lambda: RunStore().runs(), what="the run")
        wait_for(lambda: run.last_record(), what="a record")
        os.write(keyboard, b"\x03")
        screen = _read_until_closed(keyboard)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)
    assert run.state is RunState.STOPPED
    assert "stopping" in screen
    assert f"stopped: {run.directory}" in screen.replace("\r\n", "")
    assert "Traceback" not in screen


def test_a_killed_job_is_reported_as_failed_and_loses_no_record(conf, store, wait_for):
    conf.write_text(SHORT.replace("20", "1000"))
    process = subprocess.Popen([*ASTUNER, "--conf", conf.name], cwd=conf.parent, stdout=subprocess.PIPE, text=True)
    (run,) = wait_for(lambda: RunStore().runs(), what="the run")
    wait_for(lambda: run.last_record(), what="a record")
    before = len(run.history()["loss"])
    os.kill(_job_pid(run), signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output.splitlines()[-1] == f"failed: {run.directory}"
    assert len(run.history()["loss"]) >= before


def test_a_run_is_gone_on_with_by_name_and_step(conf, store):
    astuner("--conf", conf.name, "--name", "the first", "--set", "keep_last=0", cwd=conf.parent)
    (parent,) = RunStore().runs()
    more = ["--set", "total_steps=24", "--set", "lr=1e-3"]
    done = astuner("--resume", "the first@8", *more, cwd=conf.parent)
    assert done.returncode == 0, done.stderr
    run = RunStore().runs()[0]
    assert (run.project, run.parent.key, run.parent.step) == ("short", parent.key, 8)
    assert (run.config["lr"], run.config["total_steps"], run.config["num_repeat"]) == (1e-3, 24, 2)
    assert run.history()["loss"].step.tolist() == [9, 12, 15, 18, 20, 21, 24]  # 20 is evaluated
    assert run.name.endswith("· from 8")
    done = astuner("--conf", conf.name, "--resume", f"{run.id[:-1]}@best", "--set", "total_steps=30", cwd=conf.parent)
    assert done.returncode == 0, done.stderr
    child = RunStore().runs()[0]
    assert (child.parent.key, child.config["lr"]) == (run.key, 1e-3)  # the file does not say, so it is the parent's


def test_a_run_that_only_its_notebook_or_script_can_go_on_with(store, tmp_path):
    function = RunStore().create("p", "mine", {}, backbone="train")
    function.files.function.touch()
    script = RunStore().create("p", "theirs", {})
    for run, sentence in [
        (function, f"'mine' runs a function of a notebook. Go on with it there: lab.start(resume='{function.id}')."),
        (script, "'theirs' was recorded by a script of its own. Go on with it by that script."),
    ]:
        done = astuner("--resume", run.id, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"astuner: {sentence}\n")


def test_runs_are_listed_newest_first_without_escape_codes(store, tmp_path):
    empty = astuner("runs", cwd=tmp_path)
    assert empty.stdout.startswith("No runs in ")
    for name in ("first", "second \x1b[31m"):
        RunStore().create("p", name, {})
    lines = astuner("runs", cwd=tmp_path).stdout.splitlines()
    assert lines[0].split()[:3] == ["id", "project", "state"]
    assert "second ?[31m" in lines[1]
    assert lines[2].endswith("first")


def test_a_closed_pipe_is_no_error(store, tmp_path):
    for number in range(50):
        RunStore().create("p", f"run {number} {'x' * 2000}", {})
    done = subprocess.run(
        f"'{sys.executable}' -m astuner_nb.cli runs | head -1", shell=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Nothing to train: no file was named"),
        (["--conf", "nope.yaml"], "There is no configuration file 'nope.yaml'"),
        (["--conf", "short.yaml", "--backbone", "lokal"], "Did you mean 'local'?"),
        (["--conf", "short.yaml", "--backbone", "verl"], "'verl' needs a GPU engine"),
        (
            ["--conf", "short.yaml", "--set", "lr"],
            "--set takes NAME=VALUE, got 'lr'. Write for instance --set lr=1e-4.",
        ),
        (["--conf", "short.yaml", "--set", "lr=fast"], "lr must be a number, got 'fast'"),
        (["--conf", "short.yaml", "--set", "lrr=1"], "Did you mean 'lr'?"),
        (["--resume", "nobody@best"], "There is no run 'nobody'"),
        (["--conf", "short.yaml", "--with-ray"], "--with-ray is not available yet"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(conf, arguments, sentence):
    done = astuner(*arguments, cwd=conf.parent)
    assert done.returncode == 2
    assert done.stderr.startswith("astuner: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_store_that_cannot_be_written_is_one_sentence(conf, tmp_path):
    (tmp_path / "blocked").write_text("")
    done = astuner("--conf", conf.name, "--runs", str(tmp_path / "blocked" / "runs"), cwd=conf.parent)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def _job_pid(run):
    from astuner_nb.recorder import read_json

    return read_json(run.files.job)["job"]["pid"]


def _read_until_closed(descriptor: int) -> str:
    chunks = []
    try:
        while chunk := os.read(descriptor, 65536):
            chunks.append(chunk)
    except OSError:  # Linux: the other end of a terminal is gone
        pass
    return b"".join(chunks).decode()
