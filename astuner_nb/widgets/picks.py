"""A few words picked from many: a menu or a field to add one, a button to take each away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language

Picked = Callable[[tuple[str, ...]], object]


class Picks:
    """Words that stay in the order in which they were picked."""

    def __init__(
        self,
        invitation: str,
        tooltip: str,
        picked: Picked,
        *,
        typed: bool = False,
        free: bool = False,
        called: Callable[[str], str] = str,
        language: Language = ENGLISH,
    ) -> None:
        """
        Args:
            invitation: what the menu says: `group by …`.
            tooltip: what picking does.
            picked: called with all words when a person has added one or taken one away.
            typed: whether it is a field that finds what is typed: for choices that are many.
            free: whether words are taken that are no choice.
            called: how a word is shown.
            language: of what it says besides.
        """
        self._language, self._called = language, called
        self._invitation, self._picked, self._free = invitation, picked, free
        self._words: tuple[str, ...] = ()
        self._choices: tuple[str, ...] = ()
        self._typed = typed
        if typed:
            self._menu: Any = ipw.Combobox(placeholder=invitation, ensure_option=False, continuous_update=False)
        else:
            self._menu = ipw.Dropdown(options=[invitation])
        self._menu.tooltip = tooltip
        self._menu.add_class("astuner-menu").observe(self._added, names="value")
        self.widget = ipw.HBox([self._menu]).add_class("astuner-picks")

    def show(self, words: Sequence[str], choices: Sequence[str]) -> None:
        """Show `words` as picked, and offer the others of `choices`."""
        words, choices = tuple(words), tuple(choices)
        if words == self._words and choices == self._choices:
            return
        if words != self._words:
            self._show_words(words)
        self._choices = choices
        left = [choice for choice in choices if choice not in words]
        menu = [(self._invitation, self._invitation), *((self._called(choice), choice) for choice in left)]
        self._menu.options = left if self._typed else menu

    def _show_words(self, words: tuple[str, ...]) -> None:
        before = dict(zip(self._words, self.widget.children[1:], strict=True))
        self._words = words
        self.widget.children = [self._menu, *(before.pop(word, None) or self._button(word) for word in words)]
        for gone in before.values():
            gone.close()

    def _button(self, word: str) -> ipw.Button:
        shown = self._called(word)
        button = ipw.Button(
            description=shown, icon="times", tooltip=self._language("Take away {word}", word=shown)
        ).add_class("astuner-pick")
        button.on_click(lambda _: self._picked(tuple(other for other in self._words if other != word)))
        return button

    def _added(self, change: dict[str, Any]) -> None:
        word = (change["new"] or "").strip()
        if not word or word == self._invitation:
            return
        if word in self._words or not (self._free or word in self._choices):
            return  # typed half: it stays there to be mended
        self._menu.value = "" if self._typed else self._invitation
        self._picked((*self._words, word))
