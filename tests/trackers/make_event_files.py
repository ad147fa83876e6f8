"""Makes `event_files/` anew, by the real writers: `python tests/trackers/make_event_files.py`.

`expected.json` holds what was logged, run → tag → [step, value], and run → configuration; the numbers that JSON does
not have are texts. File names are made plain: they would tell the machine's name and the time.
"""

from __future__ import annotations

import json
import logging
import math
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2, summary_v2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboardX import SummaryWriter

HERE = Path(__file__).parent / "event_files"
START_S = 1_700_000_000.0
VALUES = [0.5, -1.25, math.nan, math.inf, -math.inf, 0.0, 1e-30, 3.0e38, 0.7]
"""Of which float32 keeps what it can."""
CONFIG = {"lr": 1e-6, "n": 8, "use_kl": True, "model": "qwen"}

Logged = dict[str, list[list[float]]]


class Writer:
    """TensorBoard's own writer, with chosen wall times."""

    def __init__(self, directory: Path) -> None:
        self._writer = EventFileWriter(str(directory))

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, step: int, *values: Any, at_s: float | None = None) -> None:
        """One event of some `Summary.Value`s."""
        summary = summary_pb2.Summary(value=values)
        wall_time = START_S + step if at_s is None else at_s
        self._writer.add_event(event_pb2.Event(wall_time=wall_time, step=step, summary=summary))

    def add_summary(self, summary: Any, at_s: float) -> None:
        """One event of a whole summary."""
        self._writer.add_event(event_pb2.Event(wall_time=at_s, summary=summary))


def simple(tag: str, value: float) -> Any:
    return summary_pb2.Summary.Value(tag=tag, simple_value=value)


def tensor(tag: str, dtype: int, plugin: str = "scalars", **fields: Any) -> Any:
    """What TensorFlow 2 writes for a scalar."""
    metadata = summary_pb2.SummaryMetadata()
    metadata.plugin_data.plugin_name = plugin
    proto = tensor_pb2.TensorProto(dtype=dtype, tensor_shape=tensor_shape_pb2.TensorShapeProto(), **fields)
    return summary_pb2.Summary.Value(tag=tag, tensor=proto, metadata=metadata)


def session_end(status: int, end_s: float) -> Any:
    """What ends a session; TensorBoard has a function for its beginning only."""
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=end_s)
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    value = summary_pb2.Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return summary_pb2.Summary(value=[value])


def tensorboardx(place: Path) -> tuple[Logged, dict[str, Any]]:
    logged: Logged = {"train/reward": [], "train/loss": [], "küche 🎈": []}
    with SummaryWriter(str(place)) as writer:
        writer.add_text("config", json.dumps({"actor": {"lr": 1e-6, "layers": [1, 2]}, "seed": 7}), 0, START_S)
        for step in range(200):
            for tag in ("train/reward", "train/loss"):
                value = VALUES[(step + len(tag)) % len(VALUES)]
                writer.add_scalar(tag, value, step, START_S + step)
                logged[tag].append([step, value])
            if step % 50 == 0:
                writer.add_histogram("weights", np.arange(10.0), step, walltime=START_S + step)
        summary = summary_pb2.Summary(value=[simple("küche 🎈", 1.5)])
        writer.file_writer.add_event(_own(summary), 3, START_S)  # `add_scalar` would clean the tag
        logged["küche 🎈"].append([3, 1.5])
    return logged, {"actor.lr": 1e-6, "actor.layers": "[1, 2]", "seed": 7}


def _own(summary: Any) -> Any:
    """The same summary as an event of tensorboardX, whose protocol classes are others."""
    from tensorboardX.proto import event_pb2 as own_pb2

    return own_pb2.Event.FromString(event_pb2.Event(summary=summary).SerializeToString())


def tensorboardx_hparams(place: Path) -> tuple[Logged, dict[str, Any]]:
    with SummaryWriter(str(place)) as writer:
        for step in range(5):
            writer.add_scalar("reward", step / 4, step, START_S + step)
        writer.add_hparams(CONFIG, {"reward": 1.0, "hparam/best": 0.75}, name="trial")
    return {"reward": [[step, step / 4] for step in range(5)], "hparam/best": [[0, 0.75]]}, CONFIG


def several_tags(place: Path) -> tuple[Logged, dict[str, Any]]:
    logged: Logged = {tag: [] for tag in ("reward", "kl", "entropy", "late")}
    with Writer(place) as writer:
        for step in (-3, 0, 1, 126, 127, 128, 129, 16_383, 16_384, 2**31, 2**40, 2**53):
            row = {"reward": step / 2, "kl": VALUES[step % len(VALUES)], "entropy": 1.0}
            if step > 128:
                row["late"] = float(step % 7)
            writer.add(step, *(simple(tag, value) for tag, value in row.items()))
            for tag, value in row.items():
                logged[tag].append([step, value])
    return logged, {}


def tensors(place: Path) -> tuple[Logged, dict[str, Any]]:
    kinds: dict[str, tuple[int, dict[str, Any], float]] = {
        "float": (1, {"float_val": [0.1]}, float(np.float32(0.1))),
        "float raw": (1, {"tensor_content": np.float32(0.2).tobytes()}, float(np.float32(0.2))),
        "double": (2, {"double_val": [0.1]}, 0.1),
        "double raw": (2, {"tensor_content": np.float64(0.2).tobytes()}, 0.2),
        "int32": (3, {"int_val": [-5]}, -5.0),
        "int32 raw": (3, {"tensor_content": np.int32(-7).tobytes()}, -7.0),
        "uint8": (4, {"int_val": [250]}, 250.0),
        "int16": (5, {"int_val": [-300]}, -300.0),
        "int8": (6, {"int_val": [-8]}, -8.0),
        "int64": (9, {"int64_val": [-(2**40)]}, -float(2**40)),
        "int64 raw": (9, {"tensor_content": np.int64(2**41).tobytes()}, float(2**41)),
        "bool": (10, {"bool_val": [True]}, 1.0),
        "bfloat16": (14, {"half_val": [0x3FC0]}, 1.5),
        "uint16": (17, {"int_val": [65_000]}, 65_000.0),
        "half": (19, {"half_val": [int(np.float16(0.75).view(np.uint16))]}, 0.75),
        "half raw": (19, {"tensor_content": np.float16(-0.5).tobytes()}, -0.5),
        "uint32": (22, {"uint32_val": [4_000_000_000]}, 4e9),
        "uint64": (23, {"uint64_val": [2**63]}, float(2**63)),
    }
    logged: Logged = {tag: [] for tag in kinds}
    with Writer(place) as writer:
        for step in range(4):
            for tag, (dtype, fields, value) in kinds.items():
                writer.add(step, tensor(tag, dtype, **fields))
                logged[tag].append([step, value])
            writer.add(step, tensor("picture", 7, "images", string_val=[b"png"]))
            writer.add(step, tensor("curve", 1, "pr_curves", float_val=[0.5]))
        writer.add(9, tensor("two", 1, float_val=[0.5, 0.25]))
        bare = tensor("float", 1, float_val=[0.5])
        bare.ClearField("metadata")  # only the first value of a tag has to name its plugin
        writer.add(9, bare)
        logged["float"].append([9, 0.5])
    return logged, {}


def hparams_of_tensorboard(place: Path) -> tuple[Logged, dict[str, Any]]:
    with Writer(place) as writer:
        writer.add_summary(summary_v2.hparams_pb(CONFIG, trial_id="t1", start_time_secs=START_S), START_S)
        for step in range(3):
            writer.add(step, simple("reward", float(step)), at_s=START_S + 1 + step)
        writer.add_summary(session_end(api_pb2.STATUS_FAILURE, START_S + 9), START_S + 9)
    return {"reward": [[0, 0.0], [1, 1.0], [2, 2.0]]}, CONFIG


def started_again(place: Path) -> tuple[Logged, dict[str, Any]]:
    """Steps 3 and 4 twice; the file whose name comes first was written last."""
    with Writer(place) as writer:
        for step in range(5):
            writer.add(step, simple("reward", float(step)), at_s=START_S + step)
    _rename(place, "2")
    with Writer(place) as writer:
        for step in range(3, 8):
            writer.add(step, simple("reward", 10.0 + step), at_s=START_S + 100 + step)
    _rename(place, "1")
    values = [0.0, 1.0, 2.0, 13.0, 14.0, 15.0, 16.0, 17.0]
    return {"reward": [[step, value] for step, value in enumerate(values)]}, {}


def _rename(place: Path, name: str = "1") -> None:
    for path in sorted(place.rglob("*tfevents*")):
        if not path.name.endswith(".host"):
            path.rename(path.with_name(f"events.out.tfevents.{int(START_S)}{name}.host"))


def made(place: Path) -> Iterator[tuple[str, Logged, dict[str, Any]]]:
    for make in (tensorboardx, tensorboardx_hparams, several_tags, tensors, hparams_of_tensorboard, started_again):
        name = make.__name__
        logged, config = make(place / name)
        _rename(place / name)
        yield name, logged, config


def plain(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def main() -> None:
    """Write the files and what is in them."""
    logging.disable()  # tensorboardX has a word to say about each NaN
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        runs = {
            name: {
                "config": config,
                "scalars": {tag: [[step, plain(value)] for step, value in points] for tag, points in logged.items()},
            }
            for name, logged, config in made(place)
        }
        (place / "expected.json").write_text(json.dumps(runs, indent=1, ensure_ascii=False) + "\n")
        shutil.rmtree(HERE, ignore_errors=True)
        shutil.copytree(place, HERE)


if __name__ == "__main__":
    main()
