"""Logs a run to W&B: online where there is a key, else offline, to be uploaded later with `wandb sync`."""

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

_CODES = {RunState.FINISHED: 0, RunState.STOPPED: 255}
"""255 is what W&B's own client leaves behind after Ctrl-C."""
_OWN_KEYS = frozenset({"_step", "_timestamp", "_runtime", "_wandb", ""})
_LONGEST_TAG, _LONGEST_PROJECT, _LONGEST_NAME = 64, 128, 128
INIT_TIMEOUT_S = 20.0
"""A server that has not answered by then is taken to be gone: less than a run that has just ended is waited for."""


class WandbSink:
    """One run of W&B's own client.

    W&B's step can only rise. A record that goes back to an earlier one is logged at the next free step, and from then
    on each record has the run's own step in the metric `step`. Several records at one step become one row. That row is
    sent when the next step begins: W&B is a step behind until the end.
    """

    def __init__(self) -> None:
        self._wandb: Any = None
        self._run: Any = None
        self._used = self._last = -1
        self._moved = 0

    @property
    def remark(self) -> str:
        """What does not stand where it was logged, a sentence; empty where all does."""
        if not self._moved:
            return ""
        return f"Steps went back, which W&B does not take: {self._moved} records count on, their step is in `step`."

    def open(self, run: RunInfo, directory: Path) -> SinkNote:
        """Begin, below `directory`. Where the server cannot be used, offline. Raises `TrackerError`."""
        self._wandb = _wandb()
        make_folder(directory / "wandb")
        mode = os.environ.get("WANDB_MODE") or ("online" if _has_key() else "offline")
        problem = ""
        if mode == "online":
            try:
                self._begin(run, directory, mode)
                return SinkNote(self._run.url or "", f"Logged to {self._run.url}")
            except Exception as error:
                problem, mode = f"W&B cannot be used online ({first_line(error)}). ", "offline"
                with suppress(Exception):
                    self._wandb.teardown()
        try:
            self._begin(run, directory, mode)
        except Exception as error:
            raise TrackerError(
                f"W&B cannot be opened in mode {mode!r}: {first_line(error)}. See its log, {directory}/wandb.log."
            ) from error
        return SinkNote("", problem + _offline_text(mode, self._run))

    def write(self, step: int, time_s: float, values: Mapping[str, float]) -> None:
        """One record."""
        row = {_key(name): float(value) for name, value in values.items()}
        if time_s == time_s:
            row["_timestamp"] = time_s
        at = self._place(step)
        if self._moved:
            row.setdefault("step", float(step))
        self._run.log(row, step=at)

    def flush(self) -> None:
        """Nothing to do: W&B sends by itself, every half second to its file."""

    def close(self, state: RunState) -> None:
        """End with an exit code that says how; returns when all is on its way."""
        if self._run is None:
            return
        self._run.finish(exit_code=_CODES.get(state, 1))
        self._wandb.teardown()

    def _place(self, step: int) -> int:
        """The step of W&B's at which the record of `step` goes: the same wherever that is possible."""
        together = step == self._last and not (self._moved and self._used != step)
        if step > self._used or (together and step == self._used):
            self._used = step
        else:
            self._used += 0 if step == self._last else 1
            self._moved += 1
        self._last = step
        return self._used

    def _begin(self, run: RunInfo, directory: Path, mode: str) -> None:
        self._run = self._wandb.init(
            mode=mode,
            dir=str(directory),
            project=_project(run.project),
            name=run.name[:_LONGEST_NAME] or None,
            id=re.sub(r"[:;,#?/']", "-", run.id)[:_LONGEST_NAME],
            config=nested(run.config),
            tags=[tag[:_LONGEST_TAG] for tag in run.tags if tag] or None,
            group=run.group[:_LONGEST_NAME] or None,
            settings=self._wandb.Settings(x_disable_stats=True, init_timeout=INIT_TIMEOUT_S, quiet=True),
        )


def _wandb() -> Any:
    try:
        import wandb
    except ImportError as error:
        raise TrackerError(f"W&B is not installed ({error}). Run `pip install wandb`.") from error
    return wandb


def _has_key() -> bool:
    """Whether W&B finds an API key: in the environment, or where `wandb login` leaves it."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    import wandb
    from wandb.sdk.lib import wbauth

    settings = wandb.setup().settings
    return bool(settings.api_key or wbauth.read_netrc_auth(host=settings.base_url))


def _offline_text(mode: str, run: Any) -> str:
    if mode == "disabled":
        return "Nothing is logged: WANDB_MODE is disabled."
    return f"Logged offline; upload later with `wandb sync --yes {shlex.quote(str(Path(run.dir).parent))}`"


def _project(name: str) -> str:
    """A project name of the characters that W&B takes."""
    return re.sub(r"[/\\#?%:\x00-\x1f]+", "-", name)[:_LONGEST_PROJECT].strip() or "default"


def _key(name: str) -> str:
    """A metric's name, beside those that W&B uses itself."""
    return f"{name.strip('_')}_" if name in _OWN_KEYS else name
