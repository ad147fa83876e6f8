"""What a person does in the table, as verbs of the view. Carried out in the monitor's thread."""

from __future__ import annotations

from collections.abc import Callable

from astuner_nb.views.stage import Stage
from astuner_nb.views.view import View


class TableVerbs:
    """Carries out what the table's page asks for. Keys that the view does not know are dropped."""

    def __init__(self, view: View, stage: Stage, on_stop: Callable[[str], object], on_pick: Callable[[str], object]):
        """
        Args:
            view: what is changed.
            stage: knows the runs.
            on_stop: called with the key of a run that shall end.
            on_pick: called with the key of a run that was picked and is now selected.
        """
        self._view, self._stage = view, stage
        self._on_stop, self._on_pick = on_stop, on_pick

    def act(self, verb: str, key: str, value: object) -> None:
        """Carry out one verb; `key` is empty for those that are about the whole table."""
        if not key:
            self._with_table(verb, value)
        elif key in self._stage.cast:
            self._with_run(verb, key, value)

    def pick(self, key: str, add: bool) -> None:
        """Emphasise a run everywhere, or let go of it."""
        self._view.change(lambda options: options.with_picked(key, add))
        if key in self._view.options.selected:
            self._on_pick(key)

    def _with_run(self, verb: str, key: str, value: object) -> None:
        run = self._stage.cast[key]
        match verb, value:
            case "show", bool(shown):
                self._view.change(lambda options: options.with_hidden(key, hidden=not shown))
            case "pick", {"add": bool(add)}:
                self.pick(key, add)
            case "stop", _:
                self._on_stop(key)
            case "pin", bool(pinned):
                self._view.pin(key, pinned=pinned)
            case "baseline", bool(chosen):
                self._view.baseline(key if chosen else None)
            case "color", str(color):
                self._view.recolor(key, color)
            case "rename", str(name):
                self._view.note(run, name=name)
            case "note", str(note):
                self._view.note(run, note=note)
            case "tags", list(tags):
                self._view.note(run, tags=[tag for tag in tags if tag not in run.tags])  # the tracker's stay its own

    def _with_table(self, verb: str, value: object) -> None:
        match verb, value:
            case "sort", str(column):
                by, descending = self._stage.rows.sort_after(column)
                self._view.sort(by, descending)
            case "search", str(words):
                self._view.search(words)
            case "show_all", bool(shown):
                keys = [run.key for run in self._stage.cast.left(self._stage.options, self._stage.state_of)]
                self._view.change(lambda options: options.with_hidden(*keys, hidden=not shown))
