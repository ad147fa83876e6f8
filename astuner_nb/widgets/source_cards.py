"""Where earlier runs are asked for, and a card for each source: how far it is, what was found, what went wrong."""

from __future__ import annotations

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.overlay import Laid, Overlay
from astuner_nb.widgets import words
from astuner_nb.widgets.later import Later

HINT = "swanlab:./swanlog · wandb://team/project · tensorboard:./logs"


class SourceCards:
    """A field to type a URI into, and the cards. Everything that paints runs in the monitor's thread."""

    def __init__(self, overlay: Overlay, later: Later, language: Language = ENGLISH) -> None:
        self._overlay, self._later, self._language = overlay, later, language
        self._field = ipw.Text(placeholder=HINT, continuous_update=False).add_class("astuner-uri")
        tip = "Where earlier runs are kept: SwanLab, W&B, TensorBoard, a run store, CSV, Parquet"
        self._field.tooltip = language(tip)
        tip = language("Overlay the runs that are kept there")
        button = ipw.Button(description=language("Overlay"), icon="plus", tooltip=tip)
        button.on_click(later(self._add))
        self._field.observe(later(self._entered), names="value")
        self._problem = ipw.HTML()
        self._cards: dict[int, _Card] = {}
        self._list = ipw.VBox().add_class("astuner-cards")
        label = ipw.HTML(words.quiet(language("earlier runs")))
        ask = ipw.HBox([label, self._field, button]).add_class("astuner-ask")
        self.widget = ipw.VBox([ask, self._problem, self._list]).add_class("astuner-sources")

    def paint(self) -> None:
        """Bring the cards up to date."""
        laid = [one for one in self._overlay.laid if one.uri]
        for one in laid:
            if id(one) not in self._cards:
                self._cards[id(one)] = _Card(one, self._overlay, self._later, self._language)
        wanted = [self._cards[id(one)].widget for one in laid]
        if list(self._list.children) != wanted:
            self._list.children = wanted
            gone = self._cards.keys() - {id(one) for one in laid}
            for number in gone:
                self._cards.pop(number).close()
        for one in laid:
            self._cards[id(one)].paint()

    def _entered(self, change: dict[str, object]) -> None:
        """Enter or leaving the field sends its value once."""
        if change["new"]:
            self._add()

    def _add(self, *_: object) -> None:
        uri = self._field.value.strip()
        self._problem.value = ""
        if not uri:
            return
        try:
            self._overlay.add(uri)
        except ValueError as error:  # BadValue: said beside the field in which it was typed
            self._problem.value = words.problem(str(error))
        else:
            self._field.value = ""


class _Card:
    """One source."""

    def __init__(self, laid: Laid, overlay: Overlay, later: Later, language: Language) -> None:
        self._laid, self._overlay, self._language = laid, overlay, language
        self._words = ipw.HTML()
        tip = language("No longer wait for {uri}", uri=laid.uri)
        self._cancel = _button(language("Cancel"), "times", tip, later(lambda _: overlay.cancel(laid)))
        tip = language("Open {uri} again", uri=laid.uri)
        self._retry = _button(language("Retry"), "refresh", tip, later(lambda _: overlay.retry(laid)))
        tip = language("Take this line away: {uri}", uri=laid.uri)
        self._dismiss = _button("", "times", tip, later(lambda _: overlay.dismiss(laid)))
        self.widget = ipw.HBox([self._words, self._cancel, self._retry, self._dismiss]).add_class("astuner-card")

    def paint(self) -> None:
        """Say how it stands; what is the same is not sent again."""
        state = self._laid.state
        self._words.value = words.source(self._laid.uri, state, self._language.of(self._overlay.words(self._laid)))
        _show(self._cancel, state == "opening")
        _show(self._retry, state in ("failed", "cancelled"))
        _show(self._dismiss, state in ("failed", "cancelled"))

    def close(self) -> None:
        """Close its widgets."""
        for part in (*self.widget.children, self.widget):
            part.close()


def _button(name: str, icon: str, tooltip: str, act: object) -> ipw.Button:
    button = ipw.Button(description=name, icon=icon, tooltip=tooltip)
    button.on_click(act)
    return button


def _show(button: ipw.Button, visible: bool) -> None:
    display = None if visible else "none"
    if button.layout.display != display:
        button.layout.display = display
