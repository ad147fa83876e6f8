"""The child's side of a function of the user's own: `python -m astuner_nb.training.function_job RUN_DIRECTORY`."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from astuner_nb.recorder import Recorder, RunFiles, read_json


def main(directory: str) -> None:
    """Call the pickled function with a recorder and the run's hyper-parameters."""
    files = RunFiles(Path(directory))
    config = (read_json(files.meta) or {}).get("config", {})
    function = pickle.loads(files.function.read_bytes())
    with Recorder(files.directory) as run:
        function(run, **config)


if __name__ == "__main__":
    main(sys.argv[1])
