"""How often something is made anew: what is long in the making is made less often."""

from __future__ import annotations

import time
from typing import Self

BREATH = 4
"""What took a second is made again after so many at the earliest."""


class Pace:
    """Measures what stands in its `with`, and says when it is due again."""

    def __init__(self) -> None:
        self._began_at = self._ended_at = self._took_s = 0.0

    def is_due(self, every_s: float = 0.0) -> bool:
        """Whether `every_s`, and the time to take a breath, have passed since the last time."""
        return time.monotonic() - self._ended_at >= max(every_s, BREATH * self._took_s)

    def __enter__(self) -> Self:
        self._began_at = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended_at = time.monotonic()
        self._took_s = self._ended_at - self._began_at
