"""A thousand finished runs at once, beside peers measured in the same rounds: `python -m benchmarks compare`.

Takes about a minute and 1 GB of disk in the temporary directory, twice that where pyarrow is installed; Linux.
The caches are written directly: parsing a thousand logs of 10,000 records first would take half a minute more.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import astuner_nb as anb
from astuner_nb.core.metrics import FIVE
from astuner_nb.recorder import create_run_directory, write_json_atomic
from astuner_nb.store.cache import MARK_BYTES, Cached, save
from astuner_nb.store.column_file import Columns
from astuner_nb.store.run import Run
from benchmarks.run_store import medians, seconds

RUNS, STEPS, POINTS, ROUNDS = 1_000, 10_000, 500, 3
NAMES = [*(metric.name for metric in FIVE), *(f"more/metric_{index}" for index in range(5))]
LOG_BYTES = 325 * STEPS
"""How long the log of such a run is."""
RECORD = b'{"step":9999}\n'
PEAK = """
import re, sys
from pathlib import Path
sys.argv[1:] = {arguments!r}
{work}
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""
READ = "import astuner_nb as anb; kept = anb.runs('runs:' + sys.argv[1]).histories(['reward'], max_points={points})"
DRAW = """
import time
import numpy, pandas
import astuner_nb as anb
import astuner_nb.views.view
from benchmarks.compare import load_by_numpy
began = time.perf_counter()
{work}
print(time.perf_counter() - began)
"""
PICTURES = "kept = anb.compare('runs:' + sys.argv[1]).figures('reward').pictures(); assert kept[0].lines"
LOAD = "from benchmarks.compare import load_by_numpy; kept = load_by_numpy(Path(sys.argv[1]))"
Row = tuple[str, float, str, float, str, str]
"""What, ours, the peer, the peer's, the unit, the target."""


def columns(rng: np.random.Generator) -> Columns:
    """Ten metrics of one run; all were logged at the same steps and times."""
    step = np.arange(STEPS, dtype=np.float64)
    time = 1.7e9 + 100 * rng.random() + step / 3
    return {name: (step, rng.normal(size=STEPS).cumsum(), time) for name in NAMES}


def make_run(store: Path, index: int, rng: np.random.Generator, parquet: bool) -> None:
    """One finished run. Its log has the length and the end of a real one, and a hole before: nobody shall read it."""
    config = {"lr": 10.0 ** -(3 + index % 3), "seed": index, "weight_decay": float(rng.random())}
    config |= {f"parameter_{n}": n * index / 7 for n in range(17)}
    files = create_run_directory(store, "p", f"run {index}", config)
    mark = (RECORD * MARK_BYTES)[-MARK_BYTES:]
    with open(files.metrics, "wb") as log:
        log.seek(LOG_BYTES - MARK_BYTES)
        log.write(mark)
    made = columns(rng)
    save(files.cache, Cached(LOG_BYTES, mark, STEPS, 0, STEPS - 1.0, made))
    write_json_atomic(files.exit, {"code": 0, "stopped": False, "t": 1.7e9 + STEPS})
    if parquet:
        write_parquet(files.directory / "peer.parquet", made)


def write_parquet(path: Path, made: Columns) -> None:
    """The same ten metrics with their steps and times as a table."""
    import pandas as pd

    step, _, time = made["reward"]
    pd.DataFrame({"step": step, "t": time, **{name: value for name, (_, value, _) in made.items()}}).to_parquet(path)


def make_store(store: Path, parquet: bool) -> None:
    """A thousand of them, on the disk."""
    rng = np.random.default_rng(0)
    for index in range(RUNS):
        make_run(store, index, rng, parquet)
    os.sync()


def forget(store: Path) -> None:
    """Have the system drop what it keeps of the store's files in memory."""
    for path in store.glob("*/*/*.*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def cold_medians(store: Path, ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """As `medians`, with nothing of the store in memory each time."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, taken in zip((ours, peer), times, strict=True):
            forget(store)
            taken.append(seconds(work))
    return statistics.median(times[0]), statistics.median(times[1])


def load_by_numpy(store: Path) -> list[tuple[np.ndarray, ...]]:
    """Step, value and time of the first metric of every run: the three members alone."""
    kept: list[tuple[np.ndarray, ...]] = []
    for path in store.glob("*/*/metrics.npz"):
        with np.load(path) as members:
            kept.append((members["c0"], members["c1"], members["c2"]))
    return kept


def load_by_parquet(store: Path) -> list[object]:
    """The same from a table of each run."""
    import pandas as pd

    paths = store.glob("*/*/peer.parquet")
    return [pd.read_parquet(path, columns=["step", "reward", "t"]) for path in paths]


def list_and_summarise(store: Path) -> object:
    """What a table shows: description, configuration, last and best of five metrics."""
    runs = anb.runs(f"runs:{store}")
    names = [metric.name for metric in FIVE]
    return runs.to_frame(()), [run.summary(names) for run in runs if isinstance(run, Run)]


def tables(store: Path) -> list[Row]:
    """A table of all runs, warm; the last one is that of a comparison, its runs listed already."""
    paths = list(store.glob("*/*/meta.json"))
    view = anb.compare(anb.runs(f"runs:{store}"))
    shown, meta = medians(view.table, lambda: [json.loads(path.read_bytes()) for path in paths], ROUNDS)
    view.close()
    own, peer = medians(
        lambda: list_and_summarise(store), lambda: [json.loads(path.read_bytes()) for path in paths], ROUNDS
    )
    whole, _ = medians(lambda: anb.runs(f"runs:{store}").to_frame(), lambda: None, ROUNDS)
    reading = "json.loads of each meta.json"
    return [
        ("table: to_frame(()) and summary() of five metrics, warm", own, reading, peer, "s", "≤ 0.5 s"),
        ("table: to_frame(), warm", whole, reading, peer, "s", "≤ 0.5 s"),
        ("table: view.table(), warm", shown, reading, meta, "s", "≤ 0.5 s"),
    ]


def listing(store: Path) -> Row:
    """What comes before everything else, cold."""
    paths = list(store.glob("*/*/meta.json"))
    own, peer = cold_medians(
        store, lambda: anb.runs(f"runs:{store}"), lambda: [json.loads(path.read_bytes()) for path in paths]
    )
    return "list the runs, cold", own, "json.loads of each meta.json", peer, "s", ""


def one_metric(store: Path, parquet: bool) -> list[Row]:
    """One metric of all runs that were listed, ready to draw."""
    runs = anb.runs(f"runs:{store}")

    def ours() -> object:
        return runs.histories(["reward"], max_points=POINTS)

    peers: list[tuple[str, Callable[[], object]]] = [("np.load of the members", lambda: load_by_numpy(store))]
    if parquet:
        peers.append(("pandas.read_parquet of the columns", lambda: load_by_parquet(store)))
    rows: list[Row] = []
    for name, peer in peers:
        rows.append(("one metric, read and thinned, cold", *_beside(name, cold_medians(store, ours, peer)), "≤ 1 s"))
        rows.append(("one metric, read and thinned, warm", *_beside(name, medians(ours, peer, ROUNDS)), ""))
    return rows


def pictures(store: Path) -> Row:
    """The runs listed, one metric of all of them read and made a picture, in a process that has done nothing yet."""

    def in_a_process(work: str) -> float:
        forget(store)
        code = f"import sys\nfrom pathlib import Path\n{DRAW.format(work=work)}"
        done = subprocess.run([sys.executable, "-c", code, str(store)], capture_output=True, text=True, check=True)
        return float(done.stdout)

    pairs = [(in_a_process(PICTURES), in_a_process("kept = load_by_numpy(Path(sys.argv[1]))")) for _ in range(ROUNDS)]
    own, peer = (statistics.median(times) for times in zip(*pairs, strict=True))
    return "view.figures('reward').pictures(), cold, new process", own, "np.load of the members", peer, "s", "≤ 1 s"


def memory(store: Path) -> list[Row]:
    """The most that a fresh process needed for one metric of all runs."""
    peer = peak_mb(store, LOAD)
    drawn = ("memory, view.figures('reward').pictures()", peak_mb(store, f"import astuner_nb as anb; {PICTURES}"))
    read = [
        (f"memory, one metric, {what}", peak_mb(store, READ.format(points=points)), "np.load", peer, "MB", "≤ 300 MB")
        for what, points in ((f"{POINTS} points a run", POINTS), ("every point", None))
    ]
    return [*read, (*drawn, "np.load", peer, "MB", "≤ 300 MB")]


def peak_mb(store: Path, work: str) -> float:
    """The most memory that a process of its own needed for `work`, the libraries included."""
    code = PEAK.format(work=work, arguments=[str(store)])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _beside(peer: str, times: tuple[float, float]) -> tuple[float, str, float, str]:
    return times[0], peer, times[1], "s"


def main() -> None:
    """Print the table."""
    parquet = find_spec("pyarrow") is not None
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory, "runs")
        took = seconds(lambda: make_store(store, parquet))
        print(f"{RUNS:,} runs × {STEPS:,} steps × {len(NAMES)} metrics, made in {took:.0f} s.\n")
        rows = [*tables(store), listing(store), *one_metric(store, parquet), pictures(store), *memory(store)]
    print("| what | ours | peer | peer's | ratio | target |\n|---|---|---|---|---|---|")
    for what, own, peer, peers, unit, target in rows:
        print(f"| {what} | {own:.3g} {unit} | {peer} | {peers:.3g} {unit} | {own / peers:.2f} | {target} |")


if __name__ == "__main__":
    main()
