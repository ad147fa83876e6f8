"""Validation errors as sentences: which key, which value, what is expected."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from astuner_nb.config.document import SECTIONS
from astuner_nb.config.keys import EXTRA
from astuner_nb.config.secret_values import masked

_KINDS = {float: "a number", int: "a whole number", str: "a text of 1 to 200 characters"}
_MOST_LINES = 20


def shown(value: object) -> str:
    """`value` as it may stand in a message: short, without secrets."""
    text = repr(masked(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def sentence(error: ErrorDetails) -> str:
    """One sentence or two for one of pydantic's errors."""
    path = ".".join(part for part in error["loc"] if isinstance(part, str))
    if path.partition(".")[0] == EXTRA:
        key = ".".join(map(str, error["loc"][:2]))
        return f"{key} must be a number, a text or true or false, got {shown(error['input'])}. Change it."
    if path in SECTIONS:
        return _no_section(path or "this", error["input"])
    section, _, leaf = path.rpartition(".")
    field = SECTIONS[section].model_fields[leaf]
    return f"{path} must be {expected(field)}, got {shown(error['input'])}. {_advice(field, error['input'])}"


def _no_section(path: str, value: object) -> str:
    what = f"{path} must be a section with keys of its own, got {shown(value)}."
    if isinstance(value, str) and ":" in value:
        return f"{what} Put a space behind the colon."
    return f"{what} Write the keys beneath it, indented."


def expected(field: FieldInfo) -> str:
    """What `field` takes, in words, e.g. `a number above 0 and at most 1`."""
    if words := _extra(field).get("expected"):
        return str(words)
    options = _options(field)
    if options:
        return f"one or several of {', '.join(options)}"
    words = {"gt": "above {}", "ge": "at least {}", "le": "at most {}"}
    bounds = [
        words[side].format(getattr(bound, side))
        for bound in field.metadata
        for side in words
        if getattr(bound, side, None) is not None
    ]
    return f"{_kind(field)} {' and '.join(bounds)}".rstrip()


def joined(where: str, problems: Iterable[str]) -> str:
    """The message for `problems` of the file `where`: a line where it is one, else a list."""
    lines = list(problems)
    if len(lines) == 1:
        return f"{where}: {lines[0]}"
    more = [f"and {len(lines) - _MOST_LINES} more."] if len(lines) > _MOST_LINES else []
    return "\n  - ".join([f"{where} has {len(lines)} problems:", *lines[:_MOST_LINES], *more])


def _options(field: FieldInfo) -> list[str]:
    return [str(option) for option in _extra(field).get("options", [])]


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _kind(field: FieldInfo) -> str:
    """The type in words; every leaf is declared as `X | None` or `Annotated[X, …] | None`."""
    inner = get_args(field.annotation)[0]
    return _KINDS[get_args(inner)[0] if get_origin(inner) is Annotated else inner]


def _advice(field: FieldInfo, value: Any) -> str:
    near = get_close_matches(str(value).lower(), _options(field), n=1)
    return f"Did you mean {near[0]!r}?" if near else "Change it, or take the line out."
