"""All benchmarks, as markdown tables: `make bench`, or `python -m benchmarks NAME` for one of them."""

from __future__ import annotations

import platform
import sys
from importlib import import_module

NAMES = (
    "tune",
    "live_figure",
    "run_store",
    "cloud",
    "run_files",
    "event_files",
    "compare",
    "compare_panel",
    "diagnosis",
    "slow_line",
    "binder",
)


def main(names: list[str]) -> None:
    """Run the benchmarks called `names`, or all."""
    print(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in names or NAMES:
        module = import_module(f"benchmarks.{name}")
        print(f"\n## {name}\n\n{(module.__doc__ or '').splitlines()[0]}\n")
        module.main()


if __name__ == "__main__":
    main(sys.argv[1:])
