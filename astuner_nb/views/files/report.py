"""A comparison as one HTML file that needs nothing else: figures to zoom, a table to sort, what differs.

It asks no server for anything: plotly.js stands in it, and a policy forbids all but what stands in it, by the digests
of its own scripts. Where no script may run, it shows the same figures as pictures.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from astuner_nb.analysis.differences import in_one_line
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.files.plain_text import plain_text
from astuner_nb.views.files.report_page import DRAW, SORT, STYLE
from astuner_nb.views.files.svg import svg
from astuner_nb.views.files.text_lines import in_letters
from astuner_nb.views.pictures.compact import compact
from astuner_nb.views.pictures.mark_traces import mark_layout, mark_traces
from astuner_nb.views.pictures.picture import Picture
from astuner_nb.views.pictures.traces import layout, positions, shown_text, trace
from astuner_nb.views.tables.table import plain

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

MOST_LETTERS = 300
"""Of one cell; the rest of a longer value is left out."""
GRAVITY = {"alarm": 0, "warning": 1, "note": 2}
MOST_FINDINGS = 200
FINDING_COLUMNS = ("name", "severity", "kind", "start", "end", "text", "advice")
LONG = 40
"""A text with more letters has a column of some width, also on a narrow page."""
_MESSAGE_LETTERS, _MESSAGE_ROW_PX = 90, 14


def figure_of(picture: Picture) -> go.Figure:
    """`picture` as a Plotly figure, to be changed or written as any other; its message stands below the axis."""
    import plotly.graph_objects as go

    figure = _figure(picture)
    if picture.message:
        rows = in_letters(picture.message, _MESSAGE_LETTERS)
        bottom = figure.layout.margin.b
        figure.add_annotation(
            text="<br>".join(map(shown_text, rows)), showarrow=False, align="left", font={"size": 11}, opacity=0.75,
            xref="paper", yref="paper", x=0, y=0, xanchor="left", yanchor="top", yshift=-bottom,
        )  # fmt: skip
        more = len(rows) * _MESSAGE_ROW_PX + 8
        figure.update_layout(margin_b=bottom + more, height=figure.layout.height + more)
    assert isinstance(figure, go.Figure)
    return figure


def report(
    title: str,
    pictures: Sequence[Picture],
    table: pd.DataFrame,
    diff: pd.DataFrame,
    words: Sequence[str],
    state: str,
    legend: Sequence[tuple[str, str]] = (),
    made: datetime | None = None,
    findings: pd.DataFrame | None = None,
    language: Language = ENGLISH,
) -> str:
    """One HTML document. What is given has its sentences in `language` already.

    Args:
        title: stands above all, nothing where it is empty.
        pictures: the figures, in reading order.
        table: the runs, one row each.
        diff: hyper-parameters that differ, one column a run.
        words: what is shown, sentence by sentence: how many runs of how many, filters, smoothing, what a band is.
        state: the view as a text, `ViewOptions.to_text()`.
        legend: label and `#rrggbb` of each run or group.
        made: when; now where not given.
        findings: what the curves say, a row a finding; left out where curves are not read.
        language: what the page says by itself is in it, and so are titles of columns and names of states.
    """
    runs, differences = _table(table, language, True), _table(diff, language, False)
    body = "".join(
        [
            *_head(title, words, legend),
            *_figures(pictures, language),
            *_section(language("Runs"), runs, len(table), language("No run is shown.")),
            *([] if findings is None else _said(findings, language)),
            *_section(language("What differs"), differences, len(diff), language("No hyper-parameter differs.")),
            *_origin(state, made or datetime.now(UTC), language),
        ]
    )
    data = {"figures": _json(pictures), "buttons": _in_page(json.dumps(language.page("plotly")))}
    return _document(title or language("Comparison"), body, data, _scripts(bool(pictures)), language.name)


# ---- figures


def _figure(picture: Picture) -> go.Figure:
    import plotly.graph_objects as go

    traces = [trace(line, picture.axis.scale) for line in picture.lines if line.visible]
    return go.Figure([*traces, *mark_traces(picture)], {**layout(picture), **mark_layout(picture), "template": "none"})


def _json(pictures: Sequence[Picture]) -> str:
    """The figures for the page: arrays in binary, `<` nowhere."""
    figures = []
    for picture in pictures:
        figure = _figure(picture)
        for line, drawn in zip((line for line in picture.lines if line.visible), figure.data, strict=False):
            drawn.update(x=compact(positions(line.x, picture.axis.scale), exactly=True), y=compact(line.y))
        document: dict[str, Any] = json.loads(figure.to_json())
        document["layout"].pop("template", None)  # the page has one for each theme
        figures.append(document)
    return _in_page(json.dumps(figures))


# ---- parts of the page


def _head(title: str, words: Sequence[str], legend: Sequence[tuple[str, str]]) -> Iterator[str]:
    if title:
        yield f"<h1>{_text(title)}</h1>"
    yield from (f"<p>{_text(sentence)}</p>" for sentence in words)
    if legend:
        yield '<ul class="legend">'
        yield from (f"<li>{_swatch(colour)}{_text(label)}</li>" for label, colour in legend)
        yield "</ul>"


def _swatch(colour: str) -> str:
    bar = f'<rect width="14" height="4" rx="2" fill="{_text(colour)}"/>'
    return f'<svg width="14" height="4" aria-hidden="true">{bar}</svg>'


def _figures(pictures: Sequence[Picture], language: Language) -> Iterator[str]:
    if not pictures:
        yield f'<p class="quiet">{language("No figure is shown.")}</p>'
        return
    yield '<div class="figures">'
    for picture in pictures:
        said = f"<figcaption>{_text(picture.message)}</figcaption>" if picture.message else ""
        yield f'<figure><div class="plot" role="img" aria-label="{_text(picture.metric.title)}"></div>{said}</figure>'
    yield f"</div><noscript><style>.figures {{ display: none }}</style>{svg(pictures, language=language)}</noscript>"


def _section(title: str, table: str, rows: int, empty: str) -> Iterator[str]:
    yield f"<h2>{title}</h2>"
    yield (
        f'<div class="wide" tabindex="0" role="region" aria-label="{title}">{table}</div>'
        if rows
        else f"<p>{empty}</p>"
    )


def _said(findings: pd.DataFrame, language: Language) -> Iterator[str]:
    """What the curves say, the gravest first."""
    ranked = findings.sort_values("severity", key=lambda names: names.map(GRAVITY), kind="stable")
    shown = ranked[list(FINDING_COLUMNS)].head(MOST_FINDINGS)
    shown = shown.assign(severity=shown["severity"].map(language))
    shown = shown.set_axis([language.page("heads").get(title, title) for title in FINDING_COLUMNS], axis="columns")
    empty = language("The curves say nothing.")
    return _section(language("What the curves say"), _table(shown, language, True), len(shown), empty)


def _origin(state: str, made: datetime, language: Language) -> Iterator[str]:
    if state:
        yield f"<h2>{language('How to open this view')}</h2><p>{language('With the same runs, in a notebook:')}</p>"
        yield f"<pre><code>import astuner_nb as anb\nanb.compare(runs, state={_text(json.dumps(state))})</code></pre>"
    when = made.astimezone(UTC)
    told = language(
        "Made on {day} at {hour} UTC by astuner_nb {version}.",
        day=f"{when:%Y-%m-%d}", hour=f"{when:%H:%M}", version=_version(),
    )  # fmt: skip
    yield f'<p class="quiet">{_text(told)}</p>'


def _version() -> str:
    """Of the package this is part of, which is loaded; what is installed may say an older one of a working copy."""
    return str(vars(sys.modules[__name__.partition(".")[0]])["__version__"])


def _table(frame: pd.DataFrame, language: Language, sortable: bool) -> str:
    """`frame` as an HTML table: its index first where it is not to be sorted, every value as text."""
    columns = [frame.iloc[:, place].tolist() for place in range(frame.shape[1])]
    kinds = [" class=number" if sortable and all(map(_is_number, values)) else "" for values in columns]
    index = [] if sortable else [f'<th scope="row">{_text(language(str(frame.index.name or "")))}</th>']
    heads = [_header(str(title), kind, language, sortable) for title, kind in zip(frame.columns, kinds, strict=True)]
    rows = []
    for place, key in enumerate(frame.index.tolist()):
        first = [] if sortable else [f'<th scope="row">{_text(str(key))}</th>']
        cells = [_cell(values[place]) if sortable else _setting(values[place]) for values in columns]
        rows.append(f"<tr>{''.join([*first, *cells])}</tr>")
    return f"<table><thead><tr>{''.join([*index, *heads])}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _header(title: str, kind: str, language: Language, sortable: bool) -> str:
    if not sortable:
        return f'<th scope="col"{kind}>{_text(title)}</th>'
    button = f'<button type="button" title="{language("Sort")}">{_text(title)}</button>'
    return f'<th scope="col"{kind}>{button}</th>'


def _setting(value: object) -> str:
    """A hyper-parameter's value: all digits of a number, and None is a value too."""
    text = in_one_line(value) if isinstance(value, float) else str(plain(value, MOST_LETTERS))
    return f"<td{' class=long' if len(text) > LONG else ''}>{_text(text)}</td>"


def _cell(value: object) -> str:
    if _is_number(value):
        number = float(value)  # type: ignore[arg-type]
        shown = in_one_line(float(f"{number:.5g}")) if isinstance(value, float) else f"{value}"
        key = f' data-number="{number!r}"' if math.isfinite(number) else ""
        return f'<td class="number"{key}>{_text(str(plain(number)) if not math.isfinite(number) else shown)}</td>'
    text = _shown(value)
    if text.startswith(("https://", "http://")):
        return f'<td><a href="{_text(text)}" rel="noopener noreferrer nofollow">{_text(text)}</a></td>'
    kind = " class=date" if isinstance(value, datetime) else " class=long" if len(text) > LONG else ""
    return f"<td{kind}>{_text(text)}</td>"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    if value is None or str(value) == "NaT":
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return str(plain(", ".join(map(str, value)), MOST_LETTERS))
    return str(plain(value, MOST_LETTERS))


# ---- the document


def _document(title: str, body: str, data: Mapping[str, str], scripts: Sequence[str], language: str) -> str:
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    blocks = "".join(f'<script type="application/json" id="{id}">{text}</script>' for id, text in data.items())
    code = "".join(f"<script>{script}</script>" for script in scripts)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{_text(title)}</title><style>{STYLE}</style></head>\n<body>{body}{blocks}{code}</body></html>\n"
    )


def _scripts(figures: bool) -> list[str]:
    """What runs in the page; plotly.js only where there is something to draw."""
    if not figures:
        return [f"(() => {{{SORT}}})();"]
    from plotly.offline import get_plotlyjs

    return [str(get_plotlyjs()).replace("</script", "<\\/script"), f"(() => {{{DRAW}}})();", f"(() => {{{SORT}}})();"]


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _in_page(document: str) -> str:
    """JSON as it may stand in a `<script>`."""
    return document.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _text(text: str) -> str:
    """`text` as text, between tags and in quotes."""
    return escape(plain_text(text), quote=True)
