"""Modules that another thread is importing just now.

Plotly asks `sys.modules` whether a value is one of pandas' own, and meets a module without its classes while, say, a
cell runs `import pandas`: half a second in which every figure that is changed in another thread would fail.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module

LOOKED_FOR = ("pandas", "polars", "pyarrow")
"""What plotly looks for."""


def wait_for_imports() -> None:
    """Return once no other thread is importing one of `LOOKED_FOR`; at once where none is."""
    for name in LOOKED_FOR:
        if getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False):
            with suppress(ImportError):  # its own thread says so
                import_module(name)


def met_one(error: AttributeError) -> bool:
    """Whether `error` came of such a module."""
    return "partially initialized module" in str(error)
