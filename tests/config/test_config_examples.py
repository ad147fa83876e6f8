"""The shipped examples are found in a wheel's layout too, and their absence is said."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import astuner_nb
from astuner_nb.config.examples import examples_directory

SHOW = "from astuner_nb.config.loader import load_config; print(load_config('math_agent.yaml').source)"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of what this room needs, laid out as in site-packages, with a stranger's folder `notebooks` beside it."""
    package = tmp_path / "site-packages" / "astuner_nb"
    for room in ("core", "config"):
        shutil.copytree(Path(astuner_nb.__file__).parent / room, package / room)
    (package / "__init__.py").touch()
    (package.parent / "notebooks").mkdir()
    return package


def run(package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=package.parent,
        env={"PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_wheels_copy_is_used(installed: Path) -> None:
    shutil.copytree(examples_directory(), installed / "notebooks")
    ended = run(installed)
    assert ended.stdout.strip() == str(installed / "notebooks" / "math_agent.yaml"), ended.stderr


def test_an_installation_without_examples_says_so(installed: Path) -> None:
    ended = run(installed)
    assert ended.returncode != 0
    assert "BadConfig: The examples of astuner_nb are missing" in ended.stderr
