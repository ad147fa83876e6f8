"""How an observer hands work to the monitor's thread."""

from __future__ import annotations

from collections.abc import Callable

Later = Callable[[Callable[..., object]], Callable[..., None]]
"""Makes of a function what an observer may call: it is put on the monitor's queue with its arguments."""
