"""One JupyterLab and one Chromium a session; one notebook a test, which fails on any error in the browser's console."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from .harness import LabServer, Notebook, open_browser

OpenNotebook = Callable[..., Notebook]


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with LabServer(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserContext]:
    with open_browser() as browser:
        yield browser.new_context()


@pytest.fixture
def open_notebook(
    lab_server: LabServer, chromium: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[OpenNotebook]:
    """`open_notebook(cells)` writes a notebook of these cells and opens it."""
    opened: list[Notebook] = []

    def open_one(cells: Sequence[str], **size: int) -> Notebook:
        name = lab_server.write_notebook(f"{request.node.name.replace('[', '-').rstrip(']')}{len(opened)}.ipynb", cells)
        opened.append(Notebook(lab_server, chromium, name, **size))
        return opened[-1]

    yield open_one
    heard = [message for notebook in opened for message in notebook.errors()]
    for notebook in opened:
        notebook.close()
    assert heard == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where a test leaves its screenshots."""
    return tmp_path
