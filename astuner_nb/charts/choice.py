"""Which of a run's metrics get a figure where nobody has said so: a trainer may log hundreds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OWN = 6
"""How many metrics are shown of a run without a canonical one."""


def chosen(names: Mapping[str, str], keys: Iterable[str]) -> set[str]:
    """The canonical metrics of a run, else its first `OWN` keys.

    Args:
        names: canonical metric → the run's key for it.
        keys: all of the run's keys, in the order in which they came.
    """
    return set(names) or set(list(keys)[:OWN])
