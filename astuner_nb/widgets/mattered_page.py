"""The page of "What mattered": parallel coordinates, a scatter and bars, drawn on canvas by plain ES modules.

Not plotly's `parcoords`: it needs WebGL, has one colour scale instead of the runs' colours, no place for a missing
value, and nothing happens under the pointer; this draws in any browser and any theme, and a line can be clicked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anywidget
import traitlets as t

from astuner_nb.views.mattered.parallel_axis import ParallelAxis

FOLDER = Path(__file__).parent / "mattered_page"
_MODULES = ("../teller", "shapes", "parts", "parallel", "scatter", "bars", "page")  # each uses what stands before it
_IMPORT = re.compile(r"^import .*? from '\.\.?/.*?';\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)

Heard = Callable[[str, object], None]
"""Verb, value: what a person did, in the comm's thread."""


def page_module() -> str:
    """The page's modules as the one that anywidget takes."""
    sources = ((FOLDER / f"{name}.mjs").read_text("utf-8") for name in _MODULES)
    return "".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources)


def axis_state(axis: ParallelAxis) -> dict[str, object]:
    """`axis` as the page wants it; values as the bytes of float64. Keep in step with shapes.mjs: Axis."""
    return {
        "name": axis.name,
        "kind": axis.kind,
        "log": axis.log,
        "low": axis.low,
        "high": axis.high,
        "missing": axis.missing,
        "ticks": [list(tick) for tick in axis.ticks],
        "values": axis.values.astype("<f8").tobytes(),
    }


class MatteredPage(anywidget.AnyWidget):
    """State for the page, one way; what a person does comes back as messages `{verb, value}`."""

    _esm = page_module()
    _css = FOLDER / "page.css"
    runs = t.Dict({"generation": 0, "labels": [], "colours": []}).tag(sync=True)
    """Of each run its label and colour; `generation` tells one list of runs from the next."""
    axes = t.List(t.Dict()).tag(sync=True)
    """`axis_state` of each hyper-parameter, as many values as runs."""
    outcome = t.Dict({}).tag(sync=True)
    """`axis_state` of the outcome; empty where there is none."""
    across = t.Dict({}).tag(sync=True)
    """`axis_state` of the hyper-parameter of the scatter; empty where there is none."""
    selected = t.List(t.Int()).tag(sync=True)
    """The places of selected runs in `runs`."""
    menu = t.Dict({}).tag(sync=True)
    """What there is to choose and what is chosen, and sentences. Keep in step with page.mjs: Menu."""
    importance = t.Dict({"state": "idle", "words": "", "bars": []}).tag(sync=True)
    """`state` (idle, computing, ready, refused), `words`, and `bars`: [name, share] each."""

    texts = t.Dict({}).tag(sync=True)
    """What the page says instead of its English."""

    def __init__(self, on_heard: Heard, texts: Mapping[str, str] = MappingProxyType({})) -> None:
        self._on_heard = on_heard
        super().__init__(texts=dict(texts))
        self.on_msg(self._hear)

    def show(self, **state: object) -> None:
        """Bring the page up to date: what is the same is not sent, the rest in one message."""
        with self.hold_sync():
            for name, value in state.items():
                if getattr(self, name) != value:
                    setattr(self, name, value)

    def _hear(self, _: object, message: object, __: Sequence[Any]) -> None:
        if isinstance(message, Mapping) and isinstance(message.get("verb"), str):
            self._on_heard(message["verb"], message.get("value"))
