"""Makes the run files in `run_files/` with the real clients of several versions.

    python tests/trackers/make_run_files.py [--venvs DIR] [FOLDER ...]

makes all of them, or those that are named (`swanlab-0.10.3-finished`). Each version is installed into a virtual
environment of its own below DIR (a temporary one where it is not given); that needs a package index, a few minutes and
2 GB. What the machine told of itself is taken out of the files afterwards. Beside each lies `expected.json`: what
was logged.

    python tests/trackers/make_run_files.py --log VENDOR HOW DIR

is what runs in those environments: it logs one run below DIR. Standard library and the client only.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "run_files"
FOLDERS = [
    *(f"swanlab-{version}-finished" for version in ("0.7.20", "0.8.0", "0.8.5", "0.9.8", "0.10.3")),
    "swanlab-0.7.20-failed",
    *(f"swanlab-0.10.3-{how}" for how in ("failed", "sigint", "sigkill", "resumed")),
    *(f"wandb-{version}-finished" for version in ("0.29.0", "0.30.0", "0.31.0")),
    *(f"wandb-0.31.0-{how}" for how in ("failed", "sigint", "sigkill", "resumed", "typed")),
]
STEPS = 30
NAME = """say "hi" <b>it's</b> & go"""
HOSTILE_KEY = """odd/<b>"it's" & 1"""
CONFIG = {"lr": 1e-6, "seed": 3, "model": {"name": "qwen", "layers": [1, 2, 3]}, "use_kl": True, "note": NAME}
TAGS, GROUP = ["grpo", "math"], "sweep-1"
SPECIAL = {7: math.nan, 8: math.inf, 9: -math.inf}


def rows(first: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """Step and values of each call of `log`."""
    for step in range(first, first + STEPS):
        row: dict[str, Any] = {"reward": math.sin(step / 3), "train/loss": SPECIAL.get(step, 2.0 / (step + 1))}
        if step % 2 == 0:
            row["tokens"] = 1_000_000_007 * step
        if step % 5 == 0:
            row["val/acc"] = step / 100
        if step % 6 == 0:
            row[HOSTILE_KEY] = -0.0 if step == 0 else 1e-300 * step
        if step % 10 == 0:
            row["eval"] = {"pass": step / 10, "länge": 7}
        yield step, row


def expected(joint: str, first: int = 0) -> dict[str, list[list[float]]]:
    """Metric → step and value of each point, nested names joined with `joint`."""
    points: dict[str, list[list[float]]] = {}
    for step, row in rows(first):
        for name, value in row.items():
            inner = {f"{name}{joint}{key}": each for key, each in value.items()} if name == "eval" else {name: value}
            for key, each in inner.items():
                points.setdefault(key, []).append([step, float(each)])
    return points


def log(vendor: str, how: str, place: Path) -> None:
    """Log one run below `place`, and end it as `how` says."""
    (log_swanlab if vendor == "swanlab" else log_wandb)(how, place)
    if how == "failed":
        raise SystemExit("boom")


def end(how: str, wait_s: float) -> None:
    """End this process before the run was finished, where `how` says so."""
    if how == "failed":
        raise RuntimeError("CUDA out of memory <b>&")
    if how in ("sigint", "sigkill"):
        time.sleep(wait_s)
        os.kill(os.getpid(), signal.SIGINT if how == "sigint" else signal.SIGKILL)
        time.sleep(10)


def log_swanlab(how: str, place: Path) -> None:
    """Log a run with SwanLab."""
    import swanlab

    new = int(swanlab.__version__.split(".")[1]) >= 8
    more: dict[str, Any] = {"group": GROUP, "id": "resumed1", "resume": "allow"} if new else {}
    if how != "resumed":
        more = {"group": GROUP} if new else {}
    run = swanlab.init(
        project="grpo",
        experiment_name=NAME,
        tags=TAGS,
        config=CONFIG,
        mode="offline",
        logdir=str(place / "swanlog"),
        **more,
    )
    for step, row in rows(100 if (place / "first").exists() else 0):
        run.log(row, step=step)
        if step % 10 == 0:
            run.log({"text": swanlab.Text("a text")}, step=step)
    end(how, 1.0)
    swanlab.finish()
    (place / "first").touch()


def log_wandb(how: str, place: Path) -> None:
    """Log a run with W&B."""
    import wandb

    settings = {
        "console": "off",
        "silent": True,
        "x_disable_stats": True,
        "x_disable_machine_info": True,
        "host": "somewhere",
    }
    settings |= {"x_disable_meta": True, "disable_git": True, "save_code": False}
    if how == "typed":
        settings["x_history_value_encoding"] = "json,typed"
    more = {"id": "resumed1", "resume": "allow"} if how == "resumed" else {}
    about = {"project": "grpo", "entity": "acme", "name": NAME, "group": GROUP, "job_type": "train", "notes": "a note"}
    options = wandb.Settings(**settings)
    run = wandb.init(tags=TAGS, config=CONFIG, mode="offline", dir=place, settings=options, **about, **more)
    run.define_metric("val/*", step_metric="reward")
    for step, row in rows(100 if (place / "first").exists() else 0):
        more_values = (
            {"histogram": wandb.Histogram(np_histogram=([1, 2], [0.0, 1.0, 2.0])), "text": "a text"}
            if step % 10 == 0
            else {}
        )
        run.log({**row, **more_values}, step=step)
    run.config.update({"late": {"batch": 8}, "seed": 4}, allow_val_change=True)
    end(how, 1.5)
    run.finish()
    (place / "first").touch()


def make(folder: str, venvs: Path) -> None:
    """Make one of the folders."""
    vendor, version, how = folder.split("-")
    python = environment(venvs, f"{vendor}=={version}")
    place = Path(tempfile.gettempdir(), "run-files", folder)  # a dull path: it stands in some of the records
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    script = Path(shutil.copy(__file__, place / "log_run.py"))  # its path may stand in a traceback
    for _ in range(2 if how == "resumed" else 1):
        argv = [str(python), str(script), "--log", vendor, how, str(place)]
        done = subprocess.run(
            argv, cwd=place, env=clean_environment(place), capture_output=True, text=True, timeout=300
        )
        sys.stderr.write(f"{folder} ended with {done.returncode}\n")
        if (done.returncode == 0) != (how in ("finished", "resumed", "typed")):
            raise SystemExit(f"{folder} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        time.sleep(1.1)  # run folders carry the second in their names
    shutil.rmtree(HERE / folder, ignore_errors=True)
    keep(place, HERE / folder)
    joint = "/" if vendor == "swanlab" and not version.startswith("0.7.") else "."
    points = [expected(joint), expected(joint, 100)][: 2 if how == "resumed" else 1]
    if version.startswith("0.7."):  # that client writes -inf as it writes inf
        points = [
            {k: [[s, abs(v) if math.isinf(v) else v] for s, v in each] for k, each in part.items()} for part in points
        ]
    joined = {key: [point for each in points for point in each.get(key, [])] for key in points[0]}
    text = json.dumps({"client": f"{vendor} {version}", "ended": how, "points": joined}, indent=None)
    (HERE / folder / "expected.json").write_text(text + "\n")


def environment(venvs: Path, requirement: str) -> Path:
    """The Python of the virtual environment that holds `requirement`, made where there is none."""
    directory = venvs / requirement.replace("==", "-")
    if not (directory / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
        subprocess.run([str(directory / "bin" / "pip"), "install", "--quiet", requirement], check=True)
    return directory / "bin" / "python"


def clean_environment(home: Path) -> dict[str, str]:
    """What the clients may know: no key, no settings, and a home of their own."""
    quiet = {
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_X_TRANSACTION_LOG_FLUSH_INTERVAL": "0.2",
        "WANDB_USERNAME": "alice",
    }
    names = ("MONITOR", "HARDWARE", "REQUIREMENTS", "GIT", "CONDA")
    quiet |= {f"SWANLAB_PROBE_{name}": "false" for name in names}
    quiet |= {"SWANLAB_TERMINAL_PROXY_TYPE": "none", "SWANLAB_INTERACTIVE": "0", "SWANLAB_ROOT": str(home / ".swanlab")}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "USER": "alice", "TZ": "UTC", **quiet}


def keep(place: Path, target: Path) -> None:
    """Copy what readers look at, without what the machine told of itself."""
    for path in sorted(place.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        relative = path.relative_to(place)
        if path.suffix in (".swanlab", ".wandb") or path.name in ("config.yaml", "swanlab-metadata.json"):
            copy = target / relative
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            if path.name == "swanlab-metadata.json":
                copy.write_text(json.dumps(scrubbed(json.loads(copy.read_text())), indent=2) + "\n")


def scrubbed(metadata: dict[str, Any]) -> dict[str, Any]:
    """The part of SwanLab's metadata that readers look at, of a machine that is called `somewhere`."""
    told = {"hostname": "somewhere", "pid": 4_000_000}
    if "runtime" in metadata:
        return {"_version": metadata.get("_version"), "runtime": {**told, "os": "Linux", "cwd": "/somewhere"}}
    return {**told, "os": "Linux", "cwd": "/somewhere"}


def main() -> None:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--venvs", type=Path)
    parser.add_argument("--log", nargs=3, metavar=("VENDOR", "HOW", "DIR"))
    parser.add_argument("folders", nargs="*", metavar="FOLDER", default=FOLDERS)
    given = parser.parse_args()
    if given.log:
        log(given.log[0], given.log[1], Path(given.log[2]))
        return
    with tempfile.TemporaryDirectory() as temporary:
        for folder in given.folders:
            make(folder, given.venvs or Path(temporary))


if __name__ == "__main__":
    main()
