"""Opening the tuning notebook in JupyterLab, on the loopback interface only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path
from urllib.parse import quote

from astuner_nb.config.examples import examples_directory
from astuner_nb.core.errors import BadValue

NOTEBOOK = "01_tune.ipynb"
FOLDERS = ("histories", "pictures")
"""The old runs that the overlay notebook opens, and what the notebooks show at their heads."""


def open_in_jupyterlab(notebook: str | None = None) -> int:
    """Open `notebook` in JupyterLab until it is ended; prints its address where no browser can be opened.

    A notebook that does not exist is made from the bundled one.
    """
    path = Path(notebook or _default())
    if not path.exists():
        unpack(path)
    return subprocess.call([*command(path), *([] if _has_browser() else ["--no-browser"])])


def command(path: Path) -> list[str]:
    """The command that serves the folder of `path` and opens it; JupyterLab itself asks for a token."""
    root = [] if os.name == "nt" or os.geteuid() else ["--allow-root"]
    return [
        *(sys.executable, "-m", "jupyterlab"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={path.resolve().parent}"),
        f"--LabApp.default_url=/lab/tree/{quote(path.name)}",  # also in the address it prints
        *root,
    ]


def _default() -> Path:
    """The notebook of a source checkout where we stand in one, else one in `./notebooks`."""
    return Path("notebooks") / NOTEBOOK


def unpack(path: Path) -> None:
    """Make the notebook `path` from the bundled one of that name, else the tuning one, and what it needs beside it."""
    if path.suffix != ".ipynb":
        raise BadValue(f"{str(path)!r} is no notebook. Name a file that ends with .ipynb.")
    path.parent.mkdir(parents=True, exist_ok=True)
    bundled = examples_directory()
    shutil.copy(bundled / (path.name if (bundled / path.name).exists() else NOTEBOOK), path)
    for example in bundled.glob("*.yaml"):
        if not (path.parent / example.name).exists():
            shutil.copy(example, path.parent)
    for folder in FOLDERS:
        if not (path.parent / folder).exists():
            shutil.copytree(bundled / folder, path.parent / folder)


def _has_browser() -> bool:
    """Whether a browser with a window can be opened here."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
