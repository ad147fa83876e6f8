"""What the colours of a view mean, for a panel that is clicked on and for a picture that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from astuner_nb.core.protocols import Run
from astuner_nb.views.cast import Cast, lines
from astuner_nb.views.options.view_options import ViewOptions


@dataclass(frozen=True)
class LegendEntry:
    """A colour, what it stands for, and the runs that have it."""

    label: str
    colour: str
    runs: tuple[str, ...]
    """Keys of those that are shown; empty for the places on a continuous scale."""


@dataclass(frozen=True)
class Legend:
    """All entries; none where each run has its own colour."""

    entries: tuple[LegendEntry, ...]
    scale: str = ""
    """What a continuous scale is of; empty where each entry stands for itself."""


def legend(cast: Cast, shown: Sequence[Run], options: ViewOptions) -> Legend:
    """The legend of `shown`, some of the runs of `cast`: what none of them has is left out."""
    colours = cast.colours(options)
    if colours.is_scale:
        return Legend(tuple(LegendEntry(entry.label, entry.colour, ()) for entry in colours.legend()), options.color)
    runs: dict[str, list[str]] = {}
    for run in shown:
        runs.setdefault(colours.label_of(cast.config_of(run)), []).append(run.key)
    there = [entry for entry in colours.legend() if entry.label in runs]  # by label: colours come again after eight
    return Legend(tuple(LegendEntry(entry.label, entry.colour, tuple(runs[entry.label])) for entry in there))


def named_colours(cast: Cast, shown: Sequence[Run], options: ViewOptions) -> list[tuple[str, str]]:
    """(label, colour) for a picture that stands alone: the legend, or each run that is a line."""
    found = legend(cast, shown, options)
    if found.entries:
        return [(f"{found.scale} {entry.label}".strip(), entry.colour) for entry in found.entries]
    keys = lines(shown, options) if options.color == "run" else []
    return [(f"{cast.mark(key)} {cast.name(key, options)}", cast.colour(key, options)) for key in keys]
