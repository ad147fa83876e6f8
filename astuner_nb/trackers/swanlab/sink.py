"""Logs a run to SwanLab: online where there is a key, else offline, to be uploaded later with `swanlab sync`."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from astuner_nb.core.errors import TrackerError
from astuner_nb.core.protocols import SinkNote
from astuner_nb.core.run import RunInfo
from astuner_nb.core.states import RunState
from astuner_nb.trackers.sinks import first_line, make_folder, nested

_ENDS = {RunState.FINISHED: "success", RunState.STOPPED: "aborted"}
_MOST_TAGS, _LONGEST_NAME, _LONGEST_KEY = 30, 512, 512
_ONLINE = ("online", "cloud")


class SwanLabSink:
    """One run of SwanLab's own client; a process can have one of these only, for its global state.

    The id, name, project and tags are the run's own, as far as SwanLab takes them. Its times are those of the writing,
    and of two values for the same metric and step it keeps the first.
    """

    def __init__(self) -> None:
        self._run: Any = None
        self._seen: dict[str, int] = {}
        self._twice = 0

    @property
    def remark(self) -> str:
        """What SwanLab did not take, a sentence; empty where it took all."""
        if not self._twice:
            return ""
        return f"SwanLab keeps the first of several values at one step: {self._twice} later ones are not there."

    def open(self, run: RunInfo, directory: Path) -> SinkNote:
        """Begin, below `directory`. Where the server cannot be used, offline. Raises `TrackerError`."""
        swanlab = _swanlab()
        make_folder(directory / "swanlog")
        mode = os.environ.get("SWANLAB_MODE") or ("online" if _has_key() else "offline")
        problem = ""
        if mode in _ONLINE:
            try:
                self._begin(swanlab, run, directory, "online")
                return SinkNote(self._run.url, f"Logged to {self._run.url}")
            except Exception as error:
                problem = f"SwanLab cannot be used online ({first_line(error)}). "
                mode = "offline"
                with suppress(Exception):
                    swanlab.finish()
        try:
            self._begin(swanlab, run, directory, mode)
        except Exception as error:
            raise TrackerError(
                f"SwanLab cannot be opened in mode {mode!r}: {first_line(error)}. See its log, {directory}/swanlab.log."
            ) from error
        return SinkNote("", problem + _offline_text(mode, self._run))

    def write(self, step: int, time_s: float, values: Mapping[str, float]) -> None:
        """One record, at `step`."""
        taken = {_key(name): float(value) for name, value in values.items()}
        self._twice += sum(self._seen.get(name) == step for name in taken)
        self._seen.update(dict.fromkeys(taken, step))
        self._run.log(taken, step=step)

    def flush(self) -> None:
        """Bring the run file to the disk; SwanLab itself would keep a buffer of it until the end."""
        with suppress(Exception):  # a private part of SwanLab: without it the file lags, nothing else
            self._run._ctx.core._store.ensure_flushed()

    def close(self, state: RunState) -> None:
        """End as success, aborted or crashed. Never returns where the server has gone."""
        if self._run is None:
            return
        end = _ENDS.get(state, "crashed")
        self._run.finish(end, error=f"The run ended as {state.value}." if end == "crashed" else None)

    def _begin(self, swanlab: Any, run: RunInfo, directory: Path, mode: str) -> None:
        self._run = swanlab.init(
            mode=mode,
            log_dir=str(directory / "swanlog"),
            project=_project(run.project),
            name=run.name[:_LONGEST_NAME] or None,
            id=_safe_id(run.id),
            resume="allow",  # which is what an id of one's own needs
            config=nested(run.config),
            tags=[tag[:_LONGEST_NAME] for tag in run.tags][:_MOST_TAGS] or None,
            group=run.group[:_LONGEST_NAME] or None,
        )


def _swanlab() -> Any:
    try:
        import swanlab
    except ImportError as error:
        raise TrackerError(f"SwanLab is not installed ({error}). Run `pip install 'swanlab>=0.9,<0.11'`.") from error
    return swanlab


def _has_key() -> bool:
    """Whether SwanLab finds an API key: in the environment or where `swanlab login` leaves it."""
    if os.environ.get("SWANLAB_API_KEY"):
        return True
    root = Path(os.environ.get("SWANLAB_ROOT") or Path.home() / ".swanlab")
    return any((folder / ".netrc").is_file() for folder in (root, Path(".swanlab")))


def _offline_text(mode: str, run: Any) -> str:
    if mode == "disabled":
        return "Nothing is logged: SWANLAB_MODE is disabled."
    if mode != "offline":
        return f"Logged in SwanLab's mode {mode!r} in {run.dir}"
    return f"Logged offline; upload later with `swanlab sync {shlex.quote(str(run.dir))}`"


def _project(name: str) -> str:
    """A project name of the characters that SwanLab takes."""
    return re.sub(r"[^0-9a-zA-Z_.+-]+", "-", name)[:100].strip("-") or "default"


def _safe_id(run_id: str) -> str:
    return re.sub(r'[<>:"/\\|?*#%\x00-\x1f\x7f]', "-", run_id)[:200]


def _key(name: str) -> str:
    """A metric's name as SwanLab takes it: it drops what it does not."""
    cleaned = re.sub(r"[\x00-\x1f\x7f]", "_", name).strip(" \t\n\r./")[:_LONGEST_KEY].strip(" ./")
    return cleaned or "_"
