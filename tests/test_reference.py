"""The reference is built from the docstrings without a warning, and holds every public name with its methods."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import astuner_nb as anb

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, "-W", "error", "scripts/reference.py", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return Path(done.stdout.strip()).read_text()


@pytest.mark.parametrize("name", anb.__all__)
def test_a_public_name_stands_there_with_its_sentence(page, name):
    section = re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)
    assert section
    assert '<div class="docstring">' in section[0]


@pytest.mark.parametrize("name", ["Lab", "Comparison", "RunSet", "Run", "Recorder", "LiveFigure"])
def test_so_does_every_method_of_ours_wherever_it_is_inherited_from(page, name):
    members = inspect.getmembers_static(getattr(anb, name), inspect.isfunction)
    ours = [each for each, method in members if method.__module__.startswith("astuner_nb") and method.__doc__]
    public = [each for each in ours if not each.startswith("_")]
    assert public
    assert [each for each in public if f'id="{name}.{each}"' not in page] == []


def test_nothing_private_and_nothing_of_other_packages_stands_there(page):
    assert not re.findall(r'id="\w+\._(?!_init__)\w+"', page)
    assert 'id="LiveFigure.add_annotation"' not in page
