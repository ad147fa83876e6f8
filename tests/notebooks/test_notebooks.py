"""Every shipped notebook runs from its first cell to its last, in a folder of its own."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from astuner_nb.store.run_store import RunStore

FOLDER = Path(__file__).parents[2] / "notebooks"
STARTED = {"01_tune.ipynb": ["finished"], "02_overlay.ipynb": [], "03_read_the_curves.ipynb": ["finished"] * 8}
"""How the runs end that a notebook starts by itself."""


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.ipynb")))
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore:Proactor")
def test_a_notebook_runs_to_its_end(name, tmp_path, monkeypatch):
    monkeypatch.delenv("ASTUNER_RUNS", raising=False)
    for file in FOLDER.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
        elif file.name == "histories":
            shutil.copytree(file, tmp_path / file.name)
    notebook = nbformat.read(tmp_path / name, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "a notebook is shipped without outputs"
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    runs = RunStore(tmp_path / "runs").runs()
    assert [str(run.state) for run in runs] == STARTED[name]
    shown = [out for cell in notebook.cells for out in cell.get("outputs", []) if "data" in out]
    assert any("application/vnd.jupyter.widget-view+json" in out["data"] for out in shown)
    assert any("<table" in out["data"].get("text/html", "") for out in shown)
