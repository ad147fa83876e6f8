"""Training with loggers, as people start it: the built-in job, functions, scripts and the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest

import astuner_nb as anb
from astuner_nb.core.states import RunState
from astuner_nb.forwarding.status import LoggerState, logger_notes
from astuner_nb.recorder import RunFiles
from astuner_nb.store.run_store import RunStore
from astuner_nb.trackers.opening import runs

pytestmark = pytest.mark.usefixtures("no_forwarder_left")

QUICK = {"total_steps": 20, "train_batch_size": 2, "num_repeat": 2, "test_freq": 10}
KEYS = {"SWANLAB_API_KEY": "swanlab-secret-0123456789", "WANDB_API_KEY": "wandb0secret0" * 4}
READERS = {"swanlab": "swanlab:{}/swanlog", "wandb": "wandb:{}/wandb", "tensorboard": "tensorboard:{}/tensorboard"}


@pytest.fixture
def ended(wait_for):
    """`ended(run)`: its notes, once nothing more is expected of any."""

    def wait(run):
        directory = run.directory
        wait_for(lambda: all(note.state.ended for note in logger_notes(directory)), 60.0, "the end of all trackers")
        return {note.name: note for note in logger_notes(directory)}

    return wait


def test_four_loggers_at_once_and_the_run_directory_is_the_truth(store, ended):
    lab = anb.Lab("math_agent.yaml", logger=["console", "swanlab", "wandb", "tensorboard"])
    run = lab.start(**QUICK)
    assert lab.wait(run, timeout_s=60) is RunState.FINISHED
    notes = ended(run)
    ends = {name: (note.state, note.sent, note.online) for name, note in notes.items()}
    assert ends == dict.fromkeys(READERS, (LoggerState.DONE, 20, False))
    truth = run.history()
    for name, uri in READERS.items():
        (copy,) = runs(uri.format(run.files.loggers))
        history = copy.history()
        for key in ("reward", "loss", "val/success_rate"):
            assert history[key].step.tolist() == truth[key].step.tolist(), (name, key)
            assert history[key].value.tolist() == pytest.approx(truth[key].value.tolist(), rel=1e-6), (name, key)
        assert copy.config["lr"] == 1e-4
    output = run.files.output.read_text()
    assert len(re.findall(r"^step \d+  reward ", output, re.M)) == 20
    assert "upload later with `swanlab sync '" in output
    assert "upload later with `wandb sync --yes '" in output
    lab.close()


def test_the_file_says_which_loggers_and_the_run_remembers(store, ended):
    lab = anb.Lab({"astuner": {"trainer_common": {"logger": ["console", "tensorboard"]}}})
    assert lab.plan.loggers == ("console", "tensorboard")
    run = lab.start(**QUICK)
    other = lab.start(logger=[], **QUICK)
    for each, loggers in ((run, ["console", "tensorboard"]), (other, [])):
        assert lab.wait(each, timeout_s=60) is RunState.FINISHED
        assert json.loads(each.files.meta.read_text())["loggers"] == loggers
        document = anb.Lab(each.files.config)
        assert list(document.plan.loggers) == loggers
        document.close()
    assert ended(run)["tensorboard"].sent == 20
    assert "step 1 " in run.log_tail(100)
    assert logger_notes(other.directory) == []
    assert other.log_tail() == ""
    lab.close()


def test_an_unknown_logger_starts_nothing(store):
    with pytest.raises(anb.BadValue, match="Did you mean 'tensorboard'"):
        anb.Lab("math_agent.yaml", logger="tensorbord")
    lab = anb.Lab("math_agent.yaml")
    with pytest.raises(anb.BadValue, match="Did you mean 'wandb'"):
        lab.start(logger=["wandbb"])
    assert lab.runs == []
    lab.close()


@pytest.mark.parametrize(
    "mode",
    ["hang in write", *(pytest.param(m, marks=pytest.mark.stress) for m in ("hang in open", "raise in write"))],
)
def test_a_tracker_that_fails_changes_nothing_in_the_training(store, filing, mode, monkeypatch, ended):
    monkeypatch.setenv("ASTUNER_LOGGER_CLOSE_S", "1")
    filing(mode)
    lab = anb.Lab("math_agent.yaml")
    took_s = {}
    for logger in ("filing", []):
        run = lab.start(logger=logger, **QUICK)
        assert lab.wait(run, timeout_s=60) is RunState.FINISHED
        assert run.status.code == 0
        assert len(run.history()["loss"]) == 20
        time_of = run.history()["loss"].time
        took_s[str(logger)] = time_of[-1] - time_of[0]
        if logger:
            assert ended(run)["filing"].state is LoggerState.FAILED
    assert took_s["filing"] < 3 * took_s["[]"] + 1.0
    lab.close()


def test_the_training_sees_no_key_and_no_file_of_the_run_holds_one(store, monkeypatch, ended):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SWANLAB_API_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("SWANLAB_MODE", "offline")
    monkeypatch.setenv("WANDB_MODE", "offline")

    @anb.experiment()
    def train(run):
        import os

        run.log(step=1, keys=sum(name in os.environ for name in ("SWANLAB_API_KEY", "WANDB_API_KEY")))

    lab = anb.Lab(train, logger=["swanlab", "wandb"])
    run = lab.start()
    assert lab.wait(run, timeout_s=60) is RunState.FINISHED, run.log_tail()
    ended(run)
    assert run.history()["keys"].last == 0
    for path in run.directory.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [value for value in KEYS.values() if value.encode() in content], path
    lab.close()


def test_a_function_prints_lines_where_the_console_is_named(store):
    @anb.experiment()
    def train(run):
        for step in range(3):
            run.log(step=step, loss=step / 2, note="text", accuracy=0.5)

    lab = train.lab()
    silent, spoken = lab.start(), lab.start(logger="console")
    for run in (silent, spoken):
        assert lab.wait(run, timeout_s=60) is RunState.FINISHED
    assert silent.log_tail() == ""
    assert spoken.log_tail().splitlines() == [f"step {step}  loss {step / 2:.4g}" for step in range(3)]
    lab.close()


SCRIPT = """
import sys, time
import astuner_nb as anb
run = anb.init(project="scripted", name="s", config={"lr": 1}, logger=sys.argv[1:] or ["console", "filing"])
assert "numpy" not in sys.modules, "a script that names a logger gets nothing heavy"
began = time.time()
while "Filed" not in str(list(run.directory.glob("loggers/*.json")) and next(run.directory.glob("loggers/*.json")).read_text()):
    time.sleep(0.01)
for step in range(5):
    run.log({"x": float(step), "name": "text"}, step=step)
time.sleep(0.6)
print(run.directory)
"""  # noqa: E501


def test_a_script_logs_where_it_says_and_is_told_where(store, filing, script, ended):
    done = script(SCRIPT)
    assert done.returncode == 0, done.stderr
    *lines, directory = done.stdout.splitlines()
    assert lines == [f"step {step}  x {step}" for step in range(5)]
    assert done.stderr == f"astuner: filing: Filed in {directory}/loggers\n"
    (run,) = RunStore().runs()
    assert ended(run)["filing"].sent == 5
    assert run.state is RunState.FINISHED
    assert json.loads(run.files.meta.read_text())["loggers"] == ["console", "filing"]


def test_a_script_does_not_wait_for_a_tracker(store, filing, script, ended, monkeypatch):
    monkeypatch.setenv("ASTUNER_LOGGER_CLOSE_S", "1")
    filing("hang in open")
    began = time.monotonic()
    done = script('import astuner_nb as anb\nwith anb.init(logger="filing") as run: run.log(x=1.0)')
    assert time.monotonic() - began < 3.0
    assert done.returncode == 0
    (run,) = RunStore().runs()
    assert done.stderr == (
        f"astuner: filing: still being opened when this ended; see {run.files.logger_status('filing')}\n"
    )
    assert ended(run)["filing"].state is LoggerState.FAILED


def test_a_script_with_an_unknown_logger_is_told_before_anything_is_made(store, script):
    done = script('import astuner_nb as anb\nanb.init(logger="wandbb")')
    assert "BadValue: There is no logger 'wandbb'. Did you mean 'wandb'?" in done.stderr
    assert RunStore().runs() == []


def test_a_script_whose_run_cannot_be_made_trains_on(store, script, tmp_path):
    (tmp_path / "file").touch()
    done = script(f'import astuner_nb as anb\nanb.init(logger="wandb", store={str(tmp_path / "file")!r}).log(x=1)')
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("mode", ["", pytest.param("slow", marks=pytest.mark.stress)])
def test_a_launched_job_may_name_a_logger_itself(store, filing, ended, mode, wait_for):
    """Its supervisor sweeps up what the job leaves behind, but not the forwarders of the run."""
    filing(mode)

    @anb.experiment()
    def train(run):
        import subprocess
        import sys

        import astuner_nb as anb

        own = anb.init(logger="filing")
        left_behind = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
        for step in range(40):
            own.log({"x": float(step), "pid": left_behind.pid}, step=step)

    lab = train.lab()
    run = lab.start()
    assert lab.wait(run, timeout_s=60) is RunState.FINISHED, run.log_tail()
    assert not _alive(int(run.history()["pid"].last))
    note = ended(run)["filing"]
    assert (note.state, note.sent, note.error) == (LoggerState.DONE, 40, "")
    assert json.loads(run.files.exit.read_text())["swept"] == 1
    assert run.log_tail() == f"astuner: filing: Filed in {run.files.loggers}"
    lab.close()


def test_stopping_a_launched_job_leaves_its_forwarder_to_finish(store, filing, ended, wait_for):
    @anb.experiment()
    def train(run):
        import time
        from contextlib import suppress

        import astuner_nb as anb

        own = anb.init(logger="filing")
        while True:
            own.log({"x": 1.0})
            with suppress(KeyboardInterrupt):  # only the firmer rungs of the ladder end it
                time.sleep(0.05)

    lab = train.lab()
    run = lab.start()
    wait_for(lambda: RunFiles(run.directory).logger_status("filing").exists() and len(run.history()), what="a record")
    wait_for(lambda: [n for n in logger_notes(run.directory) if n.state is LoggerState.LOGGING], what="the tracker")
    lab.stop(run)
    assert lab.wait(run, timeout_s=30) is RunState.STOPPED
    note = ended(run)["filing"]
    assert note.state is LoggerState.DONE
    assert note.sent == len(run.history()["x"])
    lab.close()


def test_the_command_line_says_where_it_logs(store, tmp_path, ended):
    conf = tmp_path / "short.yaml"
    conf.write_text(
        "astuner:\n  data: {train_batch_size: 2}\n  rollout: {num_repeat: 2}\n"
        "  trainer_common: {total_steps: 20, logger: [swanlab, tensorboard]}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "astuner_nb.cli", "--conf", str(conf)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^swanlab: Logged offline; upload later with `swanlab sync ", done.stdout, re.M)) == 1
    assert len(re.findall(r"^tensorboard: To see it in TensorBoard", done.stdout, re.M)) == 1
    assert "note:" not in done.stdout
    (run,) = RunStore().runs()
    assert all(note.state is LoggerState.DONE for note in ended(run).values())


def test_the_command_line_does_not_wait_for_a_tracker_that_hangs(store, tmp_path, filing, ended, monkeypatch):
    monkeypatch.setenv("ASTUNER_LOGGER_CLOSE_S", "4")
    filing("hang in close")
    conf = tmp_path / "short.yaml"
    conf.write_text(
        "astuner:\n  data: {train_batch_size: 2}\n  rollout: {num_repeat: 2}\n"
        "  trainer_common: {total_steps: 20, logger: filing}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "astuner_nb.cli", "--conf", str(conf)], capture_output=True, text=True, timeout=120
    )
    (run,) = RunStore().runs()
    assert done.returncode == 0, done.stderr
    assert "filing: still being finished in the background" in done.stdout
    assert ended(run)["filing"].state is LoggerState.FAILED


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
