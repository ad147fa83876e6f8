"""What `binder/` installs, in a new environment: the package works away from its clone, notebooks without a network."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "rehearse_binder.py"
SMOKE = """
import pathlib, astuner_nb, astuner_nb as anb
home = pathlib.Path(astuner_nb.__file__).parent
assert "site-packages" in str(home), home
assert (home / "py.typed").exists()
lab = anb.Lab("math_agent.yaml")                          # the notebook's YAML
run = lab.start(total_steps=20, train_batch_size=2)       # the supervisor, the base model
assert lab.wait(run, timeout_s=60) == "finished", run.log_tail()
assert len(run.history()["reward"]) == 20
assert lab.panel.widget is not None                       # the page's modules and styles
figure = anb.LiveFigure()
figure.add_scatter(x=[], y=[])
figure.extend({0: ([1], [2.0])})
assert len(figure._esm) > 1000
lab.close()
"""
UNPACK = "from astuner_nb.notebook import unpack; import pathlib; unpack(pathlib.Path('a/02_overlay.ipynb'))"
OPEN = "import astuner_nb as anb; print(len(anb.runs('swanlab:a/histories/swanlog') + anb.runs('wandb:a/histories')))"

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def binder(tmp_path_factory):
    """The folder of the environment that Binder would have."""
    folder = tmp_path_factory.mktemp("binder")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        rehearsing = importlib.import_module("scripts.rehearse_binder")
    rehearsing.make_environment(rehearsing.copy_repository(folder / "repository"), folder / "environment")
    return folder / "environment"


def rehearsed(*arguments: object) -> str:
    """What the script prints; fails where it finds something wrong."""
    done = subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Everything ran, and nobody was asked for.")
    return done.stdout


def test_everything_that_the_package_needs_is_inside(binder, tmp_path):
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "ASTUNER_RUNS")}

    def said(code):
        done = subprocess.run(
            [binder / "bin" / "python", "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    said(SMOKE)
    said(UNPACK)
    unpacked = ["02_overlay.ipynb", "histories", "math_agent.yaml", "pictures"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == unpacked
    assert said(OPEN) == "4"


def test_a_notebook_runs_without_a_network_and_in_little_memory(binder):
    told = rehearsed("--environment", binder, "02_overlay.ipynb")
    assert "| (points from a thread) |" in told
    assert "| 02_overlay.ipynb |" in told


@pytest.mark.stress
@pytest.mark.timeout(3600)
def test_every_notebook_runs_in_what_binder_installs(binder):
    told = rehearsed("--environment", binder)
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"| {notebook.name} |" in told
