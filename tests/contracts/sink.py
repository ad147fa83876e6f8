"""What every sink must do. A new one subclasses `SinkContract`, says its logger's name and how it is read back.

Each sink is driven in a process of its own, as forwarders do: trackers' packages keep global state.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from astuner_nb.core.states import RunState
from astuner_nb.forwarding.environment import forwarder_environment

DRIVER = """
import json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from astuner_nb.core.run import RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.trackers.loggers import logger_entry

told = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what the tracker prints is not our answer
sink = logger_entry(sys.argv[1]).sink()
for line in sys.stdin:
    call, *arguments = json.loads(line)
    if call == "open":
        info = RunInfo(**{**arguments[0], "state": RunState.RUNNING, "created": datetime.now(UTC)})
        note = sink.open(info, Path(arguments[1]))
        answer = [note.url, note.text]
    elif call == "close":
        answer = sink.close(RunState(arguments[0]))
    elif call == "write":
        answer = sink.write(arguments[0], arguments[1], dict(arguments[2]))
    elif call == "remark":
        answer = getattr(sink, "remark", "")
    else:
        answer = sink.flush()
    print(json.dumps(answer), file=told, flush=True)
os._exit(0)
"""
RUN = {
    "source": "runs",
    "place": "/runs",
    "id": "20260102-030405-678-abcdef",
    "name": "first try",
    "project": "demo",
    "config": {"lr": 1e-3, "optim.beta": 0.9, "resume": None, "note": "a b", "flag": True},
    "tags": ["one", "two"],
}
T = 1_767_323_000.0
ODD_KEYS = ("loss", "val/success_rate", "a.b", "运行 🚀", "x" * 200, "a b'c\"d", "_step", "step")


class Driven:
    """A sink in a process of its own."""

    def __init__(self, logger: str, directory: Path, env: dict[str, str]) -> None:
        self.directory = directory
        self.log = open(directory / "driver.log", "w")  # noqa: SIM115  # closed by `end`
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, logger],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=directory,
            env=env,
            text=True,
        )

    def __call__(self, call: str, *arguments: object) -> object:
        """What the sink answers."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([call, *arguments]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, (self.directory / "driver.log").read_text()
        return json.loads(answer)

    def end(self) -> None:
        """Let the process end."""
        self.process.communicate(timeout=60)
        self.log.close()


class SinkContract:
    """Real packages, real files, through nothing but the protocol."""

    logger = ""
    later_wins = True
    """Whether of two values at one step the later is kept."""
    holds_back = 0
    """How many of the last steps a flush does not make visible."""
    renamed: Mapping[str, str] = MappingProxyType({})
    """Metrics that the tracker cannot take under their own names."""

    def read_back(self, directory: Path):
        """The one run below `directory`, by a reader of its own: has `history()`, `config`, `tags`, `state`, `name`."""
        raise NotImplementedError

    @pytest.fixture
    def env(self, tmp_path, monkeypatch):
        """As a forwarder has it, without any account."""
        (tmp_path / "home").mkdir(exist_ok=True)
        base = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8"}
        return forwarder_environment(base, self.logger)

    @pytest.fixture
    def directory(self, tmp_path):
        """Where the sink keeps things: a path that is no easy one for shells."""
        path = tmp_path / "run 'a'; \"x\" $(touch y)"
        path.mkdir()
        return path

    @pytest.fixture
    def sink(self, directory, env):
        """`sink("write", 1, T, {...})`: the answer of a sink in its own process."""
        driven = Driven(self.logger, directory, env)
        yield driven
        driven.end()

    def values(self, directory, key, name="value"):
        """Step → value of one metric."""
        series = self.read_back(directory).history()[self.renamed.get(key, key)]
        return dict(zip(series.step.tolist(), series.value.tolist(), strict=True))

    def test_what_is_written_is_read_back(self, sink, directory, wait_for):
        sink("open", RUN, str(directory))
        for step in range(50):
            sink("write", step, T + step, {"reward": step / 8, "nan": float("nan") if step % 2 else math.inf})
        sink("write", 50, T + 50, {"low": -math.inf})
        sink("close", "finished")
        wait_for(lambda: self.read_back(directory).state is RunState.FINISHED, what="the run's end")
        assert self.values(directory, "reward") == {step: step / 8 for step in range(50)}
        nan = self.values(directory, "nan")
        assert [math.isnan(value) for value in nan.values()] == [bool(step % 2) for step in range(50)]
        assert nan[0] == math.inf
        assert self.values(directory, "low") == {50: -math.inf}

    def test_it_says_where_it_logs_and_the_run_is_described(self, sink, directory, wait_for):
        url, text = sink("open", RUN, str(directory))
        assert url == ""
        assert str(directory)[:20] in text
        sink("write", 1, T, {"x": 1.0})
        sink("close", "finished")
        run = wait_for(lambda: (run := self.read_back(directory)).state is RunState.FINISHED and run)
        assert {"lr": 1e-3, "note": "a b", "flag": True}.items() <= run.config.items()
        assert run.config.get("optim.beta") == 0.9

    def test_odd_names_of_metrics_come_back_and_impossible_ones_harm_no_others(self, sink, directory, wait_for):
        sink("open", RUN, str(directory))
        for step in (3, 4):
            sink("write", step, T, {key: float(step * i) for i, key in enumerate(ODD_KEYS)})
            sink("write", step, T, {"": 1.0, "/": 2.0, "\n\x00": 3.0, "x" * 3000: 4.0, "good": float(step)})
        sink("close", "finished")
        wait_for(lambda: self.read_back(directory).state is RunState.FINISHED, what="the run's end")
        for i, key in enumerate(ODD_KEYS):
            assert self.values(directory, key) == {3: 3.0 * i, 4: 4.0 * i}, key
        assert self.values(directory, "good") == {3: 3.0, 4: 4.0}

    def test_repeated_steps_lose_no_metric(self, sink, directory, wait_for):
        sink("open", RUN, str(directory))
        for step in (1, 1, 2, 2):
            sink("write", step, T, {"loss": 1.0})
            sink("write", step, T + 1, {"val/loss": 2.0, "loss": 3.0})
        sink("close", "finished")
        wait_for(lambda: self.read_back(directory).state is RunState.FINISHED, what="the run's end")
        assert self.values(directory, "val/loss") == {1: 2.0, 2: 2.0}
        assert set(self.values(directory, "loss")) == {1, 2}
        assert set(self.values(directory, "loss").values()) == {3.0 if self.later_wins else 1.0}

    def test_steps_that_go_back_lose_no_value(self, sink, directory, wait_for):
        sink("open", RUN, str(directory))
        for index, step in enumerate((10, 11, 3, 4, 12)):
            sink("write", step, T + index, {"loss": float(index), "other": 0.0})
        sink("close", "finished")
        wait_for(lambda: self.read_back(directory).state is RunState.FINISHED, what="the run's end")
        assert sorted(self.values(directory, "loss").values()) == [0.0, 1.0, 2.0, 3.0, 4.0]

    def test_a_flush_makes_visible(self, sink, directory, wait_for):
        sink("open", RUN, str(directory))
        for step in range(5):
            sink("write", step, T, {"x": float(step)})

        def is_visible():
            sink("flush")
            return len(self.values(directory, "x")) >= 5 - self.holds_back

        def look():
            try:
                return is_visible()
            except (LookupError, OSError, ValueError):  # nothing of it is there yet
                return False

        wait_for(look, 10.0, "what was flushed")
        sink("close", "finished")

    @pytest.mark.parametrize("state", ["failed", "stopped", pytest.param("lost", marks=pytest.mark.stress)])
    def test_it_says_how_the_run_ended(self, sink, directory, wait_for, state):
        sink("open", RUN, str(directory))
        sink("write", 1, T, {"x": 1.0})
        sink("close", state)
        wait_for(lambda: self.read_back(directory).state in self.ends(state), 10.0, f"the end as {state}")

    def ends(self, state):
        """How a run that ended in `state` may read."""
        return {RunState(state)} if state != "lost" else {RunState.FAILED, RunState.LOST}

    @pytest.mark.parametrize(
        ("project", "name"),
        [
            ("../../etc", "<img src=x onerror=alert(1)>"),
            ("." * 150, "x" * 600),
            pytest.param("a'b\"c/d:e?", "运行 🚀", marks=pytest.mark.stress),
            pytest.param("项目", "\n", marks=pytest.mark.stress),
        ],
    )
    def test_hostile_names_do_no_harm(self, sink, directory, project, name, wait_for):
        sink("open", {**RUN, "project": project, "name": name, "tags": ["t" * 600, "", "<b>"]}, str(directory))
        sink("write", 1, T, {"x": 1.0})
        sink("write", 2, T, {"x": 2.0})
        sink("close", "finished")
        wait_for(lambda: self.read_back(directory).state is RunState.FINISHED, what="the run's end")
        assert self.values(directory, "x") == {1: 1.0, 2: 2.0}
        assert not (directory.parent / "etc").exists()

    def test_a_directory_that_cannot_be_written_is_one_sentence(self, directory, env):
        blocked = directory / "file"
        blocked.write_text("")
        code = (
            "import sys; from pathlib import Path; from astuner_nb.core.errors import AstunerError\n"
            "from astuner_nb.core.run import RunInfo; from astuner_nb.core.states import RunState\n"
            "from astuner_nb.trackers.loggers import logger_entry; import json, os\n"
            "info = RunInfo(**json.loads(sys.argv[3]), state=RunState.RUNNING)\n"
            "try: logger_entry(sys.argv[1]).sink().open(info, Path(sys.argv[2]))\n"
            "except AstunerError as error: sys.stderr.write(f'\\nSAID {error}'); os._exit(7)\n"
            "os._exit(0)"
        )
        command = [sys.executable, "-c", code, self.logger, str(blocked / "below"), json.dumps(RUN)]
        done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 7, done.stderr
        said = done.stderr.rpartition("SAID ")[2]
        assert 20 < len(said) < 600
        assert "Traceback" not in said
