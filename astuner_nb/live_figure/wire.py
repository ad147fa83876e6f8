"""What a figure's properties look like on their way to the page: JSON, with arrays of numbers as binary buffers.

Keep in step with page/wire.mjs. An array is `{"nd": dtype, "b": buffer}` inside the synced state, where ipywidgets
moves buffers by itself, and `{"nd": dtype, "at": number of the buffer}` inside a message.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astuner_nb.live_figure.columns import as_floats

_LONG = (
    32  # numbers in a list from which a buffer is worth it; shorter ones may be an axis range, which must stay a list
)
_JSON_EXACT = frozenset({"float32", "float64", "int8", "int16", "int32", "uint8", "uint16", "uint32"})


class Packer:
    """Packs values of a figure; collects buffers in `buffers` unless they stay `inline`."""

    def __init__(self, *, inline: bool) -> None:
        self.inline = inline
        self.buffers: list[memoryview] = []

    def trace(self, properties: dict[str, Any], *, streams: bool) -> dict[str, Any]:
        """A trace's properties; `streams`: its x and y grow, so dates in x go as milliseconds."""
        return {key: self.value(value, dates_as_ms=streams and key == "x") for key, value in list(properties.items())}

    def value(self, value: Any, *, dates_as_ms: bool = False) -> Any:
        """Any property value of a trace, packed."""
        if isinstance(value, dict):
            return {key: self.value(inner) for key, inner in list(value.items())}
        if isinstance(value, np.ndarray):
            return self._array(value, dates_as_ms)
        if isinstance(value, list | tuple):
            return self._buffer(np.array(value, np.float64)) if _is_long(value) else [self.value(v) for v in value]
        return _scalar(value)

    def _array(self, array: NDArray[Any], dates_as_ms: bool) -> Any:
        if array.ndim == 1 and array.dtype.kind in "iuf":
            return self._buffer(array)
        if array.ndim == 1 and array.dtype.kind == "M" and dates_as_ms:
            return self._buffer(as_floats(array))
        return plain(array)

    def _buffer(self, array: NDArray[Any]) -> dict[str, Any]:
        # JavaScript numbers are float64: 64-bit integers would arrive as BigInt, which plotly.js cannot draw.
        exact = array if array.dtype.name in _JSON_EXACT else array.astype(np.float64)
        view = np.ascontiguousarray(exact).data
        if self.inline:
            return {"nd": exact.dtype.name, "b": view}
        self.buffers.append(view)
        return {"nd": exact.dtype.name, "at": len(self.buffers) - 1}


def plain(value: Any) -> Any:
    """A value as JSON and nothing else (layouts, texts, dates), by plotly's own rules; NaN becomes null."""
    from plotly.io.json import to_json_plotly

    return json.loads(to_json_plotly(value))


def _is_long(values: list[Any] | tuple[Any, ...]) -> bool:
    return len(values) >= _LONG and all(type(value) in (int, float) for value in values)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return plain(value)
