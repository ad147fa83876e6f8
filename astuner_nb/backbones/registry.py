"""Backbones by name: ours and whatever other packages announce under the entry point `astuner_nb.backbones`."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import entry_points

from astuner_nb.core.errors import BadValue
from astuner_nb.core.protocols import Backbone

GROUP = "astuner_nb.backbones"
GPU_ENGINES = frozenset({"debug", "trinity", "verl"})
"""AgentJet's own engines: known names, brought by a later release."""


def backbone(name: str) -> Backbone:
    """The backbone called `name`. Raises `BadValue` with the nearest known name."""
    known = {point.name: point for point in entry_points(group=GROUP)}
    if name in known:
        made: Backbone = known[name].load()()
        return made
    if name in GPU_ENGINES:
        raise BadValue(f"The backbone {name!r} needs a GPU engine that a later release brings. Use 'local' for now.")
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(sorted(known))}."
    raise BadValue(f"There is no backbone {name!r}. {hint}")
