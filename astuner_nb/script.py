"""`anb.init`: what a training script of one's own calls, with trackers beside the run directory."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from astuner_nb.recorder import CONSOLE, RUN_DIRECTORY_VARIABLE, Recorder, RunFiles, begin, read_json

LOOK_S = 0.25
"""Seconds between two looks whether it is known where a tracker logs to …"""
PATIENCE_S = 300.0
"""… for so long at most."""


def init(
    project: str = "default",
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    store: str | os.PathLike[str] | None = None,
    logger: str | Sequence[str] | None = None,
) -> Recorder:
    """A recorder: of the run this process was launched for, else of a new run under `store`.

    ::

        run = anb.init(project="demo", config={"lr": 1e-3}, logger="wandb")
        run.log({"reward": 0.3}, step=1)

    Never raises for a disk or a tracker: where no directory can be made, one sentence says so and the records are
    dropped; what is wrong with a tracker is said on stderr and stands in the run's `loggers` folder.

    Args:
        project: any text.
        name: any text; where left out, the run's id.
        config: hyper-parameters; what its keys give away as secrets is masked.
        tags: words to find it by.
        store: where runs are kept; $ASTUNER_RUNS, else `./runs`, where left out.
        logger: where metrics go besides the run directory: `swanlab`, `wandb`, `tensorboard`, `console` (lines on
            stdout), or a list of them. Trackers live in processes of their own, which see the run to its end and do
            not delay this one; without an API key they log offline.

    Raises:
        BadValue: for an unknown logger.
    """
    if logger is None:
        return begin(project, name, config, tags, store)
    from astuner_nb.core.loggers import checked_loggers

    loggers = checked_loggers(logger)
    recorder = begin(project, name, config, tags, store, loggers=list(loggers))
    recorder.console = recorder.console or CONSOLE in loggers
    if trackers := [name for name in loggers if name != CONSOLE]:
        _start(RunFiles(recorder.directory), trackers)
    return recorder


def _start(files: RunFiles, trackers: list[str]) -> None:
    if not files.meta.exists():  # there is no run to be handed on: it was said why
        return
    from astuner_nb.forwarding.start import start_forwarders

    start_forwarders(files.directory, trackers)
    if not os.environ.get(RUN_DIRECTORY_VARIABLE):  # else stderr is output.log, where the forwarders say it
        _Announcement(files, trackers)


class _Announcement:
    """Says on stderr where each tracker logs to, once that is known. Its thread keeps no process alive."""

    def __init__(self, files: RunFiles, trackers: list[str]) -> None:
        self._files, self._unsaid = files, list(trackers)
        threading.Thread(target=self._watch, name="astuner-announcement", daemon=True).start()
        atexit.register(self._last_words)

    def _watch(self) -> None:
        give_up_s = time.monotonic() + PATIENCE_S
        while self._unsaid and time.monotonic() < give_up_s:
            self._look()
            time.sleep(LOOK_S)

    def _look(self) -> None:
        for name in list(self._unsaid):
            note = read_json(self._files.logger_status(name)) or {}
            if told := " ".join(filter(None, (note.get("text"), note.get("error")))):
                self._unsaid.remove(name)
                _say(f"{name}: {told}")

    def _last_words(self) -> None:
        self._look()
        for name in self._unsaid:
            _say(f"{name}: still being opened when this ended; see {self._files.logger_status(name)}")


def _say(sentence: str) -> None:
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"astuner: {sentence}\n")
