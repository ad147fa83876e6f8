"""Makes the reference of the public names from their docstrings: `make docs` writes it to `build/docs`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pdoc

import astuner_nb

ROOT = Path(__file__).parents[1]
EVERYTHING_BELOW = "!astuner_nb."
"""Leaves out the modules: where a public name lives is nobody's business."""


def build(folder: Path) -> Path:
    """The page with every name of `astuner_nb.__all__`, written below `folder`."""
    for name in astuner_nb.__all__:
        getattr(astuner_nb, name)  # names load on first use, and pdoc looks at those that are there
    pdoc.render.configure(
        docformat="google",
        show_source=False,
        search=False,
        template_directory=ROOT / "scripts" / "reference",
    )
    with warnings.catch_warnings():  # what only a type checker can evaluate stands there as it was written
        warnings.filterwarnings("ignore", "Error parsing type annotation", UserWarning)
        pdoc.pdoc("astuner_nb", EVERYTHING_BELOW, output_directory=folder)
    return folder / "astuner_nb.html"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "docs"
    sys.stdout.write(f"{build(target)}\n")
