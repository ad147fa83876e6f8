"""The language of a panel. English is written where it is said; of other languages there is a table each.

A language is a frozen value that is handed down to whatever shows something: two panels may speak two languages.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from astuner_nb.core.errors import BadValue
from astuner_nb.core.said import Said, filled
from astuner_nb.core.shipped import shipped

ASTUNER_LANGUAGE = "ASTUNER_LANGUAGE"
"""The variable that names the language where no code does."""
LANGUAGES = ("en", "zh")


@dataclass(frozen=True, eq=False)
class Language:
    """Says English sentences in a language, those that it has no words for in English."""

    name: str
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """English template → the same in this language."""
    pages: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """What stands in the modules of a page, which writes its texts itself: page → texts."""

    def __call__(self, text: str, /, **values: object) -> str:
        """`text`, which we have written, in this language; `{name}` in it is replaced by the value of that name."""
        sentence = text if isinstance(text, Said) else Said(text, values)
        inner = {name: self.of(one) if isinstance(one, str) else one for name, one in sentence.values.items()}
        return filled(self.texts.get(sentence.template, sentence.template), inner)

    def of(self, text: str) -> str:
        """`text` in this language if it is a sentence of ours; what a person or a run brought along as it is."""
        return self(text) if isinstance(text, Said) else text

    def page(self, name: str) -> dict[str, str]:
        """What the page `name` is to say instead of its English."""
        return dict(self.pages.get(name, {}))


ENGLISH = Language("en")


def language_of(name: str | None = None) -> Language:
    """The language `name`; where left out that of `ASTUNER_LANGUAGE`, else English. Raises `BadValue` for another."""
    wanted = name if name is not None else os.environ.get(ASTUNER_LANGUAGE) or ENGLISH.name
    if wanted not in LANGUAGES:
        known = " or ".join(map(repr, LANGUAGES))
        raise BadValue(f"language must be {known}, got {wanted!r:.80}. Give one of them, or set {ASTUNER_LANGUAGE}.")
    return ENGLISH if wanted == ENGLISH.name else _read(wanted)


@cache
def _read(name: str) -> Language:
    """What `language_NAME.toml` has: `pages` by themselves, all other tables as one."""
    tables = dict(shipped(f"language_{name}.toml"))
    pages = tables.pop("pages")
    texts = {english: text for table in tables.values() for english, text in table.items()}
    return Language(name, MappingProxyType(texts), MappingProxyType(pages))
