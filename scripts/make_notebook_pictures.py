"""Makes the picture at the head of each notebook, in both languages: `python -m scripts.make_notebook_pictures [NAME …]`.

Real panels in a real JupyterLab, after the notebook's own first cells. Takes some minutes; needs the extra `test` and a
browser (`make tools`).
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from scripts.notebook_source import LANGUAGES, read_source
from tests.browser.harness import LabServer, Notebook, open_browser

FOLDER = Path(__file__).parents[1] / "notebooks"
WIDTH_PX, COLOURS = 1280, 64
AT_REST = "for one in lab.runs: lab.wait(one, timeout_s=900)\nimport time; time.sleep(2)"


@dataclass(frozen=True)
class Shot:
    """What is to be seen in one picture."""

    source: str
    """Of which notebook."""
    cells: int
    """So many of its code cells are run …"""
    then: str = "lab"
    """… and then this, which shows the panel."""
    height_px: int = 470
    """Of the picture: the upper part of the panel."""


SHOTS = {
    "quickstart": Shot("00_quickstart", 1, "lab.view.figures('reward', 'success_rate')\nlab"),
    "tune": Shot(
        "01_tune", 1, "for one in ({'lr': 3e-4}, {'kl_loss_coef': 1.0}): lab.start(total_steps=100, **one)\nlab", 560
    ),
    "overlay": Shot("02_overlay", 1, "import types\nlab = types.SimpleNamespace(runs=())\n_", 560),
    "read_the_curves": Shot("03_read_the_curves", 2, "lab.view.figures('reward', 'kl')\nlab"),
    "your_own_training": Shot("04_your_own_training", 2, "lab.view.hide(two, three)\nlab.start(width=8)\nlab", 400),
    "extend": Shot("05_extend", 5, "lab.view.figures('loss')\nlab", 430),
}
"""They tell nothing that a notebook asks its reader to predict."""


def shoot(shot: Shot, language: str, browser: Browser) -> bytes:
    """The picture, as PNG."""
    cells = read_source(FOLDER / "source" / f"{shot.source}.md")
    codes = [cell.text(language) for cell in cells if cell.kind == "code"]
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(FOLDER / "histories", Path(place, "histories"))
        shutil.copy(FOLDER / "math_agent.yaml", place)
        with LabServer(Path(place)) as server:
            name = server.write_notebook("picture.ipynb", [*codes[: shot.cells], shot.then])
            notebook = Notebook(server, browser, name, width=WIDTH_PX, height=1600)
            notebook.run_all()
            notebook.execute(AT_REST)
            notebook.wait_plots()
            image = _upper_part(notebook, shot.height_px)
            notebook.close()
    return _small(image)


def main(names: list[str]) -> int:
    """Make the pictures called `names`, or all."""
    with open_browser() as browser:
        for name in names or SHOTS:
            for language, suffix in LANGUAGES.items():
                path = FOLDER / "pictures" / f"{name}{suffix}.png"
                path.write_bytes(shoot(SHOTS[name], language, browser))
                sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")
    return 0


def _upper_part(notebook: Notebook, height_px: int) -> bytes:
    panel = notebook.page.locator(".astuner-panel").last
    panel.scroll_into_view_if_needed()
    notebook.page.wait_for_timeout(1500)  # the figures take their last size
    box = panel.bounding_box()
    assert box is not None, "the panel has no place on the page"
    return notebook.page.screenshot(clip={**box, "height": min(box["height"], height_px)})


def _small(image: bytes) -> bytes:
    small = io.BytesIO()
    Image.open(io.BytesIO(image)).convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
