"""Costs of the run directory, each beside a peer measured in the same rounds: `python benchmarks/run_store.py`.

Takes about a minute and 500 MB of disk in the temporary directory. Compare ratios, not times: machines differ.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from astuner_nb.recorder import Recorder, create_run_directory
from astuner_nb.store.cache import save
from astuner_nb.store.run_store import RunStore
from astuner_nb.store.tail import MetricsTail

ROUNDS, CALLS, STEPS, RUNS = 5, 20_000, 1_000_000, 1_000
TEN = [f"group/metric_{index}" for index in range(10)]
Row = tuple[str, float, str, float, str]
"""What, its seconds, the peer, the peer's seconds, the unit."""


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(ours: Callable[[], object], peer: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median seconds of both, measured in turn so that a noisy moment meets both."""
    pairs = [(seconds(ours), seconds(peer)) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def log_calls(place: Path, values: dict[str, object], what: str) -> Row:
    """`Recorder.log` of ten metrics against `json.dumps` and one `os.write` of the same record as floats."""
    plain = {name: float(value) for name, value in values.items()}  # type: ignore[arg-type]
    run = Recorder(place)
    descriptor = os.open(place / "peer.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def ours() -> None:
        for step in range(CALLS):
            run.log(values, step=step)

    def peer() -> None:
        for step in range(CALLS):
            os.write(descriptor, (json.dumps({"step": step, "t": time.time(), **plain}) + "\n").encode())

    mine, theirs = medians(ours, peer)
    run.close()
    os.close(descriptor)
    return what, mine / CALLS * 1e6, "json.dumps + os.write of floats", theirs / CALLS * 1e6, "µs"


def write_long_log(path: Path) -> None:
    """A log of a million records of five metrics."""
    values = np.random.default_rng(0).random((STEPS, 5)).tolist()
    names = ("reward", "success_rate", "loss", "response_length", "kl")
    with open(path, "w") as file:
        for step, row in enumerate(values):
            file.write(json.dumps({"step": step, "t": 1.7e9 + step / 10, **dict(zip(names, row, strict=True))}) + "\n")


def read_by_json(path: Path) -> dict[str, list[float]]:
    """The same columns by the standard library alone."""
    columns: dict[str, list[float]] = {}
    with open(path, "rb") as file:
        for line in file:
            for name, value in json.loads(line).items():
                columns.setdefault(name, []).append(value)
    return columns


def long_log(place: Path) -> list[Row]:
    """A million records read live, and from the cache."""
    log = place / "metrics.jsonl"
    write_long_log(log)
    live, peer = medians(lambda: MetricsTail(log).read_all(), lambda: read_by_json(log), rounds=3)
    tail = MetricsTail(log)
    tail.read_all()
    written = seconds(lambda: save(log.with_suffix(".npz"), tail.snapshot()))
    cold, _ = medians(lambda: MetricsTail(log).read_all(), lambda: None)
    return [
        (f"read {STEPS:,} × 5, live JSONL", live, "json, line by line", peer, "s"),
        (f"read {STEPS:,} × 5, compacted", cold, "json, line by line", peer, "s"),
        (f"compact {STEPS:,} × 5", written, "json, line by line", peer, "s"),
    ]


def idle_poll(place: Path) -> Row:
    """A poll that finds nothing new, against one `os.stat`."""
    tail = MetricsTail(place / "metrics.jsonl")
    tail.read_all()
    count = 10_000
    mine, theirs = medians(
        lambda: [tail.poll() for _ in range(count)], lambda: [os.stat(tail.path) for _ in range(count)]
    )
    return "poll that finds nothing", mine / count * 1e6, "os.stat", theirs / count * 1e6, "µs"


def listing(place: Path) -> Row:
    """A thousand runs, against reading and parsing their `meta.json` alone."""
    config = {f"parameter_{index}": index / 7 for index in range(20)}
    for index in range(RUNS):
        create_run_directory(place / "runs", "p", f"run {index}", config)
    paths = list((place / "runs").glob("*/*/meta.json"))
    store = RunStore(place / "runs")
    mine, theirs = medians(store.runs, lambda: [json.loads(path.read_bytes()) for path in paths])
    return f"list {RUNS:,} runs", mine * 1e3, "json.loads of each meta.json", theirs * 1e3, "ms"


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    floats: dict[str, object] = {name: float(value) for name, value in zip(TEN, rng.random(10), strict=True)}
    scalars: dict[str, object] = {name: np.float32(value) for name, value in floats.items()}  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as directory:
        places = [Path(directory, name) for name in "abcd"]
        for place in places:
            place.mkdir()
        rows = [
            log_calls(places[0], floats, "log() of 10 floats"),
            log_calls(places[1], scalars, "log() of 10 np.float32"),
            *long_log(places[2]),
            idle_poll(places[2]),
            listing(places[3]),
        ]
    print("| what | ours | peer | peer's | ratio |\n|---|---|---|---|---|")
    for what, ours, peer, theirs, unit in rows:
        print(f"| {what} | {ours:.3g} {unit} | {peer} | {theirs:.3g} {unit} | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()
