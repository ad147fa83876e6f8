"""Keys that no model of ours knows: a typo is refused, a key of an engine kept, anything else kept with a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from astuner_nb.config.document import SECTIONS
from astuner_nb.config.engines import ENGINE_KEYS, OTHER_NAMES
from astuner_nb.config.keys import KEYS, read_at
from astuner_nb.config.problems import shown

_ALIKE = 0.84
"""Similarity (`SequenceMatcher.ratio`) from which a key counts as a slip of the pen: `num_repeats` has 0.95."""
_ALIKE_SHORT = 0.79
"""The same for keys of up to three letters, where one letter weighs more: `lrr` against `lr` has 0.8."""


@dataclass(frozen=True)
class Unknown:
    """The verdict on the unknown keys of a root section."""

    typos: tuple[str, ...]
    """One sentence for each key that must be mended."""
    kept: tuple[str, ...]
    """Dotted paths of the keys that resemble nothing, some with a remark."""


def judge(root: object) -> Unknown:
    """Which keys of the root section are slips and which are merely unknown."""
    typos, kept = [], []
    for section, key, value in _strangers(root):
        path, meant = _dotted(section, key), _meant(section, key)
        if meant:
            typos.append(f"{path} = {shown(value)} is no known key. Did you mean {meant}?")
        else:
            kept.append(path + _remark(key))
    return Unknown(tuple(typos), tuple(kept))


def misplaced(document: Mapping[str, Any], root: str) -> list[str]:
    """One sentence for each section of ours that stands beside the root section, where nothing reads it."""
    ours = ("trainer_common", "rollout")  # a top-level `data` belongs to verl
    return [
        f"{name} stands beside {root}, where nothing reads it. Indent it so that it stands under {root}."
        for name in ours
        if name in document
    ]


def _strangers(root: object) -> Iterator[tuple[str, str, Any]]:
    for section, model in SECTIONS.items():
        mapping = read_at(root, section)
        for key, value in mapping.items() if isinstance(mapping, Mapping) else ():
            name = str(key)
            if name not in model.model_fields and name not in ENGINE_KEYS[section] and "__" not in name:
                yield section, name, value


def _meant(section: str, key: str) -> str:
    """The dotted path of the known key that `key` was meant to be; empty where there is none."""
    scored = ((_alike(key, name), name) for name in SECTIONS[section].model_fields)
    likeness, name = max(scored)
    if likeness >= (_ALIKE_SHORT if len(key) <= 3 else _ALIKE):
        return _dotted(section, name)
    elsewhere = [path for path in _known_paths() if _alike(key, path.rpartition(".")[2]) == 1]
    return elsewhere[0] if elsewhere else ""


def _known_paths() -> list[str]:
    return [_dotted(section, name) for section, model in SECTIONS.items() for name in model.model_fields]


def _alike(one: str, other: str) -> float:
    """Likeness in [0, 1] that disregards case, hyphens and underscores."""
    one, other = (text.lower().replace("_", "").replace("-", "") for text in (one, other))
    return SequenceMatcher(None, one, other).ratio()


def _remark(key: str) -> str:
    name = OTHER_NAMES.get(key)
    return f" (did you mean {KEYS[name].path}?)" if name else ""


def _dotted(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key
