"""Makes `notebooks/*.ipynb`, English and Chinese, from `notebooks/source/*.md`: `python -m scripts.make_notebooks`.

A notebook whose code has changed is run, in a folder of its own, and keeps what it shows; one whose prose alone has
changed keeps what it has. Names of notebooks behind the command run these anew. `--check` runs nothing and says which
notebooks are not what their sources say. Needs the extra `test` and a browser (`make tools`).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.notebook_outputs import as_text, problems, run
from scripts.notebook_source import LANGUAGES, notebook_of, read_source

FOLDER = Path(__file__).parents[1] / "notebooks"


def made(source: Path) -> dict[Path, dict[str, Any]]:
    """File → its notebook as the source has it, with the outputs that its file has where the code is the same."""
    cells = read_source(source)
    notebooks = {}
    for language, suffix in LANGUAGES.items():
        path = FOLDER / f"{source.stem}{suffix}.ipynb"
        notebooks[path] = notebook_of(source.stem, cells, language)
        _take_outputs(notebooks[path], json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})
    return notebooks


def is_run(notebook: dict[str, Any]) -> bool:
    """Whether its outputs are those of its code."""
    return all(cell["execution_count"] for cell in _codes(notebook))


def complaints(source: Path) -> Iterator[str]:
    """A sentence for each thing that is wrong with the notebooks of `source`."""
    for path, notebook in made(source).items():
        if not is_run(notebook):
            yield f"{path.name} does not have the outputs of its code: run `make notebooks`."
        elif path.read_text(encoding="utf-8") != as_text(notebook):
            yield f"{path.name} is not what its source says: run `make notebooks`."
        yield from (f"{path.name}: {problem}" for problem in problems(notebook))


def make(source: Path, anew: bool) -> Iterator[str]:
    """Write the notebooks of `source`, running their code where it has changed or `anew`. Gives what is wrong."""
    for path, notebook in made(source).items():
        if anew or not is_run(notebook):
            began = time.monotonic()
            _run(notebook)
            sys.stdout.write(f"{path.stem} ran for {time.monotonic() - began:.0f} s\n")
        path.write_text(as_text(notebook), encoding="utf-8")
        yield from (f"{path.name}: {problem}" for problem in problems(notebook))


def main(arguments: list[str]) -> int:
    """Make or check all notebooks."""
    sources = sorted((FOLDER / "source").glob("*.md"))
    if unknown := {*arguments} - {"--check"} - {source.stem for source in sources}:
        raise SystemExit(f"There is no source of {min(unknown)!r}. Give one of {', '.join(s.stem for s in sources)}.")
    if "--check" in arguments:
        wrong = [sentence for source in sources for sentence in complaints(source)]
    else:
        wrong = [sentence for source in sources for sentence in make(source, source.stem in arguments)]
    sys.stderr.writelines(f"{sentence}\n" for sentence in wrong)
    return bool(wrong)


def _run(notebook: dict[str, Any]) -> None:
    from tests.browser.harness import open_browser

    with open_browser() as browser:
        run(notebook, FOLDER, browser.new_page(viewport={"width": 1100, "height": 800}))


def _codes(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook.get("cells", ()) if cell["cell_type"] == "code"]


def _take_outputs(notebook: dict[str, Any], before: dict[str, Any]) -> None:
    """Those of `before`, where it has the same code."""
    if [cell["source"] for cell in _codes(notebook)] == [cell["source"] for cell in _codes(before)]:
        for mine, theirs in zip(_codes(notebook), _codes(before), strict=True):
            mine["outputs"], mine["execution_count"] = theirs["outputs"], theirs["execution_count"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
