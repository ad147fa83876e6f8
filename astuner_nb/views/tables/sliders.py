"""What can be slid: one slider or one list of choices for each hyper-parameter that varies among the runs.

The rule: a hyper-parameter gets one where the runs that have it do not all have the same value.

- Where all values are numbers it is a range, on a log scale where all are positive and span two decades or more.
- Else, True and False included, it is a choice among its values, the most frequent first.
- One with more than `MOST_CHOICES` different texts is left out: a path, a date or an id tells runs apart, and selects
  none.
- None, NaN and infinite numbers are no place on a range; they count as missing.
- A run that does not have a hyper-parameter is left out as soon as there is a condition on it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from astuner_nb.analysis.differences import LOG_SPAN, MISSING, Config, Found, Missing, number_in, sameness
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import ConfigValue
from astuner_nb.trackers.where import Between
from astuner_nb.views.tables.configs import canonical_configs, canonical_first, side_by_side

MOST_CHOICES = 20
MOST_MARKS = 60
_NUMBERS = {int, float, type(None), Missing}
_VALUES = _NUMBERS | {str, bool}


@dataclass(frozen=True)
class RangeSlider:
    """A hyper-parameter whose values are numbers."""

    name: str
    low: float
    high: float
    log: bool
    whole: bool
    """Whether all values are whole numbers."""
    step: float
    """The smallest distance of two neighbouring values; on a log scale in decades."""
    marks: tuple[float, ...]
    """The values there are, ascending; of more than `MOST_MARKS` that many, evenly picked, both ends among them."""
    missing: int
    """How many runs have no number for it: any condition leaves them out."""

    @property
    def condition(self) -> Between:
        """What the slider says when it stands at both ends."""
        return Between(self.low, self.high)


@dataclass(frozen=True)
class ChoiceSlider:
    """A hyper-parameter with other values."""

    name: str
    choices: tuple[ConfigValue, ...]
    """The most frequent first."""
    counts: tuple[int, ...]
    """How many runs have each."""
    missing: int
    """How many runs do not have it."""


Slider = RangeSlider | ChoiceSlider


def sliders(runs: Sequence[Run], configs: Mapping[str, Config] | None = None) -> list[Slider]:
    """One for each hyper-parameter that varies among `runs`, canonical names first. See the rule above.

    Args:
        runs: all runs of the view, not only those that the sliders leave.
        configs: run key → canonical configuration, where it is known already.
    """
    known = canonical_configs(runs) if configs is None else configs
    columns = side_by_side([known[run.key] for run in runs])
    found = {name: slider for name, values in columns.items() if (slider := _slider(name, values)) is not None}
    return [found[name] for name in canonical_first(found, runs)]


def _slider(name: str, values: Sequence[Found]) -> Slider | None:
    kinds = set(map(type, values))
    if kinds == {str} and values.count(values[0]) == len(values):
        return None  # quick: most texts are constant
    if kinds <= _NUMBERS:
        return _range(name, values, whole=float not in kinds)
    return _choice(name, values) if kinds <= _VALUES else None


def _range(name: str, values: Sequence[Found], whole: bool) -> RangeSlider | None:
    number_of = {value: number_in(value) for value in set(values)}
    places = sorted({number for number in number_of.values() if number is not None and math.isfinite(number)})
    if len(places) < 2:
        return None
    log = places[0] > 0 and places[-1] / places[0] >= LOG_SPAN
    scale = list(map(math.log10, places)) if log else places
    odd = [value for value, number in number_of.items() if number is None or not math.isfinite(number)]
    return RangeSlider(
        name=name,
        low=places[0],
        high=places[-1],
        log=log,
        whole=whole,
        step=min(later - earlier for earlier, later in pairwise(scale)),
        marks=_picked(places),
        missing=sum(map(values.count, odd)),
    )


def _choice(name: str, values: Sequence[Found]) -> ChoiceSlider | None:
    there = [value for value in values if value is not MISSING and value == value]
    of_token = {sameness(value): value for value in there}
    if not 2 <= len(of_token) <= MOST_CHOICES:
        return None
    counts = Counter(map(sameness, there)).most_common()
    choices = tuple(of_token[one] for one, _ in counts)
    return ChoiceSlider(name, choices, tuple(count for _, count in counts), len(values) - len(there))


def _picked(places: Sequence[float]) -> tuple[float, ...]:
    if len(places) <= MOST_MARKS:
        return tuple(places)
    last = len(places) - 1
    return tuple(places[round(index * last / (MOST_MARKS - 1))] for index in range(MOST_MARKS))
