"""What tells configurations apart, in lists, pairs and one line."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import takewhile
from numbers import Real
from typing import Literal

import numpy as np

from astuner_nb.core.errors import BadValue
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.said import joined, said

LOG_SPAN = 100.0
"""How far apart the ends of a range are whose slider moves by ratios: two decades."""
LONGEST = 24
"""Characters of a value in one line."""

Config = Mapping[str, ConfigValue]
Kind = Literal["number", "log", "choice"]


class Missing(Enum):
    """The value of a key that a configuration does not have; unlike None, which it has."""

    MISSING = "–"

    def __repr__(self) -> str:
        return self.value


MISSING = Missing.MISSING
Found = ConfigValue | Missing


def differing(configs: Sequence[Config]) -> list[str]:
    """The keys whose values are not the same everywhere, in the order in which they first come.

    1 is 1.0 and NaN is NaN, but True is not 1; a key that is missing somewhere differs.
    """
    keys = dict.fromkeys(key for config in configs for key in config)
    return [key for key in keys if _differ([config.get(key, MISSING) for config in configs])]


def changes(config: Config, baseline: Config) -> dict[str, tuple[Found, Found]]:
    """Key → (value in `baseline`, value in `config`) where they differ; `MISSING` where there is none.

    Keys of `config` come first, in its order.
    """
    pairs = {key: (baseline.get(key, MISSING), config.get(key, MISSING)) for key in [*config, *baseline]}
    return {key: (old, new) for key, (old, new) in pairs.items() if sameness(old) != sameness(new)}


def what_changed(config: Config, baseline: Config, limit: int = 4) -> str:
    """One line: "lr 1e-4 → 3e-4 · seed 0 → 1 · and 2 more"; "no difference" where there is none.

    Raises:
        BadValue: where `limit`, the most keys to name, is below 1.
    """
    if limit < 1:
        raise BadValue(f"what_changed must name 1 key or more, got limit={limit!r}. Give a larger limit.")
    found = changes(config, baseline)
    parts = [_change(key, old, new) for key, (old, new) in list(found.items())[:limit]]
    more = said("and {n} more", n=len(found) - limit) if len(found) > limit else ""
    return joined([" · ".join(parts), more], " · ") or said("no difference")


def kind_of(values: Iterable[Found]) -> Kind:
    """How a slider over `values` works.

    `log`: positive numbers that span two decades or more; `number`: other numbers; `choice`: texts, booleans, or
    anything else among the numbers. What is missing, None or no finite number is passed by; nothing at all is a choice.
    """
    known = [value for value in values if value is not None and value is not MISSING]
    numbers = [number for value in known if (number := number_in(value)) is not None]
    finite = [number for number in numbers if math.isfinite(number)]
    if len(numbers) < len(known) or not finite:
        return "choice"
    low, high = min(finite), max(finite)
    return "log" if low > 0 and high / low >= LOG_SPAN else "number"


def number_in(value: Found) -> float | None:
    """`value` as a float, None for what is no number; booleans and texts are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def sameness(value: Found) -> Hashable:
    """What is equal for values that count as the same: 1 and 1.0, NaN and NaN; not 1 and True."""
    if isinstance(value, bool):
        return (bool, value)
    return (float, "NaN") if value != value else value


def in_one_line(value: Found) -> str:
    """`value` in few characters: 1e-4 for 0.0001, an ellipsis for the end of a long text."""
    text = _number_text(value) if isinstance(value, float) else str(value.value if value is MISSING else value)
    return _shortened(" ".join(text.split()))


def _differ(column: list[Found]) -> bool:
    """Whether not all of `column` are the same. A set is quick but takes True for 1 and tells NaN from NaN."""
    distinct = set(column)
    if {0, 1} & distinct and bool in (kinds := set(map(type, column))) and len(kinds) > 1:
        return True
    return len(distinct) > 1 and len(set(map(sameness, distinct))) > 1


def _change(key: str, old: Found, new: Found) -> str:
    was, now = in_one_line(old), in_one_line(new)
    if was == now and isinstance(old, str) and isinstance(new, str):
        begin = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        was, now = (_shortened("…" + " ".join(text[begin:].split())) for text in (old, new))
    if was == now:
        was, now = _shortened(repr(old)), _shortened(repr(new))
    return f"{key} {was} → {now}"


def _number_text(number: float) -> str:
    """The shortest text that is this number."""
    if number == 0 or 1e-3 <= abs(number) < 1e6:
        return np.format_float_positional(number, trim="-")
    return np.format_float_scientific(number, trim="-", exp_digits=1)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
