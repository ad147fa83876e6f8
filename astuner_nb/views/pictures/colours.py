"""Which colour a run has: its own, or that of its source, its group, or the value of a hyper-parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from astuner_nb.analysis.differences import LOG_SPAN, MISSING, Config, Found, number_in
from astuner_nb.charts.palette import colour, shade
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.groups import group_of, short

UNKNOWN = "#9aa0a6"
"""Of a run that does not have the hyper-parameter."""
MOST_COLOURS = 8
"""A hyper-parameter with more different numbers than this gets a continuous scale."""


@dataclass(frozen=True)
class Entry:
    """One colour and what it stands for."""

    label: str
    colour: str


class Colours:
    """What the colours of one view mean.

    They are dealt out over all runs, shown or not: a colour stays where it is while others are hidden.
    """

    def __init__(self, configs: Sequence[Config], options: ViewOptions) -> None:
        """`configs` are those of all runs, in the order in which they came, `source` and `group` among them."""
        self._by = options.color
        self._groups = options.group if options.color in ("run", "group") else ()
        values = [config.get(self._by, MISSING) for config in configs]
        numbers = sorted({number for value in values if (number := number_in(value)) is not None and _finite(number)})
        self._scale = _Scale(numbers) if len(numbers) > MOST_COLOURS and not self._groups else None
        self._dealt: dict[str, Entry] = {}
        for config in configs:
            self.of(config, UNKNOWN)

    @property
    def is_scale(self) -> bool:
        """Whether the legend is of a continuous scale."""
        return self._scale is not None

    def of(self, config: Config, own: str) -> str:
        """The colour of a run with `config`, whose own colour is `own`; also that of a group with such a member."""
        if self._groups:
            return self._deal(group_of(self._groups, config))
        return own if self._by == "run" else self._of_value(config.get(self._by, MISSING))

    def label_of(self, config: Config) -> str:
        """The label of the entry that stands for a run with `config`; empty where none does."""
        if self._groups:
            return group_of(self._groups, config)
        value = config.get(self._by, MISSING)
        return "" if self._by == "run" or value is MISSING else short(value)

    def legend(self) -> list[Entry]:
        """What the colours mean; empty where each run has its own."""
        return list(self._dealt.values()) if self._scale is None else self._scale.legend()

    def _of_value(self, value: Found) -> str:
        if value is MISSING:
            return UNKNOWN
        number = number_in(value)
        if self._scale is not None and number is not None and _finite(number):
            return self._scale.at(number)
        return self._deal(short(value))

    def _deal(self, label: str) -> str:
        return self._dealt.setdefault(label, Entry(label, colour(len(self._dealt)))).colour


class _Scale:
    """Colours of numbers: by their logarithm where they span decades."""

    def __init__(self, numbers: Sequence[float]) -> None:
        self._numbers = numbers
        self._log = numbers[0] > 0 and numbers[-1] / numbers[0] >= LOG_SPAN

    def at(self, number: float) -> str:
        low, high, place = self._numbers[0], self._numbers[-1], number
        if self._log:
            low, high, place = math.log(low), math.log(high), math.log(number)
        return shade((place - low) / (high - low))

    def legend(self) -> list[Entry]:
        """Its two ends and what is in the middle of its numbers."""
        ends = (self._numbers[0], self._numbers[len(self._numbers) // 2], self._numbers[-1])
        return [Entry(f"{number:g}", self.at(number)) for number in ends]


def _finite(number: float) -> bool:
    return math.isfinite(number)
