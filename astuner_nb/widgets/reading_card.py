"""What the curves of the run in focus say, in words beside the figures."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.focus import Focus
from astuner_nb.widgets import reading_words as words


class ReadingCard:
    """A phrase, and below it the findings with their numbers and what to try."""

    def __init__(self, actions: Sequence[ipw.Widget] = (), language: Language = ENGLISH) -> None:
        """`actions` stand below the phrase: what can be done with the run."""
        self._language = language
        self._phrase = ipw.HTML().add_class("astuner-phrase")  # by itself: it alone is read aloud when it changes
        self._findings = ipw.HTML().add_class("astuner-findings")
        self.widget = ipw.VBox([self._phrase, *actions, self._findings]).add_class("astuner-reading-card")

    def show(self, focus: Focus | None, label: str, on: bool) -> None:
        """Say what there is to say; nothing where a person has switched reading off."""
        display = None if on else "none"
        if self.widget.layout.display != display:
            self.widget.layout.display = display
        phrase = words.phrase(label, focus.report, self._language) if focus else words.invitation(self._language)
        findings = words.findings(focus.report, self._language) if focus else ""
        for widget, text in ((self._phrase, phrase), (self._findings, findings)):
            if widget.value != text:
                widget.value = text
