"""Where the example configurations and notebooks of this package lie."""

from __future__ import annotations

from pathlib import Path

from astuner_nb.core.errors import BadConfig

PACKAGE = Path(__file__).resolve().parent.parent
EXAMPLE = "math_agent.yaml"
"""The configuration of the built-in math agent; its presence tells our folder from others called `notebooks`."""


def examples_directory() -> Path:
    """The folder with the shipped notebooks and `math_agent.yaml`: in the package, or beside it in a source checkout.

    Raises:
        BadConfig: where the installation lacks it.
    """
    places = (PACKAGE / "notebooks", PACKAGE.parent / "notebooks")
    for place in places:
        if (place / EXAMPLE).is_file():
            return place
    raise BadConfig(
        f"The examples of astuner_nb are missing: there is no {EXAMPLE} in {' or '.join(map(str, places))}. "
        "Install the package again."
    )
