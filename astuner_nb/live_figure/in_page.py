"""What a live figure and the pages that show it say to each other beside the picture: links, picks, downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from plotly.callbacks import InputDeviceState

from astuner_nb.core.errors import BadValue
from astuner_nb.live_figure.page_events import dispatch
from astuner_nb.live_figure.page_source import plotly_js

Picker = Callable[[int, Any, Any, InputDeviceState], None]
"""Called with the number of a trace, x and y of its point, and the keys that were down."""

Format = Literal["png", "svg"]


class InPage:
    """The part of `LiveFigure` that concerns the pages that show it; a figure without a page takes all of it calmly."""

    _options: dict[str, Any]
    _pickers: list[Picker]

    @property
    def link(self) -> str:
        """Figures of one page with the same link share the x axis and the hover; empty: this one is on its own.

        A zoom, a pan or a reset of x in one is made in all of them, and reaches the Python figure of each. The pointer
        over one shows what the others hold at the same x. A name is known in the whole page, in all its notebooks:
        make it your own.
        """
        return str(self._options["link"])

    @link.setter
    def link(self, name: str) -> None:
        self._options = {**self._options, "link": link_name(name)}

    def on_pick(self, callback: Picker) -> Callable[[], None]:
        """Calls `callback(trace number, x, y, device state)` when somebody clicks on or near a point or a line.

        The point is the one nearest to the pointer, whatever the hover shows. `state.ctrl`, `state.shift`, … are the
        keys that were down. Callbacks run in the thread that hears the page: be quick there.

        Returns:
            What takes the callback off again.
        """
        self._pickers.append(callback)
        self._name_events("click")  # type: ignore[attr-defined]

        def off() -> None:
            if callback in self._pickers:
                self._pickers.remove(callback)

        return off

    def download(self, format: Format = "png", name: str = "figure") -> None:
        """Lets every page that shows the figure download its picture, once; where no page shows it, nothing happens.

        Args:
            format: "png" (at twice the size, for sharp print) or "svg".
            name: Name of the file, without its ending.

        Raises:
            BadValue: Another format, or a name that is empty or not text.
        """
        if format not in get_args(Format):
            raise BadValue(f"download: the format is {format!r}; give 'png' or 'svg'.")
        if not isinstance(name, str) or not name.strip():
            raise BadValue(f"download: the name is {name!r}; give a file's name without its ending.")
        self.send({"op": "download", "format": format, "name": name})  # type: ignore[attr-defined]


def link_name(name: Any) -> str:
    """The name of a link, checked."""
    if not isinstance(name, str):
        raise BadValue(f"LiveFigure: the link is {name!r}; give a name, or '' for none.")
    return name


def heard(figure: Any, content: Mapping[str, Any], _: Any) -> None:
    """Answers a message of the page. Keep in step with page/live_figure.mjs."""
    match content.get("op"):
        case "sync":
            with figure._wire_lock:
                if content["seq"] != figure._message_number:
                    figure.send_state("_figure")
        case "plotly":
            figure.send({"op": "plotly"}, [plotly_js()])
        case _:
            dispatch(figure, content)
