"""Which processes below a supervisor are not the job's to end: forwarders, which see a run to its end and beyond.

Standard library only: the supervisor starts without site-packages.
"""

from __future__ import annotations

from astuner_nb.recorder import RunFiles, read_json, start_time


def forwarders(files: RunFiles) -> set[int]:
    """The living processes that are registered as forwarders of the run, each by pid and start time."""
    try:
        registered = [read_json(path) or {} for path in files.loggers.glob("*.json")]
    except OSError:
        return set()
    return {pid for note in registered if isinstance(pid := note.get("pid"), int) and _is(pid, note.get("start"))}


def _is(pid: int, start: object) -> bool:
    return start is not None and start_time(pid) == start
