"""What the colours of a view mean. A click on an entry emphasises its runs everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from astuner_nb.core.language import ENGLISH, Language

HERE = Path(__file__).parent


class Legend(anywidget.AnyWidget):
    """Colours with their labels; written into the page as text."""

    _esm = HERE / "legend.js"
    entries: Any = t.List().tag(sync=True)
    """[label, `#rrggbb`, whether its runs are selected]"""
    scale = t.Unicode("").tag(sync=True)
    """What a continuous scale is of; empty where each entry stands for itself."""

    tip = t.Unicode().tag(sync=True)
    """What a click on an entry does, with `{label}` where its label is to stand."""

    def __init__(self, on_pick: Callable[[int], object], language: Language = ENGLISH) -> None:
        """`on_pick(number of the entry)` is called when a person clicks one."""
        super().__init__(tip=language("Emphasise {label}"))
        self._on_pick = on_pick
        self.on_msg(self._heard)

    def _heard(self, _: object, message: object, __: Sequence[memoryview]) -> None:
        number = message.get("entry") if isinstance(message, dict) else None
        if isinstance(number, int) and 0 <= number < len(self.entries):
            self._on_pick(number)
