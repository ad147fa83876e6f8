"""A `?` at a figure, and what it opens: how the curve should look, in one sentence and a small drawing."""

from __future__ import annotations

from html import escape

import ipywidgets as ipw

from astuner_nb.charts.healthy import drawing
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.metrics import Metric


class Should:
    """Takes no room until it is opened, which the page does by itself (`access.js`)."""

    def __init__(self, language: Language = ENGLISH) -> None:
        self._language = language
        self.widget = ipw.HTML().add_class("astuner-should")

    def show(self, metric: Metric) -> None:
        """Have it tell of `metric`; there is no `?` where nothing is known of it."""
        text = explained(metric, self._language)
        if self.widget.value != text:
            self.widget.value = text


def explained(metric: Metric, language: Language = ENGLISH) -> str:
    """The button and the closed note as HTML; nothing where there is no sentence."""
    if not metric.should:
        return ""
    asked = escape(language("What should {metric} look like?", metric=metric.title))
    picture = drawing(metric.shape) if metric.shape else ""
    return (
        f"<button type='button' aria-expanded='false' aria-label='{asked}' title='{asked}'>?</button>"
        f"<div role='note' hidden=''>{picture}<p>{escape(metric.should)}</p></div>"
    )
