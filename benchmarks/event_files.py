"""Reading TensorBoard's event files, beside its own reader: `python -m benchmarks.event_files`.

Each reader runs in a fresh process, which reports its time, without its imports, and its peak memory, with them. Takes
about a minute. Compare ratios, not times: machines differ.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from astuner_nb.trackers.tensorboard.encoding import VERSION, event, scalars
from astuner_nb.trackers.tensorboard.event_file import framed

STEPS = 100_000
TAGS = ("train/reward", "train/loss", "kl", "actor/entropy", "response_length")
SHAPES = {"A": "one scalar an event", "B": "five tags an event"}

OURS = """
import json, resource, sys, time
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.tensorboard.files import TensorBoardFiles
from astuner_nb.trackers.where import Where
start = time.perf_counter()
(run,) = TensorBoardFiles(sys.argv[1]).list(Where(), 10, Patience(60)).runs
history = run.history()
seconds = time.perf_counter() - start
points = sum(len(series) for series in history.values())
"""
THEIRS = """
import json, resource, sys, time, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")  # else it imports TensorFlow where that is installed
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
start = time.perf_counter()
reader = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
reader.Reload()
seconds = time.perf_counter() - start
points = sum(len(reader.Scalars(tag)) for tag in reader.Tags()["scalars"])
"""
REPORT = """
if sys.platform == "linux":  # getrusage would report the parent's peak, which survives fork and exec
    with open("/proc/self/status") as status:
        memory_mb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
else:
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
print(json.dumps({"points": points, "seconds": seconds, "memory_mb": memory_mb}))
"""


def write(directory: Path, shape: str) -> float:
    """Write 500,000 scalars into one event file; returns its size in MB."""
    draw = random.Random(0)
    directory.mkdir()
    path = directory / "events.out.tfevents.1700000000.host"
    with open(path, "wb") as file:
        file.write(framed(event(1.7e9, version=VERSION)))
        for step in range(STEPS):
            row = {tag: draw.random() for tag in TAGS}
            for part in [row] if shape == "B" else [{tag: value} for tag, value in row.items()]:
                file.write(framed(event(1.7e9 + step, step=step, summary=scalars(part))))
    return path.stat().st_size / 1e6


def measured(script: str, directory: Path) -> Mapping[str, float]:
    """What `script` reports, from a fresh process."""
    command = [sys.executable, "-c", script + REPORT, str(directory)]
    found: Mapping[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert found["points"] == STEPS * len(TAGS), found
    return found


def main() -> None:
    """Print the table."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for shape, what in SHAPES.items():
            directory = Path(place, shape)
            size = write(directory, shape)
            ours, theirs = measured(OURS, directory), measured(THEIRS, directory)
            label = f"500,000 scalars, {what} ({size:.0f} MB)"
            rows.append((f"read {label}", "seconds", "s", ours, theirs, "1/5"))
            rows.append((f"memory, peak, {shape}", "memory_mb", "MB", ours, theirs, "60 MB"))
    print("| what | ours | EventAccumulator, every point | ratio | target |\n|---|---|---|---|---|")
    for what, key, unit, ours, theirs, target in rows:
        ratio = theirs[key] / ours[key]
        print(f"| {what} | {ours[key]:.3g} {unit} | {theirs[key]:.3g} {unit} | 1/{ratio:.3g} | {target} |")


if __name__ == "__main__":
    main()
