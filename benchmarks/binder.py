"""What Binder would run: its memory, and the way from a cold start to the first curve, on one core.

    python -m benchmarks.binder [ENVIRONMENT]

Installs it anew, which takes minutes, or takes what is installed in ENVIRONMENT. The tables are those of
`make rehearse` and of `benchmarks.slow_line`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.slow_line import QUICK, SLOW, Way, table
from scripts.rehearse_binder import copy_repository, existing, make_environment, rehearse, report


def main(made: Path | None = None) -> None:
    """Print both tables; of an environment that was made before, where one is given."""
    with tempfile.TemporaryDirectory() as folder:
        repository = copy_repository(Path(folder) / "repository")
        environment = existing(made) if made else make_environment(repository, Path(folder) / "environment")
        print(*report(environment, rehearse(environment, repository)), sep="\n", end="\n\n")
        table(*(Way(mbit_s, one_core=True, python=environment.python) for mbit_s in (QUICK, SLOW)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
