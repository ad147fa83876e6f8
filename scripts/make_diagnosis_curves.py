"""Makes the labelled curves of the built-in training: `python scripts/make_diagnosis_curves.py [DIRECTORY]`.

The six presets, six seeds each, two trainings at a time; takes ten minutes. Seeds 0 and 1 are those that the diagnosis
may be tuned on; 2 to 5 are held out: the tests and the benchmark alone look at them. (Numbers of seed 2, and of half of
"good 3", were seen once before the first rule was written; those of the others never.) With a DIRECTORY the runs are
kept there, and those that it has already are not made again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astuner_nb.backbones.local import PRESETS

HOME = Path(__file__).parents[1] / "tests" / "diagnosis" / "labelled"
HALVES = {"tuning": (0, 1), "held_out": (2, 3, 4, 5)}
METRICS = (
    "reward",
    "success_rate",
    "loss",
    "response_length",
    "kl",
    "entropy",
    "clip_frac",
    "grad_norm",
    "adv_zero_groups",
    "val/success_rate",
)
BUDGET_BYTES = 300_000


def train(place: Path, preset: str, seed: int) -> None:
    """One finished run below `place`; nothing where it is there already."""
    directory = place / run_name(preset, seed)
    if (directory / "done").exists():
        return
    directory.mkdir(exist_ok=True)
    (directory / "metrics.jsonl").unlink(missing_ok=True)
    config = {**PRESETS[preset], "seed": seed, "rollout_freq": 0}
    (directory / "meta.json").write_text(json.dumps({"config": config, "loggers": []}))
    subprocess.run(
        [sys.executable, "-m", "astuner_nb.training.job", str(directory)], check=True, preexec_fn=lambda: os.nice(10)
    )
    (directory / "done").touch()


def run_name(preset: str, seed: int) -> str:
    """What a run is called in the files: `too hot 2`."""
    return f"{preset} {seed}"


def table(directory: Path) -> NDArray[np.float32]:
    """The run's curves, (metrics, steps): column 0 is step 1, NaN where a metric was not logged."""
    rows = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    values = np.full((len(METRICS), max(row["step"] for row in rows)), np.nan, dtype=np.float32)
    for row in rows:
        for index, name in enumerate(METRICS):
            if name in row:
                values[index, row["step"] - 1] = row[name]
    return values


def main(arguments: list[str]) -> None:
    """Make them anew."""
    runs = [(preset, seed) for seeds in HALVES.values() for seed in seeds for preset in PRESETS]
    with tempfile.TemporaryDirectory() as elsewhere:
        place = Path(arguments[0] if arguments else elsewhere)
        place.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda run: train(place, *run), runs))
        HOME.mkdir(parents=True, exist_ok=True)
        for half, seeds in HALVES.items():
            names = [run_name(preset, seed) for preset in PRESETS for seed in seeds]
            tables = {name: table(place / name) for name in names}
            np.savez_compressed(HOME / f"{half}.npz", metrics=np.array(METRICS), **tables)
    total = sum(path.stat().st_size for path in HOME.glob("*.npz"))
    assert total <= BUDGET_BYTES, f"{total:,} bytes are more than {BUDGET_BYTES:,}"
    sys.stdout.write(f"{total / 1000:.0f} kB in {HOME}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
