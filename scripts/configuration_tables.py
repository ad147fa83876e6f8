"""The tables of the configuration guide, from the model of the file, the built-in backbone and the facts of engines."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from astuner_nb.backbones.local import SETTINGS, SPACE
from astuner_nb.config.document import MOST, SECTIONS
from astuner_nb.config.engines import ENGINE_KEYS, OTHER_NAMES
from astuner_nb.config.keys import EXTRA, KEYS
from astuner_nb.config.loader import load_config
from astuner_nb.config.problems import expected

DOCS = Path(__file__).parents[1] / "docs"
ENGINES = ("trinity", "verl")
BUILT_IN = {**SPACE, **SETTINGS}
NAME_AT = {path: key.name for key in KEYS.values() for path in (key.path, key.also) if path}
"""Dotted path → flat name of the hyper-parameter that stands there."""
Say = Callable[[str], str]
"""A phrase in the language of the page."""

HEADS = {
    "keys": ("key", "takes", "default", "built-in training takes", "what it does"),
    "engines": ("key", "AgentJet, below `ajet:`", "Trinity-RFT", "verl"),
    "kept": ("section", "keys that are known to belong to an engine"),
    "others": ("written", "meant"),
}
CHINESE_HEADS = {
    "keys": ("键", "接受", "默认值", "内置训练接受", "作用"),
    "engines": ("键", "AgentJet（在 `ajet:` 下）", "Trinity-RFT", "verl"),
    "kept": ("节", "已知属于某个引擎的键"),
    "others": ("写成", "意思是"),
}


@cache
def facts(name: str) -> dict[str, Any]:
    """The content of `docs/NAME.toml`."""
    return tomllib.loads((DOCS / f"{name}.toml").read_text(encoding="utf-8"))


def english(phrase: str) -> str:
    """The phrase as it is."""
    return phrase


def chinese(phrase: str) -> str:
    """The phrase in Chinese, as far as there is a translation: the whole of it, else its parts."""
    words = facts("zh")
    if phrase in words:
        return str(words[phrase])
    if phrase.endswith("."):  # a sentence is translated whole, or not at all
        return phrase
    for part, translated in words.items():
        if not part.endswith("."):
            phrase = phrase.replace(part, translated)
    return phrase


def tables(table: Callable[[Sequence[str], Iterable[Sequence[str]]], str], zh: bool = False) -> dict[str, str]:
    """Name of a table → its Markdown, made by `table` of a head and rows."""
    say, heads = (chinese, CHINESE_HEADS) if zh else (english, HEADS)
    rows: dict[str, Iterable[Sequence[str]]] = {
        "keys": _keys(say),
        "engines": _engines(say),
        "kept": _kept(),
        "others": ((f"`{other}`", f"`{KEYS[name].path}`") for other, name in OTHER_NAMES.items()),
    }
    return {name: table(heads[name], rows[name]) for name in rows}


def fields() -> Iterator[tuple[str, FieldInfo]]:
    """Dotted path and declaration of every key that is no section, in the order of the file."""
    for section, model in SECTIONS.items():
        for leaf, field in model.model_fields.items():
            path = f"{section}.{leaf}" if section else leaf
            if path not in SECTIONS:
                yield path, field


def _keys(say: Say) -> Iterator[Sequence[str]]:
    for path, field in fields():
        known = BUILT_IN.get(NAME_AT.get(path, ""))
        span = f"{known.span} {known.unit}".rstrip() if known else ""
        yield (
            f"`{path}`",
            say(_takes(path, field)),
            say(_default(path)),
            say(_short(span)),
            say(field.description or ""),
        )


def _takes(path: str, field: FieldInfo) -> str:
    return "names and values" if path == EXTRA else _short(expected(field))


def _short(words: str) -> str:
    """`words` with long numbers as powers."""
    return words.replace(str(MOST), "10⁹").replace(str(2**63 - 1), "2⁶³ − 1").replace(str(2**31 - 1), "2³¹ − 1")


def _default(path: str) -> str:
    """What holds where the key is left out: what an empty file gives, else the built-in backbone's own."""
    empty = load_config({"astuner": None})
    of_file = {
        "project_name": "the file's name",
        "experiment_name": "what differs from the defaults",
        "backbone": f"`{empty.backbone}`",
        "trainer_common.logger": f"`{', '.join(empty.loggers)}`",
    }
    known = BUILT_IN.get(NAME_AT.get(path, ""))
    return of_file.get(path) or (f"`{known.default}`" if known else "")


def _engines(say: Say) -> Iterator[Sequence[str]]:
    for path, _ in fields():
        if of := facts("engine_keys").get(path):
            marks = {engine: " *" if engine in of.get("untranslated", ()) else "" for engine in ENGINES}
            names = (f"`{of[engine]}`{marks[engine]}" if engine in of else "–" for engine in ENGINES)
            yield f"`{path}`", say("the same") if of.get("agentjet") else "–", *names


def _kept() -> Iterator[Sequence[str]]:
    for section, keys in ENGINE_KEYS.items():
        yield f"`{section}`" if section else "`astuner`", " ".join(f"`{key}`" for key in sorted(keys))
