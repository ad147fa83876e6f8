"""A few words picked from many: a menu to add one, a button to take each away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw


class Picks:
    """Words that stay in the order in which they were picked."""

    def __init__(self, invitation: str, tooltip: str, picked: Callable[[tuple[str, ...]], object]) -> None:
        """
        Args:
            invitation: what the menu says: `group by …`.
            tooltip: what picking does.
            picked: called with all words when a person has added one or taken one away.
        """
        self._invitation, self._picked = invitation, picked
        self._words: tuple[str, ...] = ()
        self._choices: tuple[str, ...] = ()
        self._menu = ipw.Dropdown(options=[invitation], tooltip=tooltip).add_class("astuner-menu")
        self._menu.observe(self._added, names="value")
        self.widget = ipw.HBox([self._menu]).add_class("astuner-picks")

    def show(self, words: Sequence[str], choices: Sequence[str]) -> None:
        """Show `words` as picked, and offer the others of `choices`."""
        words, choices = tuple(words), tuple(choices)
        if words == self._words and choices == self._choices:
            return
        if words != self._words:
            self._words = words
            for old in self.widget.children[1:]:
                old.close()
            self.widget.children = [self._menu, *map(self._button, words)]
        self._choices = choices
        self._menu.options = [self._invitation, *(choice for choice in choices if choice not in words)]

    def _button(self, word: str) -> ipw.Button:
        button = ipw.Button(description=word, icon="times", tooltip=f"Take away {word}").add_class("astuner-pick")
        button.on_click(lambda _: self._picked(tuple(other for other in self._words if other != word)))
        return button

    def _added(self, change: dict[str, Any]) -> None:
        if change["new"] not in (None, self._invitation) and change["new"] not in self._words:
            word = change["new"]
            self._menu.value = self._invitation
            self._picked((*self._words, word))
