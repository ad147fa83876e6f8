"""Every shipped notebook is what its source says, tells the same in both languages, and runs from end to end."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from astuner_nb.store.run_store import RunStore

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
STARTED = {
    "00_quickstart": 1,
    "01_tune": 2,
    "02_overlay": 0,
    "03_read_the_curves": 8,
    "04_your_own_training": 4,
    "05_extend": 2,
}
"""How many runs a notebook starts by itself; all of them come to their end."""
MOST_PICTURE_BYTES = 80_000
SAME_IN_BOTH = {
    "headings": r"^#+ ",
    "pictures": r"!\[[^]]*\]\(([^)]+?)(?:_zh)?\.png\)",
    "answers": r"<details>",
    "rows": r"^\|",
    "tasks": r"^\d\. ",
    "names": r"`[^`\n]+`",
}


def cells(name: str, kind: str) -> list[dict]:
    found = json.loads((FOLDER / f"{name}.ipynb").read_text())["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in found if cell["cell_type"] == kind]


def prose(name: str) -> str:
    return "\n\n".join(cell["source"] for cell in cells(name, "markdown"))


def test_notebooks_are_what_their_sources_say():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.make_notebooks", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_notebook_is_known():
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == sorted(
        f"{name}{twin}.ipynb" for name in STARTED for twin in ("", "_zh")
    )


@pytest.mark.parametrize("name", STARTED)
def test_both_languages_run_the_same_code(name):
    english, chinese = cells(name, "code"), cells(f"{name}_zh", "code")
    assert [cell["id"] for cell in english] == [cell["id"] for cell in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert meaning(one["source"]) == meaning(other["source"])
        assert shapes(one) == shapes(other)


def meaning(code: str) -> str:
    """`code` without its comments and its language; all of it where it is a file that the cell writes."""
    if code.startswith("%%"):
        return code
    tree = ast.parse(code)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        call.keywords = [given for given in call.keywords if given.arg != "language"]
    return ast.dump(tree)


def shapes(cell: dict) -> list[tuple[str, list[str]]]:
    """The kinds of what a cell shows: what it says is in the language of its notebook."""
    return [(output["output_type"], sorted(output.get("data", ()))) for output in cell["outputs"]]


@pytest.mark.parametrize("name", STARTED)
def test_both_languages_tell_the_same(name):
    pairs = zip(cells(name, "markdown"), cells(f"{name}_zh", "markdown"), strict=True)
    for english, chinese in pairs:
        for what, pattern in SAME_IN_BOTH.items():
            told = [sorted(re.findall(pattern, one["source"], re.MULTILINE)) for one in (english, chinese)]
            assert told[0] == told[1], (english["id"], what)
        assert re.search("[一-鿿]", chinese["source"]), chinese["id"]
        assert not re.search("[一-鿿]", english["source"]), english["id"]


@pytest.mark.parametrize("name", [f"{name}{twin}" for name in STARTED for twin in ("", "_zh")])
def test_a_lesson_has_its_shape(name):
    first, text = cells(name, "markdown")[0]["source"], prose(name)
    (picture,) = re.findall(r"^!\[[^]]{8,}\]\(([^)]+)\)$", first, re.MULTILINE)
    assert (FOLDER / picture).stat().st_size <= MOST_PICTURE_BYTES
    for part in ("先预测", "练习") if name.endswith("_zh") else ("Predict", "Exercise"):
        assert part in text
    assert text.count("<details><summary><b>") == text.count("</details>") > 0
    for target in re.findall(r"(?<!!)\[[^]]*\]\(([^)]+)\)", text):
        assert (FOLDER / target).exists(), target


SAID = {
    "03_read_the_curves": {
        "good": "converged",
        "too hot": "collapsed",
        "unstable": "drops, unstable",
        "too cold": "flat",
        "leashed": "held back by KL",
        "no clip": "drops|KL runs away|collapsed",
    }
}
"""Notebook → preset → what the diagnosis of its run begins with."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "name", [*STARTED, *(pytest.param(f"{name}_zh", marks=pytest.mark.stress) for name in STARTED)]
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore:Proactor")
def test_a_notebook_runs_to_its_end(name, tmp_path, monkeypatch):
    monkeypatch.delenv("ASTUNER_RUNS", raising=False)
    shutil.copy(FOLDER / "math_agent.yaml", tmp_path)
    shutil.copytree(FOLDER / "histories", tmp_path / "histories")
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert [str(run.state) for run in RunStore(tmp_path / "runs").runs()] == ["finished"] * STARTED[
        name.removesuffix("_zh")
    ]
    shown = [out for cell in notebook.cells for out in cell.get("outputs", []) if "data" in out]
    assert any("application/vnd.jupyter.widget-view+json" in out["data"] for out in shown)
    assert any("<table" in out["data"].get("text/html", "") for out in shown)
    words = "\n".join(out["data"].get("text/plain", "") for out in shown)
    for preset, phrase in SAID.get(name, {}).items():
        assert re.search(rf"'{preset}',\s+'({phrase})", words), preset
