"""Three pages style one panel: a class means one thing."""

import re
from pathlib import Path

import pytest

import astuner_nb.widgets

WIDGETS = Path(astuner_nb.widgets.__file__).parent
SHEETS = {path.relative_to(WIDGETS).as_posix(): path.read_text("utf-8") for path in sorted(WIDGETS.rglob("*.css"))}


def declared(sheet: str) -> set[str]:
    """The classes that a rule of `sheet` is for, not those it only stands below."""
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", sheet, flags=re.S))
    subjects = [part.split()[-1] for selector in selectors for part in selector.split(",") if part.split()]
    return {name for subject in subjects for name in re.findall(r"\.(astuner-[\w-]+)", subject)}


@pytest.mark.parametrize("name", [name for name in SHEETS if name != "panel.css"])
def test_no_class_of_one_page_is_styled_by_another(name):
    others = set().union(*(declared(sheet) for other, sheet in SHEETS.items() if other != name and "/" in other + name))
    others -= declared(SHEETS["panel.css"])  # what all share
    assert declared(SHEETS[name]) & others == set()
