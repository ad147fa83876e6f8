"""From one source, `notebooks/source/NAME.md`, to a notebook in English and its twin in Chinese.

A source is Markdown in which a line of its own begins each cell::

    <!-- en -->         a text cell …
    <!-- zh -->         … and what stands in its place in the twin
    <!-- code slow -->  a code cell of both, fenced as python; words behind `code` are its tags
    <!-- code zh -->    its form in the twin, where a comment or a panel speaks another language
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARK = re.compile(r"^<!-- (en|zh|code(?: [\w-]+)*) -->\n", re.MULTILINE)
FENCED = re.compile(r"```python\n(.*)\n```", re.DOTALL)
LANGUAGES = {"en": "", "zh": "_zh"}
"""Language → what stands behind a notebook's name."""


@dataclass(frozen=True)
class Cell:
    """One cell of both notebooks."""

    kind: str
    """`markdown` or `code`."""
    english: str
    chinese: str
    tags: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """What stands in it in `language`."""
        return self.chinese if language == "zh" else self.english


def read_source(path: Path) -> list[Cell]:
    """The cells of the source `path`. Ends in one sentence where it is none."""
    try:
        return _cells(_marked(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise SystemExit(f"{path.name} is no source of a notebook: {error}") from None


def notebook_of(name: str, cells: list[Cell], language: str) -> dict[str, Any]:
    """The notebook `name` in `language`, nothing run, in the form of its file."""
    stem = name.partition("_")[2] or name
    return {
        "cells": [_cell(cell, f"{stem}-{number}", language) for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(cell: Cell, cell_id: str, language: str) -> dict[str, Any]:
    metadata = {"tags": list(cell.tags)} if cell.tags else {}
    made = {"cell_type": cell.kind, "id": cell_id, "metadata": metadata}
    made["source"] = cell.text(language).splitlines(keepends=True)
    return made | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})


def _marked(text: str) -> Iterator[tuple[str, str]]:
    """(mark, what stands below it) in order."""
    before, *parts = MARK.split(text)
    if before.strip():
        raise ValueError(f"{before.strip()[:40]!r} stands above its first mark. Begin with <!-- en -->.")
    for mark, body in zip(parts[::2], parts[1::2], strict=True):
        yield mark, body.strip("\n")


def _cells(marked: Iterator[tuple[str, str]]) -> list[Cell]:
    cells: list[Cell] = []
    waiting = None  # an English text without its twin
    for mark, body in marked:
        if (waiting is None) == (mark == "zh"):
            raise ValueError(f"<!-- {mark} --> is out of place. Put each <!-- zh --> right below its <!-- en -->.")
        if mark == "en":
            waiting = body
        elif mark == "zh":
            cells.append(Cell("markdown", waiting or "", body))
            waiting = None
        elif mark == "code zh":
            cells.append(_in_chinese(cells, _code(body)))
        else:
            code = _code(body)
            cells.append(Cell("code", code, code, tuple(mark.split()[1:])))
    if waiting is not None:
        raise ValueError(f"{waiting[:40]!r} has no <!-- zh -->. Add it.")
    return cells


def _in_chinese(cells: list[Cell], code: str) -> Cell:
    """The last cell, taken from `cells`, with `code` in the twin."""
    if not cells or cells[-1].kind != "code":
        raise ValueError("<!-- code zh --> follows no code. Put it below its <!-- code -->.")
    last = cells.pop()
    return Cell("code", last.english, code, last.tags)


def _code(body: str) -> str:
    found = FENCED.fullmatch(body)
    if found is None:
        raise ValueError(f"{body[:40]!r} is not fenced as python. Put it between ```python and ```.")
    return found[1]
