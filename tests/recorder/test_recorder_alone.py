"""The recorder is one file that runs where nothing of ours is installed, on Python 3.10 too."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from astuner_nb import recorder

SOURCE = Path(recorder.__file__)
USE = """
import recorder
with recorder.init(project="copied", config={"lr": 1e-3}, store="runs") as run:
    for step in range(3):
        run.log({"reward": step / 2, "nan": float("nan")}, step=step)
    run.log_rollouts([{"prompt": "1+1"}])
    assert run.lost == 0
print(run.directory)
"""


def old_python() -> str | None:
    """A Python 3.10 that runs here, where there is one."""
    path = shutil.which("python3.10")
    if path is None or subprocess.run([path, "-c", ""], capture_output=True).returncode != 0:
        return None
    return path


def test_it_imports_the_standard_library_only() -> None:
    tree = ast.parse(SOURCE.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_its_grammar_is_that_of_python_3_10() -> None:
    ast.parse(SOURCE.read_text(), feature_version=(3, 10))


@pytest.mark.parametrize("python", [sys.executable, old_python()])
def test_a_copy_runs_alone(tmp_path: Path, python: str | None) -> None:
    if python is None:
        pytest.skip("there is no python3.10 here")
    shutil.copy(SOURCE, tmp_path / "recorder.py")
    (tmp_path / "use.py").write_text(USE)
    done = subprocess.run([python, "-S", "use.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    directory = Path(done.stdout.strip())
    rows = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    assert [(row["step"], row["reward"], row["nan"]) for row in rows] == [
        (0, 0.0, "NaN"),
        (1, 0.5, "NaN"),
        (2, 1.0, "NaN"),
    ]
    assert json.loads((directory / "exit.json").read_text())["code"] == 0
    assert json.loads((directory / "meta.json").read_text())["config"] == {"lr": 1e-3}
