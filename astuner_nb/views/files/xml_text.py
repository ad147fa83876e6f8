"""Any text as it may stand in HTML and XML."""

from __future__ import annotations

from html import escape

from astuner_nb.views.files.plain_text import plain_text


def xml_text(text: str) -> str:
    """`text` as it may stand between tags and in quotes."""
    return escape(plain_text(text), quote=True)
