"""A still picture that stays in the saved notebook, for when there is no kernel to show the panel.

It is an output of its own beside the panel; while the panel is alive in the page, `panel.css` hides it.
"""

from __future__ import annotations

import base64
from typing import Any

EMPTY = "<div class='astuner-still'></div>"


class Still:
    """The picture below one panel. Where there is no notebook, nothing happens."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._shown = ""

    def show(self) -> None:
        """Make room for it in the output of the cell that runs."""
        if _in_kernel():
            from IPython.display import HTML, display

            self._handle = display(HTML(_html(self._shown)), display_id=True)

    def put(self, svg: str) -> None:
        """Let `svg` be the picture from now on; safe from any thread."""
        if svg == self._shown:
            return
        self._shown = svg
        if self._handle is not None:
            from IPython.display import HTML

            self._handle.update(HTML(_html(svg)))


def _html(svg: str) -> str:
    if not svg:
        return EMPTY
    data = base64.b64encode(svg.encode()).decode()
    return (
        f"<div class='astuner-still'><img alt='the figures as they were' src='data:image/svg+xml;base64,{data}'/></div>"
    )


def _in_kernel() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
