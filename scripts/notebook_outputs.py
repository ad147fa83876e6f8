"""What stays of a notebook that was run: small, clean outputs, and a picture in place of each panel.

Pictures are PNG: GitHub's page and nbviewer put an SVG output through a cleaner of HTML that takes parts of it away.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT = ("text/plain", "text/html", "image/png")
"""Kinds of output that stay."""
MOST_BYTES = 150_000
"""Of one notebook."""
PICTURE_BYTES = 26_000
"""Of one picture …"""
SIZES = ((1080, 48), (940, 48), (940, 32), (820, 32))
"""… which is drawn at the first of these widths, in pixels, and numbers of colours that stays below it, or the last."""
CELL_S = 900
PATHS = re.compile(r"(?<![\w./<])/(?:tmp|home|root|Users|usr|var|opt|work|mnt|private|srv)\b|[A-Z]:\\\\?Users")
"""What a path of this machine looks like."""

# Run in the kernel behind a cell that shows a panel: waits until that has all there is to show, and shows its still.
STILL = """
def _still(panel, monitor, overlaid, timeout_s=800):
    import threading, time
    from IPython.display import display

    def at_rest():
        followed = list(monitor.followed.values())
        read = all(one.quiet and (one.tail.caught_up or one.trouble) for one in followed)
        return read and all(laid.opening is None or laid.taken or laid.opening.error for laid in overlaid.laid)

    deadline = time.monotonic() + timeout_s
    while not at_rest():
        if time.monotonic() > deadline:
            raise TimeoutError(f"A panel still waits for runs after {timeout_s} s. Let the cell start shorter ones.")
        time.sleep(0.1)
    for act in (lambda: None, panel.leave_picture):  # a whole turn has painted before the picture is left
        done = threading.Event()
        monitor.enqueue(lambda: (act(), done.set()))
        if not done.wait(30):
            raise TimeoutError("The panel left no picture within 30 s. Look at what its monitor complains of.")
    if monitor.followed:
        display({"image/svg+xml": panel.still.svg}, raw=True)
_still(_.panel, _.monitor, _.overlaid)
"""


def run(notebook: dict[str, Any], folder: Path, page: Page) -> None:
    """Run the code of `notebook` in a copy of `folder` and put what it shows into its cells."""
    import nbformat
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as place:
        for name in ("math_agent.yaml", "histories"):
            (shutil.copytree if (folder / name).is_dir() else shutil.copy)(folder / name, Path(place, name))
        node = nbformat.reads(as_text(notebook), as_version=4)
        client = NotebookClient(node, timeout=CELL_S, record_timing=False, resources={"metadata": {"path": place}})
        with client.setup_kernel(env={key: value for key, value in os.environ.items() if key != "ASTUNER_RUNS"}):
            for index, cell in enumerate(notebook["cells"]):
                if cell["cell_type"] == "code":
                    done = client.execute_cell(node.cells[index], index)
                    still = _still(client, done.outputs, index)
                    cell["execution_count"] = done.execution_count
                    cell["outputs"] = list(cleaned(done.outputs, png(still, page) if still else ""))


def cleaned(outputs: list[Any], picture: str) -> Iterator[dict[str, Any]]:
    """`outputs` in the form of a notebook's file; `picture`, a PNG in base64, in the place of a panel."""
    for output in outputs:
        data = output.get("data", {})
        if WIDGET in data:
            if picture:
                yield {"data": {"image/png": picture}, "metadata": {}, "output_type": "display_data"}
        elif "astuner-still" in data.get("text/html", ""):
            continue
        elif output["output_type"] == "stream":
            yield {"name": output["name"], "output_type": "stream", "text": output["text"].splitlines(keepends=True)}
        else:
            kept = {kind: data[kind].splitlines(keepends=True) for kind in KEPT if kind in data}
            yield {**output, "data": kept, "metadata": {}}


def png(svg: str, page: Page) -> str:
    """`svg` drawn by the browser on nothing, as good as `PICTURE_BYTES` allow, in base64."""
    for width, colours in SIZES:
        page.set_content(f"<body style='margin:0'><div style='width:{width}px'>{svg}</div></body>")
        small = _in_colours(page.locator("div > svg").screenshot(omit_background=True), colours)
        if len(small) <= PICTURE_BYTES:
            break
    return base64.b64encode(small).decode()


def _in_colours(image: bytes, colours: int) -> bytes:
    from PIL import Image

    small = io.BytesIO()
    drawn = Image.open(io.BytesIO(image)).quantize(colours, Image.Quantize.FASTOCTREE)
    drawn.save(small, "PNG", optimize=True)
    return small.getvalue()


def problems(notebook: dict[str, Any]) -> Iterator[str]:
    """A sentence for each thing that must not stand in a notebook's file."""
    text = as_text(notebook)
    if (size := len(text.encode())) > MOST_BYTES:
        yield f"it has {size:,} bytes, over {MOST_BYTES:,}. Show less."
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            yield from (f"cell {cell['id']} {what}" for what in _wrong(output))


def as_text(notebook: dict[str, Any]) -> str:
    """What stands in the file of `notebook`."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _wrong(output: dict[str, Any]) -> Iterator[str]:
    told = output.get("data", {})
    if output["output_type"] == "error":
        yield f"ends in {output['ename']}. Mend it."
    if output.get("name") == "stderr":
        yield f"complains: {''.join(output['text'])[:120]!r}. Mend it."
    if others := sorted(set(told) - set(KEPT)):
        yield f"shows {others[0]}, which a page without a kernel cannot. Make the notebook anew."
    texts = [*(told[kind] for kind in told if kind.startswith("text/")), output.get("text", ())]
    if found := PATHS.search("".join(map("".join, texts))):
        yield f"shows a path of this machine, {found[0]}. Show something else."


def _still(client: Any, outputs: list[Any], index: int) -> str:
    """The still of the panel that `outputs` show, as SVG; empty where they show none, or one without a run."""
    import nbformat

    if not any(WIDGET in output.get("data", {}) for output in outputs):
        return ""
    asked = client.execute_cell(nbformat.v4.new_code_cell(STILL), index, store_history=False)
    return next((out["data"]["image/svg+xml"] for out in asked.outputs if "image/svg+xml" in out.get("data", {})), "")
