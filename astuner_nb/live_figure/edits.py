"""Edits of traces as the page takes them: which trace, the path to one property, its new value.

plotly's own way to set a property costs 0.2-0.4 ms for every one: of all curves of a figure that is a picture late.
`checked` asks plotly's validators once for every different value, and `carry_out` sets what came through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from plotly.basedatatypes import BaseFigure, Undefined
from plotly.validator_cache import ValidatorCache

from astuner_nb.core.errors import BadValue

Path = tuple[Any, ...]
Edit = tuple[int, Path, Any]
"""Trace number, property path, new value (None takes the property away)."""

_NOT_ONE_PROPERTY = frozenset({"CompoundValidator", "CompoundArrayValidator", "LiteralValidator"})


def path_of(key: Any) -> list[Any]:
    """A property's path from plotly's words for it: "marker.line.width" or "marker_line_width"."""
    return list(BaseFigure._str_to_dict_path(key))


def spread(style: Mapping[Any, Any], indexes: list[int]) -> list[Edit]:
    """plotly's restyle (a list is dealt out over the traces) as single edits."""
    return [
        (index, tuple(path_of(key)), value)
        for key, values in style.items()
        for k, index in enumerate(indexes)
        if (value := values[k % len(values)] if isinstance(values, list) else values) is not Undefined
    ]


def checked(changes: Mapping[int, Mapping[str, Any]], traces: Sequence[Any]) -> list[Edit]:
    """The edits that `changes` ask for, with values as plotly keeps them.

    Args:
        changes: Trace number → property ("visible", "line.color", "line_color") → value, None for none.
        traces: plotly's trace objects, in order.

    Raises:
        BadValue: A trace or a property that is not there, a group of properties, a value that plotly refuses.
    """
    check = _Check()
    return [
        check(_number(index, traces), traces[index].plotly_name, key, value)
        for index, properties in changes.items()
        for key, value in properties.items()
    ]


def carry_out(edits: Sequence[Edit], properties: Sequence[dict[str, Any]]) -> list[Edit]:
    """Sets what differs in the traces' property dictionaries; returns those edits."""
    return [edit for edit in edits if _put(properties[edit[0]], edit[1], edit[2])]


def listens(trace: Any, path: Path) -> bool:
    """Whether somebody registered `on_change` on the trace or on a part of it that holds this property."""
    part = trace
    for key in path:
        if part is None or part._change_callbacks:
            return part is not None
        part = part._compound_props.get(key)
    return False


class _Check:
    """Asks plotly's validators, each question once."""

    def __init__(self) -> None:
        self._validators: dict[tuple[str, str], tuple[Path, Any]] = {}
        self._known: dict[tuple[int, type, Any], Any] = {}

    def __call__(self, index: int, kind: str, key: str, value: Any) -> Edit:
        if (kind, key) not in self._validators:
            self._validators[kind, key] = _validator(index, kind, key)
        path, validator = self._validators[kind, key]
        if _is_column(value):
            return index, path, _copy(value)  # plotly's way, without its 40 µs of asking what kind of table this is
        if not isinstance(value, str | int | float | None):
            return index, path, _coerced(index, kind, path, validator, value)
        question = (id(validator), type(value), value)
        if question not in self._known:
            self._known[question] = _coerced(index, kind, path, validator, value)
        return index, path, self._known[question]


def _number(index: Any, traces: Sequence[Any]) -> int:
    if isinstance(index, bool) or not isinstance(index, int | np.integer) or not 0 <= index < len(traces):
        raise BadValue(f"restyle: there is no trace {index!r}; the figure has {len(traces)}, counted from 0.")
    return int(index)


def _validator(index: int, kind: str, key: Any) -> tuple[Path, Any]:
    try:
        path = tuple(path_of(key))
        validator = ValidatorCache.get_validator(".".join((kind, *path[:-1])), path[-1])
    except (AttributeError, TypeError, KeyError, IndexError):
        raise BadValue(
            f"restyle: trace {index}, a {kind}, has no property {key!r}; name one as in line.color."
        ) from None
    if type(validator).__name__ in _NOT_ONE_PROPERTY:
        raise BadValue(f"restyle: {key!r} of trace {index} is not one property to set; name one as in line.color.")
    return path, validator


def _coerced(index: int, kind: str, path: Path, validator: Any, value: Any) -> Any:
    try:
        return validator.validate_coerce(value)
    except ValueError:
        name = ".".join(path)
        raise BadValue(
            f"restyle: {name} of trace {index} cannot be {value!r:.60}; look up {kind}.{name} in plotly's reference."
        ) from None


def _is_column(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iuf"


def _copy(array: Any) -> Any:
    copied = array.copy()
    copied.flags.writeable = False  # as all arrays in a plotly figure are
    return copied


def _put(properties: dict[str, Any], path: Path, value: Any) -> bool:
    """Sets one property; whether that changed anything. An array counts as changed: comparing costs as much."""
    for key in path[:-1]:
        if value is None and properties.get(key) is None:
            return False
        properties = properties.setdefault(key, {})
    before = properties.get(path[-1])
    if value is None:
        return properties.pop(path[-1], None) is not None
    properties[path[-1]] = value
    return isinstance(value, np.ndarray) or type(before) is not type(value) or bool(before != value)
