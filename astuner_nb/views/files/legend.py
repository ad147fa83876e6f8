"""What an image says of its colours: the names of the first runs, and how many there are besides."""

from __future__ import annotations

from collections.abc import Sequence

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.files.text_lines import cut

MOST_IN_LEGEND = 24
FONT_PX = 12
_NAME_PX = 260

Entry = tuple[str, str]
"""What is shown as a name, and its `#rrggbb`; none where it stands for no line."""


def entries(legend: Sequence[Entry], language: Language = ENGLISH) -> list[Entry]:
    """The first `MOST_IN_LEGEND` of `legend` with their names cut; the last entry says how many there are besides."""
    left = len(legend) - MOST_IN_LEGEND
    more = [(language("… and {n} more", n=left), "")] if left > 0 else []
    return [(cut(name, _NAME_PX, FONT_PX), colour) for name, colour in [*legend[:MOST_IN_LEGEND], *more]]
