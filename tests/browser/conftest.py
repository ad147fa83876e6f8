"""A session's one JupyterLab, Chromium and (mostly) tab; a notebook a test, which fails on errors in the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

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


@pytest.fixture(scope="session")
def left() -> list[Page]:
    """The tab of an earlier notebook, for the next one."""
    return []


@pytest.fixture
def open_notebook(
    lab_server: LabServer, chromium: BrowserContext, left: list[Page], request: pytest.FixtureRequest
) -> Iterator[OpenNotebook]:
    """`open_notebook(cells)` writes a notebook of these cells and opens it; `anew` in a tab of its own."""
    opened: list[Notebook] = []
    failed = request.session.testsfailed
    alone = False

    def open_one(cells: Sequence[str], *, anew: bool = False, **size: int) -> Notebook:
        nonlocal alone
        alone = alone or anew
        name = lab_server.write_notebook(f"{request.node.name.replace('[', '-').rstrip(']')}{len(opened)}.ipynb", cells)
        page = left.pop() if left and not anew else None
        opened.append(Notebook(lab_server, chromium, name, left=page, **size))
        return opened[-1]

    yield open_one
    heard = [message for notebook in opened for message in notebook.errors()]
    for notebook in opened:
        if left or alone or heard or failed != request.session.testsfailed:
            notebook.close()
        else:
            left.append(notebook.leave())
    assert heard == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where a test leaves its screenshots."""
    return tmp_path
