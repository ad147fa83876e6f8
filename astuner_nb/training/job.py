"""The training process: ``python -m astuner_nb.training.job RUN_DIRECTORY``.

Takes its settings from `config` in the directory's ``meta.json``, goes on from the checkpoint of its `parent` where it
has one, and records into the same directory. Ends with

====  ==================================================================================================
   0  all steps made, or stopped by ``stop.request`` (within one step)
   1  the run cannot go on: its gradient is no longer finite
   2  the command line, the settings, the base model or the checkpoint cannot be used
 130  interrupted by SIGINT; the first ends it within one step like a stop request, the second at once
====  ==================================================================================================

With any code but 0 and 130, one sentence on stderr says why.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import FrameType

from astuner_nb.recorder import CONSOLE, Recorder, RunFiles, read_json

NICENESS = 5
"""How far the training steps back behind what a person looks at; alone on a core it is as fast as ever."""
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Set to 1, whatever the notebook has: matrices this small only lose by threads."""


def main(arguments: list[str]) -> int:
    """Train in the run directory named by `arguments`. Returns the exit code."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))  # read when numpy is imported
    if len(arguments) != 1:
        return _complain("Give one run directory: python -m astuner_nb.training.job RUN_DIRECTORY", 2)
    interrupted = _catch_sigint()
    _make_way()
    try:
        return _run(RunFiles(arguments[0]), interrupted)
    except KeyboardInterrupt:
        return 130


def _run(files: RunFiles, interrupted: Event) -> int:
    from astuner_nb.training.grpo import Diverged  # numpy comes in here, after its threads were limited
    from astuner_nb.training.loop import make_trainer, train
    from astuner_nb.training.settings import GRPOSettings

    recorder = Recorder(files.directory)
    parent = {"resume_from": str(recorder.resume_from)} if recorder.resume_from else {}
    try:
        trainer = make_trainer(GRPOSettings.from_config({**read_config(files.meta), **parent}))
    except ValueError as error:
        return _complain(str(error), 2)
    recorder.console = CONSOLE in read_loggers(files.meta)
    try:
        train(trainer, recorder, files.checkpoints, lambda: interrupted.is_set() or recorder.stop_requested)
    except Diverged as error:
        return _complain(str(error), 1)
    finally:
        recorder.close()
    return 130 if interrupted.is_set() else 0


def read_config(meta: Path) -> dict[str, object]:
    """The hyper-parameters in `meta`, a run's ``meta.json``. Raises `ValueError` where there are none to read."""
    document = read_json(meta)
    config = document.get("config") if document else None
    if not isinstance(config, dict):
        raise ValueError(f"{meta} holds no JSON object 'config'. Write the hyper-parameters there; {{}} for defaults.")
    return config


def read_loggers(meta: Path) -> list[str]:
    """Where metrics go besides the run directory; the console where `meta` does not say."""
    loggers = (read_json(meta) or {}).get("loggers")
    return loggers if isinstance(loggers, list) else [CONSOLE]


def _catch_sigint() -> Event:
    """An event that the first SIGINT sets; from then on SIGINT raises `KeyboardInterrupt`."""
    interrupted = Event()

    def first(signal_number: int, frame: FrameType | None) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, first)
    return interrupted


def _make_way() -> None:
    """Let notebook and browser go first: on a machine with one or two cores a page would stop answering."""
    with suppress(AttributeError, OSError):
        os.nice(NICENESS)


def _complain(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
