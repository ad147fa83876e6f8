"""What a painter moves and what a person moves are the same traits: this tells the two apart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Self


class Painting:
    """While it is entered, changes made by that thread are paint; those of any other thread are a person's."""

    def __init__(self) -> None:
        self._thread: int | None = None

    def by_person(self, act: Callable[..., object]) -> Callable[..., None]:
        """An observer that calls `act`, unless it is the painter who moved something."""

        def observer(*arguments: Any) -> None:
            if self._thread != threading.get_ident():
                act(*arguments)

        return observer

    def __enter__(self) -> Self:
        self._thread = threading.get_ident()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread = None
