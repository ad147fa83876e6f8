"""A button that gives a running job the sliders' values, those of them that it can take while it runs."""

from __future__ import annotations

import time
from typing import Any

import ipywidgets as ipw

from astuner_nb.charts.numbers import number
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.space import Value
from astuner_nb.session import Session
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.widgets.later import Later
from astuner_nb.widgets.sliders import slid

PATIENCE_S = 5.0
"""How long a job is given to take a change before it is offered again."""


class LiveChange:
    """`Apply to #3: lr 3e-05`, while there is a run that goes on and something that differs."""

    def __init__(self, session: Session, later: Later, language: Language = ENGLISH) -> None:
        self._session, self._language = session, language
        self._run: StoredRun | None = None
        self._changes: dict[str, Any] = {}
        self._asked: tuple[str, dict[str, Value], float] = ("", {}, 0.0)
        tip = language("Give the running job these values, without starting it anew")
        self._button = ipw.Button(icon="bolt", tooltip=tip)
        self._button.add_class("astuner-small").on_click(later(lambda _: self._apply()))
        self.widget = self._button
        self.offer(None, "")

    def offer(self, run: StoredRun | None, mark: str) -> None:
        """Offer what differs from the values that `run` has now; nothing where it is None."""
        self._run, self._changes = run, self._differing(run) if run is not None else {}
        display = None if self._changes else "none"
        if self._button.layout.display != display:
            self._button.layout.display = display
        values = ", ".join(f"{name} {_short(value)}" for name, value in self._changes.items())
        waits = self._waits()
        template = "Applying to {run}: {values}" if waits else "Apply to {run}: {values}"
        words = self._language(template, run=mark, values=values) if self._changes else ""
        if words and self._button.description != words:
            self._button.description = words
        if self._button.disabled != waits:
            self._button.disabled = waits

    def _waits(self) -> bool:
        """Whether the job was asked for just this a moment ago: it takes it before its next step."""
        key, changes, asked_at = self._asked
        is_same = self._run is not None and key == self._run.key and changes == self._changes
        return is_same and time.monotonic() - asked_at < PATIENCE_S

    def _differing(self, run: StoredRun) -> dict[str, Value]:
        space, wanted = self._session.plan.backbone.space, self._session.values
        has = self._session.values_of(run)
        return {
            name: wanted[name]
            for name, param in space.items()
            if param.live and name in has and slid(param, wanted[name]) != slid(param, has[name])
        }

    def _apply(self) -> None:
        if self._run is not None and self._changes:
            self._session.change(self._run, **self._changes)
            self._asked = (self._run.key, self._changes, time.monotonic())


def _short(value: Value) -> str:
    return number(value) if isinstance(value, float) else str(value)
