"""`LiveFigure`: a plotly figure that is also a widget, and to which points are appended without sending it again.

It *is* a `go.Figure`: everything plotly can do to a figure works, and what is done shows at once. Three things go over
the wire, and the page keeps all of them in a store of its own, so that views can come and go:

- the whole figure, whenever a page asks for it (it opened, or it noticed that a message is missing);
- edits: which property of which trace, and its new value;
- points: a start offset a trace and binary float64, at most one message every `SEND_GAP_S`. (float32 for y would save
  80 of 1400 bytes for 20 traces, and show 0.12300000339 for 0.123.)

Nothing waits for an answer from the page. An acknowledgement could only have merged messages for a slow line; the gap
does that without one, and every point crosses the line once, whatever is slow.

Names of traces and titles are drawn by plotly.js, which knows a small part of HTML (`<b>`, `<i>`, `<br>`, `<a href>`)
and drops everything else, scripts and `javascript:` links included: a hostile run name is text.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import traitlets
from comm import DummyComm
from plotly.basedatatypes import BaseFigure, Undefined

from astuner_nb.core.errors import BadValue
from astuner_nb.live_figure.columns import GROWS, Columns, Floats, Times, numbers, positions
from astuner_nb.live_figure.edits import Edit, carry_out, checked, listens, path_of, spread
from astuner_nb.live_figure.in_page import InPage, Picker, heard, link_name
from astuner_nb.live_figure.page_events import PAGE, watch_callbacks
from astuner_nb.live_figure.page_source import page_module
from astuner_nb.live_figure.wire import Packer, plain

SEND_GAP_S = 0.03
"""Shortest time between two messages with points: the eye sees no difference, a tight loop sends 33 a second."""

_CONFIG = {
    "displaylogo": False,
    "responsive": False,  # the page watches the size of the figure itself, not of the window
    "showTips": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "sendChartToCloud"],
}


class LiveFigure(InPage, go.Figure, anywidget.AnyWidget):
    """A `go.Figure` that shows itself as a widget and takes new points with `extend`.

    Args:
        data: Traces, or a figure to start from, as for `go.Figure`.
        layout: Layout, as for `go.Figure`.
        frames: Not supported: a live figure moves by being extended.
        skip_invalid: As for `go.Figure`.
        height: Height in pixels where the layout names none; the width is that of the notebook.
        config: Settings for plotly.js, on top of a calm tool bar that shows when the mouse is over the figure.
        link: Figures of one page with the same link share the x axis and the hover; empty for none. See `link`.
        **kwargs: Magic underscore properties, as for `go.Figure`: `layout_title_text="reward"`.

    Raises:
        BadValue: Frames were given, a height that is not a positive number, or a link that is not text.
    """

    _esm = page_module()
    # plotly.js outlines the hover line in what it takes for the background: white, where that is transparent.
    _css = ".astuner-figure .spikeline{stroke:#888;stroke-width:1px}"
    _figure = traitlets.Any(0).tag(sync=True, to_json=lambda _, self: self._whole())
    _options = traitlets.Dict().tag(sync=True)
    _events: Any = traitlets.List().tag(sync=True)
    _later: threading.Timer | None = None  # sends what the last message was too early for

    # IPython asks for these before the mime bundle; go.Figure would answer with a static picture.
    _ipython_display_ = None
    _repr_html_ = None

    def __init__(
        self,
        data: Any = None,
        layout: Any = None,
        frames: Any = None,
        skip_invalid: bool = False,
        *,
        height: int = 360,
        config: Mapping[str, Any] | None = None,
        link: str = "",
        **kwargs: Any,
    ) -> None:
        _refuse_frames(frames)
        if not isinstance(height, int | float) or not height > 0:
            raise BadValue(f"LiveFigure: the height is {height!r}; give a number of pixels above 0.")
        self._pickers: list[Picker] = []
        self._wire_lock = threading.RLock()  # a message and the number it carries belong together
        self._columns: dict[int, Columns] = {}  # by id of the trace's property dictionary, which moves keep
        self._message_number = self._shown_number = self._asked = 0
        self._sent_at_s = 0.0
        self._complete = False
        super().__init__(data, layout, None, skip_invalid, **kwargs)
        self._options = {"height": height, "config": {**_CONFIG, **(config or {})}, "link": link_name(link)}
        self._watch(self._data_objs)
        self.on_msg(heard)
        self._complete = True
        self.open()

    def open(self) -> None:
        """Opens the connection to the page, once the figure is complete: its first message then has it all."""
        if self._complete:
            super().open()

    def close(self) -> None:
        """Takes the figure off all pages; it stays a plain figure."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        super().close()

    def extend(self, points: Mapping[int, tuple[Any, Any]]) -> None:
        """Appends points to traces; safe from any thread. Either everything is appended or, after an error, nothing.

        Args:
            points: For each trace number the x and y to append, of equal length: numbers, or dates for x. `None` and
                NaN in y make a gap.

        Raises:
            BadValue: A trace that is not there or cannot grow, lengths that differ, text, dates after numbers.
        """
        with self._wire_lock:
            checked = [(index, *self._checked(index, *_pair(index, xy))) for index, xy in points.items()]
            for index, columns, x, y in checked:
                if len(y):
                    self._adopt(index, columns)
                    columns.append(x, y)
                    self._set_date_axis(columns)
            self._send_points_soon()

    def restyle(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        """Changes properties of many traces at once, in one message; either all or, after an error, none.

        What `with figure.batch_update()` does one by one, some ten times quicker: `{0: {"visible": False},
        3: {"line.color": "#d55e00", "x": xs, "y": ys}}`.

        Args:
            changes: Trace number → property, with dots or underscores → value, as plotly takes it; None takes it away.

        Raises:
            BadValue: A trace or a property that is not there, or a value that plotly refuses.
        """
        with self._wire_lock:
            edits = carry_out(checked(changes, self._data_objs), self._data)
            if edits:
                self._send_edits(edits, {})
        for index, path, value in edits:
            if listens(self._data_objs[index], path):
                self._dispatch_trace_change_callbacks({".".join(path): [value]}, [index])

    def show(self, *args: Any, **kwargs: Any) -> None:
        """Displays the live figure in a notebook; with a renderer named, or outside one, as `go.Figure.show` does."""
        if args or kwargs or self.comm is None or not hasattr(self.comm, "kernel"):
            super().show(*args, **kwargs)
            return
        from IPython.display import display

        display(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> LiveFigure:
        return type(self)(copy.deepcopy(self.to_dict(), memo))  # as a go.Figure is copied; ipywidgets refuses to

    def __copy__(self) -> LiveFigure:
        return self.__deepcopy__({})

    def __repr__(self) -> str:
        points = sum(len(trace["y"]) for trace in self._data if trace.get("y") is not None)
        return f"LiveFigure({len(self._data)} traces, {points} points)"

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        with self._wire_lock:
            if self._message_number != self._shown_number:  # the page that shows it may have missed what came since
                self.send_state("_figure")
                self._shown_number = self._message_number
        return anywidget.AnyWidget._repr_mimebundle_(self)

    # ---- the whole figure, made when somebody asks for it

    def _whole(self) -> dict[str, Any]:
        packer = Packer(inline=True)
        with self._wire_lock:
            self._asked += 1  # makes every answer differ from the one before, so that the page notices it
            traces = [packer.trace(trace, streams=id(trace) in self._columns) for trace in self._data]
            number = self._message_number
            layout = plain({key: value for key, value in list(self._layout.items()) if not _unchosen(key, value)})
        return {"seq": number, "stamp": self._asked, "data": traces, "layout": layout}

    # ---- points

    def _checked(self, index: int, x: Any, y: Any) -> tuple[Columns, Floats | Times, Floats]:
        if isinstance(index, bool) or not isinstance(index, int | np.integer) or not 0 <= index < len(self._data):
            raise BadValue(f"extend: there is no trace {index!r}; the figure has {len(self._data)}, counted from 0.")
        trace, name = self._data[index], f"trace {index}"
        if trace.get("type", "scatter") not in GROWS:
            raise BadValue(f"extend: {name} is a {trace['type']}, which cannot grow; assign its arrays instead.")
        xs, ys = positions(x, f"x of {name}"), numbers(y, f"y of {name}")
        if len(xs) != len(ys):
            raise BadValue(f"extend: {name} got {len(xs)} x and {len(ys)} y; give as many of the one as of the other.")
        columns = self._columns.get(id(trace))
        if columns is None or not columns.current:
            columns = Columns(trace, name)
        if not columns.accepts(xs):
            raise BadValue(f"extend: x of {name} mixes dates and numbers; give what the trace already holds.")
        return columns, xs, ys

    def _adopt(self, index: int, columns: Columns) -> None:
        """Takes new columns into use; the page hears of x where it is not what it was."""
        if self._columns.get(id(columns.trace)) is columns:
            return
        self._columns[id(columns.trace)] = columns
        columns.show()
        if columns.converted:
            self._send_edits([(int(index), (key,), columns.trace[key]) for key in "xy"], {})

    def _set_date_axis(self, columns: Columns) -> None:
        """Dates travel as milliseconds: tells their axis what the numbers mean."""
        axis = "xaxis" + columns.trace.get("xaxis", "x")[1:]
        if columns.holds_dates and self._layout.get(axis, {}).get("type") is None:
            self.plotly_relayout({f"{axis}.type": "date"})

    def _send_points_soon(self) -> None:
        if self.comm is None or isinstance(self.comm, DummyComm):
            return  # no page, or no kernel at all: who comes later gets the whole figure
        wait_s = self._sent_at_s + SEND_GAP_S - time.monotonic()
        if wait_s <= 0:
            self._send_points()
        elif self._later is None:
            self._later = threading.Timer(wait_s, self._send_points_now)
            self._later.daemon = True
            self._later.start()

    def _send_points_now(self) -> None:
        """What the timer calls, unless somebody was faster: then it would send too soon after that."""
        with self._wire_lock:
            if self._later is threading.current_thread():
                self._send_points()

    def _send_points(self) -> None:
        with self._wire_lock:
            if self._later is not None:
                self._later.cancel()
                self._later = None
            self._sent_at_s = time.monotonic()
            grown = [(i, c) for i, trace in enumerate(self._data) if (c := self._grown(trace))]
            if not grown:
                return
            xs, ys = zip(*(columns.unsent() for _, columns in grown), strict=True)
            counts = {"i": [i for i, _ in grown], "o": [c.sent for _, c in grown], "n": [len(y) for y in ys]}
            for _, columns in grown:
                columns.sent = columns.length
            self._say({"op": "points", **counts}, [np.concatenate(xs).data, np.concatenate(ys).data])

    def _grown(self, trace: dict[str, Any]) -> Columns | None:
        columns = self._columns.get(id(trace))
        return columns if columns is not None and columns.sent < columns.length else None

    # ---- traces that come and go: a page that asks for the whole figure meanwhile must not get them twice

    def add_traces(self, *args: Any, **kwargs: Any) -> Any:
        """Adds traces, as `go.Figure` does; safe beside a page that is just opening."""
        with self._wire_lock:
            return super().add_traces(*args, **kwargs)

    @property
    def data(self) -> Any:
        """The figure's traces, as in `go.Figure`; assigning some of them takes the others away."""
        return self["data"]

    @data.setter
    def data(self, traces: Any) -> None:
        with self._wire_lock:
            BaseFigure.data.fset(self, traces)

    # ---- edits: hooks that BaseFigure calls and go.FigureWidget overrides (tests/live_figure guards their names)

    def _send_addTraces_msg(self, new_traces_data: list[dict[str, Any]]) -> None:  # noqa: N802
        packer = Packer(inline=False)
        with self._wire_lock:
            self._watch(self._data_objs)
            traces = [packer.trace(trace, streams=False) for trace in new_traces_data]
            self._say({"op": "add", "traces": traces}, packer.buffers)

    def _send_deleteTraces_msg(self, delete_inds: list[int]) -> None:  # noqa: N802
        with self._wire_lock:
            alive = {id(trace) for trace in self._data}
            self._columns = {key: columns for key, columns in self._columns.items() if key in alive}
            gone, before = set(delete_inds), len(self._data) + len(delete_inds)
            self._say({"op": "keep", "i": [i for i in range(before) if i not in gone]})

    def _send_moveTraces_msg(self, current_inds: list[int], new_inds: list[int]) -> None:  # noqa: N802
        order = sorted(zip(new_inds, current_inds, strict=True))
        self._say({"op": "keep", "i": [current for _, current in order]})

    def _send_restyle_msg(self, style: Any, trace_indexes: Any = None, source_view_id: Any = None) -> None:
        self._send_update_msg(style, {}, trace_indexes, source_view_id)

    def _send_relayout_msg(self, layout: Any, source_view_id: Any = None) -> None:
        self._send_update_msg({}, layout, [], source_view_id)

    def _send_update_msg(
        self, restyle_data: Any, relayout_data: Any, trace_indexes: Any = None, source_view_id: Any = None
    ) -> None:
        if source_view_id == PAGE:
            return  # the page did this itself
        indexes = self._normalize_trace_indexes(trace_indexes)
        self._send_edits(spread(restyle_data or {}, indexes), relayout_data or {})

    def _send_animate_msg(self, *_: Any, **__: Any) -> None:
        raise BadValue("LiveFigure: batch_animate was called; a live figure has no animations, use batch_update.")

    def _send_edits(self, styles: Sequence[Edit], layout: Mapping[Any, Any]) -> None:
        packer = Packer(inline=False)
        with self._wire_lock:
            self._send_points()  # what was appended before the edit reaches the page before it
            traces = [self._style(packer, *style) for style in styles]
            edits = [self._layout_edit(path_of(key), v) for key, v in layout.items() if v is not Undefined]
            self._say({"op": "set", "traces": traces, "layout": edits}, packer.buffers)

    def _layout_edit(self, path: list[Any], value: Any) -> list[Any]:
        if path[0] == "template":  # whole or not at all: the page may have none to edit
            path, value = path[:1], self._layout.get("template")
            return [path, None if _unchosen("template", value) else plain(value)]
        return [path, plain(value)]

    def _style(self, packer: Packer, index: int, path: tuple[Any, ...], value: Any) -> list[Any]:
        streams = id(self._data[index]) in self._columns and path == ("x",)
        return [index, list(path), packer.value(value, dates_as_ms=streams)]

    def _say(self, message: dict[str, Any], buffers: list[memoryview] | None = None) -> None:
        with self._wire_lock:
            if self.comm is not None:  # before it opens, the state that opens it will have everything
                self._message_number += 1
                self.send({**message, "seq": self._message_number}, buffers)

    @property
    def layout(self) -> Any:
        """The figure's layout, as in `go.Figure`; assigning one replaces it whole."""
        return self["layout"]

    @layout.setter
    def layout(self, new_layout: Any) -> None:
        with self._wire_lock:
            BaseFigure.layout.fset(self, new_layout)
            if self.comm is not None:
                self.send_state("_figure")  # plotly's message only adds to the old layout

    @property
    def frames(self) -> Any:
        """Always empty: a live figure moves by being extended."""
        return self["frames"]

    @frames.setter
    def frames(self, new_frames: Any) -> None:
        _refuse_frames(new_frames)

    # ---- what the page says

    def _watch(self, traces: Iterable[Any]) -> None:
        watch_callbacks(traces, self._name_events)

    def _name_events(self, name: str) -> None:
        if name not in self._events:
            self._events = [*self._events, name]


def _pair(index: int, xy: Any) -> tuple[Any, Any]:
    try:
        x, y = xy
    except (TypeError, ValueError):
        raise BadValue(f"extend: trace {index} got {xy!r:.60}; give a pair, (xs, ys).") from None
    return x, y


def _unchosen(key: str, value: Any) -> bool:
    """Whether this is the template that plotly puts into every figure: the page has a look for either theme."""
    return key == "template" and value == pio.templates["plotly"].to_plotly_json()


def _refuse_frames(frames: Any) -> None:
    if frames:
        raise BadValue(f"LiveFigure: {len(frames)} frames were given; it has none, use go.Figure for an animation.")
