"""The left column: sliders, presets, Run, and sentences about what went wrong."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.space import Value
from astuner_nb.session import Session
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.widgets import words
from astuner_nb.widgets.later import Later, announced
from astuner_nb.widgets.live_change import LiveChange
from astuner_nb.widgets.sliders import Sliders, slid

PRESETS = "presets …"


class Controls:
    """What a person sets before a run."""

    def __init__(self, session: Session, later: Later, language: Language = ENGLISH) -> None:
        self._session, self._language = session, language
        self._presets = language(PRESETS)
        backbone = session.plan.backbone
        self._shown = session.values
        self._sliders = Sliders(backbone.space, self._shown, self._moved, language)
        self._problem = ipw.HTML()
        run = ipw.Button(
            description=language("Run"),
            icon="play",
            button_style="primary",
            tooltip=language("Start a run with these values"),
        )
        announced(run, language("Starting …"), later, self._start)
        buttons = ipw.HBox([run, *self._preset_menu()]).add_class("astuner-actions")
        notices = ipw.HTML(words.notices(session.plan.notices))
        self._change = LiveChange(session, later, language)
        parts = [self._sliders.widget, buttons, self._change.widget, self._problem, notices]
        self.widget = ipw.VBox(parts).add_class("astuner-controls")

    def complain(self, *problems: str) -> None:
        """Show sentences below the buttons; none clears them."""
        self._problem.value = words.problem(" ".join(problems))

    def catch_up(self) -> None:
        """Move the sliders where code has set other values since."""
        values = self._session.values
        changed = {name: value for name, value in values.items() if value != self._shown[name]}
        self._shown = values
        self._sliders.show(changed)

    def offer_change(self, run: StoredRun | None, mark: str) -> None:
        """Offer to give `run`, which goes on, what the sliders say and it can take."""
        self._change.offer(run, mark)

    def _preset_menu(self) -> list[ipw.Widget]:
        presets = self._session.plan.backbone.presets
        if not presets:
            return []
        tip = self._language("Values that tell a story; choosing starts nothing")
        menu = ipw.Dropdown(options=[self._presets, *presets], tooltip=tip)
        menu.observe(self._preset_chosen, names="value")
        return [menu]

    def _preset_chosen(self, change: dict[str, Any]) -> None:
        backbone = self._session.plan.backbone
        if change["new"] in backbone.presets:
            self._session.set(**{**backbone.space.defaults, **backbone.presets[change["new"]]})
            self.catch_up()
            change["owner"].value = self._presets

    def _moved(self, name: str, value: Value) -> None:
        """A slider's value counts from the moment it was moved, also for a `start()` in the very next cell.

        A value that code has set may have more digits than its slider: the slider's echo of it changes nothing.
        """
        if value != slid(self._session.plan.backbone.space[name], self._session.values[name]):
            self._session.set(**{name: value})

    def _start(self) -> None:
        self.complain()
        self._session.start()
