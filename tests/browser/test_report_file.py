"""A report opened from disk in a real browser: it draws, sorts, asks for nothing and runs nobody else's script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Page

from astuner_nb.views.files.report import report

from ..views.made_pictures import EVIL, line, picture, sweep

TABLE = pd.DataFrame(
    {"name": ["b", EVIL, "run 10", "run 9"], "reward last": [0.5, float("nan"), -2.0, 10.0]}, dtype=object
)
DIFF = pd.DataFrame({f"#1 {EVIL}": [1e-4]}, index=pd.Index(["lr"], name="hyper-parameter"))


@pytest.fixture
def heard() -> list[str]:
    """What the page complained about; a test that makes it complain takes that away."""
    return []


@pytest.fixture
def page(tmp_path: Path, chromium: BrowserContext, heard: list[str]) -> Iterator[Page]:
    """The report, open; it fails where the page complained or asked for anything but the file itself."""
    pictures = [*sweep(3, 50), picture(line(range(50), range(50), EVIL), title=EVIL, message=EVIL)]
    path = tmp_path / "report.html"
    path.write_text(report(EVIL, pictures, TABLE, DIFF, [EVIL], EVIL, [(EVIL, "#112233")]), encoding="utf-8")
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.set_viewport_size({"width": 700, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_function("() => document.querySelectorAll('.plot .main-svg').length >= 12")
    yield page
    owned = page.evaluate("() => window.owned ?? null")
    page.close()
    assert (asked, heard, owned) == ([path.as_uri()], [], None)


def names(page: Page) -> list[str]:
    return page.locator("table").first.locator("tbody tr td:first-child").all_inner_texts()


def test_figures_are_drawn_within_a_narrow_page(page: Page) -> None:
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 700
    assert page.locator(".plot .scatterlayer .trace").count() == 16
    title = page.locator(".plot").last.locator(".gtitle").text_content() or ""
    assert "<script>window.owned = 1</script>" in title


def test_a_hostile_name_is_text_on_hover(page: Page) -> None:
    plot = page.locator(".plot").last
    plot.scroll_into_view_if_needed()
    plot.hover(position={"x": 120, "y": 120})
    label = plot.locator(".hoverlayer .legendtext, .hoverlayer .nums")
    label.last.wait_for(state="attached")
    said = " ".join(label.all_text_contents())
    assert "</script><script>" in said


def test_a_click_on_a_header_sorts_and_another_turns_it_round(page: Page) -> None:
    button = page.get_by_role("button", name="reward last")
    button.click()
    assert [name[:6] for name in names(page)] == ["run 10", "b", "run 9", "</scri"]
    button.press("Enter")  # what is no number stays last
    assert [name[:6] for name in names(page)] == ["run 9", "b", "run 10", "</scri"]
    page.get_by_role("button", name="name", exact=True).click()
    assert [name for name in names(page) if name.startswith("run")] == ["run 9", "run 10"]


def test_it_turns_dark_with_the_desktop(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.querySelector('.plot')._fullLayout.font.color === '#d5d8dc'")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"


def test_a_script_that_got_in_would_not_run(page: Page, heard: list[str]) -> None:
    page.evaluate(
        """() => { const intruder = document.createElement('i');
        intruder.setAttribute('onclick', 'window.owned = 3'); document.body.append(intruder); intruder.click(); }"""
    )
    assert page.evaluate("() => window.owned ?? null") is None
    assert "Content Security Policy" in heard.pop()
