"""What Binder would build from `binder/`, as repo2docker itself says it; nothing is built, nothing is fetched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"
PYTHON = "3.12"
OF_THE_IMAGE = ("ipywidgets", "jupyter-server", "jupyterlab", "jupyterlab-widgets")
"""What Binder's image has already, and must not get in another version: page and kernel would not fit."""


def dry_run(folder: Path) -> subprocess.CompletedProcess[str]:
    """repo2docker as mybinder.org calls it, but for the building."""
    options = ["--no-build", "--debug", "--Repo2Docker.default_buildpack=None", str(folder)]
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "repo2docker", *options],
        env={**os.environ, "DOCKER_HOST": "tcp://127.0.0.1:9"}, capture_output=True, text=True,
    )  # fmt: skip


def pins() -> dict[str, Requirement]:
    """Package → what `requirements.txt` says of it."""
    lines = (line.partition("#")[0].strip() for line in (BINDER / "requirements.txt").read_text().splitlines())
    required = (Requirement(line) for line in lines if line and line != ".")
    return {canonicalize_name(one.name): one for one in required}


def version(pin: Requirement) -> str:
    """The one version of a pin."""
    (only,) = pin.specifier
    assert only.operator == "=="
    return only.version


def ranges() -> dict[str, Requirement]:
    """Package → what `pyproject.toml` says of it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {canonicalize_name(one.name): one for one in map(Requirement, project["dependencies"])}


@pytest.fixture(scope="module")
def dockerfile() -> str:
    done = dry_run(ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_repo2docker_takes_the_python_that_is_named(dockerfile):
    assert (BINDER / "runtime.txt").read_text() == f"python-{PYTHON}\n"
    assert f"environment-2epy-2d{PYTHON.replace('.', '-2e')}-2dlinux" in dockerfile


def test_it_installs_the_package_and_then_runs_the_script(dockerfile):
    steps = (
        "COPY --chown=0:0 src/ ${REPO_DIR}/",
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
    )
    places = [dockerfile.index(step) for step in steps]
    assert places == sorted(places)
    assert os.access(BINDER / "postBuild", os.X_OK)


def test_a_folder_with_nothing_to_install_is_refused(tmp_path):
    (tmp_path / "binder").mkdir()
    (tmp_path / "binder" / "postBuild").write_text("#!/bin/sh\nset -e\n")
    done = dry_run(tmp_path)
    assert done.returncode == 1
    assert "No environment specification found" in done.stderr


def test_the_package_comes_first_and_everything_else_is_pinned():
    lines = [line for line in (BINDER / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "."
    assert all(version(pin) for pin in pins().values())
    assert "torch" not in pins()


def test_pins_are_within_what_the_package_asks_for():
    asked = ranges()
    outside = [name for name, pin in pins().items() if name in asked and version(pin) not in asked[name].specifier]
    assert outside == []
    assert set(pins()) - set(asked) == {
        "jupyter-server",
        "jupyterlab-widgets",
    }  # these come with jupyterlab, ipywidgets


def test_page_and_server_are_those_of_the_image():
    spec = find_spec("repo2docker")
    assert spec is not None
    (package,) = spec.submodule_search_locations or ()
    lock = Path(package) / "buildpacks" / "conda" / f"environment.py-{PYTHON}-linux-64.lock"
    built = re.findall(r"/([a-z0-9_-]+)-([0-9.]+)-[^/-]+\.conda", lock.read_text())
    image = {canonicalize_name(name): number for name, number in built}
    assert {name: version(pins()[name]) for name in OF_THE_IMAGE} == {name: image[name] for name in OF_THE_IMAGE}


def test_the_script_writes_settings_that_jupyter_reads(tmp_path):
    prefix = tmp_path / "a prefix"
    subprocess.run([BINDER / "postBuild", prefix], check=True)
    server = json.loads((prefix / "etc/jupyter/jupyter_server_config.json").read_text())["ServerApp"]
    assert server["tornado_settings"]["compress_response"] is True
    assert server["websocket_compression_options"] == {}
    page = json.loads((prefix / "share/jupyter/lab/settings/overrides.json").read_text())
    assert page["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_without_an_argument_it_writes_where_python_is_installed(tmp_path):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\necho '{tmp_path}'\n")
    python.chmod(0o755)
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([BINDER / "postBuild"], env={**os.environ, "PATH": path}, cwd=tmp_path, check=True)
    assert (tmp_path / "etc/jupyter/jupyter_server_config.json").exists()
