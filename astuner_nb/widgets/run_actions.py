"""What can be done with the run in focus: go on from one of its checkpoints, as it was or with the sliders' values."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import Checkpoint
from astuner_nb.session import Session
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.widgets.later import Later, announced
from astuner_nb.widgets.painting import Painting


class RunActions:
    """A choice of checkpoints and three buttons; not seen where the run has none."""

    def __init__(self, session: Session, later: Later, language: Language = ENGLISH) -> None:
        self._session, self._language = session, language
        self._run: StoredRun | None = None
        self._painting = Painting()
        self._chosen: tuple[str, int] | None = None
        self._checkpoint = ipw.Dropdown(options=[], tooltip=language("From which of its checkpoints"))
        self._checkpoint.add_class("astuner-menu").observe(self._painting.by_person(self._choose), names="value")
        tip = language("Start a run that goes on from there, with the values it had")
        resume = _button(language("Resume"), "play", tip)
        announced(resume, language("Starting …"), later, self._resume)
        tip = language("Start a run that goes on from there, with the values of the sliders")
        branch = _button(language("Branch"), "code-fork", tip)
        announced(branch, language("Starting …"), later, self._branch)
        tip = language("Move the sliders to the values that it had there")
        take = _button(language("Its values"), "sliders", tip)
        take.on_click(later(lambda _: self._take_values()))
        self.widget = ipw.HBox([self._checkpoint, resume, branch, take]).add_class("astuner-run-actions")
        self.show(None, ())

    def show(self, run: Run | None, checkpoints: tuple[Checkpoint, ...]) -> None:
        """Offer the `checkpoints` of `run`, first the one that it keeps as its best."""
        self._run = run if isinstance(run, StoredRun) and run.project == self._session.plan.project else None
        there = bool(self._run and checkpoints)
        visibility = None if there else "hidden"  # its room is kept: nothing moves when the first checkpoint comes
        if self.widget.layout.visibility != visibility:
            self.widget.layout.visibility = visibility
        if there:
            self._offer(checkpoints)

    def choose(self, step: int) -> None:
        """Have the checkpoint of `step` chosen: its mark was clicked."""
        if step in dict(self._checkpoint.options).values():
            self._checkpoint.value = step

    def _offer(self, checkpoints: tuple[Checkpoint, ...]) -> None:
        best = next((one.step for one in checkpoints if one.best), None)
        options = [
            (("☆ " if one.step == best else "") + self._language("step {n}", n=f"{one.step:,}"), one.step)
            for one in reversed(checkpoints)
        ]
        steps = [step for _, step in options]
        key = self._run.key if self._run else ""
        chosen = self._chosen[1] if self._chosen and self._chosen[0] == key else None
        wanted = chosen if chosen in steps else best if best in steps else steps[0]
        with self._painting:
            if list(self._checkpoint.options) != options:
                self._checkpoint.options = options
            if self._checkpoint.value != wanted:
                self._checkpoint.value = wanted

    def _choose(self, change: dict[str, object]) -> None:
        step = change["new"]
        if self._run is not None and isinstance(step, int):
            self._chosen = (self._run.key, step)

    def _resume(self) -> None:
        if self._run is not None:
            self._session.start(resume=self._run, at_step=self._checkpoint.value)

    def _branch(self) -> None:
        if self._run is not None:
            sliders: dict[str, Any] = {name: self._session.values[name] for name in self._session.plan.backbone.space}
            self._session.start(resume=self._run, at_step=self._checkpoint.value, **sliders)

    def _take_values(self) -> None:
        if self._run is not None:
            values = self._session.values_of(self._run, self._checkpoint.value)
            known = self._session.plan.backbone.space
            self._session.set(**{name: value for name, value in values.items() if name in known})


def _button(name: str, icon: str, tooltip: str) -> ipw.Button:
    return ipw.Button(description=name, icon=icon, tooltip=tooltip).add_class("astuner-small")
