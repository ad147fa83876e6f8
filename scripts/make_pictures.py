"""Makes the pictures of README and notebooks, in both languages: `python -m scripts.make_pictures`.

Names behind the command make these alone. Real panels in a real JupyterLab, those of a notebook after its own first
cells. Takes some minutes; needs the extra `test` and a browser (`make tools`).
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from scripts.notebook_source import LANGUAGES, read_source
from tests.browser.harness import LabServer, Notebook, open_browser

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "notebooks"
COLOURS = 128
AT_REST = "for one in lab.runs: lab.wait(one, timeout_s=900)\nimport time; time.sleep(2)"
"""What is run before the picture is taken."""


@dataclass(frozen=True)
class Shot:
    """What is to be seen in one picture."""

    folder: str
    """Where the picture goes."""
    cells: Sequence[str] | tuple[str, int]
    """Code that is run first, with the language as `language`; or the name of a notebook, and how many of its cells."""
    then: str = "lab"
    """What shows the panel."""
    height_px: int = 470
    """Of the picture: the upper part of the panel."""
    width_px: int = 1280
    """Of the window."""

    def code(self, language: str) -> list[str]:
        """All cells."""
        if isinstance(self.cells, tuple):
            name, count = self.cells
            source = read_source(LESSONS / "source" / f"{name}.md")
            return [*[cell.text(language) for cell in source if cell.kind == "code"][:count], self.then]
        return [f"import astuner_nb as anb\nlanguage = {language!r}", *self.cells, self.then]


def lesson(name: str, cells: int, then: str, height_px: int = 470) -> Shot:
    """The picture of a notebook."""
    return Shot("notebooks/pictures", (name, cells), then, height_px)


LAB = "lab = anb.Lab('math_agent.yaml', language=language)"
FALL = """hot = lab.start(name='too hot', **{**lab.plan.backbone.presets['too hot'], 'total_steps': 100})
lab.wait(hot, timeout_s=900)
lab.start(resume=hot, at_step='best', lr=3e-4, total_steps=100, name='repaired')
lab.view.select(hot)"""
SWEEP = """for lr in (3e-5, 1e-4, 3e-4):
    for seed in range(3):
        lab.start(lr=lr, seed=seed, total_steps=120, name=f'lr {lr} seed {seed}')
for one in lab.runs:
    lab.wait(one, timeout_s=900)
runs = anb.runs('runs:runs')
view = anb.compare('runs:runs', language=language)
view.figures('reward', 'kl', 'response_length').group('lr').baseline(runs[5])"""
SHOTS = {
    "panel": Shot("docs", [LAB, "for lr in (1e-4, 1e-2): lab.start(lr=lr, total_steps=150)"], height_px=780),
    "reading": Shot("docs", [LAB, FALL], height_px=760, width_px=1380),
    "overlay": Shot("docs", ("02_overlay", 1), "import types\nlab = types.SimpleNamespace(runs=())\n_", 800, 1060),
    "compare": Shot("docs", [LAB, SWEEP], "view", 1000, 1060),
    "quickstart": lesson("00_quickstart", 1, "lab.view.figures('reward', 'success_rate')\nlab"),
    "tune": lesson(
        "01_tune", 1, "for one in ({'lr': 3e-4}, {'kl_loss_coef': 1.0}): lab.start(total_steps=100, **one)\nlab", 560
    ),
    "four_trackers": lesson("02_overlay", 1, "import types\nlab = types.SimpleNamespace(runs=())\n_", 560),
    "read_the_curves": lesson("03_read_the_curves", 2, "lab.view.figures('reward', 'kl')\nlab"),
    "your_own_training": lesson("04_your_own_training", 2, "lab.view.hide(two, three)\nlab.start(width=8)\nlab", 400),
    "extend": lesson("05_extend", 5, "lab.view.figures('loss')\nlab", 430),
}
"""Those of notebooks tell nothing that a notebook asks its reader to predict."""


def shoot(shot: Shot, language: str, browser: Browser) -> bytes:
    """The picture, as PNG."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(LESSONS / "histories", Path(place, "histories"))
        shutil.copy(LESSONS / "math_agent.yaml", place)
        with LabServer(Path(place)) as server:
            name = server.write_notebook("picture.ipynb", shot.code(language))
            notebook = Notebook(server, browser, name, width=shot.width_px, height=1600)
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
                path = ROOT / SHOTS[name].folder / f"{name}{suffix}.png"
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
