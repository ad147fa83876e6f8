"""Reading the run files of SwanLab and W&B, each beside the vendor's own reader: `python -m benchmarks run_files`.

Needs both packages, about two minutes, and 100 MB of disk in the temporary directory. Compare ratios, not times.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from astuner_nb.core.errors import TrackerError
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import FileRun
from astuner_nb.trackers.swanlab.files import SwanLabFiles
from astuner_nb.trackers.wandb.files import WandbFiles
from astuner_nb.trackers.where import Where
from benchmarks.run_store import medians
from tests.trackers.run_file_writer import (
    SWANLAB,
    WANDB,
    field,
    framed,
    swanlab_record,
    swanlab_scalar,
    wandb_exit,
    wandb_history,
    wandb_item,
    wandb_run,
)

ROWS, METRICS, SCALARS, RUNS, ROUNDS = 100_000, 8, 100_000, 1_000, 5
Row = tuple[str, float, str, float, str, str]
"""What, its seconds, the peer, the peer's seconds, the unit, the ratio that is asked for."""


def wandb_records() -> Iterator[bytes]:
    """A run of `ROWS` rows, each followed by a summary of what changed, as the client writes it."""
    yield wandb_run("bench001", "bench", "bench", {"lr": 1e-6})
    for step in range(ROWS):
        row: dict[str | tuple[str, ...], object] = {f"train/metric_{n}": math.sin(step + n) for n in range(METRICS)}
        own = {"_step": step, "_timestamp": 1.8e9 + step / 10, "_runtime": step / 10}
        yield wandb_history(2 * step + 2, {**row, **own})
        update = b"".join(field(1, wandb_item(key, value)) for key, value in row.items())
        yield field(1, 2 * step + 3) + field(3, update)
    yield wandb_exit(2 * ROWS + 2)


def swanlab_records() -> Iterator[bytes]:
    """A run of `SCALARS` points of five metrics."""
    yield swanlab_record(-1, 10, field(1, "bench") + field(4, "bench") + field(10, "bench001"))
    for index in range(SCALARS):
        step, key = divmod(index, 5)
        yield swanlab_scalar(index + 1, f"train/metric_{key}", step, math.sin(index), 1.8e9 + index / 50)
    yield swanlab_record(-2, 11, field(1, 1))


def read_by_swanlab(path: Path) -> dict[str, tuple[list[int], list[float]]]:
    """The same columns by the classes inside SwanLab's package."""
    from swanlab.proto.swanlab.record.v1.record_pb2 import Record
    from swanlab.sdk.internal.core_python.store import DataStoreReader

    columns: dict[str, tuple[list[int], list[float]]] = {}
    reader = DataStoreReader()
    reader.open(path)
    for data in reader:
        record = Record()
        record.ParseFromString(data)
        if record.WhichOneof("record_type") == "scalar":
            scalar = record.scalar
            steps, values = columns.get(scalar.key) or columns.setdefault(scalar.key, ([], []))
            steps.append(scalar.step)
            values.append(scalar.value.number)
    reader.close()
    return columns


def read_by_leet(path: Path) -> None:
    """The records as W&B's own tool prints them."""
    wandb = Path(sys.executable).with_name("wandb")
    subprocess.run([wandb, "leet", "inspect", "--json", path], check=True, stdout=subprocess.DEVNULL)


def the_run(source: SwanLabFiles | WandbFiles) -> FileRun:
    """The only run of a source."""
    run = source.list(Where(), 1, Patience(60)).runs[0]
    if not isinstance(run, FileRun):
        raise TrackerError(f"{run!r} is not in a file.")
    return run


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        wandb, swanlab = place / "run-bench001.wandb", place / "run-bench001.swanlab"
        wandb.write_bytes(framed(WANDB, wandb_records()))
        swanlab.write_bytes(framed(SWANLAB, swanlab_records()))
        one, other = the_run(WandbFiles(str(wandb))), the_run(SwanLabFiles(str(swanlab)))
        ours, leet = medians(lambda: one.tail().read_all(), lambda: read_by_leet(wandb), rounds=3)
        mine, theirs = medians(lambda: other.tail().read_all(), lambda: read_by_swanlab(swanlab), ROUNDS)
        rows: list[Row] = [
            (f"`.wandb`, {ROWS:,} rows × {METRICS}", ours, "wandb leet inspect --json", leet, "s", "< 1"),
            (f"`.swanlab`, {SCALARS:,} scalars", mine, "DataStoreReader + ParseFromString", theirs, "s", "≤ 1.5"),
        ]
    print("| what | ours | peer | peer's | ratio | target |\n|---|---|---|---|---|---|")
    for what, own, peer, peers, unit, target in rows:
        print(f"| {what} | {own:.3g} {unit} | {peer} | {peers:.3g} {unit} | {own / peers:.2f} | {target} |")


if __name__ == "__main__":
    main()
