"""A still picture that stays in the saved notebook, for when there is no kernel to show the panel.

It is an output of its own beside the panel; while the panel is alive in the page, `panel.css` hides it.
"""

from __future__ import annotations

import base64
from html import escape
from typing import Any

from astuner_nb.core.language import ENGLISH, Language

EMPTY = "<div class='astuner-still'></div>"


class Still:
    """The picture below one panel. Where there is no notebook, nothing happens."""

    def __init__(self, language: Language = ENGLISH) -> None:
        self._alt = language("the figures as they were")
        self._handle: Any = None
        self.svg = ""
        """What it shows, as one document; empty before anything was."""

    def show(self) -> None:
        """Make room for it in the output of the cell that runs."""
        if _in_kernel():
            from IPython.display import HTML, display

            self._handle = display(HTML(_html(self.svg, self._alt)), display_id=True)

    def put(self, svg: str) -> None:
        """Let `svg` be the picture from now on; safe from any thread."""
        if svg == self.svg:
            return
        self.svg = svg
        if self._handle is not None:
            from IPython.display import HTML

            self._handle.update(HTML(_html(svg, self._alt)))


def _html(svg: str, alt: str) -> str:
    if not svg:
        return EMPTY
    data = base64.b64encode(svg.encode()).decode()
    return f"<div class='astuner-still'><img alt='{escape(alt)}' src='data:image/svg+xml;base64,{data}'/></div>"


def _in_kernel() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
