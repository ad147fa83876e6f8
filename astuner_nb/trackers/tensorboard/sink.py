"""Logs a run to event files, so that TensorBoard shows it.

They are written by the package itself, in plain Python and without a dependency, because neither writer at hand is fit
for a process that runs beside a training: `import tensorboardX` imports torch, comet_ml, boto3 and google.cloud where
they are installed, and its `flush()` does not wait for the queue in front of the file; TensorBoard's `EventFileWriter`
imports TensorFlow where that is installed, and brings grpcio, a web server and 12 MB of its own.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from astuner_nb.core.errors import BadFile
from astuner_nb.core.protocols import SinkNote
from astuner_nb.core.run import RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.trackers.tensorboard.encoding import VERSION, event, scalars, session_end, session_start
from astuner_nb.trackers.tensorboard.event_file import framed
from astuner_nb.trackers.tensorboard.hparams import FAILURE, SUCCESS

ROOT_VARIABLE = "TENSORBOARD_DIR"
"""Names a log directory for all runs: one then goes to `<root>/<project>/<name>`."""

_STATUSES = {RunState.FINISHED: SUCCESS, RunState.FAILED: FAILURE, RunState.LOST: FAILURE}
"""How TensorBoard calls the end of a run; it has no word for one that was stopped."""


class TensorBoardSink:
    """Writes one run's records to an event file of its own.

    All metrics of a record are one event. Hyper-parameters begin a session of TensorBoard's HParams page, which finds
    the metrics by itself. The summary `_hparams_/experiment` is left out for that: TensorBoard takes the first that it
    finds below its log directory, and would then show the parameters and metrics of that run alone.
    """

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._path = Path()

    def open(self, run: RunInfo, directory: Path) -> SinkNote:
        """Begin a file in `<directory>/tensorboard`, or below `TENSORBOARD_DIR` where that is set. Raises `BadFile`."""
        root = os.environ.get(ROOT_VARIABLE)
        place = _below(Path(root).expanduser().absolute(), run) if root else directory.absolute() / "tensorboard"
        now = time.time()
        self._path = (
            place / f"events.out.tfevents.{int(now):010d}.{socket.gethostname()}.{os.getpid()}.{time.time_ns()}"
        )
        with self._said():
            place.mkdir(parents=True, exist_ok=True)
            self._file = open(self._path, "xb")  # noqa: SIM115  # closed by `close`
        self._add(event(now, version=VERSION))
        self._add(event(now, summary=session_start(run.config, now)))
        self.flush()
        return SinkNote(text=f"To see it in TensorBoard: tensorboard --logdir {shlex.quote(root or str(place))}")

    def write(self, step: int, time_s: float, values: Mapping[str, float]) -> None:
        """One record as one event. Raises `BadFile`."""
        if values:
            self._add(event(time_s, step=step, summary=scalars(values)))

    def flush(self) -> None:
        """Hand what was written to the system: other processes see it at once. Raises `BadFile`."""
        with self._said():
            if self._file:
                self._file.flush()

    def close(self, state: RunState) -> None:
        """End the session and the file. Raises `BadFile`."""
        if self._file is None:
            return
        now = time.time()
        self._add(event(now, summary=session_end(_STATUSES.get(state, 0), now)))
        with self._said():
            file, self._file = self._file, None
            file.close()

    def _add(self, message: bytes) -> None:
        with self._said():
            if self._file:
                self._file.write(framed(message))

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turns what the system complains about into a sentence."""
        try:
            yield
        except OSError as error:
            raise BadFile(
                f"The event file {self._path} cannot be written ({error.strerror or error}). "
                "Look at the rights and the disk of that directory."
            ) from error


def _below(root: Path, run: RunInfo) -> Path:
    """The run's directory below `root`: named after it, and after its id too where another run has taken the name."""
    place = root / _slug(run.project) / _slug(run.name)
    return place.with_name(f"{place.name}-{_slug(run.id)}") if place.exists() else place


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)[:60].strip(".-") or "unnamed"
