"""The sink: what it wrote is read alike by TensorBoard, by tbparse and by us, and shown on the HParams page."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadFile
from astuner_nb.core.run import ConfigValue, RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.tensorboard.files import TensorBoardFiles
from astuner_nb.trackers.tensorboard.sink import TensorBoardSink
from astuner_nb.trackers.tensorboard.tail import EventTail, event_files
from astuner_nb.trackers.where import Where

CONFIG: dict[str, ConfigValue] = {
    "actor.lr": 1e-6,
    "n": 8,
    "use_kl": True,
    "off": False,
    "model": "küche",
    "none": None,
    "big": 10**400,
    "nan": math.nan,
}
SHOWN = {"actor.lr": 1e-6, "n": 8.0, "use_kl": True, "off": False, "model": "küche", "big": "inf", "nan": "nan"}
"""What TensorBoard can show of it: it has no None, no whole numbers and none that are not finite."""
ROWS = [(step, 1.7e9 + step, {"reward": step / 3, "kl": math.nan if step % 3 else math.inf}) for step in range(40)]

ALONE = """
import sys
from pathlib import Path
from astuner_nb.core.run import RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.trackers.tensorboard.sink import TensorBoardSink
sink = TensorBoardSink()
run = RunInfo(source="runs", place="x", id="r", name="r", project="p", state=RunState.RUNNING)
sink.open(run, Path(sys.argv[1]))
sink.write(1, 1.0, {"x": 1.0})
sink.close(RunState.FINISHED)
print(sorted({"tensorflow", "torch", "tensorboard", "tensorboardX"} & set(sys.modules)))
"""


@pytest.fixture(autouse=True)
def _no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TENSORBOARD_DIR", raising=False)


def run_info(identity: str = "r1", name: str = "grpo 1", config: dict[str, ConfigValue] | None = None) -> RunInfo:
    state = RunState.RUNNING
    return RunInfo(
        source="runs", place="x", id=identity, name=name, project="math", state=state, config=config or CONFIG
    )


def logged(directory: Path, state: RunState = RunState.FINISHED, **about: Any) -> None:
    sink = TensorBoardSink()
    sink.open(run_info(**about), directory)
    for row in ROWS:
        sink.write(*row)
    sink.close(state)


def texts(values: Any) -> list[str]:
    return [repr(float(np.float32(value))) for value in values]


def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logged(tmp_path)
    reader = EventAccumulator(str(tmp_path / "tensorboard"), size_guidance={"scalars": 0})
    reader.Reload()
    for tag in ("reward", "kl"):
        events = reader.Scalars(tag)
        assert [each.step for each in events] == [step for step, _, _ in ROWS]
        assert [each.wall_time for each in events] == [time_s for _, time_s, _ in ROWS]
        assert texts(each.value for each in events) == texts(values[tag] for _, _, values in ROWS)


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_tbparse_reads_what_was_written(tmp_path: Path) -> None:
    from tbparse import SummaryReader

    logged(tmp_path)
    reader = SummaryReader(str(tmp_path / "tensorboard"), pivot=False)
    frame = reader.scalars
    for tag in ("reward", "kl"):
        rows = frame[frame["tag"] == tag]
        assert rows["step"].tolist() == [step for step, _, _ in ROWS]
        assert texts(rows["value"]) == texts(values[tag] for _, _, values in ROWS)
    assert dict(zip(reader.hparams["tag"], reader.hparams["value"], strict=True)) == SHOWN


def test_we_read_what_was_written(tmp_path: Path) -> None:
    logged(tmp_path)
    (run,) = TensorBoardFiles(str(tmp_path)).list(Where(), 10, Patience(30)).runs
    assert (run.config, run.state) == (SHOWN, RunState.FINISHED)
    assert run.finished is not None
    history = run.history()
    for tag in ("reward", "kl"):
        assert history[tag].step.tolist() == [step for step, _, _ in ROWS]
        assert history[tag].time.tolist() == [time_s for _, time_s, _ in ROWS]
        assert texts(history[tag].value) == texts(values[tag] for _, _, values in ROWS)


def test_one_record_is_one_event(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    logged(tmp_path)
    (path,) = (tmp_path / "tensorboard").iterdir()
    events = list(LegacyEventFileLoader(str(path)).Load())
    assert events[0].file_version == "brain.Event:2"
    assert len(events) == len(ROWS) + 3
    assert [value.tag for value in events[2].summary.value] == ["reward", "kl"]


def hparams_page(logdir: Path) -> Any:
    """The answer of TensorBoard's own backend to what its HParams page asks for, and the experiment it found."""
    from tensorboard import context
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(logdir))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(logdir))
    about = base_plugin.TBContext(logdir=str(logdir), multiplexer=multiplexer, data_provider=provider)
    backend, request = backend_context.Context(about), context.RequestContext()
    metadata = backend.hparams_metadata(request, "0")
    hparams = backend.hparams_from_data_provider(request, "0", 0)
    experiment = backend.experiment_from_metadata(request, "0", True, metadata, hparams)
    asked = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=10, allowed_statuses=[0, 1, 2, 3])
    return list_session_groups.Handler(request, backend, "0", asked).run(), experiment


def plain(value: Any) -> object:
    return getattr(value, value.WhichOneof("kind"))


def test_the_hparams_page_shows_runs_with_their_metrics(tmp_path: Path) -> None:
    logged(tmp_path / "a")
    logged(tmp_path / "b", RunState.FAILED, config={"actor.lr": 1e-5, "extra": "x"})
    page, experiment = hparams_page(tmp_path)
    groups = {group.name: group for group in page.session_groups}
    assert set(groups) == {"a/tensorboard", "b/tensorboard"}
    (a,), (b,) = (groups[name].sessions for name in sorted(groups))
    assert (a.status, b.status) == (1, 2)
    assert 0 < a.start_time_secs <= a.end_time_secs
    assert {name: plain(value) for name, value in groups["a/tensorboard"].hparams.items()} == SHOWN
    assert {info.name for info in experiment.hparam_infos} == {*SHOWN, "extra"}
    assert {info.name.tag for info in experiment.metric_infos} == {"reward", "kl"}
    rewards = [metric for metric in a.metric_values if metric.name.tag == "reward"]
    assert [(metric.training_step, metric.value) for metric in rewards] == [(39, 13.0)]


def test_what_is_flushed_is_seen_at_once(tmp_path: Path) -> None:
    sink = TensorBoardSink()
    sink.open(run_info(), tmp_path)
    tail = EventTail(lambda: event_files(tmp_path / "tensorboard"))
    tail.poll()
    sink.write(1, 1.0, {"x": 0.5})
    sink.flush()
    assert tail.poll()["x"].value.tolist() == [0.5]
    sink.write(2, 1.0, {})
    sink.close(RunState.FAILED)
    assert tail.poll() == {}
    assert tail.status().state is RunState.FAILED
    sink.close(RunState.FAILED)


@pytest.mark.parametrize(
    ("state", "read"),
    [
        (RunState.FINISHED, RunState.FINISHED),
        (RunState.STOPPED, RunState.FINISHED),
        (RunState.FAILED, RunState.FAILED),
        (RunState.LOST, RunState.FAILED),
    ],
)
def test_the_end_is_written(tmp_path: Path, state: RunState, read: RunState) -> None:
    logged(tmp_path, state)
    (run,) = TensorBoardFiles(str(tmp_path)).list(Where(), 10, Patience(30)).runs
    assert run.state is read


def test_a_run_logged_once_more_goes_into_a_file_of_its_own(tmp_path: Path) -> None:
    logged(tmp_path)
    logged(tmp_path)
    assert len(list((tmp_path / "tensorboard").iterdir())) == 2
    (run,) = TensorBoardFiles(str(tmp_path)).list(Where(), 10, Patience(30)).runs
    assert len(run.history()["reward"]) == len(ROWS)


def test_the_directory_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "all of 'them'"
    monkeypatch.setenv("TENSORBOARD_DIR", str(root))
    notes = []
    for identity, name in (("r1", "grpo 1"), ("r2", "grpo 1"), ("r3", "../../etc")):
        sink = TensorBoardSink()
        notes.append(sink.open(run_info(identity, name), tmp_path / "unused").text)
        sink.close(RunState.FINISHED)
    assert sorted(path.name for path in (root / "math").iterdir()) == ["etc", "grpo-1", "grpo-1-r2"]
    assert not (tmp_path / "unused").exists()
    assert set(notes) == {f"To see it in TensorBoard: tensorboard --logdir '{tmp_path}/all of '\"'\"'them'\"'\"''"}


def test_a_file_in_the_way_says_so(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").write_text("in the way")
    with pytest.raises(BadFile, match=r"cannot be written \(.*\)\. Look at the rights and the disk"):
        TensorBoardSink().open(run_info(), tmp_path)


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    sink = TensorBoardSink()
    sink.open(run_info(), tmp_path)
    sink._file.close()  # type: ignore[union-attr]
    sink._file = open("/dev/full", "wb")  # noqa: SIM115
    sink.write(1, 1.0, {"x": 1.0})
    with pytest.raises(BadFile, match="No space left on device"):
        sink.flush()
    with pytest.raises(BadFile, match="No space left on device"):
        sink.close(RunState.FAILED)


def test_it_imports_no_engine_that_is_installed(tmp_path: Path) -> None:
    for name in ("tensorflow", "torch", "tensorboard", "tensorboardX"):
        (tmp_path / "fakes" / name).mkdir(parents=True)
        (tmp_path / "fakes" / name / "__init__.py").touch()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "fakes")}
    command = [sys.executable, "-c", ALONE, str(tmp_path / "run")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
numbers = st.floats() | st.floats(width=32)


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.dictionaries(names, numbers, max_size=4)), max_size=8))
def test_whatever_is_written_tensorboard_reads_it(tmp_path_factory: pytest.TempPathFactory, rows: Any) -> None:
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    place = tmp_path_factory.mktemp("run")
    sink = TensorBoardSink()
    sink.open(run_info(), place)
    for step, values in rows:
        sink.write(step, 2.5, values)
    sink.close(RunState.FINISHED)
    (path,) = (place / "tensorboard").iterdir()
    events = list(LegacyEventFileLoader(str(path)).Load())[2:-1]
    read = [(each.step, [(value.tag, repr(value.simple_value)) for value in each.summary.value]) for each in events]
    with np.errstate(over="ignore"):
        assert read == [
            (step, [(tag, repr(float(np.float32(value)))) for tag, value in values.items()])
            for step, values in rows
            if values
        ]


@given(st.dictionaries(names, st.booleans() | st.integers() | st.floats() | names | st.none(), max_size=6))
def test_whatever_the_configuration_is_it_comes_back(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, ConfigValue]
) -> None:
    place = tmp_path_factory.mktemp("run")
    sink = TensorBoardSink()
    sink.open(run_info(config={"a": 1, **config}), place)
    sink.close(RunState.FINISHED)
    (run,) = TensorBoardFiles(str(place)).list(Where(), 10, Patience(30)).runs

    def shown(value: ConfigValue) -> ConfigValue:
        if isinstance(value, bool | str):
            return value
        try:
            number = float(value)  # type: ignore[arg-type]
        except OverflowError:
            return "inf" if value > 0 else "-inf"  # type: ignore[operator]
        return number if math.isfinite(number) else str(number)

    assert run.config == {name: shown(value) for name, value in {"a": 1, **config}.items() if value is not None}
