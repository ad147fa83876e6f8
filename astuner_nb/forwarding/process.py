"""The process that hands a run's records on to a tracker: `python -m astuner_nb.forwarding.process DIRECTORY LOGGER`.

The training knows nothing of it: it follows `metrics.jsonl`, which is the queue and the truth. It outlives notebook and
script and ends by itself: when the run has ended, was lost for good, or its directory was deleted, and then within a
deadline, because a vendor's `finish()` may hang for ever. What people should know stands in `loggers/LOGGER.json`
below the run, what the vendor's package prints in `LOGGER.log` beside it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from astuner_nb.core.errors import AstunerError
from astuner_nb.core.run import RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.forwarding.forwarder import Forwarder
from astuner_nb.forwarding.published import Published, words
from astuner_nb.forwarding.run_end import RunEnd
from astuner_nb.forwarding.start import append_line
from astuner_nb.forwarding.watchdog import Watchdog
from astuner_nb.jobs.output import BoundedOutput
from astuner_nb.recorder import RunFiles, read_json
from astuner_nb.store.run import Run
from astuner_nb.trackers.loggers import logger_entry

NICENESS = 10
"""Training and notebook go first."""
LOG_LIMIT = 2 * 2**20
"""Bytes of the vendor's output that are kept; some repeat a complaint for ever."""
REGISTERED_S = 5.0
"""How long it waits for whoever started it to register it."""
CLOSE_VARIABLE = "ASTUNER_LOGGER_CLOSE_S"
"""Seconds a tracker is given to finish after the run's end."""
CLOSE_S = 30.0


def main(arguments: list[str]) -> NoReturn:
    """Forward the run in the directory `arguments[0]` to the logger `arguments[1]`, then leave without atexit hooks."""
    if len(arguments) != 2:
        sys.exit("Give a run directory and a logger: python -m astuner_nb.forwarding.process RUN_DIRECTORY LOGGER")
    directory, logger = Path(arguments[0]).absolute(), arguments[1]
    os.umask(0o077)
    os.chdir(directory)
    with suppress(OSError):
        os.nice(NICENESS)
    files = RunFiles("")
    files.loggers.mkdir(mode=0o700, exist_ok=True)
    _wait_until_registered(files, logger)
    published = Published(files.logger_status(logger), logger)
    published.tell()
    output = _redirect(files.logger_log(logger))
    code = _forward(files, directory, logger, published, output)
    _leave(code)


def _forward(files: RunFiles, directory: Path, logger: str, published: Published, output: BoundedOutput) -> int:
    """Everything from the sink's opening to its end. Returns the exit code."""
    watchdog = Watchdog(RunEnd(files), published, _leave, output.trim, close_s=_close_s())
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: watchdog.end(RunState.LOST))
    try:
        entry = logger_entry(logger)
        folder = RunFiles(directory).loggers
        published.upload = entry.upload_command(folder)
        info = _described(Run(directory))
        watchdog.start()
        forwarder = Forwarder(entry.sink(), files.metrics, published, watchdog, lambda text: append_line(files, text))
        forwarder.run(info, folder)
    except Exception as error:
        append_line(files, f"{logger}: {published.clean(words(error))}")
        published.fail(error)
        return 1
    return 0


def _described(run: Run) -> RunInfo:
    """What a tracker is told of the run."""
    return RunInfo(
        source="runs",
        place=str(run.directory.parents[1]),
        id=run.id,
        name=run.name,
        project=run.project,
        state=RunState.RUNNING,
        config=run.config,
        tags=run.tags,
        created=run.created,
    )


def _wait_until_registered(files: RunFiles, logger: str) -> None:
    """Return once the status file names this process, so that nobody writes there but us from then on."""
    give_up_s = time.monotonic() + REGISTERED_S
    while time.monotonic() < give_up_s and files.logger_status(logger).exists():
        if (read_json(files.logger_status(logger)) or {}).get("pid") == os.getpid():
            return
        time.sleep(0.01)


def _redirect(log: Path) -> BoundedOutput:
    """Have all that is printed go to `log`, that of vendors' own processes too."""
    output = BoundedOutput(log, LOG_LIMIT)
    for descriptor in (1, 2):
        os.dup2(output.fd, descriptor)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return output


def _close_s() -> float:
    try:
        return max(0.0, float(os.environ[CLOSE_VARIABLE]))
    except (KeyError, ValueError):
        return CLOSE_S


def _leave(code: int) -> NoReturn:
    """End without atexit hooks: one of SwanLab's is the `finish()` that may hang."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (AstunerError, OSError) as problem:
        sys.exit(str(problem))
