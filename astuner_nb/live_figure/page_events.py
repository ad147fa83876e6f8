"""What a person does in the page, applied to the Python figure: zoom, legend clicks, callbacks on points."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from plotly.basedatatypes import BaseFigure
from plotly.callbacks import BoxSelector, InputDeviceState, LassoSelector, Points

PAGE = "page"
"""plotly's `source_view_id` of a change that the page made itself: such a change is not sent back.

It travels with the call, not in a flag of the figure, so a message of another thread at that moment is sent as ever,
and so is what a callback on that change does to the figure.
"""

# plotly.js calls the event so ↔ a trace keeps its callbacks there. Keep in step with page/events.mjs.
_CALLBACKS = {
    "click": "_click_callbacks",
    "hover": "_hover_callbacks",
    "unhover": "_unhover_callbacks",
    "selected": "_select_callbacks",
    "deselect": "_deselect_callbacks",
}


class _Watched(list[Any]):
    """A trace's list of callbacks that tells when it gets one: only then the page sends that event."""

    def __init__(self, callbacks: Iterable[Any], tell: Callable[[], None]) -> None:
        super().__init__(callbacks)
        self._tell = tell
        if self:
            tell()

    def append(self, callback: Any) -> None:
        super().append(callback)
        self._tell()


def watch_callbacks(traces: Iterable[Any], tell: Callable[[str], None]) -> None:
    """Makes `tell(event name)` run as soon as a trace has a callback for that event."""
    for trace in traces:
        for event, attribute in _CALLBACKS.items():
            callbacks = getattr(trace, attribute)
            if not isinstance(callbacks, _Watched):
                setattr(trace, attribute, _Watched(callbacks, functools.partial(tell, event)))


def dispatch(figure: Any, content: Mapping[str, Any]) -> None:
    """Applies one message of the page to the figure; a message about what is no longer there is dropped."""
    match content.get("op"):
        case "relayout":
            known = {k: v for k, v in content["edits"].items() if BaseFigure._is_key_path_compatible(k, figure.layout)}
            figure.plotly_relayout(known, source_view_id=PAGE)
        case "restyle":
            if all(index < len(figure.data) for index in content["traces"]):
                figure.plotly_restyle(content["edits"], content["traces"], source_view_id=PAGE)
        case "event":
            _run_callbacks(figure, content)


def _run_callbacks(figure: Any, content: Mapping[str, Any]) -> None:
    state = InputDeviceState(**content.get("device", {}))
    for index, trace in enumerate(figure.data):
        hit = [point for point in content["points"] if point["trace"] == index]
        points = Points(
            point_inds=[point["index"] for point in hit],
            xs=[point["x"] for point in hit],
            ys=[point["y"] for point in hit],
            trace_name=trace.name,
            trace_index=index,
        )
        match content["name"]:
            case "selected":
                trace._dispatch_on_selection(points, _selector(content))
            case "deselect":
                trace._dispatch_on_deselect(points)
            case name if hit:
                for callback in getattr(trace, _CALLBACKS[name]):
                    callback(trace, points, state)
    if content["name"] == "click":
        _run_pickers(figure, content["points"], state)


def _run_pickers(figure: Any, points: list[Any], state: InputDeviceState) -> None:
    """The page names the point nearest to the pointer first."""
    if points and points[0]["trace"] < len(figure.data):
        for picker in list(figure._pickers):
            picker(points[0]["trace"], points[0]["x"], points[0]["y"], state)


def _selector(content: Mapping[str, Any]) -> BoxSelector | LassoSelector | None:
    box, lasso = content.get("box"), content.get("lasso")
    if box:
        return BoxSelector(xrange=box.get("x"), yrange=box.get("y"))
    return LassoSelector(xs=lasso.get("x"), ys=lasso.get("y")) if lasso else None
