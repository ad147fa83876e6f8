"""Hyper-parameters that were changed while a run was going on, read from its directory."""

from __future__ import annotations

from astuner_nb.core.run import Change
from astuner_nb.recorder import NewLines, RunFiles, applied_changes, requested_change


def changes_of(files: RunFiles) -> list[Change]:
    """What the job took or refused, in that order."""
    return [
        Change(change["step"], change["values"], float(change["t"]), str(change.get("refused") or ""))
        for change in applied_changes(files)
    ]


def pending_changes_of(files: RunFiles) -> list[Change]:
    """What the job was asked for and did not decide on yet; `step` is 0 where it is to be done at once."""
    settled = {str(change.get("request")) for change in applied_changes(files)}
    asked = [requested_change(offset, line) for offset, line in NewLines(files.change_requests).read_all()]
    pending = {request["id"]: request for request in asked if request and request["id"] not in settled}
    return [Change(request["at_step"], request["values"], float(request["t"])) for request in pending.values()]
