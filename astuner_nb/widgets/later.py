"""How an observer hands work to the monitor's thread."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as ipw

Later = Callable[[Callable[..., object]], Callable[..., None]]
"""Makes of a function what an observer may call: it is put on the monitor's queue with its arguments."""


def announced(button: ipw.Button, words: str, later: Later, act: Callable[[], object]) -> None:
    """Have a click on `button` carry out `act` in the monitor's thread; until that is done the button says `words`."""
    usual = button.description

    def carried_out() -> None:
        try:
            act()
        finally:
            button.description = usual

    def clicked(_: object) -> None:
        button.description = words
        later(carried_out)()

    button.on_click(clicked)
