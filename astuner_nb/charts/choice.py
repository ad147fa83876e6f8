"""Which metrics get a figure where nobody has said so: a trainer may log hundreds."""

from __future__ import annotations

from collections.abc import Iterable

from astuner_nb.core.metrics import figure_of, known_first
from astuner_nb.core.protocols import Run
from astuner_nb.store.run import Run as StoredRun

OWN = 6
"""How many metrics are shown of a tracker's run without a canonical one."""
MOST = 12
"""How many figures there are at most where nobody chose."""


def figures(runs: Iterable[tuple[Run, Iterable[str]]]) -> list[str]:
    """The metrics that get a figure, canonical ones first and in panel order.

    Of a run of our own all that it logged, of a tracker's those with a canonical name, else its first few.

    Args:
        runs: each with its metrics, under canonical names where there is one, in the order in which they came.
    """
    found = dict.fromkeys(figure_of(name) for run, names in runs for name in _chosen(run, list(names)))
    return known_first(found)[:MOST]


def _chosen(run: Run, names: list[str]) -> list[str]:
    if isinstance(run, StoredRun):
        return names
    return [name for name in names if name in run.aliases.metrics] or names[:OWN]
