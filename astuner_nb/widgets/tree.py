"""Walking a tree of widgets."""

from __future__ import annotations

import ipywidgets as ipw


def family(widget: ipw.Widget) -> list[ipw.Widget]:
    """`widget` and all below it, children first."""
    below = [each for child in getattr(widget, "children", ()) for each in family(child)]
    return [*below, widget]
