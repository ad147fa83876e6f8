"""Runs put into groups by what they have for some hyper-parameters."""

from __future__ import annotations

from collections.abc import Sequence

from astuner_nb.analysis.differences import MISSING, Config, Found, in_one_line

EVERYTHING = "all runs"
"""The one group where nothing is grouped by."""


def group_of(keys: Sequence[str], config: Config) -> str:
    """The name of the group of a run with `config`, like `lr 0.0001 · backbone local`."""
    return " · ".join(f"{key} {short(config.get(key, MISSING))}" for key in keys) or EVERYTHING


def short(value: Found) -> str:
    """A value in few letters; a dash where there is none."""
    if value is MISSING:
        return "–"
    return shortened(f"{value:g}" if isinstance(value, float) else in_one_line(value), 40)


def shortened(text: str, most: int) -> str:
    """`text` in at most so many letters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
