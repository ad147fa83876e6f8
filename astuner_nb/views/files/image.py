"""Figures as a file: SVG by our own hand, PNG by Plotly's kaleido where that is installed."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astuner_nb.core.errors import BadValue, NotInstalled
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.files.legend import FONT_PX, Entry, entries
from astuner_nb.views.files.report import figure_of
from astuner_nb.views.files.svg import svg
from astuner_nb.views.files.text_lines import in_letters, text_px
from astuner_nb.views.files.whole_file import write_whole
from astuner_nb.views.pictures.mark_traces import mark_layout, mark_traces
from astuner_nb.views.pictures.picture import Picture
from astuner_nb.views.pictures.traces import layout, shown_text, trace

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLUMN_PX, ROW_PX, ONE_PX, SCALE = 480, 320, 900, 2
"""Of a figure in a PNG: width and height among several, width of one alone; and how many dots each pixel has."""
LEGEND_ROW_PX, BESIDE_NAME_PX = 22, 60
"""Of a row of the legend, and what Plotly needs beside a name in it, no less."""
MESSAGE_LETTERS = 64
"""In a line below a figure among several."""
BEHIND: dict[str, Any] = {"layer": "below", "line_width": 0}


def save_image(
    pictures: Sequence[Picture],
    path: str | os.PathLike[str],
    legend: Sequence[Entry] = (),
    language: Language = ENGLISH,
) -> Path:
    """Where the image is, absolute: `.svg` or `.png`.

    Raises:
        BadValue: for another suffix, or no figure.
        NotInstalled: for `.png` without kaleido, or without a browser that it can start.
        StoreError: where it cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".svg", ".png"):
        raise BadValue(f"An image is written as .svg or .png, got {os.fspath(path)!r:.120}. Choose one of these.")
    if not pictures:
        raise BadValue(f"There is no figure to write to {os.fspath(path)!r:.120}. Choose a metric that was logged.")
    image = svg(pictures, legend, language=language).encode() if suffix == ".svg" else png(pictures, legend, language)
    return write_whole(path, lambda file: file.write(image))


def png(pictures: Sequence[Picture], legend: Sequence[Entry] = (), language: Language = ENGLISH) -> bytes:
    """`pictures` as one PNG, on white. Takes seconds: kaleido starts a browser for it."""
    try:
        import kaleido  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        raise NotInstalled(
            f"PNG needs kaleido, which cannot be imported ({error}). Run `pip install kaleido`; .svg works without it."
        ) from error
    figure = figure_of(pictures[0]) if len(pictures) == 1 else grid_of(pictures)
    if len(pictures) == 1:
        figure.update_layout(width=ONE_PX, height=figure.layout.height * 2)
    if legend:
        explain(figure, entries(legend, language))
    return _drawn(figure)


def grid_of(pictures: Sequence[Picture], columns: int = 3) -> go.Figure:
    """Several pictures as one Plotly figure, in reading order; their messages stand below their axes."""
    from plotly.subplots import make_subplots

    wide = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / wide)
    parts = [layout(picture) for picture in pictures]
    titles = [str(part["title"]["text"]) for part in parts]  # type: ignore[index]
    figure = make_subplots(
        rows, wide, subplot_titles=titles, vertical_spacing=0.3 / rows, horizontal_spacing=0.2 / wide
    )
    for place, (picture, part) in enumerate(zip(pictures, parts, strict=True)):
        where = {"row": place // wide + 1, "col": place % wide + 1}
        traces = [trace(line, picture.axis.scale) for line in picture.lines if line.visible]
        traces += mark_traces(picture)
        figure.add_traces(traces, rows=[where["row"]] * len(traces), cols=[where["col"]] * len(traces))
        figure.update_xaxes(part["xaxis"], **where).update_xaxes(title_text=_below(picture), **where)
        figure.update_yaxes(part["yaxis"], **where)
        for shade in mark_layout(picture).get("shapes", ()):  # type: ignore[attr-defined]  # a list of mappings
            figure.add_vrect(x0=shade["x0"], x1=shade["x1"], fillcolor=shade["fillcolor"], **BEHIND, **where)
    size = {"width": COLUMN_PX * wide, "height": ROW_PX * rows}
    figure.update_layout(showlegend=False, template="none", margin={"l": 56, "r": 20, "t": 40, "b": 70}, **size)
    return figure


def explain(figure: go.Figure, shown: Sequence[Entry]) -> None:
    """List `shown` in rows below all of `figure`, which becomes higher by that."""
    figure.update_traces(showlegend=False)
    for name, colour in shown:
        line = {"color": colour or "rgba(0,0,0,0)", "width": 3}
        figure.add_scatter(x=[None], y=[None], mode="lines", line=line, name=shown_text(name), showlegend=True)
    name_px = max(text_px(name, FONT_PX) for name, _ in shown)
    rows = math.ceil(len(shown) / max(1, figure.layout.width // (name_px + BESIDE_NAME_PX)))
    more = rows * LEGEND_ROW_PX + LEGEND_ROW_PX // 2
    figure.update_layout(
        height=figure.layout.height + more, margin_b=figure.layout.margin.b + more, showlegend=True,
        legend={
            "orientation": "h", "entrywidth": name_px, "font": {"size": FONT_PX},
            "xref": "container", "x": 0, "yref": "container", "y": 0, "yanchor": "bottom",
        },
    )  # fmt: skip


def _below(picture: Picture) -> str:
    """The title of the axis, then the message in small letters, a few words a line."""
    lines = in_letters(picture.message, MESSAGE_LETTERS)
    small = "<br>".join(f"<span style='font-size:10px'>{shown_text(line)}</span>" for line in lines)
    return "<br>".join(filter(None, [shown_text(picture.axis.title), small]))


def _drawn(figure: Any) -> bytes:
    figure.update_layout(paper_bgcolor="white", plot_bgcolor="white")
    try:
        return bytes(figure.to_image("png", scale=SCALE))
    except (RuntimeError, ValueError, OSError) as error:  # its browser: missing, or not allowed to start
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NotInstalled(
            f"kaleido could not draw the figure: {said:.200} It needs a Chrome: run `plotly_get_chrome`, or write it "
            "as .svg."
        ) from error
