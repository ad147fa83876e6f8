"""Rehearses Binder here (`make rehearse`): installs what `binder/` says, runs every notebook without a network.

    python scripts/rehearse_binder.py [--environment DIR] [NOTEBOOK …]

It does with `binder/` what repo2docker does, from the root of a copy of the repository, in a new virtual environment
rather than in a container. Linux only, as Binder is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MOST_MB = 450
"""What Binder guarantees; server, kernel and one job have to fit."""
OWN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "JUPYTER", "IPYTHON", "ASTUNER", "WANDB", "SWANLAB")
"""Beginnings of the variables that a fresh container has not."""


@dataclass(frozen=True)
class Environment:
    """A Python with everything that Binder's image would have."""

    python: Path
    """Its interpreter."""
    version: str
    """Of the interpreter."""
    seconds: float
    """How long it took to make; 0 for one that was there."""


def copy_repository(folder: Path) -> Path:
    """Copies what a clone would hold, changes that are not committed included; returns `folder`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def interpreter() -> str:
    """The Python that `binder/runtime.txt` names where it is installed, else the one that runs this."""
    wanted = (ROOT / "binder" / "runtime.txt").read_text().strip().replace("python-", "python")
    found = shutil.which(wanted)
    works = found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0
    return found if found and works else sys.executable


def make_environment(repository: Path, folder: Path) -> Environment:
    """Makes a virtual environment, in the order in which repo2docker goes about it."""
    began = time.monotonic()
    subprocess.run([interpreter(), "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    subprocess.run([*pip, "-r", "binder/requirements.txt"], cwd=repository, env=variables(python), check=True)
    if (repository / "binder" / "postBuild").exists():
        subprocess.run([repository / "binder" / "postBuild"], cwd=repository, env=variables(python), check=True)
    return Environment(python, version_of(python), time.monotonic() - began)


def existing(folder: Path) -> Environment:
    """The environment in `folder`, taken as it is."""
    python = folder.absolute() / "bin" / "python"
    return Environment(python, version_of(python), 0.0)


def version_of(python: Path) -> str:
    """Of an interpreter, as 3.12.1."""
    asked = [python, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def variables(python: Path) -> dict[str, str]:
    """What a process of the environment finds in its surroundings: little of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    return {**kept, "PATH": f"{python.parent}{os.pathsep}{kept['PATH']}"}


def without_network() -> list[str]:
    """What a command begins with to have a network of its own with nobody in it; empty where that is forbidden."""
    for command in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return []


def rehearse(environment: Environment, repository: Path, notebooks: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yields what `run_as_binder.py` says: an object a notebook, then one that says who was asked for."""
    alone = without_network()
    own = {"HOME": str(repository), **({"ASTUNER_OWN_NETWORK": "1"} if alone else {})}
    log = repository / "rehearsal.log"
    with log.open("w") as errors, subprocess.Popen(
        [*alone, environment.python, "scripts/run_as_binder.py", *notebooks],
        cwd=repository, env=variables(environment.python) | own, stdout=subprocess.PIPE, stderr=errors, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield from map(json.loads, process.stdout)
    if process.returncode:
        raise SystemExit(
            f"The rehearsal ended with code {process.returncode}; it said last:\n{log.read_text()[-3000:]}"
        )


def row(said: dict[str, Any]) -> str:
    """A row of the table."""
    memory = said["memory_mb"]
    parts = (f"{memory.get(name, 0):.0f}" for name in ("server", "kernel", "jobs"))
    cells = (said["notebook"], f"{said['seconds']:.0f} s", *parts, f"{sum(memory.values()):.0f}")
    return f"| {' | '.join((*cells, 'failed' if said['error'] else 'ran'))} |"


def report(environment: Environment, said: Iterator[dict[str, Any]]) -> list[str]:
    """Prints the table as it comes; returns what is wrong, a sentence each."""
    size_mb = folder_mb(environment.python.parents[1])
    alone = "a network of its own" if without_network() else "proxies that lead nowhere"
    tell(f"Python {environment.version}, {size_mb:.0f} MB, installed in {environment.seconds:.0f} s; {alone}.\n")
    tell("| notebook | took | server, MB | kernel | jobs | together | |\n|---|---|---|---|---|---|---|")
    wrong: list[str] = []
    for one in said:
        if "asked" in one:
            wrong += [f"The network was asked for: {line}. Ship what is needed there." for line in one["asked"]]
            continue
        tell(row(one))
        wrong += troubles(one)
    return wrong


def troubles(said: dict[str, Any]) -> list[str]:
    """What is wrong with one notebook."""
    most_mb = sum(said["memory_mb"].values())
    found = [f"{said['notebook']} failed:\n{said['error']}"] if said["error"] else []
    if most_mb > MOST_MB:
        found.append(f"{said['notebook']} took {most_mb:.0f} MB, Binder guarantees {MOST_MB}: make it smaller.")
    return found


def folder_mb(folder: Path) -> float:
    """What a folder holds, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def tell(line: str) -> None:
    """A line for the reader, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Rehearse; returns 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="names in notebooks/; all where left out")
    parser.add_argument("--environment", type=Path, metavar="DIR", help="use this one rather than make one")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="binder-") as folder:
        repository = copy_repository(Path(folder) / "repository")
        if chosen.environment:
            environment = existing(chosen.environment)
        else:
            environment = make_environment(repository, Path(folder) / "environment")
        wrong = report(environment, rehearse(environment, repository, chosen.notebooks))
    tell("\n" + ("\n".join(wrong) or "Everything ran, and nobody was asked for."))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
