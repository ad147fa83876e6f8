"""Sentences that know what they were made of, so that they can be said again in another language.

A `Said` is an English text like any other to whoever does not ask. Its template is looked up in a `Language`; its
values stay data, whatever stands in them, and only those that are sentences themselves are translated too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Self

_PLACE = re.compile(r"\{(\w+)\}")


class Said(str):
    """An English sentence with its template and the named values in it."""

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object] | None = None) -> Self:
        """The text of `template` with `values` in it."""
        values = dict(values or {})
        made = super().__new__(cls, filled(template, values))
        made.template, made.values = template, values
        return made

    def having(self, **values: object) -> Said:
        """The same sentence with other values, in the sentences within it too; what it has no place for is left out."""
        inner = {name: one.having(**values) if isinstance(one, Said) else one for name, one in self.values.items()}
        return Said(self.template, inner | {name: one for name, one in values.items() if name in inner})


def said(template: str, /, **values: object) -> Said:
    """The sentence `template`, each `{name}` in it replaced: `said("All {n} runs are shown.", n=9)`."""
    return Said(template, values)


def counted(count: int, one: str, many: str, /, **values: object) -> Said:
    """The template `one` or `many`, with `count` as its `{n}`."""
    return said(one if count == 1 else many, n=f"{count:,}", **values)


def joined(parts: Iterable[str], between: str = " ") -> str:
    """Sentences in a row, each still to be translated; empty ones are left out."""
    pair, kept = f"{{before}}{between}{{after}}", [part for part in parts if part]
    return reduce(lambda before, after: said(pair, before=before, after=after), kept) if kept else ""


def filled(template: str, values: Mapping[str, object]) -> str:
    """`template` with `values` at its places, once over: what a value brings along is never read as a place."""
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), template)


def places(template: str) -> set[str]:
    """The names of the places in `template`."""
    return set(_PLACE.findall(template))
