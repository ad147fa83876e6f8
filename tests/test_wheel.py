"""The built wheel, installed alone in a new environment: everything it needs is inside."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
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
print("ok")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.timeout(600)
def test_the_wheel_works_alone(wheel, tmp_path):
    venv.create(tmp_path / "new", with_pip=True)
    python = tmp_path / "new" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", str(wheel)], check=True)
    place = tmp_path / "elsewhere"
    place.mkdir()
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "ASTUNER_RUNS")}
    done = subprocess.run([python, "-c", SMOKE], cwd=place, env=env, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("ok", 0), done.stderr
    unpack = "from astuner_nb.notebook import unpack; import pathlib; unpack(pathlib.Path('a/02_overlay.ipynb'))"
    unpacked = subprocess.run([python, "-c", unpack], cwd=place, env=env, capture_output=True, text=True)
    assert unpacked.returncode == 0, unpacked.stderr
    assert sorted(path.name for path in (place / "a").iterdir()) == [
        "02_overlay.ipynb",
        "histories",
        "math_agent.yaml",
        "pictures",
    ]
    opened = (
        "import astuner_nb as anb; print(len(anb.runs('swanlab:a/histories/swanlog') + anb.runs('wandb:a/histories')))"
    )
    counted = subprocess.run([python, "-c", opened], cwd=place, env=env, capture_output=True, text=True)
    assert counted.stdout.strip() == "4", counted.stderr


def test_the_wheel_holds_no_more_than_it_should(wheel):
    from zipfile import ZipFile

    names = ZipFile(wheel).namelist()
    assert wheel.stat().st_size < 1_800_000
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]
    assert [name for name in names if name.endswith("licenses/LICENSE")]
