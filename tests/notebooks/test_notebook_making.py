"""Sources and outputs of notebooks: what is read, what stays, what is refused."""

import base64
import importlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..browser.harness import open_browser

ROOT = Path(__file__).parents[2]
WIDGET = {"output_type": "display_data", "metadata": {}, "data": {"application/vnd.jupyter.widget-view+json": {}}}
STILL = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<div class='astuner-still'></div>"}}
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="\r<`\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")).map(
    lambda text: text.strip("\n")
)


@pytest.fixture(scope="module", autouse=True)
def scripts():
    """Lets `scripts` be imported, as `python -m` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield


def source():
    return importlib.import_module("scripts.notebook_source")


def outputs():
    return importlib.import_module("scripts.notebook_outputs")


def written(folder, text):
    path = folder / "00_try.md"
    path.write_text(text, encoding="utf-8")
    return path


def markdown(english, chinese):
    return f"<!-- en -->\n{english}\n<!-- zh -->\n{chinese}\n"


@given(st.lists(st.tuples(PROSE, PROSE), max_size=4))
def test_prose_is_read_as_it_stands(tmp_path_factory, texts):
    path = written(tmp_path_factory.mktemp("sources"), "".join(markdown(*pair) for pair in texts))
    assert [(cell.english, cell.chinese) for cell in source().read_source(path)] == texts


def test_code_is_shared_but_for_what_has_a_form_of_its_own(tmp_path):
    text = markdown("a", "甲") + (
        "<!-- code slow -->\n```python\nx = 1  # one\n```\n<!-- code zh -->\n```python\nx = 1  # 一\n```\n"
        "<!-- code -->\n```python\nx\n```\n"
    )
    cells = source().read_source(written(tmp_path, text))
    english, chinese = (source().notebook_of("00_try", cells, language) for language in ("en", "zh"))
    assert [cell["id"] for cell in english["cells"]] == [cell["id"] for cell in chinese["cells"]]
    assert [cell["source"] for cell in english["cells"]] == [["a"], ["x = 1  # one"], ["x"]]
    assert [cell["source"] for cell in chinese["cells"]] == [["甲"], ["x = 1  # 一"], ["x"]]
    assert [cell["metadata"] for cell in english["cells"]] == [{}, {"tags": ["slow"]}, {}]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("stray\n<!-- en -->\n", "above its first mark"),
        ("<!-- en -->\na\n", "has no <!-- zh -->"),
        ("<!-- en -->\na\n<!-- en -->\nb\n<!-- zh -->\nc\n", "out of place"),
        ("<!-- zh -->\na\n", "out of place"),
        ("<!-- code zh -->\n```python\nx\n```\n", "follows no code"),
        ("<!-- code -->\nx = 1\n", "not fenced as python"),
    ],
)
def test_what_is_no_source_is_told(tmp_path, text, why):
    with pytest.raises(SystemExit, match=why):
        source().read_source(written(tmp_path, text))


def test_a_panel_becomes_a_picture_and_nothing_else_is_kept_of_it():
    table = {
        "output_type": "execute_result",
        "execution_count": 3,
        "metadata": {"x": 1},
        "data": {"text/html": "<table></table>", "text/plain": "a\nb", "application/json": {}},
    }
    kept = list(outputs().cleaned([WIDGET, STILL, table], "AAAA"))
    assert [sorted(output["data"]) for output in kept] == [["image/png"], ["text/html", "text/plain"]]
    assert kept[1]["data"]["text/plain"] == ["a\n", "b"]
    assert list(outputs().cleaned([WIDGET, STILL], "")) == []


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (WIDGET, "widget-view"),
        ({"output_type": "stream", "name": "stderr", "text": ["ouch"]}, "complains"),
        ({"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}, "ValueError"),
        ({"output_type": "stream", "name": "stdout", "text": ["in ", "/home/me/runs"]}, "path of this machine"),
        ({"output_type": "display_data", "data": {"text/plain": ["'swanlab:/tmp/x#1'"]}}, "path of this machine"),
        ({"output_type": "display_data", "data": {"image/png": "A" * 200_000}}, "over 150,000"),
    ],
)
def test_what_must_not_stay_is_told(output, why):
    notebook = {"cells": [{"id": "one", "cell_type": "code", "source": [], "outputs": [output]}]}
    (problem,) = outputs().problems(notebook)
    assert why in problem


@pytest.mark.parametrize("text", ["</home>", "a/tmp", "https://example.org/opt", "1/var"])
def test_what_only_looks_like_a_path_may_stay(text):
    output = {"output_type": "display_data", "data": {"text/html": [text]}}
    assert list(outputs().problems({"cells": [{"id": "one", "outputs": [output]}]})) == []


def test_a_picture_that_is_too_large_is_drawn_smaller():
    image = importlib.import_module("PIL.Image")
    lines = "".join(
        f"<path d='M0 {k % 97}L1080 {k * 7 % 601}' stroke='#{k * 9973 % 0xFFFFFF:06x}'/>" for k in range(400)
    )
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        for body, widths in (("<path d='M0 0L1080 600' stroke='#0072b2'/>", {1080}), (lines, {820})):
            svg = f"<svg width='1080' viewBox='0 0 1080 600' style='max-width:100%;height:auto'>{body}</svg>"
            drawn = image.open(io.BytesIO(base64.b64decode(outputs().png(svg, page))))
            assert drawn.width in widths
