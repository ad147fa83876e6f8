"""How wide a text is: letters of Chinese take the room of two."""

from __future__ import annotations

from unicodedata import east_asian_width


def breadth(text: str) -> int:
    """How many narrow letters are as wide as `text`."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
