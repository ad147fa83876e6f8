"""One layer of names: the shipped tables, a file of the user's, or what a call adds. Checked as it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from astuner_nb.core.errors import BadConfig, BadValue
from astuner_nb.core.metrics import SHOWN
from astuner_nb.core.shipped import shipped

Words = Mapping[str, Sequence[str] | type]
"""Word → the values it may have, or their type."""

METRIC_WORDS: Words = SHOWN
PARAMETER_WORDS: Words = {"kind": ("number", "whole", "text")}
SECTIONS = ("metrics", "hyper_parameters", "roots")


@dataclass(frozen=True)
class Entry:
    """What one table says of one canonical name."""

    keys: tuple[str, ...] = ()
    """The keys that may stand for it, the preferred one first."""
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key → keys of which one must be there too."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """How it is shown, or of which kind it is; only what was said."""


@dataclass(frozen=True)
class AliasTable:
    """Canonical name → what is said of it, for metrics and for hyper-parameters."""

    metrics: Mapping[str, Entry] = field(default_factory=dict)
    hyper_parameters: Mapping[str, Entry] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    """First parts of dotted paths that say nothing: `ajet`, `config`."""


@cache
def shipped_table() -> AliasTable:
    """The table that all others lie upon."""
    return alias_table({**shipped("metrics.toml"), **shipped("hyper_parameters.toml")})


def read_alias_table(path: Path) -> AliasTable:
    """The table in a TOML file. Raises `BadConfig`, in one sentence that names the file."""
    import tomllib

    try:
        return alias_table(tomllib.loads(path.read_bytes().decode("utf-8")))
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
        raise BadConfig(f"The alias file {path} cannot be read: {why}. Give the path of a TOML file.") from None
    except BadValue as problem:
        raise BadConfig(f"The alias file {path} cannot be used. {problem}") from None
    except (ValueError, RecursionError) as problem:
        raise BadConfig(f"The alias file {path} is no TOML: {str(problem)[:200]}. Mend it.") from None


def alias_table(document: Mapping[str, Any]) -> AliasTable:
    """The table in a mapping with the sections of the shipped files. Raises `BadValue`, in one sentence."""
    if unknown := [word for word in document if word not in SECTIONS]:
        raise BadValue(f"There is no section {unknown[0]!r}{_near(unknown[0], SECTIONS)}. Use {', '.join(SECTIONS)}.")
    return AliasTable(
        _entries(document.get("metrics", {}), "metrics", METRIC_WORDS),
        _entries(document.get("hyper_parameters", {}), "hyper_parameters", PARAMETER_WORDS),
        _texts(document.get("roots", ()), "roots"),
    )


def _entries(section: object, title: str, words: Words) -> dict[str, Entry]:
    if not isinstance(section, Mapping):
        raise BadValue(
            f"{title} must hold canonical names, got {section!r:.60}. Write [{title}.reward] above its keys."
        )
    entries = {_name(name, title): _entry(given, f"{title}.{name}", words) for name, given in section.items()}
    owner: dict[str, str] = {}
    for name, entry in entries.items():
        for key in entry.keys:
            if owner.setdefault(key, name) != name:
                raise BadValue(f"The key {key!r} stands under {owner[key]} and under {name}. Leave it under one.")
    return entries


def _name(name: object, title: str) -> str:
    if not isinstance(name, str) or not name.strip() or "*" in name:
        raise BadValue(f"{name!r} cannot be a name in {title}. Give one with a letter and without a star.")
    return name


def _entry(given: object, where: str, words: Words) -> Entry:
    """What stands under one name: a table, or its keys alone."""
    row = given if isinstance(given, Mapping) else {"keys": given}
    for word, value in row.items():
        if word not in ("keys", "beside"):
            _check_word(word, value, where, words)
    keys = _texts(row.get("keys", ()), f"{where}.keys")
    if twice := [key for key in keys if key.count("**") > 1]:
        raise BadValue(f"{where}.keys: {twice[0]!r} has ** more than once. Use * for text without a separator.")
    beside = row.get("beside", {})
    if not isinstance(beside, Mapping) or not set(beside) <= set(keys):
        raise BadValue(f"{where}.beside must be a table of some of its keys, got {beside!r:.60}. Name keys of {where}.")
    company = {key: _texts(others, f"{where}.beside.{key}") for key, others in beside.items()}
    return Entry(keys, company, {word: row[word] for word in words if word in row})


def _check_word(word: object, value: object, where: str, words: Words) -> None:
    allowed = words.get(word) if isinstance(word, str) else None
    if allowed is None:
        known = ["keys", "beside", *words]
        raise BadValue(f"{where} has no {word!r}{_near(word, known)}. Use {', '.join(known)}.")
    if isinstance(allowed, type) and not isinstance(value, allowed):
        kind = "true or false" if allowed is bool else "a text"
        raise BadValue(f"{where}.{word} must be {kind}, got {value!r:.60}.")
    if not isinstance(allowed, type) and value not in allowed:
        raise BadValue(f"{where}.{word} must be one of {', '.join(allowed)}, got {value!r:.60}.")


def _texts(given: object, where: str) -> tuple[str, ...]:
    """A list of texts, each once."""
    if isinstance(given, list | tuple) and all(isinstance(text, str) and text for text in given):
        return tuple(dict.fromkeys(given))
    raise BadValue(f'{where} must be a list of texts, got {given!r:.60}. Write ["one", "another"].')


def _near(word: object, known: Sequence[str]) -> str:
    near = get_close_matches(str(word), known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
