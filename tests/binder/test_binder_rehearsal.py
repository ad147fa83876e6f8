"""The rehearsal: notebooks run as on Binder, asking nobody; in the tests' own environment, and (long) in a new one."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "rehearse_binder.py"


def rehearsed(*arguments: str) -> str:
    """What the script prints; fails where it finds something wrong."""
    done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Everything ran, and nobody was asked for.")
    return done.stdout


def test_a_notebook_runs_without_a_network_and_in_little_memory():
    told = rehearsed("--environment", sys.prefix, "02_overlay.ipynb")
    assert "| (points from a thread) |" in told
    assert "| 02_overlay.ipynb |" in told


@pytest.mark.stress
@pytest.mark.timeout(1800)
def test_every_notebook_runs_in_what_binder_installs():
    told = rehearsed()
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"| {notebook.name} |" in told
