"""A picture in another language: its title, its axis, and what its marks say."""

from __future__ import annotations

from dataclasses import replace

from astuner_nb.core.language import Language
from astuner_nb.core.metrics import Metric
from astuner_nb.views.pictures.picture import Mark, Picture


def in_language(picture: Picture, language: Language) -> Picture:
    """`picture`, its sentences in `language`; names of runs, and its message, which is shown beside it, as they are."""
    if not language.texts:
        return picture
    return replace(
        picture,
        metric=_titled(picture.metric, language),
        axis=replace(picture.axis, title=language.of(picture.axis.title)),
        marks=tuple(_said(mark, language) for mark in picture.marks),
    )


def _titled(metric: Metric, language: Language) -> Metric:
    should = metric.should_zh if language.name == "zh" else ""
    unit = language(metric.unit) if metric.unit in language.texts else metric.unit  # most are the same everywhere
    return replace(metric, title=language.of(metric.title), unit=unit, should=should or metric.should)


def _said(mark: Mark, language: Language) -> Mark:
    return replace(mark, text=language.of(mark.text), label=language.of(mark.label))
