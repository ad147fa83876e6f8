"""A lab without a display: start, wait, stop and read back, with real jobs in real processes."""

import os

import psutil
import pytest

import astuner_nb as anb
from astuner_nb.core.states import RunState

pytestmark = pytest.mark.usefixtures("nothing_left")

QUICK = {"total_steps": 20, "train_batch_size": 2, "num_repeat": 2, "test_freq": 10}


@pytest.fixture
def lab(store):
    lab = anb.Lab("math_agent.yaml")
    yield lab
    for run in lab.runs:
        lab.stop(run)
        lab.wait(run, timeout_s=20)
    lab.close()


def test_a_run_is_started_waited_for_and_read_back(lab):
    run = lab.start(lr=3e-4, **QUICK)
    assert lab.wait(run, timeout_s=60) is RunState.FINISHED
    frame = run.history().to_frame()
    assert frame.index.tolist() == list(range(1, 21))
    assert {"reward", "success_rate", "loss", "response_length", "kl"} <= set(frame)
    assert frame["val/success_rate"].dropna().index.tolist() == [10, 20]
    assert run.state == "finished"
    assert run.config["lr"] == 3e-4
    assert run.name == "lr 0.0003 · num_repeat 2 · train_batch_size 2 · total_steps 20"
    assert lab.runs == [run]


def test_the_directory_holds_what_ran_and_is_private(lab):
    run = lab.start(**QUICK)
    lab.wait(run, timeout_s=60)
    document = anb.Lab(run.files.config)
    assert {name: document.values[name] for name in QUICK} == QUICK
    document.close()
    assert oct(run.directory.stat().st_mode & 0o777) == "0o700"
    assert {oct(p.stat().st_mode & 0o777) for p in run.directory.rglob("*") if p.is_file()} == {"0o600"}
    assert run.rollouts()


def test_stop_ends_a_run_as_stopped(lab, wait_for):
    run = lab.start(total_steps=1000)
    wait_for(lambda: len(run.history()), what="a record")
    lab.stop(run)
    assert lab.wait(run, timeout_s=20) is RunState.STOPPED
    lab.stop(run)  # stopping an ended run does nothing
    assert run.state is RunState.STOPPED


def test_several_runs_go_on_at_the_same_time(lab):
    runs = [lab.start(seed=seed, **QUICK) for seed in range(3)]
    assert [lab.wait(run, timeout_s=90) for run in runs] == [RunState.FINISHED] * 3
    assert len({run.id for run in runs}) == 3
    assert [run.id for run in lab.runs] == [run.id for run in reversed(runs)]


def test_a_bad_value_starts_nothing_and_leaves_nothing(lab, store):
    for values, words in [({"lr": 7}, "lr = 7.* out of range"), ({"lrr": 1}, "Did you mean 'lr'")]:
        with pytest.raises(anb.BadValue, match=words):
            lab.start(**values)
    assert not list(store.rglob("meta.json"))


def test_values_are_set_all_or_none_and_start_nothing(lab, store):
    lab.set(lr=1e-3, seed=4)
    with pytest.raises(anb.BadValue):
        lab.set(temperature=0.5, lr=99)
    assert (lab.values["lr"], lab.values["seed"], lab.values["temperature"]) == (1e-3, 4, 1.0)
    assert lab.runs == []


def test_another_lab_finds_the_running_job_and_can_stop_it(lab, wait_for):
    run = lab.start(total_steps=1000)
    wait_for(lambda: len(run.history()), what="a record")
    other = anb.Lab("math_agent.yaml")
    other.monitor.step()
    assert other.monitor.followed[run.id].status.state is RunState.RUNNING
    other.stop(other.runs[0])
    assert other.wait(other.runs[0], timeout_s=20) is RunState.STOPPED
    other.close()


def test_a_run_made_by_a_script_shows_up(lab, wait_for):
    lab.monitor.step()
    with anb.init(project="math_agent", config={"lr": 1}) as script:
        script.log({"reward": 0.5}, step=1)
    wait_for(lambda: lab.monitor.step() and script.id in lab.monitor.followed, what="the script's run")
    assert lab.monitor.followed[script.id].history["reward"].last == 0.5


def test_a_store_that_cannot_be_written_is_one_sentence(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(anb.StoreError, match=r"Runs cannot be listed: .*Look at its rights, or name another store"):
        anb.Lab(runs=blocked / "runs")


def test_a_function_runs_in_its_own_process_with_its_own_metrics(store):
    @anb.experiment(lr=anb.Float(0.1, low=1e-3, high=1.0, log=True), width=anb.Choice(32, [16, 32, 64]))
    def train(run, lr, width):
        for step in range(5):
            run.log(step=step, loss=lr * step, pid=os.getpid(), width=width)

    lab = train.lab()
    run = lab.start(width=64)
    assert lab.wait(run, timeout_s=30) is RunState.FINISHED, run.log_tail()
    history = run.history()
    assert set(history) == {"loss", "pid", "width"}
    assert history["pid"].last != os.getpid()
    assert history["width"].last == 64
    lab.close()


def test_a_function_that_fails_tells_its_last_words(store):
    @anb.experiment()
    def train(run):
        raise RuntimeError("the reward model is missing")

    lab = train.lab()
    run = lab.start()
    assert lab.wait(run, timeout_s=30) is RunState.FAILED
    assert "RuntimeError: the reward model is missing" in run.log_tail()
    lab.close()


def test_a_function_that_cannot_be_pickled_is_refused_and_leaves_nothing(store, tmp_path):
    handle = open(tmp_path / "open file", "w")  # noqa: SIM115

    @anb.experiment()
    def train(run):
        handle.write("x")

    lab = train.lab()
    with pytest.raises(anb.NotPicklable, match=r"The function 'train' cannot be sent .* inside the function"):
        lab.start()
    assert lab.runs == []
    lab.close()
    handle.close()


def test_declarations_that_do_not_fit_the_function_are_refused():
    with pytest.raises(anb.BadValue, match=r"cannot be called as function\(run, lr\)"):

        @anb.experiment(lr=anb.Float(1, 0, 2))
        def train(run):
            pass

    with pytest.raises(anb.BadValue, match=r"missing a required argument: 'lr'\. Declare its hyper-parameters"):
        anb.Lab(lambda run, lr: None)
    with pytest.raises(anb.BadValue, match=r"lr must be declared as anb\.Float"):
        anb.experiment(lr=0.1)


def test_an_experiment_is_still_a_function():
    @anb.experiment(lr=anb.Float(1, 0, 2))
    def double(run, lr):
        """Twice."""
        return 2 * lr

    assert double(None, lr=3) == 6
    assert double.__doc__ == "Twice."
    assert "double" in repr(double)


@pytest.mark.parametrize("name", ["../../etc", "<img src=x onerror=alert(1)>", "a'b\"c", "运行 🚀", "", "." * 150])
def test_hostile_names_are_kept_as_they_are_and_stay_inside_the_store(store, name):
    plan_file = {"astuner": {"project_name": name or "p", "trainer_common": {"total_steps": 20}}}
    lab = anb.Lab(plan_file)
    run = lab.start(name=name or None, **QUICK)
    assert lab.wait(run, timeout_s=60) is RunState.FINISHED
    assert store in run.directory.parents
    assert lab.runs[0].project == (name or "p")
    if name:
        assert lab.runs[0].name == name
    lab.close()


def test_closing_leaves_a_running_job_alone(store, wait_for):
    lab = anb.Lab("math_agent.yaml")
    run = lab.start(total_steps=1000)
    wait_for(lambda: len(run.history()), what="a record")
    lab.close()
    assert run.state is RunState.RUNNING
    other = anb.Lab("math_agent.yaml")
    other.stop(run)
    assert other.wait(run, timeout_s=20) is RunState.STOPPED
    other.close()
    wait_for(lambda: not _processes_of(run), what="the end of every process")


def _processes_of(run):
    return [p for p in psutil.process_iter(["cmdline"]) if str(run.directory) in " ".join(p.info["cmdline"] or [])]
