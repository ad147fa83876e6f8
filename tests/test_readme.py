"""The tables in the README and the page of names are what the registries say; code blocks in it are code."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README_zh.md", "ARCHITECTURE.md", "CHANGELOG.md", "benchmarks/README.md", "docs/names.md")


def test_tables_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "scripts/readme_tables.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_points_to_is_there(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith(("https://", "mailto:")) or ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("page", ["README.md", "README_zh.md"])
def test_code_blocks_are_code(page):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert len(blocks) > 5
    for block in blocks:
        ast.parse(block)


def test_both_languages_tell_the_same():
    english, chinese = ((ROOT / page).read_text() for page in ("README.md", "README_zh.md"))
    for kind in (r"```python\n(.*?)```", r"^(#+) ", r"!\[[^]]*\]\(([^)]+)\)"):
        counts = [len(re.findall(kind, text, re.DOTALL | re.MULTILINE)) for text in (english, chinese)]
        assert counts[0] == counts[1], kind
