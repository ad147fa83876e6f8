"""A comparison as one file. What a browser makes of it is in tests/browser/test_report_file.py."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import astuner_nb
from astuner_nb.views.files.report import figure_of, report
from astuner_nb.views.pictures.picture import Axis

from .made_pictures import EVIL, HALF, line, picture, sweep

NOTHING = pd.DataFrame()
KEYS = pd.Index(["key of a", "key of b"], name="key")


class Page(HTMLParser):
    """What stands in a document: tags with their attributes, texts and scripts."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.texts.append(data)

    @property
    def figures(self) -> list[dict]:
        [place] = [place for place, (_, attrs) in enumerate(self._scripts) if attrs.get("id") == "figures"]
        return json.loads(self.scripts[place])

    @property
    def _scripts(self):
        return [(tag, attrs) for tag, attrs in self.tags if tag == "script"]

    @property
    def policy(self) -> str:
        return next(attrs["content"] for tag, attrs in self.tags if "Content-Security-Policy" in attrs.values())

    @property
    def code(self) -> list[str]:
        pairs = zip(self.scripts, self._scripts, strict=True)
        return [script for script, (_, attrs) in pairs if "type" not in attrs]


def made(*pictures, table=NOTHING, diff=NOTHING, words=(), state="", **more) -> Page:
    return Page(report("title", pictures, table, diff, words, state, **more))


def array(spec: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(spec["bdata"]), spec["dtype"])


def test_the_figures_hold_the_points_of_what_is_visible():
    page = made(picture(line([0, 1, 2], [0.5, float("nan"), 1e9]), line([0], [0], visible=False)))
    [figure] = page.figures
    [drawn] = figure["data"]
    assert array(drawn["x"]).tolist() == [0, 1, 2]
    np.testing.assert_allclose(array(drawn["y"]), [0.5, np.nan, 1e9], rtol=1e-6)
    assert "template" not in figure["layout"]


def test_half_the_bytes_only_where_nothing_is_lost():
    close = [1_000_000.01, 1_000_000.02]
    steps = [16_777_217.0, 16_777_219.0]  # no float32
    [drawn] = made(picture(line(steps, close))).figures[0]["data"]
    assert array(drawn["x"]).tolist() == steps
    assert array(drawn["y"]).tolist() == close
    [tiny] = made(picture(line([0, 1], [1e-42, 2e-42]))).figures[0]["data"]
    assert array(tiny["y"]).tolist() == [1e-42, 2e-42]
    [huge] = made(picture(line([0, 1], [-1.7e308, 1.7e308]))).figures[0]["data"]
    assert array(huge["y"]).tolist() == [-1e300, 1e300]


def test_dates_are_exact():
    when = [1_764_000_000.0, 1_764_000_000.123]
    [drawn] = made(picture(line(when, [0, 1]), axis=Axis("", "date"))).figures[0]["data"]
    assert array(drawn["x"]).tolist() == [moment * 1000 for moment in when]


def test_only_its_own_scripts_may_run_and_nothing_may_be_asked_for():
    page = made(
        *sweep(2, 10),
        table=pd.DataFrame({"name": [EVIL]}),
        words=[EVIL],
        state="x",
        legend=[(EVIL, "#112233")],
    )
    digests = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.code}
    assert digests == set(re.findall(r"'sha256-(.*?)'", page.policy))
    assert page.policy.startswith("default-src 'none'; ")
    assert "unsafe-inline" not in page.policy.partition("script-src")[2].partition(";")[0]
    assert not [attrs for _, attrs in page.tags if {"src", "srcset", "data", "onerror"} & attrs.keys()]
    assert not [tag for tag, _ in page.tags if tag in ("link", "img", "iframe", "object", "form")]


def test_hostile_names_are_text_everywhere():
    shown = picture(line([0], [1], EVIL), title=EVIL + HALF, axis=Axis(EVIL + HALF), message=EVIL + HALF)
    frame = pd.DataFrame({EVIL: [EVIL], "url": ["javascript:alert(1)"], "tags": [[EVIL + HALF]]})
    document = report(EVIL + HALF, [shown], frame, frame.set_index("url"), [EVIL], EVIL, [(EVIL, EVIL)])
    page = Page(document)
    assert len(page.code) == 3
    assert len(page.scripts) == 5
    assert not [tag for tag, _ in page.tags if tag in ("img", "a")]
    assert "".join(page.texts).count("<img src=x onerror='window.owned = 2'>") >= 6
    document.encode("utf-8")


def test_the_table_has_a_row_a_run_and_numbers_to_sort_by():
    frame = pd.DataFrame(
        {
            "name": ["a", "b"],
            "lr": [1e-4, 3e-4],
            "reward last": [0.123456789, float("nan")],
            "created": pd.to_datetime([0, None], unit="s", utc=True),
            "kept": [True, None],
            "tags": [["x", "y"], []],
            "url": ["https://example.com/?a=1&b=2", ""],
        },
        index=KEYS,
    )
    page = made(table=frame)
    rows = re.findall(r"<tr><td>.*?</tr>", report("", [], frame, NOTHING, [], ""))
    assert len(rows) == 2
    cells = re.findall(r"<td.*?</td>", rows[0])
    assert cells[1] == '<td class="number" data-number="0.0001">1e-4</td>'
    assert cells[2] == '<td class="number" data-number="0.123456789">0.12346</td>'
    assert cells[3:6] == ["<td class=date>1970-01-01 00:00</td>", "<td>True</td>", "<td>x, y</td>"]
    assert re.findall(r"<td.*?</td>", rows[1])[2:5] == [
        '<td class="number">NaN</td>',
        "<td class=date></td>",
        "<td></td>",
    ]
    [link] = [attrs for tag, attrs in page.tags if tag == "a"]
    assert link == {"href": "https://example.com/?a=1&b=2", "rel": "noopener noreferrer nofollow"}
    assert not any("key of" in text for text in page.texts)


def test_what_differs_says_all_digits_and_none():
    frame = pd.DataFrame({"a": [0.00030000000001, None], "b": ["–", "x"]}, dtype=object)
    frame.index = pd.Index(["lr", "seed"], name="hyper-parameter")
    texts = made(diff=frame).texts
    assert {"hyper-parameter", "lr", "3.0000000001e-4", "None", "–"} <= set(texts)


def test_it_says_what_is_shown_and_how_to_open_it_and_when_it_was_made():
    page = made(words=["12 of 40 runs."], state='a"b', made=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    text = "\n".join(page.texts)
    assert "12 of 40 runs." in text
    assert 'anb.compare(runs, state="a\\"b")' in text
    assert f"Made on 2026-01-02 at 03:04 UTC by astuner_nb {astuner_nb.__version__}." in text


def test_a_view_of_nothing_says_so_and_carries_no_plotly():
    document = report("t", [], NOTHING, NOTHING, [], "")
    text = " ".join(Page(document).texts)
    assert all(said in text for said in ("No figure is shown.", "No run is shown.", "No hyper-parameter differs."))
    assert "How to open" not in text
    assert len(document) < 20_000


def test_without_scripts_there_are_pictures():
    document = report("t", [picture(line([0, 1], [0, 1]))], NOTHING, NOTHING, [], "")
    assert re.search(r"<noscript>.*<svg xmlns.*</noscript>", document)


@pytest.mark.parametrize("message", ["", "words " * 60 + EVIL])
def test_a_figure_for_plotly_has_room_for_its_message(message):
    made = picture(line([0, 1], [0, 1]), message=message)
    figure = figure_of(made)
    assert isinstance(figure, go.Figure)
    assert len(figure.layout.annotations) == bool(message)
    if message:
        assert figure.layout.margin.b > 60 + figure_of(picture()).layout.margin.b
        assert "<script>" not in figure.layout.annotations[0].text


def test_a_sweep_is_not_large():
    document = report("t", sweep(30, 500), NOTHING, NOTHING, [], "")
    assert len(document) < 7_000_000  # 4.8 MB of which are plotly.js
